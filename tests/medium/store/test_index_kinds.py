"""Every kind of index file, on small data: the thresholds are lowered."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from fakes.stored import DIMENSION, check_exact, drop, embed, exact, fill

from ragcli.domain import Filter
from ragcli.store import Store, embeddings, index_kinds, vectors, verify
from ragcli.store.rows import EmbeddingSet

KINDS = {"IDMap,Flat": (1000, 1000), "IDMap,SQ8": (0, 1000), "IVF8,SQ8": (0, 0)}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    flat, sq8 = KINDS[request.param]
    monkeypatch.setattr(index_kinds, "FLAT_UP_TO", flat)
    monkeypatch.setattr(index_kinds, "SQ8_UP_TO", sq8)
    # Filtered searches go through the index, too, and it proposes few.
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 0)
    monkeypatch.setattr(vectors, "PROPOSED", 20)
    return str(request.param)


def test_the_kind_follows_the_count() -> None:
    wanted = {
        50_000: "IDMap,Flat",
        50_001: "IDMap,SQ8",
        300_000: "IDMap,SQ8",
        300_001: "IVF512,SQ8",
        1_000_000: "IVF1024,SQ8",
        4_000_000: "IVF2048,SQ8",
    }
    assert {count: index_kinds.kind_for(count) for count in wanted} == wanted


def test_every_kind_finds_what_numpy_finds(
    store: Store, chosen: EmbeddingSet, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_kinds, "PROBED_SHARE", 1)
    fill(store, chosen, 0, 60)
    store.publish_index(chosen)
    about = json.loads((store.folder.rag / "vectors-1.json").read_text())
    assert (about["index"], about["count"]) == (kind, 120)
    check_exact(store, chosen)
    fill(store, chosen, 60, 75)  # searched beside the file
    check_exact(store, chosen)
    for number in range(10, 70):
        drop(store, f"{number:03}.txt")
    check_exact(store, chosen)
    assert store.vector_index().file.generation == 1  # type: ignore[union-attr]
    with store.transaction():
        store.connection.execute("DELETE FROM embeddings WHERE id <= 5")
    check_exact(store, chosen)  # the file still holds them
    embed(store, chosen, seed=9)
    check_exact(store, chosen)
    assert verify.index_trouble(store.connection, store.folder.rag, chosen) == (
        vectors.newest(store.connection, chosen.id),
        None,
    )


def test_a_large_index_is_brought_up_to_date(
    store: Store, chosen: EmbeddingSet, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not built again, unless its kind changes or its file is not what was written."""
    monkeypatch.setattr(index_kinds, "PROBED_SHARE", 1)
    built = []
    build = index_kinds.build

    def counted(*given: Any) -> Any:
        built.append(given[0])
        return build(*given)

    monkeypatch.setattr(index_kinds, "build", counted)
    fill(store, chosen, 0, 60)
    store.publish_index(chosen)
    drop(store, "011.txt")
    drop(store, "012.txt")
    fill(store, chosen, 60, 64)
    with store.transaction():
        store.connection.execute("DELETE FROM embeddings WHERE id <= 5")
    embed(store, chosen, seed=9)
    store.publish_index(chosen)
    check_exact(store, chosen)
    assert verify.index_trouble(store.connection, store.folder.rag, chosen)[1] is None
    assert built == ([kind] if kind != "IDMap,Flat" else [kind, kind])
    fill(store, chosen, 64, 65)
    path = next(store.folder.rag.glob("vectors-*.faiss"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    del built[:]
    store.publish_index(chosen)
    assert built == [kind]
    check_exact(store, chosen)


def test_scores_are_cosines_of_the_stored_embeddings(
    store: Store, chosen: EmbeddingSet, kind: str
) -> None:
    fill(store, chosen, 0, 60)
    store.publish_index(chosen)
    query = np.ones(DIMENSION, np.float32) / 4
    found = store.search_dense(query, 10, Filter())
    assert dict(found) == pytest.approx(store.dense_scores(query, [i for i, _ in found]), abs=1e-6)


def test_no_result_is_falsely_short(store: Store, chosen: EmbeddingSet, kind: str) -> None:
    fill(store, chosen, 0, 60)
    store.publish_index(chosen)
    drop(store, "007.txt")
    query = np.ones(DIMENSION, np.float32)
    assert len(store.search_dense(query, 200, Filter())) == 118
    only = Filter(path="00*")
    assert [i for i, _ in store.search_dense(query, 200, only)][:10] == exact(
        store, chosen, query, only
    )
    assert len(store.search_dense(query, 200, only)) == 18


def test_few_selected_chunks_are_all_scored(
    store: Store, chosen: EmbeddingSet, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, chosen, 0, 60)
    store.publish_index(chosen)
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 40)
    asked = []
    monkeypatch.setattr(
        index_kinds, "propose", lambda *_, **__: asked.append(1) or np.empty(0, int)
    )
    query = np.ones(DIMENSION, np.float32)
    assert len(store.search_dense(query, 5, Filter(path="00*"))) == 5
    assert not asked
    store.search_dense(query, 5, Filter(format="text"))  # 80 chunks
    assert asked


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE index_files SET count = 7", "it belongs to another project or state"),
        ("DELETE FROM chunks WHERE id = 3", "its chunks are not the stored ones"),
    ],
)
def test_an_index_of_another_state_is_told(
    store: Store, chosen: EmbeddingSet, kind: str, change: str, told: str
) -> None:
    fill(store, chosen, 0, 30)
    store.publish_index(chosen)
    with store.transaction():
        store.connection.execute(change)
        store.connection.execute("DELETE FROM removed_chunks")
    _, trouble = verify.index_trouble(store.connection, store.folder.rag, chosen)
    assert trouble in (
        "it belongs to another project or state",
        "its chunks are not the stored ones",
    )


def test_embeddings_come_in_blocks(
    store: Store, chosen: EmbeddingSet, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one block, and the same as in one."""
    monkeypatch.setattr(embeddings, "BLOCK", 7)
    monkeypatch.setattr(index_kinds, "PROBED_SHARE", 1)
    fill(store, chosen, 0, 30)
    assert [len(ids) for ids, _ in embeddings.every(store.connection, chosen)] == [7] * 8 + [4]
    check_exact(store, chosen)  # there is no file yet
    store.publish_index(chosen)
    check_exact(store, chosen)
