"""Nothing is shown that is not as it was stored: a changed letter ends the command with its cure,
and `doctor --repair` with one more ingest brings back what was there."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
from fakes.project import change, failing, sources, top, write

from ragcli import Rag
from ragcli.errors import ProjectCorrupt
from ragcli.store import lock

GUIDE = "source = 'docs/guide.md'"
OTHER = "(SELECT document_id FROM files WHERE source = 'docs/notes.txt')"

# (what changes, the check that finds it)
SHOWN = {
    "name": (f"UPDATE files SET source = 'docs/guise.md' WHERE {GUIDE}", "ledger"),
    "path": (f"UPDATE files SET path = CAST('docs/guise.md' AS BLOB) WHERE {GUIDE}", "ledger"),
    "document": (f"UPDATE files SET document_id = {OTHER} WHERE {GUIDE}", "ledger"),
    "content": (f"UPDATE files SET content_hash = 'x' || content_hash WHERE {GUIDE}", "ledger"),
    "title": ("UPDATE documents SET title = 'Guise' WHERE title = 'Guide'", "documents"),
}


@pytest.mark.parametrize("damage", SHOWN)
def test_what_is_shown_is_verified_before(rag: Rag, damage: str) -> None:
    sql, check = SHOWN[damage]
    before = {q: top(rag, q) for q in ("warranty months", "batteries")}
    change(rag, sql)
    with pytest.raises(ProjectCorrupt) as caught:
        for question in before:
            rag.query(question)
    assert caught.value.hint
    assert check in failing(rag)
    mended = rag.doctor(repair=True)
    assert mended.healthy and mended.repaired
    rag.ingest()
    assert rag.doctor().healthy
    assert {q: top(rag, q) for q in before} == before
    assert sources(rag) == ["docs/guide.md", "docs/notes.txt", "docs/sub/deep.txt"]


def test_show_names_no_file_that_it_does_not_know(rag: Rag) -> None:
    change(rag, SHOWN["name"][0])
    with pytest.raises(ProjectCorrupt, match="what the project says of the file"):
        rag.show("docs/guide.md")


def test_a_document_whose_file_was_lost_is_put_back(rag: Rag, home: Path) -> None:
    (home / "docs/guide.md").rename(home / "gone.md")
    change(rag, f"DELETE FROM files WHERE {GUIDE}")
    assert failing(rag) == {"ledger"}
    assert rag.doctor(repair=True).healthy
    assert top(rag, "warranty months") == "docs/guide.md"


# What an index says otherwise than the text: no wrong word is shown, and doctor finds it.
INDEXES = {
    "a term": "UPDATE keyword_1_data SET block ="
    " CAST(replace(CAST(block AS TEXT), 'batteri', 'bbtteri') AS BLOB)"
    " WHERE instr(block, CAST('batteri' AS BLOB))",
    "a length": "UPDATE keyword_1_docsize SET sz = x'630000' WHERE id = 1",
    "the totals": "UPDATE keyword_1_data SET block = x'03630000' WHERE id = 1",
}


@pytest.mark.parametrize("damage", INDEXES)
def test_a_changed_keyword_index_is_found(rag: Rag, damage: str) -> None:
    change(rag, INDEXES[damage])
    assert failing(rag) == {"keyword index"}
    assert rag.doctor(repair=True).healthy
    assert top(rag, "batteries") == "docs/notes.txt"


def test_the_words_of_a_large_index_are_compared_when_asked(
    rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.recipes.checkup.WORDS_COMPARED_UP_TO", 0)
    change(rag, INDEXES["a length"])
    assert failing(rag) == set()
    checks = {c.name: c for c in rag.doctor(deep=True).checks}
    assert checks["keyword index"].state == "fail"


COUNTS = {
    "chunks": "UPDATE chunk_sets SET chunks = 7",
    "unembedded": "INSERT INTO unembedded SELECT id, 1 FROM chunks LIMIT 1",
    "numbers": "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'chunks'",
}


@pytest.mark.parametrize("damage", COUNTS)
def test_wrong_counts_are_found_and_counted_anew(rag: Rag, damage: str) -> None:
    change(rag, COUNTS[damage])
    assert failing(rag) == {"counts"}
    assert rag.doctor(repair=True).healthy
    rag.ingest()
    assert top(rag, "batteries") == "docs/notes.txt"


def test_a_lost_chunk_is_read_again(rag: Rag) -> None:
    """No checksum tells of it: the count of all chunks does."""
    change(rag, "DROP TRIGGER chunk_removed")
    change(rag, "DELETE FROM chunks WHERE id = 1")
    assert "counts" in failing(rag)
    rag.doctor(repair=True)
    rag.ingest()
    assert rag.doctor().healthy
    assert rag.store.counts()["chunks"] == rag.store.counts()["embedded"] == 3


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE embedding_sets SET identity = replace(identity, ': 64', ': 32')",
        "UPDATE embedding_sets SET identity = 'no JSON'",
        "UPDATE embedding_sets SET active = 0",
        "UPDATE chunk_sets SET settings = replace(settings, ': 256', ': 128')",
    ],
)
def test_a_changed_set_is_no_empty_answer(rag: Rag, home: Path, sql: str) -> None:
    change(rag, sql)
    with Rag.open(home) as again:
        assert "sets" in failing(again)
        if "chunk_sets" not in sql:
            with pytest.raises(ProjectCorrupt) as caught:
                again.query("warranty")
            assert "ingest anew" in caught.value.hint


def test_bytes_that_are_no_text_are_damage(rag: Rag) -> None:
    change(rag, "UPDATE texts SET text = CAST(x'ff41' AS TEXT) WHERE document_id = 1")
    assert "documents" in failing(rag)
    assert rag.doctor(repair=True).healthy
    rag.ingest()
    assert rag.doctor().healthy


def test_notices_are_written_anew(rag: Rag, home: Path) -> None:
    (home / ".rag/.gitignore").unlink()
    assert "notices" in {c.name for c in rag.doctor().checks if c.state == "warn"}
    rag.doctor(repair=True)
    assert (home / ".rag/.gitignore").read_text(encoding="utf-8") == "*\n"


def test_the_json_beside_an_index_file_is_compared(rag: Rag, home: Path) -> None:
    about = home / ".rag/vectors-1.json"
    about.write_text(about.read_text(encoding="utf-8").replace("fake:64", "fake:65"), "utf-8")
    assert failing(rag) == {"vector index"}
    assert rag.doctor(repair=True).healthy


# ------------------------------------------------------------------ damaged pages


def test_a_damaged_page_costs_only_what_was_on_it(rag: Rag, home: Path) -> None:
    """What can be read goes into a new store, and the rest is read from the files again."""
    question = "warranty months"
    before = top(rag, question)
    page = rag.store.connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'chunks'"
    ).fetchone()[0]
    rag.close()
    store = home / ".rag/store.sqlite"
    data = bytearray(store.read_bytes())
    data[(page - 1) * 4096 : (page - 1) * 4096 + 8] = b"\xff" * 8
    store.write_bytes(bytes(data))
    with Rag.open(home) as again:
        assert "store" in failing(again)
        done = again.doctor(repair=True)
        assert any("saved what could be read" in sentence for sentence in done.repaired)
        again.ingest()
        assert again.doctor().healthy
        assert top(again, question) == before
        assert again.store.counts()["embedded"] == 3
    assert (home / ".rag/store.sqlite.damaged").exists()


def test_a_damaged_index_inside_the_store_is_made_anew(rag: Rag, home: Path) -> None:
    page = rag.store.connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_files_1'"
    ).fetchone()[0]
    rag.close()
    store = home / ".rag/store.sqlite"
    data = store.read_bytes()
    start = (page - 1) * 4096
    index = data[start : start + 4096].replace(b"docs/guide.md", b"docs/guise.md")
    store.write_bytes(data[:start] + index + data[start + 4096 :])
    with Rag.open(home) as again:
        assert "store" in failing(again)
        assert again.doctor(repair=True).healthy
        again.ingest()
        assert top(again, "warranty months") == "docs/guide.md"


def test_the_log_of_a_deleted_store_is_not_taken_for_the_new_one(rag: Rag, home: Path) -> None:
    """A killed writer leaves a log; whoever deletes the store alone must not be given its pages."""
    write(home / "docs/more.txt", "one more about harbours\n")
    rag.ingest()
    log = (home / ".rag/store.sqlite-wal").read_bytes()
    assert log
    rag.close()
    (home / ".rag/store.sqlite").unlink()
    (home / ".rag/store.sqlite-wal").write_bytes(log)
    shutil.rmtree(home / "docs")
    write(home / "docs/new.txt", "a new beginning\n")
    with Rag.create(home, model="fake:64") as again:
        again.ingest(["docs"])
        assert sources(again) == ["docs/new.txt"]
        assert again.doctor().healthy


# ------------------------------------------------------------------ clocks


def test_a_clock_that_jumps_changes_nothing(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are compared by whether their time is another, not by whether it is later."""
    import os

    guide = home / "docs/guide.md"
    for jump_s in (-10 * 365 * 86400, 10 * 365 * 86400):
        monkeypatch.setattr(time, "time", lambda jump_s=jump_s: 1.7e9 + jump_s)
        assert rag.ingest().unchanged == 3
        guide.write_text(guide.read_text(encoding="utf-8").replace("24", "36"), encoding="utf-8")
        os.utime(guide, (1.7e9 + jump_s, 1.7e9 + jump_s))
        assert rag.ingest().updated == 1
        guide.write_text(guide.read_text(encoding="utf-8").replace("36", "24"), encoding="utf-8")
        os.utime(guide, (1.6e9 + jump_s, 1.6e9 + jump_s))
        assert rag.ingest().updated == 1
    assert rag.doctor().healthy


def test_a_holder_from_the_future_holds_for_no_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock.writing(path, wait_s=0):
        told = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**told, "since": time.time() + 1e6}), encoding="utf-8")
        assert "for 0 s" in (lock.holder(path) or "")


# ------------------------------------------------------------------ commits that fail


def test_a_commit_that_fails_leaves_nothing_open(rag: Rag) -> None:
    """A full disk may show at the commit, or make SQLite roll back by itself."""
    connection = rag.store.connection
    with pytest.raises(sqlite3.IntegrityError), rag.store.transaction():
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("UPDATE files SET document_id = 999 WHERE source = 'docs/guide.md'")
    assert not connection.in_transaction
    with pytest.raises(OSError, match="full"), rag.store.transaction():
        connection.execute("ROLLBACK")
        raise OSError("full")
    assert top(rag, "warranty months") == "docs/guide.md"
