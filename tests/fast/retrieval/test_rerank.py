"""The reranker's say: large, within its time, and never over an exact hit."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Found
from ragcli.retrieval.confidence import evidence
from ragcli.retrieval.fusion import EXACT, Parts
from ragcli.retrieval.rerank import LEAST_EVIDENCE_SPAN, RERANK_WEIGHT, rerank, score_within
from ragcli.retrieval.retrieve import Ranked

shares = st.floats(0, 0.5)
# (dense, keyword, exact, logit) of chunks.
chunks = st.lists(
    st.tuples(shares, shares, st.booleans(), st.floats(-50, 50)), min_size=1, max_size=12
)


def ranked(parts: Sequence[Parts]) -> list[Ranked]:
    """As retrieval gives them, best first; the ids are their places."""
    found = {"keyword": Found(1, 2.0)}
    best_first = sorted(parts, key=lambda p: -p.score)
    return [Ranked(i, p.score, found, p) for i, p in enumerate(best_first)]


def places(
    given: Sequence[float],
    logits: Sequence[float],
    exact: Sequence[int] = (),
    readable: float = 1.0,
) -> list[int]:
    """Old places in the new order; exact hits are those whose score holds ``EXACT``."""
    some = [
        Ranked(
            i, score, {}, Parts(keyword=score - EXACT * (i in exact), exact=EXACT * (i in exact))
        )
        for i, score in enumerate(given)
    ]
    return [one.id for one in rerank(some, logits, readable)]


def test_a_reranker_that_knows_puts_the_right_one_first() -> None:
    fused = [0.9, 0.8, 0.7, 0.3, 0.1]
    for right in range(5):
        logits = [8.0 if i == right else -8.0 for i in range(5)]
        assert places(fused, logits)[0] == right


def test_one_that_is_contrary_cannot_bury_an_exact_hit() -> None:
    contrary = [-8.0, 4.0, 5.0, 6.0, 8.0]
    assert places([0.9, 0.8, 0.7, 0.3, 0.1], contrary)[-1] == 0
    assert places([1.9, 0.8, 0.7, 0.3, 0.1], contrary, exact=[0])[0] == 0
    # Two exact hits are ordered by the reranker, before all others.
    fused = [1.9, 1.8, 0.7, 0.3, 0.1]
    assert places(fused, [-8.0, -5.0, 5.0, 6.0, 8.0], exact=[0, 1])[:2] == [1, 0]


def test_an_exact_hit_does_not_stretch_what_stands_between_the_others() -> None:
    """All but it are ordered as if it were not there."""
    fused = [0.5, 0.45, 0.4]
    logits = [1.0, 3.0, 2.0]
    alone = places(fused, logits)
    beside = places([1.45, *fused], [2.0, *logits], exact=[0])
    assert beside == [0, *(place + 1 for place in alone)]


def test_one_that_cannot_tell_changes_little() -> None:
    fused = [0.9, 0.6, 0.5, 0.1]
    assert places(fused, [-11.0, -10.9, -10.95, -10.8]) == [0, 1, 2, 3]
    assert places(fused, [3.0] * 4) == [0, 1, 2, 3]


def test_it_decides_where_retrieval_cannot_tell() -> None:
    assert places([0.4, 0.4, 0.4], [1.0, 5.0, 3.0]) == [1, 2, 0]
    close = [0.4 + LEAST_EVIDENCE_SPAN / 2, 0.4]
    assert places(close, [1.0, 1.0 + 2 / RERANK_WEIGHT]) == [1, 0]


def test_what_was_not_scored_stays_behind_in_its_order() -> None:
    fused = [0.9, 0.8, 0.7, 0.3, 0.1]
    assert places(fused, [-9.0, 9.0]) == [1, 0, 2, 3, 4]
    assert places(fused, []) == [0, 1, 2, 3, 4]
    assert places([], []) == []


def test_it_has_less_say_where_it_can_read_less() -> None:
    fused, logits = [0.9, 0.5, 0.4], [0.0, 9.0, 0.0]
    assert places(fused, logits) == [1, 0, 2]
    assert places(fused, logits, readable=0.5) == [0, 1, 2]


def test_its_rank_and_logit_are_told() -> None:
    found = rerank(ranked([Parts(dense=0.3), Parts(dense=0.2), Parts(dense=0.1)]), [1.0, 4.0], 1.0)
    assert [one.found_by.get("rerank") for one in found] == [Found(1, 4.0), Found(2, 1.0), None]
    assert all(one.found_by["keyword"] == Found(1, 2.0) for one in found)


@given(chunks, st.integers(0, 12), st.floats(0.01, 1))
def test_the_parts_add_up_and_exact_hits_are_not_overtaken(
    rows: list[tuple[float, float, bool, float]], count: int, readable: float
) -> None:
    some = ranked([Parts(dense, keyword, exact=EXACT * hit) for dense, keyword, hit, _ in rows])
    logits = [logit for *_, logit in rows][:count]
    found = rerank(some, logits, readable)
    assert sorted(one.id for one in found) == list(range(len(rows)))
    assert all(one.score == sum(one.parts) for one in found)
    # What retrieval says stays as it is, and so does what confidence is made of.
    assert all(one.parts._replace(rerank=0.0) == some[one.id].parts for one in found)
    assert evidence(found) == evidence(some)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    at = {one.id: rank for rank, one in enumerate(found)}
    for hit in (one.id for one in some if one.parts.exact):
        for behind in range(hit + 1, len(some)):
            assert some[behind].parts.exact or at[hit] < at[behind]
    # What has a logit stands before what has none.
    unscored = ["rerank" not in one.found_by for one in found]
    assert unscored == sorted(unscored)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12, unique=True))
def test_where_both_agree_the_order_stays(rows: list[int]) -> None:
    fused = sorted((n / 1000 for n in rows), reverse=True)
    assert places(fused, fused) == list(range(len(fused)))


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
