"""What triggers keep is what counting everything would say; an older store is brought up to it."""

from __future__ import annotations

import random
from pathlib import Path

import fakes
import numpy as np
import pytest
from fakes.stored import DIMENSION, IDENTITY, check_exact, cut, drop, embed, fill, found_by, put

from ragcli.domain import ChunkSettings
from ragcli.errors import ProjectLocked
from ragcli.store import Store, ledger, lock, schema, sets
from ragcli.store.folder import ProjectFolder, create
from ragcli.store.vectors import EmbeddingSet

FORMAT_1 = Path(fakes.__path__[0], "format_1.sql").read_text(encoding="utf-8")


def check_tracking(store: Store) -> None:
    """The counters and work lists, against the tables themselves."""
    ask = store.connection.execute
    for chunk_set_id, chunks in ask("SELECT id, chunks FROM chunk_sets").fetchall():
        counted = ask("SELECT count(*) FROM chunks WHERE chunk_set_id = ?", (chunk_set_id,))
        assert (chunks,) == counted.fetchone()
    missing = ask(
        "SELECT c.id, s.id FROM embedding_sets s JOIN chunks c ON c.chunk_set_id = s.chunk_set_id"
        " WHERE NOT EXISTS (SELECT 1 FROM embeddings e"
        "  WHERE e.set_id = s.id AND e.embed_hash = c.embed_hash) ORDER BY 1, 2"
    ).fetchall()
    assert ask("SELECT chunk_id, set_id FROM unembedded ORDER BY 1, 2").fetchall() == missing
    orphans = ask(
        "SELECT embed_hash FROM embeddings WHERE embed_hash NOT IN (SELECT embed_hash FROM chunks)"
    ).fetchall()
    assert set(orphans) <= set(ask("SELECT embed_hash FROM released_texts").fetchall())


def test_whatever_happens_the_counts_are_true(store: Store, chosen: EmbeddingSet) -> None:
    chance = random.Random(3)
    other: EmbeddingSet | None = None
    for step in range(120):
        name = f"{chance.randrange(12)}.txt"
        known = {f.source for f in ledger.files(store.connection)}
        match chance.randrange(7):
            case 0 | 1 | 2 if name not in known:
                put(store, chosen, name, f"text {chance.randrange(8)}\n\nmore {step % 5}")
            case 3 if name in known:
                drop(store, name)
            case 4:
                embed(store, chosen, seed=step)
            case 5:
                with store.transaction():
                    sets.prune(store.connection)
                assert store.connection.execute("SELECT 1 FROM released_texts").fetchone() is None
            case 6:
                with store.transaction():
                    store.connection.execute("DELETE FROM embeddings WHERE id % 3 = 0")
                    if other is None:
                        other = sets.create(
                            store.connection, chosen.chunk_set_id, IDENTITY, activate=False
                        )
                    else:
                        sets.discard(store.connection, other)
                        other = None
        check_tracking(store)
    embedded = store.counts()["embedded"]
    assert embedded + len(unembedded(store, chosen)) == store.counts()["chunks"] > 0


def unembedded(store: Store, chosen: EmbeddingSet) -> list[int]:
    rows = store.connection.execute(
        "SELECT chunk_id FROM unembedded WHERE set_id = ?", (chosen.id,)
    )
    return [r[0] for r in rows]


def test_a_dropped_chunk_set_leaves_nothing_behind(store: Store, chosen: EmbeddingSet) -> None:
    fill(store, chosen, 0, 5)
    with store.transaction():
        chunk_set_id, _ = sets.ensure_chunk_set(store.connection, ChunkSettings(99))
        new = sets.create(store.connection, chunk_set_id, IDENTITY, activate=False)
        for document_id in store.document_ids():
            whole = store.document(document_id).text
            store.add_chunks(document_id, chunk_set_id, cut(whole)[:1])
    check_tracking(store)
    embed(store, new)
    store.switch_to(new, keep=False)
    check_tracking(store)
    for table, left in (("released_texts", 0), ("removed_chunks", 0), ("embeddings", 5)):
        assert store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (left,)


