"""The FAISS index: exact, whatever happens to its file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.stored import (
    DIMENSION,
    IDENTITY,
    check_exact,
    cut,
    drop,
    embed,
    fill,
    found_by,
)

from ragcli.domain import ChunkSettings, Filter
from ragcli.store import Store, sets
from ragcli.store.vectors import EmbeddingSet


def test_faiss_finds_what_numpy_finds(store: Store, chosen: EmbeddingSet) -> None:
    fill(store, chosen, 0, 60)
    check_exact(store, chosen)  # in memory: there is no file yet
    assert store.publish_index(chosen)
    check_exact(store, chosen)
    index = store.vector_index()
    assert index is not None and index.file is not None and index.trouble is None
    fill(store, chosen, 60, 75)  # searched beside the file
    check_exact(store, chosen)
    for number in range(10, 70):
        drop(store, f"{number:03}.txt")
    check_exact(store, chosen)
    assert store.counts()["embedded"] == 30
    assert store.vector_index().file == index.file  # type: ignore[union-attr]
    store.publish_index(chosen)
    check_exact(store, chosen)
    assert len(list(store.folder.rag.glob("vectors-*"))) == 2


def test_an_embedding_made_again_is_found_once(store: Store, chosen: EmbeddingSet) -> None:
    """Its chunk stands in the index file and beside it."""
    fill(store, chosen, 0, 30)
    store.publish_index(chosen)
    with store.transaction():
        store.connection.execute("DELETE FROM embeddings WHERE id <= 5")
    embed(store, chosen)
    vectors = store.connection.execute("SELECT vector FROM embeddings").fetchall()
    query = np.frombuffer(vectors[-1][0], np.float32)
    found = [i for i, _ in store.search_dense(query, 30, Filter())]
    assert len(found) == len(set(found)) == 30
    check_exact(store, chosen)


def test_the_first_index_of_a_large_set_is_written(
    store: Store, chosen: EmbeddingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.store.vectors.SMALL_INDEX", 0)
    fill(store, chosen, 0, 10)
    assert store.publish_index(chosen)
    fill(store, chosen, 10, 11)  # two chunks of 22: a tenth
    assert store.publish_index(chosen)
    fill(store, chosen, 11, 12)
    drop(store, "003.txt")
    assert store.publish_index(chosen)  # what was removed counts, too
    assert not store.publish_index(chosen)


def break_missing(path: Path, tmp_path: Path) -> None:
    path.unlink()


def break_flip(path: Path, tmp_path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def break_short(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def break_foreign(path: Path, tmp_path: Path) -> None:
    import faiss

    index = faiss.IndexIDMap(faiss.IndexFlatIP(3))
    index.add_with_ids(np.ones((2, 3), np.float32), np.array([1, 2], np.int64))
    faiss.write_index(index, str(path))


@pytest.mark.parametrize("damage", [break_missing, break_flip, break_short, break_foreign])
def test_a_damaged_index_file_is_noticed_and_answers_stay_right(
    store: Store, chosen: EmbeddingSet, tmp_path: Path, damage: object
) -> None:
    fill(store, chosen, 0, 20)
    store.publish_index(chosen)
    damage(store.folder.rag / "vectors-1.faiss", tmp_path)  # type: ignore[operator]
    reopened = Store(store.folder)
    check_exact(reopened, chosen)
    index = reopened.vector_index()
    assert index is not None and index.trouble
    reopened.publish_index(chosen, force=True)
    check_exact(reopened, chosen)
    assert reopened.vector_index().trouble is None  # type: ignore[union-attr]
    reopened.close()


def test_the_index_file_is_plain_faiss_and_says_what_it_is(
    store: Store, chosen: EmbeddingSet
) -> None:
    import faiss

    fill(store, chosen, 0, 5)
    store.publish_index(chosen)
    index = faiss.read_index(str(store.folder.rag / "vectors-1.faiss"))
    assert (index.ntotal, index.d) == (10, DIMENSION)
    about = json.loads((store.folder.rag / "vectors-1.json").read_text())
    assert about["fingerprint"] == IDENTITY.fingerprint
    assert (about["model"], about["generation"], about["dimension"]) == ("fake:16", 1, DIMENSION)


def test_switching_sets_leaves_one_set_and_its_file(store: Store, chosen: EmbeddingSet) -> None:
    fill(store, chosen, 0, 10)
    store.publish_index(chosen)
    with store.transaction():
        chunk_set_id, fresh = sets.ensure_chunk_set(store.connection, ChunkSettings(99))
        new = sets.create(
            store.connection, chunk_set_id, replace(IDENTITY, weights="n"), activate=False
        )
        for document_id in store.document_ids():
            store.add_chunks(document_id, chunk_set_id, cut(store.document(document_id).text)[:1])
    assert fresh
    embed(store, new, seed=3)
    assert store.counts()["chunks"] == 20  # the old set answers until the switch
    store.switch_to(new, keep=False)
    assert store.counts() | {"characters": 0} == {
        "files": 10, "parts": 0, "documents": 10, "chunks": 10, "embedded": 10, "characters": 0,
    }  # fmt: skip
    check_exact(store, new)
    assert found_by(store, new, "text 3")[0] == "003.txt"
    assert store.connection.execute("SELECT count(*) FROM removed_chunks").fetchone() == (0,)
    assert [p.name for p in sorted(store.folder.rag.glob("vectors-*"))] == [
        "vectors-2.faiss",
        "vectors-2.json",
    ]
