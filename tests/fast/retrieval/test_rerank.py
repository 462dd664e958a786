"""The reranker's say: large, within its time, and never over an exact hit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ragcli.retrieval.rerank import (
    RERANK_WEIGHT,
    Candidate,
    rerank,
    rerank_weight,
    score_within,
)

scores = st.floats(-50, 50)
candidates = st.lists(st.tuples(scores, st.booleans(), scores), min_size=1, max_size=12).map(
    lambda rows: sorted(rows, key=lambda row: -row[0])
)


def places(given: Sequence[float], logits: Sequence[float], exact: Sequence[int] = ()) -> list[int]:
    """Old places in the new order."""
    some = [Candidate(score, i in exact) for i, score in enumerate(given)]
    return [one.place for one in rerank(some, logits, RERANK_WEIGHT)]


def test_a_reranker_that_knows_puts_the_right_one_first() -> None:
    fused = [0.9, 0.8, 0.7, 0.3, 0.1]
    for right in range(5):
        logits = [8.0 if i == right else -8.0 for i in range(5)]
        assert places(fused, logits)[0] == right


def test_one_that_is_contrary_cannot_bury_an_exact_hit() -> None:
    fused = [0.9, 0.8, 0.7, 0.3, 0.1]
    contrary = [-8.0, 4.0, 5.0, 6.0, 8.0]
    assert places(fused, contrary)[-1] == 0
    assert places(fused, contrary, exact=[0])[0] == 0
    # Two exact hits are ordered by the reranker, before all others.
    assert places(fused, [-8.0, -5.0, 5.0, 6.0, 8.0], exact=[0, 1])[:2] == [1, 0]
    # One that retrieval had far behind rises, but not over what both prefer.
    behind = [8.0, 4.0, 4.0, 4.0, -8.0]
    assert places(fused, behind) == [0, 1, 2, 3, 4]
    assert places(fused, behind, exact=[4]) == [0, 1, 2, 4, 3]


def test_one_that_cannot_tell_changes_little() -> None:
    fused = [0.9, 0.6, 0.5, 0.1]
    assert places(fused, [-11.0, -10.9, -10.95, -10.8]) == [0, 1, 2, 3]
    assert places(fused, [3.0] * 4) == [0, 1, 2, 3]


def test_what_was_not_scored_stays_behind_in_its_order() -> None:
    fused = [0.9, 0.8, 0.7, 0.3, 0.1]
    assert places(fused, [-9.0, 9.0]) == [1, 0, 2, 3, 4]
    assert places(fused, []) == [0, 1, 2, 3, 4]
    assert places([], []) == []


@given(candidates, st.integers(0, 12), st.floats(0.01, 0.99))
def test_the_parts_add_up_and_exact_hits_are_not_overtaken(
    rows: list[tuple[float, bool, float]], count: int, weight: float
) -> None:
    some = [Candidate(score, exact) for score, exact, _ in rows]
    logits = [logit for *_, logit in rows][:count]
    found = rerank(some, logits, weight)
    assert sorted(one.place for one in found) == list(range(len(rows)))
    assert all(one.score == one.rerank_part + one.retrieval_part for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    at = {one.place: rank for rank, one in enumerate(found)}
    for hit in (i for i, one in enumerate(some) if one.exact):
        for behind in range(hit + 1, len(some)):
            assert some[behind].exact or at[hit] < at[behind]
    # What has a logit stands before what has none.
    assert [one.logit is None for one in found] == sorted(one.logit is None for one in found)


@given(candidates)
def test_where_both_agree_the_order_stays(rows: list[tuple[float, bool, float]]) -> None:
    fused = [score for score, *_ in rows]
    assume(len(set(fused)) == len(fused))
    assert places(fused, fused) == list(range(len(fused)))


def test_it_has_no_say_where_it_cannot_read() -> None:
    assert rerank_weight(0) == RERANK_WEIGHT
    assert 0 < rerank_weight(0.25) < RERANK_WEIGHT
    assert rerank_weight(0.5) == rerank_weight(1) == 0


class Clock:
    """Time passes by a second for each 100 characters scored."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[int] = []

    def __call__(self) -> float:
        return self.now

    def score(self, texts: Sequence[str]) -> list[float]:
        self.calls.append(len(texts))
        self.now += sum(map(len, texts)) / 100
        return [float(len(text)) for text in texts]


@pytest.mark.parametrize(
    ("budget_s", "scored", "calls"),
    [
        (100.0, 20, [2, 4, 8, 6]),
        (20.0, 20, [2, 4, 8, 6]),
        (7.0, 7, [2, 4, 1]),
        (2.0, 2, [2]),
        # The first two whatever it takes.
        (0.0, 2, [2]),
    ],
)
def test_scoring_ends_with_the_time(budget_s: float, scored: int, calls: list[int]) -> None:
    clock = Clock()
    texts = ["x" * 100] * 20
    found = score_within(texts, clock.score, budget_s, 2, clock)
    assert found == [100.0] * scored
    assert clock.calls == calls
    assert clock.now <= max(budget_s, 2.0)


def test_a_long_text_is_not_begun_when_it_would_not_end() -> None:
    clock = Clock()
    assert len(score_within(["x" * 10, "x" * 10, "x" * 900], clock.score, 5, 2, clock)) == 2
    assert score_within([], clock.score, 5, 2, clock) == []
