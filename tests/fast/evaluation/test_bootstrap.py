"""Intervals and comparisons, beside their textbook forms."""

from __future__ import annotations

import numpy as np
import pytest

from ragcli.evaluation import bootstrap
from ragcli.evaluation.bootstrap import Difference, differences, intervals, verdict


def rows(values: object) -> list[dict[str, float]]:
    return [{"m": float(v)} for v in values]  # type: ignore[attr-defined]


def test_the_interval_is_the_normal_one_for_many_questions():
    values = np.random.default_rng(1).random(2000) < 0.7
    found = intervals(rows(values))["m"]
    half = 1.96 * np.sqrt(0.7 * 0.3 / 2000)
    assert found.mean == pytest.approx(values.mean())
    assert found.high - found.mean == pytest.approx(half, rel=0.1)
    assert found.mean - found.low == pytest.approx(half, rel=0.1)


def test_it_covers_the_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        found = intervals(rows(chance.random(60) < 0.6))["m"]
        held += found.low <= 0.6 <= found.high
    assert 175 <= held <= 199  # 0.95 of 200, give or take three standard deviations


def test_near_the_ceiling_it_is_the_exact_one():
    found = intervals(rows([1.0] * 587 + [0.0]))["m"]
    # Clopper and Pearson for 587 of 588: 0.9906 to 0.99996; percentiles say 0.9949 to 1.
    assert found.low == pytest.approx(0.9906, abs=0.0015)
    assert found.high == pytest.approx(1.0, abs=0.0001)


def test_values_that_are_all_alike_have_no_width():
    found = intervals(rows([1 / 3] * 40))["m"]
    assert found.low == found.mean == found.high


def test_a_handful_of_changes_is_chance():
    before = rows([0.5] * 100)
    four = differences(before, rows([1.0] * 4 + [0.5] * 96))["m"]
    assert four.low > 0 and not four.is_real
    assert differences(before, rows([1.0] * 8 + [0.5] * 92))["m"].is_real


def test_the_same_run_gives_the_same_interval(monkeypatch):
    values = rows(np.random.default_rng(3).random(50))
    before = intervals(values)
    assert intervals(values) == before
    monkeypatch.setattr(bootstrap, "_WEIGHTS_HELD", 500)  # blocks of ten: the draws are the same
    assert intervals(values)["m"].low == pytest.approx(before["m"].low)


def test_a_metric_that_some_questions_lack():
    found = intervals([{"a": 1.0}, {"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 0.0}])
    assert (found["a"].questions, found["b"].questions) == (3, 2)
    assert found["b"].mean == 0.5
    assert intervals([]) == {}


def test_pairing_sees_what_two_intervals_hide():
    hard = np.random.default_rng(4).random(200)
    before, after = rows(hard * 0.9), rows(hard * 0.9 + 0.02)
    apart = intervals(before)["m"], intervals(after)["m"]
    assert apart[0].high > apart[1].low
    change = differences(before, after)["m"]
    assert change.is_real
    assert change.mean == pytest.approx(0.02)
    assert (change.up, change.down, change.same) == (200, 0, 0)


def test_chance_is_called_chance():
    values = np.random.default_rng(5).random(100)
    change = differences(rows(values), rows(np.random.default_rng(6).permutation(values)))["m"]
    assert not change.is_real
    assert "no difference in m that can be told from chance" in verdict("b", "a", "m", change)


def test_verdicts_in_words():
    up = Difference(0.04, 0.02, 0.06, 5, 1, 4)
    assert (
        verdict("b", "a", "ndcg@10", up) == "b is better than a by 0.040 [0.020, 0.060] in ndcg@10"
    )
    down = Difference(-0.04, -0.06, -0.02, 1, 5, 4)
    assert verdict("b", "a", "m", down) == "b is worse than a by 0.040 [0.020, 0.060] in m"

    same = Difference(0, 0, 0, 0, 0, 9)
    assert verdict("b", "a", "m", same) == "b and a: every question has the same m"


def test_only_what_both_have_is_compared():
    assert differences([{"a": 1.0, "b": 1.0}], [{"a": 1.0}]).keys() == {"a"}
