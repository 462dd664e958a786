"""The share of a question that stands together in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.retrieval.evidence import WINDOW_TERMS, window_share

some_terms = st.lists(st.sampled_from("abcdexyz"), max_size=4 * WINDOW_TERMS)
weights = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 10), max_size=5)


def slow_share(terms: list[str], weights: dict[str, float]) -> float:
    """Each window by itself."""
    total = sum(weights.values())
    windows = [terms[i : i + WINDOW_TERMS] for i in range(len(terms))]
    held = [sum(w for t, w in weights.items() if t in window) for window in windows]
    return max(held, default=0.0) / total if total else 0.0


@given(some_terms, weights)
def test_it_is_the_best_window(terms: list[str], weights: dict[str, float]) -> None:
    assert window_share(terms, weights) == pytest.approx(slow_share(terms, weights), abs=1e-9)


def test_terms_that_stand_apart_count_less() -> None:
    weights = {"a": 1.0, "b": 1.0}
    apart = ["a", *["x"] * (WINDOW_TERMS - 1), "b"]
    assert window_share(["a", "x", "b"], weights) == 1
    assert window_share(apart, weights) == 0.5
    assert window_share(["a", *["x"] * (WINDOW_TERMS - 2), "b"], weights) == 1


def test_a_term_said_again_adds_nothing() -> None:
    assert window_share(["a", "a", "a"], {"a": 1.0, "b": 3.0}) == 0.25
