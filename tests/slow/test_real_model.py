"""The real default model: its own published example, limits, determinism, whole path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ragcli import Rag
from ragcli.config import Settings
from ragcli.domain import Filter
from ragcli.embedding.sentence_transformers import SentenceTransformersEmbedder
from ragcli.errors import TextTooLong
from ragcli.text.lines import on_one_line

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
QUESTIONS = REPOSITORY / "tests" / "sample_questions.jsonl"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformersEmbedder:
    return SentenceTransformersEmbedder(MODEL, settings=Settings())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rag]:
    """The sample documents, ingested with the default model."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(REPOSITORY / "sample_docs", folder / "docs")
    with Rag.create(folder) as rag:
        rag.ingest([folder / "docs"])
        yield rag


def test_sentence_transformers_own_example() -> None:
    """The similarities on the first page of its documentation, through the command line."""
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    rag = Path(sys.executable).with_name("rag")
    ran = subprocess.run(
        [rag, "embed", "--json", *texts], capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [row["text"] for row in rows] == texts
    vectors = np.array([row["embedding"] for row in rows])
    similarities = (vectors @ vectors.T)[np.triu_indices(3, 1)]
    np.testing.assert_allclose(similarities, [0.6660, 0.1046, 0.1411], atol=0.0005)
    assert {row["model"] for row in rows} == {MODEL}


def test_identity_needs_no_torch() -> None:
    code = (
        "import sys; from ragcli.config import Settings\n"
        "from ragcli.embedding.sentence_transformers import SentenceTransformersEmbedder as E\n"
        f"e = E({MODEL!r}, settings=Settings()); e.counter.count('x'); e.room_tokens\n"
        "assert 'torch' not in sys.modules; print(e.identity.dimension, e.room_tokens)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["384", "254"]


def test_a_copy_in_a_folder_is_the_same_model(
    embedder: SentenceTransformersEmbedder, tmp_path: Path
) -> None:
    shutil.copytree(embedder._folder.path, tmp_path / "model")
    copy = SentenceTransformersEmbedder(str(tmp_path / "model"), settings=Settings())
    assert copy.identity.name != embedder.identity.name
    assert copy.identity.fingerprint == embedder.identity.fingerprint


def test_never_cut(embedder: SentenceTransformersEmbedder) -> None:
    fits = " ".join(["word"] * 254)
    assert embedder.embed_documents([fits]).shape == (1, 384)
    with pytest.raises(TextTooLong) as raised:
        embedder.embed_documents(["short", fits + " word"])
    assert raised.value.index == 1


def test_shortened_vectors_are_cut_and_normalised(embedder: SentenceTransformersEmbedder) -> None:
    short = SentenceTransformersEmbedder(MODEL, settings=Settings(dimensions=64))
    assert short.identity.fingerprint != embedder.identity.fingerprint
    whole = embedder.embed_query("a harbour in winter")[:64]
    np.testing.assert_allclose(
        short.embed_query("a harbour in winter"), whole / np.linalg.norm(whole), atol=1e-6
    )


def test_vectors_are_normalised_float32(embedder: SentenceTransformersEmbedder) -> None:
    vectors = embedder.embed_documents(["one", "two words", "三个词"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_unknown_pieces_tell_what_it_cannot_read(embedder: SentenceTransformersEmbedder) -> None:
    assert embedder.unknown_share("how long is the warranty?") == 0
    assert embedder.unknown_share("什么是机器学习？") > 0.5


def test_faiss_finds_what_numpy_finds(project: Rag) -> None:
    store = project.store
    every = project.embedder.embed_query("citations and evidence")
    index = store.search_dense(every, 10, Filter())
    ids = [row[0] for row in store.connection.execute("SELECT id FROM chunks")]
    scores = store.dense_scores(every, ids)
    exact = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:10]
    assert [i for i, _ in index] == [i for i, _ in exact]


def test_sample_questions_find_their_file(project: Rag) -> None:
    """Each question was written with one file in mind and an answer that stands only there."""
    questions = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    missed = []
    for question in questions:
        passages = project.query(question["question"], top_k=5).passages
        texts = [on_one_line(p.text) for p in passages if p.source.endswith(question["file"])]
        answer = on_one_line(question["answer"])
        if not any(answer in text for text in texts):
            missed.append(question["id"])
    assert len(questions) == 30
    assert len(missed) <= 3, missed  # nine in ten


def test_answers_in_both_languages(project: Rag) -> None:
    for question, words in (
        ("Who proposed reciprocal rank fusion, and when?", "2009"),
        ("倒数排名融合是谁在哪一年提出的？", "2009"),
    ):
        answer = project.ask(question)
        assert words in answer.answer
        assert answer.citations
        assert all(c.verdict == "supported" for c in answer.citations)


def test_a_cold_query_asks_nobody(project: Rag, tmp_path: Path) -> None:
    """As cron runs it: an empty environment, no hub, no bar, UTF-8 all the same."""
    rag = Path(sys.executable).with_name("rag")
    ran = subprocess.run(
        [rag, "ask", "倒数排名融合是谁提出的？", "--project", project.folder.root],
        env={"PATH": os.defpath, "HOME": str(tmp_path), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert "2009" in ran.stdout.decode("utf-8")
    assert "\r" not in ran.stderr.decode("utf-8")


def test_through_the_helper(project: Rag) -> None:
    """The same bytes from `rag query`, and the same vectors, with the model kept by `rag serve`."""
    rag = Path(sys.executable).with_name("rag")
    with tempfile.TemporaryDirectory(dir="/tmp") as runtime:
        env = {**os.environ, "XDG_RUNTIME_DIR": runtime}
        root = project.folder.root

        def run(*args: str, serve: str = "auto") -> str:
            argv = [rag, *args, "--project", str(root)]
            ran = subprocess.run(
                argv, env={**env, "RAG_SERVE": serve}, capture_output=True, text=True, check=True
            )
            return ran.stdout

        run("serve", "--detach")
        try:
            for command in ("query", "embed"):
                for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[:5]:
                    question = json.loads(line)["question"]
                    assert run(command, question) == run(command, question, serve="never")
            assert json.loads(run("serve", "--status", "--json"))["requests"] == 10
        finally:
            run("serve", "--stop")
