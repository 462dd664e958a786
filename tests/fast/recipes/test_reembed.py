"""Another model or other chunks, while the old ones answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fakes.project import (
    embeddings,
    top,
    write,
)
from ragcli_fake import FakeEmbedder

from ragcli import Rag, providers
from ragcli.config import Settings
from ragcli.domain import Embedder, Event
from ragcli.errors import ModelMismatch, ProjectLocked, UsageError


def test_reembed_switches_the_model_from_the_stored_text(rag: Rag, home: Path) -> None:
    shutil.rmtree(home / "docs")
    write(home / ".rag/config.toml", '# mine\nmodel = "fake:64"\n')
    before = [p.chunk_id for p in rag.query("warranty line").passages]
    done = rag.reembed("fake:128")
    assert (done.changed, done.recut, done.old_model, done.model) == (
        (True, False, "fake:64", "fake:128")
    )
    assert (done.chunks, done.embedded_chunks, done.dimension) == (3, 3, 128)
    assert (home / ".rag/config.toml").read_text() == '# mine\nmodel = "fake:128"\n'
    with Rag.open(home) as again:
        assert again.note_on_model() is None
        result = again.query("warranty line")
        assert result.model == "fake:128" and not result.warnings
        assert {p.chunk_id for p in result.passages} == set(before)
        assert len(embeddings(again)) == 6  # those of the old model are kept
    with pytest.raises(ModelMismatch), Rag.open(home, model="fake:64") as old:
        old.query("warranty")


def test_reembed_without_a_change_says_so(rag: Rag) -> None:
    before = embeddings(rag)
    done = rag.reembed("fake:64")
    assert (done.changed, done.embedded_chunks) == (False, 0)
    assert embeddings(rag) == before


def test_reembed_alone_computes_everything_anew(rag: Rag) -> None:
    with rag.store.transaction():
        rag.store.connection.execute("UPDATE embeddings SET vector = zeroblob(256) WHERE id = 1")
    done = rag.reembed()
    assert (done.changed, done.embedded_chunks) == (True, 3)
    assert rag.doctor().healthy


def test_reembed_cuts_anew_when_the_size_differs(rag: Rag, home: Path) -> None:
    write(home / "docs/long.txt", "".join(f"Sentence number {n} is here.\n\n" for n in range(60)))
    rag.ingest()
    before = rag.store.counts()["chunks"]
    done = rag.reembed(chunk_tokens=16)
    assert done.recut and done.chunks > before and done.chunk_tokens == 16
    assert rag.doctor().healthy
    assert not rag.query("number 41").warnings
    write(home / "docs/long.txt", "".join(f"Other number {n} is here.\n\n" for n in range(60)))
    rag.ingest()
    assert max(c.chunk.size_tokens for c in rag.chunks("docs/long.txt").chunks) <= 18
    assert rag.reembed().recut is False  # the size stays until another is asked for


class Stopped(Exception):
    pass


def test_an_interrupted_reembed_goes_on_and_the_old_model_answers(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 1)
    monkeypatch.setattr("ragcli.recipes.backlog.COMMIT_EVERY_S", 0.0)

    def stop_after_one(event: Event) -> None:
        if event.kind == "embedding" and event.done == 1:
            raise Stopped

    with pytest.raises(Stopped):
        rag.reembed("fake:128", chunk_tokens=20, listener=stop_after_one)
    with Rag.open(home) as reader:
        assert reader.query("warranty").model == "fake:64"
        assert reader.query("warranty").passages[0].source == "docs/guide.md"
        assert reader.status().unfinished == ("fake:128",)
        assert not reader.query("warranty").warnings
    write(home / "docs/new.txt", "a file that came meanwhile\n")
    rag.ingest()
    done = rag.reembed("fake:128", chunk_tokens=20)
    assert (done.chunks, done.embedded_chunks) == (4, 3)
    assert rag.status().unfinished == ()
    assert top(rag, "came meanwhile") == "docs/new.txt"
    assert rag.doctor(deep=True).healthy


def test_a_switch_that_was_begun_can_be_dropped(rag: Rag) -> None:
    def stop(event: Event) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        rag.reembed("fake:128", listener=stop)
    leftovers = next(c for c in rag.doctor().checks if c.name == "leftovers")
    assert leftovers.state == "warn" and leftovers.cure.endswith("rag reembed --model fake:64")
    rag.reembed("fake:64")
    assert rag.status().unfinished == ()


def test_reembed_before_any_ingest(home: Path) -> None:
    with Rag.create(home) as rag, pytest.raises(UsageError, match="nothing has been ingested"):
        rag.reembed("fake:64")


def test_writers_are_told_of_each_other(rag: Rag, home: Path) -> None:
    with Rag.open(home, wait_s=0) as other, other.store.writing(wait_s=0):
        for write_something in (rag.reembed, lambda: rag.remove(["docs"]), rag.ingest):
            rag.settings = other.settings
            with pytest.raises(ProjectLocked):
                write_something()
        assert rag.query("warranty").passages


def test_the_same_model_is_asked_for_no_dimensions_that_nobody_chose(
    rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may refuse the very mention of them."""
    asked: list[int | None] = []
    made = providers.embedder

    def recording(name: str, settings: Settings) -> Embedder:
        asked.append(settings.dimensions)
        return made(name, settings)

    monkeypatch.setattr(providers, "embedder", recording)
    rag.reembed()
    rag.reembed(dimensions=32)
    assert asked == [None, 32]
