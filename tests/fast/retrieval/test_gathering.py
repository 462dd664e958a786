"""Ranked chunks into passages: side by side, within the limit, each chunk once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.retrieval.fusion import Parts
from ragcli.retrieval.passages import (
    DUPLICATE_SHARE,
    JOINING,
    JOINING_SHARE,
    gather,
    without_duplicates,
)
from ragcli.retrieval.retrieve import Ranked


def ranked_with(scores: dict[int, float]) -> list[Ranked]:
    order = sorted(scores, key=lambda i: (-scores[i], i))
    return [Ranked(i, scores[i], {}, Parts(dense=scores[i])) for i in order]


def neighbours_in(documents: list[int]) -> dict[int, list[int]]:
    """``documents`` says of which document each chunk is, in order."""
    count = len(documents)
    return {
        i: [j for j in (i - 1, i + 1) if 0 <= j < count and documents[j] == documents[i]]
        for i in range(count)
    }


@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 200), st.none() | st.floats(0, 1))),
    st.integers(1, 30),
    st.integers(16, 600),
)
def test_passages_of_any_chunks(
    chunks: list[tuple[bool, int, float | None]], k: int, limit: int
) -> None:
    """Of each chunk: does it open a document, its size, its score where it was ranked."""
    documents = [sum(opens for opens, _, _ in chunks[: i + 1]) for i in range(len(chunks))]
    sizes = [size for _, size, _ in chunks]
    ranked = ranked_with({i: s for i, (_, _, s) in enumerate(chunks) if s is not None})
    passages = gather(ranked, neighbours_in(documents), sizes.__getitem__, k, limit)
    every = gather(ranked, neighbours_in(documents), sizes.__getitem__, len(ranked) or 1, limit)
    assert passages == every[:k]
    gathered = [one.id for passage in every for one in passage]
    assert sorted(gathered) == sorted(one.id for one in ranked)  # each once, none lost
    assert [p[0].score for p in every] == sorted((p[0].score for p in every), reverse=True)
    for passage in every:
        ids = sorted(one.id for one in passage)
        assert ids == list(range(ids[0], ids[-1] + 1))
        assert len({documents[i] for i in ids}) == 1
        assert len(ids) == 1 or sum(sizes[i] for i in ids) <= limit
        assert passage[0].score == max(one.score for one in passage)
        assert all(one.score >= JOINING_SHARE * passage[0].score for one in passage)


def test_only_the_best_join() -> None:
    """Alike in all but their rank, the first chunks join and the others stay alone."""
    count = 3 * JOINING
    ranked = ranked_with({i: 1.0 - i / 1000 for i in range(count)})
    passages = gather(ranked, neighbours_in([0] * count), lambda i: 1, count, count)
    assert [len(p) for p in passages] == [JOINING] + [1] * (count - JOINING)


def test_a_passage_grows_to_its_better_side() -> None:
    ranked = ranked_with({0: 0.7, 1: 1.0, 2: 0.8, 3: 0.75})
    (first, *_) = gather(ranked, neighbours_in([0] * 4), lambda i: 10, 4, 30)
    assert [one.id for one in first] == [1, 2, 3]


# ------------------------------------------------------------------ duplicates

texts = st.lists(
    st.tuples(st.integers(0, 3), st.frozensets(st.integers(0, 5), max_size=5)), max_size=10
)


def same(one: frozenset[int], other: frozenset[int]) -> bool:
    return bool(one and other) and len(one & other) >= DUPLICATE_SHARE * len(one | other)


@given(texts)
def test_each_text_is_kept_once(chunks: list[tuple[int, frozenset[int]]]) -> None:
    ranked = ranked_with(dict.fromkeys(range(len(chunks)), 1.0))
    terms = [{chr(ord("a") + t) for t in own} for _, own in chunks]
    documents = [document for document, _ in chunks]
    kept, duplicates = without_duplicates(
        ranked, terms.__getitem__, documents.__getitem__, len(ranked)
    )
    folded = [i for others in duplicates.values() for i in others]
    assert sorted([*(one.id for one in kept), *folded]) == list(range(len(chunks)))
    assert [one.id for one in kept] == sorted(one.id for one in kept)  # in their order
    for first, others in duplicates.items():
        assert first in {one.id for one in kept}
        for other in others:
            assert documents[other] != documents[first] and other > first
            assert same(chunks[first][1], chunks[other][1])
    for one, other in pairwise(kept):
        apart = documents[one.id] == documents[other.id]
        assert apart or not same(chunks[one.id][1], chunks[other.id][1])


@pytest.mark.parametrize(("changed", "folded"), [(0, True), (1, True), (12, False)])
def test_nearly_the_same_is_the_same(changed: int, folded: bool) -> None:
    terms = [
        {chr(ord("a") + n) for n in range(40)},
        {chr(ord("a") + n) for n in range(40 - changed)}
        | {"new" * (n + 1) for n in range(changed)},
    ]
    assert is_folded(*terms) == folded


def is_folded(*terms: set[str]) -> bool:
    ranked = ranked_with({0: 1.0, 1: 0.5})
    _, duplicates = without_duplicates(ranked, terms.__getitem__, lambda i: i, 2)
    return duplicates == {0: [1]}


@pytest.mark.parametrize("telling", ["24", "v2.1", "not", "三十", "不保"])
def test_editions_are_told_apart(telling: str) -> None:
    text = {chr(ord("a") + n) for n in range(40)}
    assert not is_folded({*text, telling}, text)
    assert is_folded({*text, telling}, {*text, telling, "indeed"})


def test_copies_leave_room_for_what_is_no_copy() -> None:
    """However many copies stand before it."""
    ranked = ranked_with({i: 1.0 - i / 100 for i in range(60)})
    kept, duplicates = without_duplicates(
        ranked, lambda i: {"same"} if i < 48 else {f"other{i}"}, lambda i: i, 3
    )
    assert [one.id for one in kept] == [0, 48, 49]
    assert duplicates == {0: list(range(1, 48))}
