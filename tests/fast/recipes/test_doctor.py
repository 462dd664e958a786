"""Every damage is found, told with its cure, and mended where that is safe."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from fakes.project import (
    change,
    failing,
    sources,
    top,
    write,
)

from ragcli import Rag
from ragcli.errors import ProjectCorrupt
from ragcli.store import sets


def test_a_sound_project_is_healthy(rag: Rag) -> None:
    found = rag.doctor(deep=True)
    assert found.healthy and found.repaired == ()
    assert all(check.state == "ok" for check in found.checks if check.name != "generator")


DAMAGES = {
    "text": ("UPDATE texts SET text = replace(text, '24', '34')", "documents"),
    "document": ("UPDATE documents SET title = 'x'", "documents"),
    "chunk": ("UPDATE chunks SET line_start = 9", "documents"),
    "embedding": ("UPDATE embeddings SET vector = zeroblob(256) WHERE id = 2", "embeddings"),
    "short embedding": ("UPDATE embeddings SET vector = x'00' WHERE id = 2", "embeddings"),
    "keyword index": ("INSERT INTO keyword_1 (keyword_1) VALUES ('delete-all')", "keyword index"),
    "keyword index page": (
        "UPDATE keyword_1_data SET block = x'00' WHERE id > 10",
        "keyword index",
    ),
    "keyword index's own table": (
        "ALTER TABLE keyword_1_docsize RENAME COLUMN sz TO rz",
        "keyword index",
    ),
    "index row": ("UPDATE index_files SET sha256 = 'x'", "vector index"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_in_the_store_is_found_and_repaired(rag: Rag, damage: str) -> None:
    before = {q: top(rag, q) for q in ("warranty months", "batteries", "deep returns")}
    sql, check = DAMAGES[damage]
    change(rag, sql)
    assert check in failing(rag)
    mended = rag.doctor(repair=True)
    assert mended.healthy and mended.repaired
    rag.ingest()
    assert rag.doctor(deep=True).healthy
    assert {q: top(rag, q) for q in before} == before
    assert rag.store.counts()["embedded"] == 3


def test_a_missing_index_file_is_written_anew(rag: Rag, home: Path) -> None:
    (home / ".rag/vectors-1.faiss").unlink()
    assert failing(rag) == {"vector index"}
    assert rag.doctor(repair=True).healthy


def test_a_query_mends_the_index_file(rag: Rag, home: Path) -> None:
    (home / ".rag/vectors-1.faiss").write_bytes(b"nothing of an index")
    with Rag.open(home) as other:
        assert top(other, "warranty") == "docs/guide.md"
    assert failing(rag) == set()


def test_a_large_index_is_not_written_by_a_query(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take a minute: the query says what to do instead, and the answer is right."""
    (home / ".rag/vectors-1.faiss").write_bytes(b"nothing of an index")
    monkeypatch.setattr("ragcli.store.index_kinds.FLAT_UP_TO", 0)
    with Rag.open(home) as other:
        result = other.query("warranty")
        assert result.passages[0].source == "docs/guide.md"
        assert "rag doctor --repair" in result.warnings[0]
    assert failing(rag) == {"vector index"}


def test_a_reader_of_the_old_set_does_not_mend_the_new_one(rag: Rag, home: Path) -> None:
    """Its index file is gone because the set was switched while it was asking."""
    with Rag.open(home) as reader:
        embed_query = reader.embedder.embed_query

        def switch_meanwhile(text: str) -> Any:
            rag.reembed("fake:32")
            return embed_query(text)

        reader.embedder.embed_query = switch_meanwhile  # type: ignore[method-assign]
        result = reader.query("warranty months")
        assert (result.model, result.passages[0].source) == ("fake:64", "docs/guide.md")
    names = sorted(p.name for p in (home / ".rag").glob("vectors-*"))
    assert names == ["vectors-2.faiss", "vectors-2.json"]
    assert failing(rag) == set()


def test_permissions_and_leftovers_are_mended(rag: Rag, home: Path) -> None:
    (home / ".rag").chmod(0o755)
    (home / ".rag/store.sqlite").chmod(0o644)
    (home / ".rag/vectors-77.faiss").write_bytes(b"x")
    assert "permissions" in failing(rag)
    done = rag.doctor(repair=True)
    assert done.healthy and len(done.repaired) == 4
    assert not (home / ".rag/vectors-77.faiss").exists()
    assert (home / ".rag").stat().st_mode & 0o777 == 0o700


def test_a_damaged_text_whose_file_is_gone_is_kept(rag: Rag, home: Path) -> None:
    (home / "docs/guide.md").unlink()
    change(rag, "UPDATE texts SET text = replace(text, '24', '34')")
    assert not rag.doctor(repair=True).healthy
    assert "docs/guide.md" in sources(rag)


def test_doctor_warns_of_what_ingest_would_mend(rag: Rag, home: Path) -> None:
    write(home / "docs/notes.txt", "changed")
    (home / "docs").rename(home / "away")
    states = {c.name: c.state for c in rag.doctor().checks}
    assert (states["folders"], states["files"]) == ("warn", "warn")


def test_doctor_tells_of_another_model_behind_the_name(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_WEIGHTS", "other")
    with Rag.open(home) as again:
        assert failing(again) == {"model"}
        assert again.reembed("fake:64").changed
        assert failing(again) == set()


def test_doctor_of_a_store_that_is_gone(rag: Rag, home: Path) -> None:
    rag.close()
    for path in (home / ".rag").glob("store.sqlite*"):
        path.unlink()
    with Rag.open(home) as again:
        found = again.doctor(repair=True)
    assert not found.healthy
    assert "rag ingest FOLDER" in next(c for c in found.checks if c.name == "format").cure


def test_doctor_of_a_store_with_damaged_pages(rag: Rag, home: Path) -> None:
    rag.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    rag.close()
    path = home / ".rag/store.sqlite"
    data = bytearray(path.read_bytes())
    data[8192 : len(data)] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    with Rag.open(home) as again:
        assert not again.doctor().healthy
    with Rag.open(home) as again, pytest.raises((sqlite3.DatabaseError, ProjectCorrupt)):
        again.query("warranty")


def test_doctor_of_a_newer_format(rag: Rag, home: Path) -> None:
    rag.store.connection.execute("PRAGMA user_version = 99")
    rag.close()
    with Rag.open(home) as again:
        found = again.doctor()
    assert not found.healthy and "format 99" in next(
        c.detail for c in found.checks if c.name == "format"
    )


def test_the_active_set_is_named_once(rag: Rag) -> None:
    rag.reembed("fake:32")
    rag.reembed("fake:64")
    answering = "SELECT count(*) FROM embedding_sets WHERE active = 1"
    assert rag.store.connection.execute(answering).fetchone() == (1,)
    active = sets.active(rag.store.connection)
    assert active is not None and active.identity.name == "fake:64"
