"""A store that cannot be opened any more: what it still holds goes into a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.project import change, failing, sources, top, write

from ragcli import Rag
from ragcli.errors import ProjectCorrupt
from ragcli.store import salvage

PAGE_BYTES = 4096

# What became of the file, and whether every row is still in it.
DAMAGES: dict[str, tuple[Callable[[bytes], bytes], bool]] = {
    "header": (lambda data: b"\xff" * 100 + data[100:], True),
    "first page": (lambda data: b"\xff" * PAGE_BYTES + data[PAGE_BYTES:], True),
    "cut": (lambda data: data[: len(data) - 5 * PAGE_BYTES - 7], False),
    "short": (lambda data: data[: 2 * PAGE_BYTES], False),
    "empty": (lambda data: b"", False),
    "another file": (lambda data: b"nothing of a store" * 999, False),
}
QUESTIONS = ("warranty months", "batteries", "deep returns")


def damage(rag: Rag, change: Callable[[bytes], bytes]) -> Path:
    """Close the project, and change the bytes of its store."""
    rag.close()
    store = rag.folder.database
    store.write_bytes(change(store.read_bytes()))
    return store


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_left_is_saved_and_the_files_bring_the_rest(
    rag: Rag, home: Path, name: str
) -> None:
    before = {question: top(rag, question) for question in QUESTIONS}
    broken, _ = DAMAGES[name]
    store = damage(rag, broken)
    damaged = store.read_bytes()
    with Rag.open(home) as again, pytest.raises(ProjectCorrupt) as caught:
        again.query("warranty")
    assert "rag doctor --repair" in caught.value.hint
    with Rag.open(home) as again:
        found = again.doctor(repair=True)
        assert salvage.ASIDE in found.repaired[0]
        assert failing(again) == {"leftovers"}, "an empty project says so until files are read"
    assert store.with_name(salvage.ASIDE).read_bytes() == damaged
    with Rag.open(home, model="fake:64") as again:
        again.ingest(["docs"])
        assert {question: top(again, question) for question in QUESTIONS} == before
        assert again.store.counts()["embedded"] == 3
        assert failing(again) == set()


@pytest.mark.parametrize("name", [name for name, (_, whole) in DAMAGES.items() if whole])
def test_a_text_whose_file_is_gone_is_saved(rag: Rag, home: Path, name: str) -> None:
    """With its embeddings: nothing else in the world holds it."""
    (home / "docs/guide.md").unlink()
    text = rag.show("docs/guide.md").text
    damage(rag, DAMAGES[name][0])
    with Rag.open(home) as again:
        assert again.doctor(repair=True).healthy
    with Rag.open(home) as again:
        assert again.show("docs/guide.md").text == text
        assert top(again, "warranty months") == "docs/guide.md"


def test_beside_the_store_nothing_is_touched(rag: Rag, home: Path) -> None:
    write(home / ".rag/questions.jsonl", '{"id": "1"}\n')
    write(home / ".rag/config.toml", "top_k = 7\n")
    damage(rag, lambda data: b"")
    with Rag.open(home) as again:
        again.doctor(repair=True)
    assert (home / ".rag/questions.jsonl").read_text(encoding="utf-8") == '{"id": "1"}\n'
    assert (home / ".rag/config.toml").read_text(encoding="utf-8") == "top_k = 7\n"
    assert not list((home / ".rag").glob("*.new*"))


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_format_that_is_not_the_tables_is_damage(rag: Rag, home: Path, version: int) -> None:
    """A bit of the header flipped: the steps from that format do not fit."""
    rag.store.connection.execute(f"PRAGMA user_version = {version}")
    rag.close()
    with Rag.open(home) as again, pytest.raises(ProjectCorrupt):
        again.query("warranty")
    with Rag.open(home) as again:
        assert again.doctor(repair=True).repaired
    with Rag.open(home) as again:
        again.ingest()
        assert failing(again) == set()
        assert top(again, "warranty months") == "docs/guide.md"


def test_a_row_of_damaged_pages_costs_what_was_on_them(rag: Rag, home: Path) -> None:
    """The rows behind the damage are asked for one by one, also where the last ones are damaged,
    too."""
    for number in range(40):
        write(home / f"docs/{number}.txt", f"word{number} " * 900)
    rag.ingest()
    with rag.store.snapshot():
        texts = dict(rag.store.connection.execute("SELECT id, text FROM texts").fetchall())
    rag.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def broken(data: bytes) -> bytes:
        bad = bytearray(data)
        for words in (b"word3 word3", b"word39 word39"):
            start = data.index(words) // PAGE_BYTES * PAGE_BYTES
            bad[start : start + PAGE_BYTES] = b"\xff" * PAGE_BYTES
        return bytes(bad)

    store = damage(rag, broken)
    salvage.rescue(store)
    with sqlite3.connect(store) as connection:
        saved = dict(connection.execute("SELECT id, text FROM texts").fetchall())
    lost = {text[:12] for key, text in texts.items() if saved.get(key) != text}
    assert len(lost) <= 6, lost


class Failing:
    """A store on a disk that fails."""

    def __init__(self) -> None:
        self.error = sqlite3.OperationalError("disk I/O error")
        self.error.sqlite_errorcode = sqlite3.SQLITE_IOERR

    def execute(self, *asked: Any) -> Any:
        raise self.error


def test_a_disk_that_fails_is_no_damage(rag: Rag, home: Path) -> None:
    """The rows that cannot be read now may be read tomorrow: the store stays where it is."""
    before = rag.folder.database.read_bytes()
    with pytest.raises(sqlite3.OperationalError):
        salvage.salvage(Failing(), rag.folder.database)  # type: ignore[arg-type]
    assert rag.folder.database.read_bytes() == before
    assert not list((home / ".rag").glob(".*.new*"))
    assert sources(rag) == ["docs/guide.md", "docs/notes.txt", "docs/sub/deep.txt"]


def test_a_store_of_a_newer_format_is_no_damage(rag: Rag, home: Path) -> None:
    change(rag, "PRAGMA user_version = 99")
    rag.close()
    with Rag.open(home) as again:
        assert again.doctor(repair=True).repaired == ()
    assert not (home / ".rag" / salvage.ASIDE).exists()