def test_the_newest_file_is_embedded_first(store: Store, chosen: EmbeddingSet) -> None:
    put(store, chosen, "old.txt", "one\n\nsame", mtime_ns=10)
    put(store, chosen, "new.txt", "two\n\nthree\n\nsame", mtime_ns=30)
    put(store, chosen, "between.txt", "four", mtime_ns=20)
    put(store, chosen, "copy.txt", "one\n\nsame", mtime_ns=40)  # of old.txt
    texts = sets.pending_texts(store.connection, sets.pending(store.connection, chosen))
    assert [t.text for t in texts] == ["one", "same", "two", "three", "four"]


def test_the_embedded_share(store: Store, chosen: EmbeddingSet) -> None:
    assert store.embedded_share() == 1.0
    fill(store, chosen, 0, 3)
    assert store.embedded_share() == 1.0
    put(store, chosen, "late.txt", "not\n\nembedded")
    assert store.embedded_share() == 0.75


# ------------------------------------------------------------------ format 1


@pytest.fixture
def old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    """A project as format 1 left it: 40 chunks, of which 6 are not embedded; two were removed,
    and their embeddings not pruned."""
    folder = create(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "TABLES", FORMAT_1)
        patch.setattr(schema, "TRACKING", "")
        patch.setattr(schema, "FORMAT_VERSION", 1)
        Store.create(folder)
        store = Store(folder)
        with store.transaction():
            chunk_set_id, _ = sets.ensure_chunk_set(store.connection, ChunkSettings(50))
            chosen = sets.create(store.connection, chunk_set_id, IDENTITY, activate=True)
        for number in range(20):
            put(store, chosen, f"{number:03}.txt", f"text {number}\n\nmore {number}")
        chance = np.random.default_rng(0)
        vectors = chance.normal(size=(34, DIMENSION)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with store.transaction():
            batch = sets.pending_texts(store.connection, range(1, 35))
            sets.add_embeddings(store.connection, chosen.id, batch, vectors)
        drop(store, "003.txt")
        assert store.format_version == 1
        store.close()
    return folder


def test_a_store_of_format_1_is_migrated(old_folder: ProjectFolder) -> None:
    store = Store(old_folder)
    chosen = sets.active(store.connection)
    assert chosen is not None
    assert store.format_version == schema.FORMAT_VERSION
    check_tracking(store)
    counts = store.counts()
    assert (counts["chunks"], counts["embedded"]) == (38, 32)
    assert store.connection.execute("SELECT count(*) FROM embeddings").fetchone() == (32,)
    assert sorted(sets.pending(store.connection, chosen)) == list(range(35, 41))
    assert found_by(store, chosen, "more 17")[0] == "017.txt"
    check_exact(store, chosen)
    embed(store, chosen)
    drop(store, "017.txt")
    check_tracking(store)
    assert layout(store) == layout_of_a_new_store(old_folder)
    store.close()


def layout(store: Store) -> set[tuple[str, str]]:
    """Names and kinds of all tables, indexes and triggers, without the keyword index's own."""
    rows = store.connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'keyword%'"
    )
    return set(rows.fetchall())


def layout_of_a_new_store(beside: ProjectFolder) -> set[tuple[str, str]]:
    folder = create(beside.root / "new")
    Store.create(folder)
    store = Store(folder)
    found = layout(store)
    store.close()
    return found


def test_a_migration_waits_for_a_writer(
    old_folder: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.store.store.MIGRATION_WAIT_S", 0.0)
    with lock.writing(old_folder.lock, wait_s=0), pytest.raises(ProjectLocked):
        Store(old_folder)
    Store(old_folder).close()


def test_a_migration_that_fails_leaves_the_old_store(
    old_folder: ProjectFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "TRACKING", schema.TRACKING + "CREATE TABLE nonsense;")
        with pytest.raises(Exception, match=r"syntax error"):
            Store(old_folder)
    store = Store(old_folder)
    assert store.counts()["chunks"] == 38
    store.close()
