"""Each kind of model for inference, exported and run, beside sentence-transformers itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import tiny_models
from fakes.ollama_server import FakeModel, FakeOllama

from ragcli.config import Settings
from ragcli.errors import ProviderUnavailable, TextTooLong
from ragcli.models import onnx_cache
from ragcli.rag import Rag
from ragcli.reranking.entailment import CrossEncoderEntailment
from ragcli.reranking.reranker import CrossEncoderReranker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_cache", "exports_here"),
    # Of the libraries that build and export the tiny models.
    pytest.mark.filterwarnings("ignore"),
]

CLAIM = "The battery lasts for a day."
LABELS = ("contradiction", "entailment", "neutral")


def tiny(folder: Path, kind: str) -> Path:
    return tiny_models.cross_encoder(folder / kind, kind, labels=LABELS)


def entailment(model: Path, **settings: object) -> CrossEncoderEntailment:
    return CrossEncoderEntailment(str(model), settings=Settings(**settings))  # type: ignore[arg-type]


def by_sentence_transformers(model: Path, pairs: list[tuple[str, str]]) -> list[dict[str, float]]:
    from sentence_transformers import CrossEncoder

    loaded = CrossEncoder(str(model), device="cpu", local_files_only=True)
    rows = loaded.predict(pairs, apply_softmax=True)
    return [dict(zip(LABELS, map(float, row), strict=True)) for row in rows]


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "modernbert"])
def test_every_kind_judges_on_onnx_as_on_torch(kind: str, tmp_path: Path) -> None:
    model = tiny(tmp_path, kind)
    texts = [t for t in tiny_models.TEXTS if len(t) < 800]
    fast, slow = entailment(model, engine="onnx"), entailment(model, engine="torch")
    expected = by_sentence_transformers(model, [(text, CLAIM) for text in texts])
    # The pairs are told apart, so that agreeing means something.
    spread = [one["entailment"] for one in expected]
    assert max(spread) - min(spread) > 0.2
    for text, told in zip(texts, expected, strict=True):
        for judge in (fast, slow):
            given = judge.infer(text, CLAIM)
            assert given.entailed == pytest.approx(told["entailment"], abs=1e-3)
            assert given.neutral == pytest.approx(told["neutral"], abs=1e-3)
            assert given.contradicted == pytest.approx(told["contradiction"], abs=1e-3)
    assert (fast.engine.name, slow.engine.name) == ("onnx", "torch")
    (exported,) = fast.exports
    assert onnx_cache.damage(exported) is None


def test_of_a_text_beyond_the_limit_the_part_that_entails_most_counts(tmp_path: Path) -> None:
    model = tiny(tmp_path, "bert")
    judge = entailment(model)
    text = " ".join(tiny_models.TEXTS * 2)
    pairs = judge._tokenizer.pairs(text, lambda part: judge._tokenizer.pair(part, CLAIM))
    assert len(pairs) > 2 and {pair.second for pair in pairs} == {CLAIM}
    told = by_sentence_transformers(model, [(pair.first, CLAIM) for pair in pairs])
    best = max(told, key=lambda one: one["entailment"])
    given = judge.infer(text, CLAIM)
    assert given == pytest.approx(
        (best["entailment"], best["neutral"], best["contradiction"]), abs=1e-3
    )
    with pytest.raises(TextTooLong):
        judge.infer(CLAIM, text)


def test_a_model_does_what_it_was_trained_for(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailable, match="cannot rerank: it gives 3 scores a pair"):
        CrossEncoderReranker(str(tiny(tmp_path, "bert")), settings=Settings())
    reranker = tiny_models.cross_encoder(tmp_path / "reranker", "bert")
    with pytest.raises(ProviderUnavailable, match="cannot judge claims: it gives 1 scores"):
        entailment(reranker)


def test_the_claims_of_an_answer_are_judged_checked_and_repaired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny(tmp_path, "bert")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.txt").write_text("The warranty runs for 24 months. It rained.")
    with FakeOllama(
        models=[FakeModel("tiny")],
        pieces=('All is covered for that long [1: "runs for 24 months"].',),
    ) as ollama:
        monkeypatch.setenv("OLLAMA_HOST", ollama.host)
        settings = {"generator": "ollama:tiny", "entailment_model": str(model)}
        with Rag.create(tmp_path / "docs", model="fake:64", **settings) as rag:
            rag.ingest([tmp_path / "docs"])
            (citation,) = rag.ask("how long does the warranty run?", allow_weak=True).citations
            pair = ("The warranty runs for 24 months.", "All is covered for that long")
            (expected,) = by_sentence_transformers(model, [pair])
            assert citation.inference is not None
            assert citation.inference.entailed == pytest.approx(expected["entailment"], abs=1e-3)
            checks = {check.name: check for check in rag.doctor(deep=True).checks}
            assert checks["entailment"].state == "ok"
            (weights,) = (tmp_path / "cache").rglob("weights.bin")
            weights.write_bytes(bytes(weights.stat().st_size))
            assert str(weights.parent) in " ".join(rag.doctor(repair=True).repaired)
