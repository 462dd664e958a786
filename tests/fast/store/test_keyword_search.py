"""What is left out of a search on large corpora, and what never is."""

from __future__ import annotations

import random

import pytest
from fakes.stored import put

from ragcli.domain import Filter
from ragcli.store import Store, keyword
from ragcli.store.rows import EmbeddingSet

WORDS = [f"word{n}" for n in range(30)]
QUESTION = ["word0", "word3", "word9", "word20", "word29"]


@pytest.fixture
def filled(store: Store, chosen: EmbeddingSet) -> Store:
    """Chunks of words of which the first are common, the last rare."""
    chance = random.Random(1)
    weights = [1 / (n + 1) for n in range(len(WORDS))]
    for number in range(20):
        parts = [" ".join(chance.choices(WORDS, weights, k=8)) for _ in range(10)]
        put(store, chosen, f"{number}.txt", "\n\n".join(parts))
    return store


def found(store: Store, k: int, only: Filter | None = None, also: tuple[int, ...] = ()) -> list:
    terms = list(store.question_terms(1, QUESTION))
    return store.search_keyword(1, terms, k, only or Filter(), also)


def test_chunks_asked_for_are_scored_in_the_same_pass(filled: Store) -> None:
    every = found(filled, 200)
    also = (every[50][0], every[3][0], every[70][0])
    best = found(filled, 10, also=also)
    assert best == [*every[:10], every[50], every[70]]


def test_rare_terms_propose_and_all_terms_score(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = found(filled, 200)
    monkeypatch.setattr(keyword, "MOST_POSTINGS", 40)
    monkeypatch.setattr(keyword, "PROPOSED", 30)
    rare = keyword._rare(filled.connection, 1, QUESTION)
    assert set(rare) < set(QUESTION) and "word0" not in rare
    also = (every[150][0],)
    some = found(filled, 10, also=also)
    assert set(some) <= set(every) and some == sorted(some, key=lambda one: (-one[1], one[0]))
    assert len(some) == 11 and some[-1] == every[150]
    names = {i for i, _ in keyword.search(filled.connection, 1, rare, 200)}
    assert {i for i, _ in some[:10]} <= names | set(also)


def test_no_keyword_result_is_falsely_short(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    every, filtered = found(filled, 200), found(filled, 50, Filter(path="1*"))
    monkeypatch.setattr(keyword, "MOST_POSTINGS", 1)
    assert found(filled, 100) == every[:100]  # the rarest term stands in fewer
    assert found(filled, 2000) == every
    assert found(filled, 50, Filter(path="1*")) == filtered  # a filter leaves no term out
