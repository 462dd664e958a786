"""Nothing that a query or a small ingest does goes through all chunks or all embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from fakes.stored import DIMENSION, drop, embed, fill, put

from ragcli.domain import Filter
from ragcli.recipes.search import StoreSearcher
from ragcli.retrieval.question import Question
from ragcli.retrieval.retrieve import retrieve
from ragcli.store import Store, sets
from ragcli.store.rows import EmbeddingSet

# As they are called in the store's statements.
LARGE = {"chunks", "c", "embeddings", "e", "texts"}


@contextmanager
def traced(store: Store) -> Iterator[list[str]]:
    """The statements that are run inside, with their parameters filled in."""
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    yield statements
    store.connection.set_trace_callback(None)


def scans(store: Store, statements: list[str]) -> list[str]:
    """What goes through a large table from its beginning to its end."""
    found = []
    for sql in statements:
        if sql.lstrip().split()[0] not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            continue
        for *_, step in store.connection.execute(f"EXPLAIN QUERY PLAN {sql}"):
            words = step.split()
            if words[0] == "SCAN" and words[1] in LARGE:
                found.append(f"{step}: {sql}")
    return found


@pytest.fixture
def filled(store: Store, chosen: EmbeddingSet, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr("ragcli.store.vectors.SMALL_INDEX", 0)
    fill(store, chosen, 0, 60)
    store.publish_index(chosen)
    fill(store, chosen, 60, 61)
    drop(store, "003.txt")
    return store


@pytest.mark.parametrize("only", [Filter(), Filter(path="00*")])
def test_a_query_scans_no_large_table(filled: Store, chosen: EmbeddingSet, only: Filter) -> None:
    vector = np.ones(DIMENSION, np.float32)
    question = Question(("text", "7"), {"text": 0.1, "7": 3.0}, ("text 7",), vector)
    searcher = StoreSearcher(filled, chosen.chunk_set_id, only, lambda text: 0.0)
    with traced(filled) as statements:
        found = retrieve(searcher, question, "hybrid", 5).chunks
        filled.passages([one.id for one in found])
        filled.counts()
        filled.embedded_share()
    assert len(statements) > 10
    assert scans(filled, statements) == []


def test_a_small_ingest_scans_no_large_table(filled: Store, chosen: EmbeddingSet) -> None:
    with traced(filled) as statements:
        put(filled, chosen, "new.txt", "a new text")
        drop(filled, "004.txt")
        embed(filled, chosen)
        with filled.transaction():
            sets.prune(filled.connection)
        assert not filled.publish_index(chosen)
        filled.counts()
    assert any("DELETE FROM embeddings" in sql for sql in statements)
    assert scans(filled, statements) == []


def test_a_scan_would_be_noticed(filled: Store, chosen: EmbeddingSet) -> None:
    with traced(filled) as statements:
        filled.publish_index(chosen, force=True)
    assert scans(filled, statements)
