"""Embedding beside the reading, in lanes: the same result, bounded, and stopped at once."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fakes.project import changes, embeddings, write
from ragcli_fake import MAX_TOKENS, FakeEmbedder

from ragcli import Rag
from ragcli.config import Settings
from ragcli.domain import Event
from ragcli.errors import ModelMismatch, ProviderUnavailable, TextTooLong
from ragcli.recipes import lanes as lanes_module
from ragcli.recipes.lanes import Lanes, Task
from ragcli.store.rows import Pending

if TYPE_CHECKING:
    from ragcli.domain import Matrix

MANY = 40


def write_many(folder: Path, files: int = MANY) -> None:
    for number in range(files):
        words = " ".join(f"word{number}x{n}" for n in range(10 + 5 * (number % 30)))
        write(folder / f"{number:03}.txt", f"{words}\n")


class Watched(FakeEmbedder):
    """Notes what it is given, and how many calls run at once; ``embed`` may be replaced."""

    def __init__(self, lanes: int = 3) -> None:
        super().__init__("64", settings=Settings())
        self.lanes = lanes
        self.calls: list[list[str]] = []
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        with self._lock:
            self.calls.append(list(texts))
            self._running += 1
            self.most = max(self.most, self._running)
        try:
            assert threading.current_thread() is not threading.main_thread()
            time.sleep(0.005)
            return self.embed(texts)
        finally:
            with self._lock:
                self._running -= 1

    def embed(self, texts: Sequence[str]) -> Matrix:
        return super().embed_documents(texts)


@pytest.fixture
def make(home: Path) -> Callable[..., Rag]:
    """A project in ``home`` with an embedder of the test's own."""

    def made(embedder: Any) -> Rag:
        rag = Rag.create(home, model="fake:64", chunk_tokens=MAX_TOKENS)
        rag.__dict__["embedder"] = embedder
        return rag

    return made


def stored(rag: Rag) -> dict[bytes, bytes]:
    return dict(rag.store.connection.execute("SELECT embed_hash, vector FROM embeddings"))


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_lanes_change_nothing_but_the_time(
    home: Path, make: Callable[..., Rag], lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.recipes.intake.COMMIT_EVERY_S", 0.0)
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 4)
    write_many(home / "docs/many")
    shutil.copy(home / "docs/many/000.txt", home / "docs/many/copy.txt")
    write(home / "docs/again.md", "# Guide\n\n## Warranty\n\nThe warranty runs for 24 months.\n\n")
    embedder = Watched(lanes)
    with make(embedder) as rag:
        report = rag.ingest(["docs"])
        assert report.embedded_chunks == len(stored(rag)) == MANY + 3
        assert report.remaining_chunks == 0
        assert embedder.most <= lanes
        texts = [text for call in embedder.calls[1:] for text in call]
        assert len(texts) == len(set(texts))  # each once, whatever was under way
        assert rag.doctor().healthy
        vectors = {np.frombuffer(v, np.float32).tobytes() for v in stored(rag).values()}
        expected = FakeEmbedder("64", settings=Settings()).embed_documents(texts)
        assert vectors == {row.tobytes() for row in expected}


