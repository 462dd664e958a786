"""Confidence: more evidence is never less of it, and the line stands above chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.retrieval.confidence import ABOVE_CHANCE, LINE, confidence, evidence
from ragcli.retrieval.fusion import Parts
from ragcli.retrieval.retrieve import Ranked

shares = st.floats(0, 1)
parts = st.builds(
    Parts, dense=shares, keyword=shares, near=shares, exact=st.just(0.0), neighbour=shares
)


def ranked(*found: Parts, readable: float = 1.0) -> list[Ranked]:
    return [Ranked(i, p.score, {}, p, readable) for i, p in enumerate(found)]


@given(st.floats(0, 2), st.floats(0, 2), shares, shares)
def test_it_rises_with_evidence_and_falls_with_chance(
    one: float, other: float, chance: float, other_chance: float
) -> None:
    less, more = sorted([one, other])
    low, high = sorted([chance, other_chance])
    assert 0 <= confidence(less, low) <= confidence(more, low) <= 1
    assert confidence(less, high) <= confidence(less, low)


@given(shares)
def test_it_is_a_half_on_the_line(chance: float) -> None:
    assert confidence(LINE + ABOVE_CHANCE * chance, chance) == pytest.approx(0.5)


@given(st.lists(parts, max_size=8), parts, st.sampled_from(["dense", "keyword", "near"]))
def test_more_evidence_for_the_best_is_more(others: list[Parts], best: Parts, part: str) -> None:
    best = best._replace(dense=5.0)  # it stays the best
    more = best._replace(**{part: getattr(best, part) + 0.1})
    assert evidence(ranked(more, *others)) > evidence(ranked(best, *others))


@given(parts, shares)
def test_what_a_neighbour_lends_is_no_evidence(best: Parts, lent: float) -> None:
    assert evidence(ranked(best)) == evidence(ranked(best._replace(neighbour=lent)))


def test_standing_out_counts() -> None:
    best, like = Parts(dense=0.4, keyword=0.4), Parts(dense=0.3, keyword=0.3)
    assert evidence(ranked(best, *[like] * 20)) < evidence(ranked(best))


def test_nothing_is_no_evidence() -> None:
    assert evidence([]) == 0


def test_where_the_model_cannot_read_the_words_speak_for_all() -> None:
    words = Parts(keyword=0.4)
    assert evidence(ranked(words, readable=0.0)) > 0.4
