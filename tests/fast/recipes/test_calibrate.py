"""What questions about nothing get: measured when all is embedded, and anew when it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.project import write
from ragcli_fake import FakeEmbedder

from ragcli import Rag
from ragcli.config import Settings
from ragcli.errors import ProviderUnavailable
from ragcli.recipes import calibrate

WORDS = [
    "anchor", "basalt", "cedar", "dune", "ember", "fjord",
    "glacier", "harbour", "island", "jetty", "kelp", "lagoon",
]  # fmt: skip


def write_files(folder: Path, first: int, last: int) -> None:
    for n in range(first, last):
        some = [WORDS[(n + 5 * i) % len(WORDS)] for i in range(7)]
        write(folder / f"{n:03}.txt", f"{' '.join(some)} number{n}.\n")


def background(rag: Rag) -> float | None:
    active = rag._active()
    assert active is not None
    return calibrate.chance(rag.store, active)


def is_due(rag: Rag) -> bool:
    active = rag._active()
    assert active is not None
    return calibrate.is_due(rag.store, active)


class Counting(FakeEmbedder):
    """Counts the questions; ``broken`` says that the model is gone."""

    def __init__(self) -> None:
        super().__init__("64", settings=Settings())
        self.questions: list[str] = []
        self.broken = False

    def embed_query(self, text: str):
        if self.broken:
            raise ProviderUnavailable("the model is gone")
        self.questions.append(text)
        return super().embed_query(text)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def project(home: Path, embedder: Counting) -> Iterator[Rag]:
    """Twenty files in ``many``, not yet ingested."""
    write_files(home / "many", 0, 20)
    with Rag.create(home, model="fake:64") as rag:
        rag.__dict__["embedder"] = embedder
        yield rag


def test_the_same_corpus_gives_the_same(project: Rag, embedder: Counting) -> None:
    project.ingest(["many"])
    first, asked = background(project), embedder.questions.copy()
    assert first is not None and first > 0
    assert 0 < len(asked) <= calibrate.QUESTIONS
    active = project._active()
    assert active is not None
    embedder.questions.clear()
    with project.store.writing(1.0):
        calibrate.calibrate(project.store, active, lambda: embedder)
    assert embedder.questions == asked
    assert background(project) == first


def test_questions_are_of_the_corpus_own_words(project: Rag, embedder: Counting) -> None:
    project.ingest(["many"])
    words = {word for question in embedder.questions for word in question.split()}
    assert words <= {*WORDS, "number"}
    assert all(len(q.split()) == calibrate.WORDS for q in embedder.questions)


def test_it_is_measured_anew_when_the_corpus_has_grown_by_a_fifth(
    project: Rag, home: Path, embedder: Counting
) -> None:
    project.ingest(["many"])
    measured = len(embedder.questions)
    write_files(home / "many", 20, 22)
    project.ingest()
    assert len(embedder.questions) == measured
    write_files(home / "many", 22, 26)
    project.ingest()
    assert len(embedder.questions) > measured
    assert not is_due(project)


def test_or_shrunk(project: Rag, home: Path, embedder: Counting) -> None:
    project.ingest(["many"])
    measured = len(embedder.questions)
    for n in range(8):
        (home / f"many/{n:03}.txt").unlink()
    project.ingest()
    assert len(embedder.questions) > measured
    assert not is_due(project)


def test_what_is_not_embedded_yet_is_not_measured(
    project: Rag, embedder: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 4)
    moments = iter(range(10**6))
    with monkeypatch.context() as patch:
        patch.setattr("ragcli.recipes.ingest.monotonic", lambda: 0.0)
        patch.setattr("ragcli.recipes.intake.monotonic", lambda: 0.0)
        patch.setattr("ragcli.recipes.backlog.monotonic", lambda: next(moments))
        report = project.ingest(["many"], time_limit_s=6.0)
    assert report.embedded_chunks and report.remaining_chunks
    assert background(project) is None
    assert project.query("anchor", mode="keyword").confidence is None
    project.ingest()
    assert background(project) is not None
    assert project.query("anchor", mode="keyword").confidence is not None


def test_an_ingest_that_broke_off_before_it_is_made_up_for(
    project: Rag, embedder: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(calibrate, "calibrate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            project.ingest(["many"])
    assert background(project) is None
    assert project.ingest().embedded_chunks == 0
    assert background(project) is not None


def test_an_ingest_that_only_removes_does_without_the_model(
    project: Rag, home: Path, embedder: Counting
) -> None:
    project.ingest(["many"])
    before = background(project)
    embedder.broken = True
    for n in range(8):
        (home / f"many/{n:03}.txt").unlink()
    assert project.ingest().removed == 8
    assert background(project) == before
    assert is_due(project)


def test_dense_search_alone_has_no_confidence(project: Rag) -> None:
    project.ingest(["many"])
    assert project.query("anchor", mode="dense").confidence is None


def test_a_corpus_without_words_is_not_measured(project: Rag, home: Path) -> None:
    write(home / "digits/1.txt", "12 34 56\n")
    project.ingest(["digits"])
    assert background(project) is None
    assert project.query("34").confidence is None


def test_a_switch_of_model_measures_anew(project: Rag, embedder: Counting) -> None:
    project.ingest(["many"])
    project.reembed("fake:32")
    assert background(project) is not None
