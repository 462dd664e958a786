"""Each kind of model, exported and run, beside sentence-transformers itself."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import tiny_models

from ragcli.config import Settings
from ragcli.embedding.sentence_transformers import MANY_QUESTIONS, SentenceTransformersEmbedder
from ragcli.errors import ProviderUnavailable, UsageError
from ragcli.models import onnx_cache
from ragcli.retrieval.compound import MAX_PARTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_cache"),
    # Of the libraries that build and export the tiny models.
    pytest.mark.filterwarnings("ignore"),
]

KINDS = {
    "bert": ("bert", "mean"),
    "bert, first token": ("bert", "cls"),
    "xlm-roberta": ("xlm-roberta", "cls"),
    "mpnet": ("mpnet", "mean"),
    "modernbert": ("modernbert", "mean"),
    "qwen3": ("qwen3", "lasttoken"),
}


def embedder(model: Path, **settings: object) -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(str(model), settings=Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.usefixtures("exports_here")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_runs_on_onnx_as_on_torch(kind: str, tmp_path: Path) -> None:
    family, pooling = KINDS[kind]
    model = tiny_models.transformer(tmp_path / "made", family, pooling)
    prompts = {"query_prompt": "Instruct: find\nQuery: ", "document_prompt": "passage: "}
    fast = embedder(model, engine="onnx", **prompts)
    slow = embedder(model, engine="torch", **prompts)
    assert fast.identity == slow.identity
    texts = [t for t in tiny_models.TEXTS if fast.counter.count(t) <= fast.room_tokens]
    assert len(texts) > 10
    found, expected = fast.embed_documents(texts), slow.embed_documents(texts)
    assert fast.engine.name == "onnx" and slow.engine.name == "torch"
    assert np.abs(found - expected).max() < 1e-5
    # The texts are told apart, so that agreeing means something.
    assert np.median(expected @ expected.T) < 0.95
    question = "how long is the warranty?"
    assert np.abs(fast.embed_query(question) - slow.embed_query(question)).max() < 1e-5
    # Another prompt is another vector: they do come in.
    assert fast.embed_query(question) @ fast.embed_documents([question])[0] < 0.9999


@pytest.mark.usefixtures("exports_here")
def test_many_questions_get_threads_of_their_own_and_the_same_vectors(tmp_path: Path) -> None:
    model = embedder(tiny_models.transformer(tmp_path / "made", "bert", "mean"), threads=2)
    questions = [f"how long is the warranty of number {n}?" for n in range(MANY_QUESTIONS)]
    first = [model.embed_query(question) for question in questions]
    assert model._for_questions is not None
    many = model._for_questions.result()
    assert many is not model.engine and model._question_engine() is many
    assert (model.engine.lanes, many.lanes) == (2, 1)
    for question, before in zip(questions, first, strict=True):
        assert np.array_equal(model.embed_query(question), before)


@pytest.mark.usefixtures("exports_here")
def test_a_process_that_asks_once_loads_one_session(tmp_path: Path) -> None:
    model = embedder(tiny_models.transformer(tmp_path / "made", "bert", "mean"), threads=2)
    for _ in range(MAX_PARTS + 1):  # for the search, and to choose sentences
        model.embed_query("how long is the warranty?")
        model.embed_query("how long is the warranty?")
    model.embed_documents(["24 months", "12 months"])
    assert model._for_questions is None


@pytest.mark.usefixtures("exports_here")
def test_weights_from_before_safetensors(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    model = tiny_models.transformer(tmp_path / "made", "xlm-roberta")
    expected = embedder(model).embed_query("warranty")
    weights = model / "model.safetensors"
    torch.save(load_file(weights), model / "pytorch_model.bin")
    weights.unlink()
    for engine in ("onnx", "torch"):
        assert (
            np.abs(embedder(model, engine=engine).embed_query("warranty") - expected).max() < 1e-5
        )


@pytest.mark.parametrize("make", [tiny_models.static, tiny_models.model2vec])
def test_static_models_need_no_graph(make, tmp_path: Path, own_cache: Path) -> None:  # type: ignore[no-untyped-def]
    model = make(tmp_path / "static")
    fast, slow = embedder(model), embedder(model, engine="torch")
    found = fast.embed_documents(tiny_models.TEXTS)
    assert fast.engine.name == "static"
    assert not list(own_cache.glob("models/*"))
    assert np.abs(found - slow.embed_documents(tiny_models.TEXTS)).max() < 1e-6
    with pytest.raises(ProviderUnavailable, match="8 bits"):
        embedder(model, precision="int8").embed_query("warranty")


@pytest.mark.usefixtures("exports_here")
def test_what_cannot_be_exported_runs_on_torch_and_says_why(
    tmp_path: Path, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_models.transformer(tmp_path / "made", "bert", include_prompt=False)
    with caplog.at_level(logging.INFO, "ragcli"):
        asked = embedder(model, query_prompt="search: ")
        asked.embed_query("warranty")
    assert asked.engine.name == "torch"
    assert "leaves out the prompt" in caplog.text
    with pytest.raises(ProviderUnavailable, match="leaves out the prompt"):
        embedder(model, query_prompt="search: ", engine="onnx").embed_query("warranty")
    # Without a prompt nothing is left out.
    assert embedder(model).engine.name == "onnx"


@pytest.mark.usefixtures("exports_here")
def test_a_failed_export_is_remembered_with_its_reason(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_models.transformer(tmp_path / "made", "bert")
    # sentence-transformers lowers the case by its own setting, the tokenizer's file does not.
    path = model / "tokenizer.json"
    changed = path.read_text().replace('"lowercase": true', '"lowercase": false')
    assert changed != path.read_text()
    path.write_text(changed)
    limits = model / "sentence_bert_config.json"
    limits.write_text(f'{{"max_seq_length": {tiny_models.MAX_TOKENS}, "do_lower_case": true}}')
    asked = embedder(model)
    asked.embed_query("Warranty")
    assert asked.engine.name == "torch"
    (manifest,) = own_cache.glob("models/*/manifest.json")
    assert "does not agree" in manifest.read_text()
    # Known now, so not tried again.
    monkeypatch.setattr(onnx_cache, "_make", None)
    with pytest.raises(ProviderUnavailable, match="does not agree"):
        embedder(model, engine="onnx").embed_query("Warranty")


@pytest.mark.usefixtures("exports_here")
def test_a_damaged_export_is_made_again_and_never_answers(
    tmp_path: Path, own_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_models.transformer(tmp_path / "made", "bert")
    expected = embedder(model).embed_query("warranty")
    (export,) = own_cache.glob("models/*/")
    weights = export / "weights.bin"
    # Changed at the same size; first with another time, then with the same one.
    for keep_time in (False, True):
        status, data = weights.stat(), bytearray(weights.read_bytes())
        data[: len(data) // 2] = bytes(len(data) // 2)
        weights.write_bytes(data)
        if keep_time:
            os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
        caplog.clear()
        with caplog.at_level(logging.INFO, "ragcli"):
            again = embedder(model).embed_query("warranty")
        assert "preparing the model" in caplog.text
        assert np.abs(again - expected).max() < 1e-6
    # Gone in part.
    (export / "graph.onnx").unlink()
    assert np.abs(embedder(model).embed_query("warranty") - expected).max() < 1e-6
    # Times alone changed: looked at, believed, and noted.
    os.utime(weights, ns=(1, 1))
    caplog.clear()
    with caplog.at_level(logging.INFO, "ragcli"):
        embedder(model).embed_query("warranty")
    assert "preparing the model" not in caplog.text
    assert onnx_cache.damage(export) is None


EMBED = """
import sys
from ragcli.config import Settings
from ragcli.embedding.sentence_transformers import SentenceTransformersEmbedder
embedder = SentenceTransformersEmbedder(sys.argv[1], settings=Settings())
vector = embedder.embed_query("warranty")
assert "torch" not in sys.modules and "sentence_transformers" not in sys.modules
print(float(vector[0]), embedder.engine.name)
"""


def test_two_processes_at_once_make_one_export(tmp_path: Path, own_cache: Path) -> None:
    model = tiny_models.transformer(tmp_path / "made", "bert")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", EMBED, str(model)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert said[0][0].endswith("onnx\n")
    assert len(list(own_cache.glob("models/*/manifest.json"))) == 1


def test_a_cache_that_cannot_be_written_is_told_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "no-folder").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-folder"))
    model = tiny_models.transformer(tmp_path / "made", "bert")
    with caplog.at_level(logging.WARNING, "ragcli"):
        assert embedder(model).engine.name == "onnx"
    assert "cannot be written" in caplog.text
    (spare,) = tmp_path.glob("ragcli-*")
    assert spare.stat().st_mode & 0o777 == 0o700
    # The next command finds it there.
    done = subprocess.run(
        [sys.executable, "-c", EMBED, str(model)], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("onnx\n")


@pytest.mark.usefixtures("exports_here")
def test_int8_is_another_identity_with_its_loss_stated(tmp_path: Path) -> None:
    model = tiny_models.transformer(tmp_path / "made", "bert")
    exact, small = embedder(model), embedder(model, precision="int8")
    assert exact.identity.fingerprint != small.identity.fingerprint
    texts = list(tiny_models.TEXTS[:8])
    vectors = small.embed_documents(texts)
    cosines = (vectors * exact.embed_documents(texts)).sum(axis=1)
    assert 0.97 < cosines.mean() < 0.999999
    assert 0.97 < small.engine.model.agreement_mean < 1  # type: ignore[attr-defined]
    # A text's vector does not depend on its neighbours.
    assert np.array_equal(vectors[3], small.embed_documents([texts[3]])[0])
    with pytest.raises(UsageError, match="no int8"):
        embedder(model, precision="int8", engine="torch").embed_query("warranty")
