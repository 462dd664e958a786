"""Each kind of cross-encoder, exported and run, beside sentence-transformers itself."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import tiny_models

from ragcli.config import Settings
from ragcli.errors import ProviderUnavailable, TextTooLong
from ragcli.models import onnx_cache
from ragcli.rag import Rag
from ragcli.reranking import onnx_export
from ragcli.reranking.reranker import CrossEncoderReranker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_cache"),
    # Of the libraries that build and export the tiny models.
    pytest.mark.filterwarnings("ignore"),
]

QUESTION = "How long does the battery last?"


def reranker(model: Path, **settings: object) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(model), settings=Settings(**settings))  # type: ignore[arg-type]


def by_sentence_transformers(model: Path, pairs: list[tuple[str, str]]) -> list[float]:
    import torch
    from sentence_transformers import CrossEncoder

    loaded = CrossEncoder(str(model), device="cpu", local_files_only=True)
    return [float(x) for x in loaded.predict(pairs, activation_fn=torch.nn.Identity())]


@pytest.mark.usefixtures("exports_here")
@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "modernbert"])
def test_every_kind_scores_on_onnx_as_on_torch(kind: str, tmp_path: Path) -> None:
    model = tiny_models.cross_encoder(tmp_path / kind, kind)
    texts = [t for t in tiny_models.TEXTS if len(t) < 800]
    fast, slow = reranker(model, engine="onnx"), reranker(model, engine="torch")
    expected = by_sentence_transformers(model, [(QUESTION, text) for text in texts])
    # The pairs are told apart, so that agreeing means something.
    assert max(expected) - min(expected) > 0.5
    assert fast.score(QUESTION, texts) == pytest.approx(expected, abs=1e-3)
    assert slow.score(QUESTION, texts) == pytest.approx(expected, abs=1e-5)
    assert (fast.engine.name, slow.engine.name) == ("onnx", "torch")
    assert (fast.engine_told(), slow.engine_told()) == ("onnx", "torch, as asked for")
    # It is a pair: another question gives other scores, and its order counts.
    assert fast.score(texts[0], texts) != pytest.approx(expected, abs=1e-2)
    assert fast.score(texts[0], [QUESTION]) != pytest.approx(fast.score(QUESTION, texts[:1]))
    (exported,) = fast.exports
    assert onnx_cache.damage(exported) is None
    found = onnx_cache.find(exported)
    assert found is not None
    assert ("token_type_ids" in found.inputs) == (kind == "bert")


@pytest.mark.usefixtures("exports_here")
@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "modernbert"])
def test_a_text_beyond_the_limit_has_the_score_of_its_best_part(kind: str, tmp_path: Path) -> None:
    model = tiny_models.cross_encoder(tmp_path / kind, kind)
    asked = reranker(model)
    text = " ".join(tiny_models.TEXTS * 2)
    pairs = asked._tokenizer.pairs(text, lambda part: asked._tokenizer.pair(QUESTION, part))
    assert len(pairs) > 2
    assert max(len(pair.ids) for pair in pairs) <= tiny_models.MAX_TOKENS
    # Whole sentences, and nothing left out.
    assert "".join("".join(pair.second.split()) for pair in pairs) == "".join(text.split())
    expected = by_sentence_transformers(model, [(QUESTION, pair.second) for pair in pairs])
    scored = asked.score(QUESTION, ["warranty", text, "battery"])
    assert scored[1] == pytest.approx(max(expected), abs=1e-3)
    assert scored[::2] == pytest.approx(asked.score(QUESTION, ["warranty", "battery"]), abs=1e-4)
    with pytest.raises(TextTooLong):
        asked.score(text, ["warranty"])


@pytest.mark.usefixtures("exports_here")
def test_what_cannot_be_exported_runs_on_torch_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_models.cross_encoder(tmp_path / "bert", "bert")
    # No difference is small enough: as a graph that was traced wrongly would differ.
    monkeypatch.setattr(onnx_export, "SAME_LOGIT", -1.0)
    with caplog.at_level(logging.INFO, "ragcli"):
        asked = reranker(model)
        asked.score(QUESTION, ["warranty"])
    assert asked.engine.name == "torch"
    assert "does not agree with the model" in caplog.text
    assert asked.engine_told().startswith("torch: its export does not agree")
    with pytest.raises(ProviderUnavailable, match="does not agree"):
        reranker(model, engine="onnx").score(QUESTION, ["warranty"])


SCORE = """
import sys
from ragcli.config import Settings
from ragcli.reranking.reranker import CrossEncoderReranker
asked = CrossEncoderReranker(sys.argv[1], settings=Settings())
(score,) = asked.score("How long?", ["24 months"])
assert "torch" not in sys.modules and "sentence_transformers" not in sys.modules
print(score, asked.engine.name)
"""


def test_a_child_process_exports_and_no_torch_is_loaded_here(tmp_path: Path) -> None:
    model = tiny_models.cross_encoder(tmp_path / "bert", "bert")
    command = [sys.executable, "-c", SCORE, str(model)]
    said = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)
    ]
    assert said[0] == said[1]
    assert said[0].endswith("onnx\n")


@pytest.mark.usefixtures("exports_here")
def test_a_damaged_export_is_made_again_and_never_answers(tmp_path: Path) -> None:
    model = tiny_models.cross_encoder(tmp_path / "xlm-roberta", "xlm-roberta")
    asked = reranker(model)
    expected = asked.score(QUESTION, ["warranty"])
    weights = asked.exports[0] / "weights.bin"
    data = bytearray(weights.read_bytes())
    data[: len(data) // 2] = bytes(len(data) // 2)
    weights.write_bytes(data)
    assert reranker(model).score(QUESTION, ["warranty"]) == pytest.approx(expected, abs=1e-6)
    assert onnx_cache.damage(weights.parent) is None


@pytest.mark.usefixtures("exports_here")
def test_a_project_is_reranked_checked_and_repaired(tmp_path: Path) -> None:
    model = tiny_models.cross_encoder(tmp_path / "bert", "bert")
    (tmp_path / "docs").mkdir()
    # Each one chunk: of a passage joined from several, the score is its best chunk's.
    short = [text for text in tiny_models.TEXTS if len(text) < 800]
    for number, text in enumerate(short):
        (tmp_path / "docs" / f"{number}.txt").write_text(text, encoding="utf-8")
    Rag.create(tmp_path / "docs", model="fake:64").close()
    with Rag.open(tmp_path / "docs", model="fake:64", reranker=str(model)) as rag:
        rag.ingest([tmp_path / "docs"])
        found = rag.query(QUESTION, explain=True, top_k=9).passages
        logits = [one.found_by["rerank"].score for one in found]
        pairs = [(QUESTION, one.text) for one in found]
        assert logits == pytest.approx(by_sentence_transformers(model, pairs), abs=1e-3)
        reranker = rag.status().reranker
        assert reranker is not None and reranker.engine == "onnx"
        checks = {check.name: check for check in rag.doctor(deep=True).checks}
        assert checks["reranker"].state == "ok"
        (weights,) = (tmp_path / "cache").rglob("weights.bin")
        weights.write_bytes(bytes(weights.stat().st_size))
        assert not rag.doctor().healthy
        assert str(weights.parent) in " ".join(rag.doctor(repair=True).repaired)
    with Rag.open(tmp_path / "docs", reranker=str(model)) as rag:
        again = rag.query(QUESTION, top_k=9).passages
    assert [one.chunk_id for one in again] == [one.chunk_id for one in found]
