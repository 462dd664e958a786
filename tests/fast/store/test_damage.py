"""Every damage is noticed, and none keeps a project from being mended."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from fakes.stored import (
    DIMENSION,
    drop,
    fill,
    found_by,
    put,
    verify_keyword,
)

from ragcli.domain import Filter
from ragcli.errors import ProjectCorrupt, ProjectIncompatible
from ragcli.store import Store, database, documents, sets, vectors
from ragcli.store.folder import ProjectFolder, create
from ragcli.store.rows import Pending
from ragcli.store.vectors import EmbeddingSet

# ------------------------------------------------------------------ damage


def test_a_changed_letter_in_a_text_is_noticed(store: Store, chosen: EmbeddingSet) -> None:
    made = put(store, chosen, "a.txt", "the warranty runs for 24 months")
    with store.transaction():
        store.connection.execute("UPDATE texts SET text = replace(text, '24', '34')")
    with pytest.raises(ProjectCorrupt, match=r"a\.txt is damaged") as caught:
        store.document(made)
    assert "rag rm 'a.txt'" in caught.value.hint
    with pytest.raises(ProjectCorrupt):
        store.passages([1])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE chunks SET char_end = char_end - 1",
        "UPDATE chunks SET page = 7",
        "UPDATE chunks SET headings = '[\"x\"]'",
        "DELETE FROM texts",
    ],
)
def test_a_changed_chunk_is_noticed(store: Store, chosen: EmbeddingSet, change: str) -> None:
    put(store, chosen, "a.txt", "some words")
    with store.transaction():
        store.connection.execute(change)
    with pytest.raises(ProjectCorrupt):
        store.passages([1])


def test_a_damaged_document_can_be_taken_out(store: Store, chosen: EmbeddingSet) -> None:
    put(store, chosen, "a.txt", "the first words")
    put(store, chosen, "b.txt", "other words, damaged too")
    put(store, chosen, "c.txt", "sound words")
    with store.transaction():
        store.connection.execute("UPDATE texts SET text = text || 'x' WHERE document_id < 3")
    assert drop(store, "a.txt") is True
    assert found_by(store, chosen, "words") == ["c.txt"]
    assert drop(store, "b.txt") is True
    assert verify_keyword(store) == []


def test_a_damaged_embedding_is_noticed(store: Store, chosen: EmbeddingSet) -> None:
    fill(store, chosen, 0, 2)
    with store.transaction():
        store.connection.execute("UPDATE embeddings SET vector = zeroblob(64) WHERE id = 2")
    query = np.ones(DIMENSION, np.float32)
    with pytest.raises(ProjectCorrupt, match="embedding is damaged"):
        store.search_dense(query, 3, Filter())
    with pytest.raises(ProjectCorrupt):
        store.dense_scores(query, [1, 2, 3])


def test_an_index_that_names_no_stored_chunk_is_an_error(store: Store) -> None:
    with pytest.raises(ProjectCorrupt, match="chunk 77") as caught:
        store.passages([77])
    assert caught.value.hint.endswith("rag doctor --repair")


# ------------------------------------------------------------------ opening


def test_an_unknown_format_is_refused(folder: ProjectFolder) -> None:
    connection = sqlite3.connect(folder.database)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ProjectIncompatible, match="format 99"):
        Store(folder)


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be read" * 50])
def test_what_is_no_store_is_refused(folder: ProjectFolder, content: bytes) -> None:
    folder.database.write_bytes(content)
    with pytest.raises(ProjectCorrupt):
        Store(folder)


def test_a_missing_store_is_told(folder: ProjectFolder) -> None:
    folder.database.unlink()
    with pytest.raises(ProjectCorrupt, match="missing"):
        Store(folder)


def test_a_store_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = create(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(database.schema, "TABLES", "CREATE TABLE half (x); nonsense;")
        with pytest.raises(sqlite3.Error):
            Store.create(folder)
    assert not folder.database.exists()
    Store.create(folder)
    Store(folder).close()
    assert [p.name for p in folder.rag.glob("*.new*")] == []
    assert folder.database.stat().st_mode & 0o777 == 0o600


def test_equal_texts_share_an_embedding(store: Store, chosen: EmbeddingSet) -> None:
    put(store, chosen, "a.txt", "the same\n\nthe same")
    (only,) = sets.pending(store.connection, chosen)
    batch = [
        Pending(only, p.embed_hash, p.text, 1) for p in sets.pending_texts(store.connection, [only])
    ]
    with store.transaction():
        sets.add_embeddings(
            store.connection, chosen.id, batch, np.eye(1, DIMENSION, dtype=np.float32)
        )
    assert sets.pending(store.connection, chosen) == []
    assert len(store.search_dense(np.ones(DIMENSION, np.float32), 5, Filter())) == 2
    assert documents.chunk_ids(store.connection, 1, chosen.chunk_set_id) == [1, 2]
    assert vectors.newest(store.connection, chosen.id) is None