def test_text_comes_first_and_embeddings_beside_it(
    home: Path, make: Callable[..., Rag], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.recipes.intake.COMMIT_EVERY_S", 0.0)
    monkeypatch.setattr("ragcli.recipes.backlog.COMMIT_EVERY_S", 0.0)
    write_many(home / "docs/many")
    events: list[tuple[str, int]] = []

    def slow_reading(event: Event) -> None:
        events.append((event.kind, event.done))
        if event.kind == "reading":
            time.sleep(0.01)

    with make(Watched(2)) as rag:
        rag.ingest(["docs"], listener=slow_reading)
    last_read = events.index(("reading", MANY + 3))
    assert any(kind == "embedding" and done > 0 for kind, done in events[:last_read])
    shutil.rmtree(home / ".rag")
    events.clear()
    with make(Watched(1)) as rag:
        rag.ingest(["docs"], listener=slow_reading)
    last_read = events.index(("reading", MANY + 3))
    assert all(kind == "reading" for kind, _ in events[: last_read + 1])


def test_the_newest_file_is_read_and_embedded_first(home: Path, make: Callable[..., Rag]) -> None:
    import os

    for number, name in enumerate(("guide.md", "notes.txt", "sub/deep.txt")):
        os.utime(home / "docs" / name, ns=(0, 10**18 + number))
    with make(Watched(1)) as rag:
        rag.ingest(["docs"])
        order = rag.store.connection.execute("SELECT source FROM files ORDER BY id").fetchall()
    assert [s for (s,) in order] == ["docs/sub/deep.txt", "docs/notes.txt", "docs/guide.md"]


def test_tasks_hold_texts_of_like_length_and_no_more_than_fits(
    home: Path, make: Callable[..., Rag], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.recipes.backlog.TASK_TOKENS_A_CHUNK", 9)
    write_many(home / "docs/many")
    embedder = Watched(1)
    with make(embedder) as rag:
        rag.ingest(["docs"])
    sizes = [[len(text.split()) for text in call] for call in embedder.calls[1:]]
    assert len(sizes) > 5 and all(sum(call) <= 9 * 32 for call in sizes)
    flat = [size for call in sizes for size in call]
    assert flat == sorted(flat, reverse=True)


@pytest.mark.parametrize("lanes", [1, 3])
def test_few_texts_are_shared_out_among_the_lanes(
    home: Path, make: Callable[..., Rag], monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    monkeypatch.setattr("ragcli.recipes.backlog.SMALLEST_TASK_TOKENS", 1)
    monkeypatch.setattr("ragcli.recipes.intake.FIRST_COMMIT_S", 60.0)
    write_many(home / "docs/many", 24)
    embedder = Watched(lanes)
    with make(embedder) as rag:
        rag.ingest(["docs/many"])
    tasks = len(embedder.calls) - 1  # the probe
    assert tasks == 1 if lanes == 1 else tasks >= 2 * lanes


@pytest.mark.parametrize("lanes", [1, 3])
def test_what_is_too_long_is_halved_wherever_it_stands(
    home: Path, make: Callable[..., Rag], lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.recipes.intake.COMMIT_EVERY_S", 0.0)

    class Narrow(Watched):
        def embed(self, texts: Sequence[str]) -> Matrix:
            for index, text in enumerate(texts):
                if "word" in text and len(text.split()) > 30:
                    raise TextTooLong(index, None, 30)
            return super().embed(texts)

    write_many(home / "docs/many", 20)
    shutil.copy(home / "docs/many/019.txt", home / "docs/many/equal.md")
    write(home / "docs/many/equal.md", (home / "docs/many/019.txt").read_text())
    notes: list[str] = []
    with make(Narrow(lanes)) as rag:
        report = rag.ingest(["docs"], listener=lambda e: notes.append(e.message))
        assert report.remaining_chunks == 0
        assert rag.status().chunks == rag.status().embedded_chunks > 24
        assert "a chunk was too long for the model and was cut in two" in notes
        assert rag.query("word19x100", mode="keyword").passages
        assert rag.doctor().healthy


def test_a_failure_in_a_lane_ends_the_ingest_as_it_is(home: Path, make: Callable[..., Rag]) -> None:
    class Broken(Watched):
        def embed(self, texts: Sequence[str]) -> Matrix:
            if len(self.calls) > 2:
                raise ProviderUnavailable("the server broke", "start it")
            return super().embed(texts)

    write_many(home / "docs/many", 80)
    with make(Broken(2)) as rag:
        with pytest.raises(ProviderUnavailable, match="the server broke"):
            rag.ingest(["docs"])
        assert rag.query("word3x1", mode="keyword").passages  # the text is there
        rag.__dict__["embedder"] = Watched()
        assert rag.ingest().remaining_chunks == 0


def test_another_model_behind_the_name_embeds_nothing(home: Path, make: Callable[..., Rag]) -> None:
    class Changed(Watched):
        def embed(self, texts: Sequence[str]) -> Matrix:
            return -super().embed(texts)

    with make(Watched()) as rag:
        rag.ingest(["docs"])
        before = stored(rag)
        write_many(home / "docs/many")
        rag.__dict__["embedder"] = Changed()
        with pytest.raises(ModelMismatch, match="embeds differently"):
            rag.ingest()
        assert stored(rag) == before


def test_a_call_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "GRACE_S", 0.05)
    begun, release = threading.Event(), threading.Event()

    def hangs(texts: Sequence[str]) -> Matrix:
        begun.set()
        release.wait(30)
        return np.zeros((len(texts), 1), np.float32)

    running = Lanes(hangs)
    running.grow(2)
    for _ in range(5):
        running.put(Task([Pending(1, b"", "text", 1)]))
    assert begun.wait(30)
    running.close()
    assert all(t.daemon for t in running._threads)
    assert any(t.is_alive() for t in running._threads)
    assert running.busy <= 2
    release.set()


# ------------------------------------------------------------------ embedded once


def test_moving_renaming_and_duplicating_embed_nothing(rag: Rag, home: Path) -> None:
    before = embeddings(rag)
    shutil.copytree(home / "docs", home / "more")
    (home / "docs/notes.txt").rename(home / "docs/sub/renamed.log")
    assert rag.ingest(["docs", "more"]).embedded_chunks == 0
    (home / "docs").rename(home / "elsewhere")
    assert rag.ingest(["elsewhere", "more"]).embedded_chunks == 0
    assert embeddings(rag) == before


def test_cutting_anew_keeps_what_is_still_a_chunk(rag: Rag, home: Path) -> None:
    write(home / "docs/long.txt", "".join(f"Sentence number {n} is here.\n\n" for n in range(60)))
    first = rag.ingest()
    assert first.embedded_chunks >= 1
    lines = (home / "docs/long.txt").read_text()
    write(home / "docs/long.txt", lines + "\n\n" + " ".join(f"new{n}" for n in range(240)) + "\n")
    again = rag.ingest()
    assert changes(again)["updated"] == 1
    assert 1 <= again.embedded_chunks < again.chunks - 3


# ------------------------------------------------------------------ the time limit


def test_a_time_limit_leaves_the_rest_to_the_next_ingest(
    home: Path, make: Callable[..., Rag], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(home / "docs/many")
    with make(Watched(2)) as rag:
        rag.ingest(["docs"])
        clean = stored(rag)
        shutil.rmtree(home / ".rag")
    with make(Watched(2)) as rag:
        reports = []
        for _ in range(MANY):
            moment = iter(range(10**6))
            monkeypatch.setattr("ragcli.recipes.ingest.monotonic", lambda: 0.0)
            monkeypatch.setattr("ragcli.recipes.intake.monotonic", lambda m=moment: next(m))
            monkeypatch.setattr("ragcli.recipes.backlog.monotonic", lambda: 0.0)
            reports.append(rag.ingest(["docs"], time_limit_s=40.0))
            if not reports[-1].remaining_files:
                break
        assert len(reports) > 1
        assert reports[0].read_files + reports[0].remaining_files == MANY + 3
        assert sum(r.read_files for r in reports) == MANY + 3
        assert stored(rag) == clean
        assert rag.doctor().healthy


def test_at_the_limit_nothing_is_taken_for_removed(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = embeddings(rag)
    (home / "docs/guide.md").rename(home / "docs/moved.md")
    report = rag.ingest(time_limit_s=0.0)
    assert (report.removed, report.remaining_files) == (0, 1)
    assert rag.query("warranty", mode="keyword").passages[0].source == "docs/guide.md"
    assert changes(rag.ingest()) == {"unchanged": 2, "moved": 1}
    assert embeddings(rag) == before


def test_at_the_limit_chunks_remain_that_are_found_by_words(
    home: Path, make: Callable[..., Rag], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 4)
    moments = iter(range(10**6))
    write_many(home / "docs/many")
    with make(Watched(1)) as rag:
        with monkeypatch.context() as patch:
            patch.setattr("ragcli.recipes.ingest.monotonic", lambda: 0.0)
            patch.setattr("ragcli.recipes.intake.monotonic", lambda: 0.0)
            patch.setattr("ragcli.recipes.backlog.monotonic", lambda: next(moments))
            report = rag.ingest(["docs"], time_limit_s=12.0)
        assert report.remaining_files == 0
        assert 0 < report.embedded_chunks < report.chunks
        assert report.embedded_chunks + report.remaining_chunks == report.chunks == MANY + 3
        assert rag.query("word0x1", mode="keyword").passages
        assert rag.ingest().embedded_chunks == report.remaining_chunks


# ------------------------------------------------------------------ questions meanwhile


def test_questions_are_answered_while_an_ingest_goes_on(
    home: Path, make: Callable[..., Rag], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 4)
    monkeypatch.setattr("ragcli.recipes.backlog.WINDOW_CHUNKS", 8)
    monkeypatch.setattr("ragcli.recipes.backlog.COMMIT_EVERY_S", 0.0)
    write_many(home / "docs/many")
    shares: list[float] = []
    index_files: list[int] = []

    def ask(event: Event) -> None:
        if event.kind != "embedding":
            return
        index_files.append(len(list((home / ".rag").glob("vectors-*.faiss"))))
        with Rag.open(home) as reader:
            result = reader.query("word7x3 warranty")
            assert {p.source for p in result.passages} >= {"docs/many/007.txt", "docs/guide.md"}
            assert not result.warnings
            assert (result.chunks == MANY + 3) == (result.embedded_share < 1)
            assert reader.status().embedded_share == result.embedded_share
            shares.append(result.embedded_share)

    with make(Watched(1)) as rag:
        rag.ingest(["docs"], listener=ask)
    with Rag.open(home) as reader:
        assert reader.query("warranty").embedded_share == 1
    assert shares == sorted(shares) and shares[0] == 0 and len(set(shares)) > 5
    # A file is there before the end, and no more than one beside the one being written.
    assert index_files[0] == 0 and index_files[-2] == 1 and max(index_files) <= 2
