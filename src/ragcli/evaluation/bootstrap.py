"""What the figures of some questions say about all such questions: the BCa bootstrap.

The questions are drawn with replacement, as many as there are, many times over; the interval holds
95 % of the means, its ends corrected for bias and skewness (Efron 1987): a recall of 0.998 is
further from its lower end than from 1, which the plain percentiles do not see. Two runs are
compared on the same questions, drawn together: what makes a question hard for both cancels out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Figures = NDArray[np.float64]  # (questions, metrics); NaN where a question has no such figure

# 2,000 and a fixed seed: 50 draws lie beyond each end of the interval (1,000 are the least that
# is advised), and the same run gives the same interval.
RESAMPLES = 2000
SEED = 0

# Resampled weights that are held at once: 64 MB.
_WEIGHTS_HELD = 8_000_000

# Fewer questions than this give an interval that is itself a guess.
FEW = 30

# Fewer questions that differ could all have done so by the toss of a coin: five alike come up once
# in 16 times, six once in 32 (a two-sided sign test at 5 %).
FEWEST_CHANGED = 6

_LEVEL = 0.95
# Means of equal values differ in their last bits.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """A metric's mean over ``questions``, and its 95 % interval."""

    mean: float
    low: float
    high: float
    questions: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric of one run minus that of another, on the same questions: its mean, its 95 %
    interval, and how many questions went up, down, or stayed."""

    mean: float
    low: float
    high: float
    up: int
    down: int
    same: int

    @property
    def is_real(self) -> bool:
        """It can be told from chance: the interval leaves 0 out, and enough questions differ."""
        return (self.low > 0 or self.high < 0) and self.up + self.down >= FEWEST_CHANGED


def intervals(rows: Sequence[Mapping[str, float]]) -> dict[str, Interval]:
    """Of each metric that any question has."""
    import numpy as np

    names, figures = _table(rows)
    if not names:
        return {}
    low, high = _bounds(figures)
    means = np.nanmean(figures, axis=0)
    counts = (~np.isnan(figures)).sum(axis=0)
    return {
        name: Interval(float(means[i]), low[i], high[i], int(counts[i]))
        for i, name in enumerate(names)
    }


def differences(
    before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]]
) -> dict[str, Difference]:
    """``after`` minus ``before``, question by question, of each metric that both have."""
    import numpy as np

    rows = [
        {name: b[name] - a[name] for name in a if name in b}
        for a, b in zip(before, after, strict=True)
    ]
    names, figures = _table(rows)
    if not names:
        return {}
    low, high = _bounds(figures)
    means = np.nanmean(figures, axis=0)
    return {
        name: Difference(
            float(means[i]),
            low[i],
            high[i],
            up=int((figures[:, i] > 0).sum()),
            down=int((figures[:, i] < 0).sum()),
            same=int((figures[:, i] == 0).sum()),
        )
        for i, name in enumerate(names)
    }


def _table(rows: Sequence[Mapping[str, float]]) -> tuple[list[str], Figures]:
    """(names, figures (questions, metrics))."""
    import numpy as np

    names = list(dict.fromkeys(name for row in rows for name in row))
    figures = np.full((len(rows), len(names)), np.nan)
    for index, row in enumerate(rows):
        for column, name in enumerate(names):
            figures[index, column] = row.get(name, np.nan)
    return names, figures


def _bounds(figures: Figures) -> tuple[list[float], list[float]]:
    """(low, high) of each metric's mean."""
    import numpy as np

    there = ~np.isnan(figures)
    filled = np.where(there, figures, 0.0)
    means = []
    for weights in _resampled(len(figures)):
        # (resamples, metrics): a resample that draws no question with a figure says nothing.
        totals, counts = weights @ filled, weights @ there.astype(float)
        means.append(np.where(counts > 0, totals / np.maximum(counts, 1), np.nan))
    resampled = np.concatenate(means)
    ends = [
        _ends(figures[there[:, i], i], resampled[~np.isnan(resampled[:, i]), i])
        for i in range(figures.shape[1])
    ]
    return [low for low, _ in ends], [high for _, high in ends]


def _ends(values: Figures, resampled: Figures) -> tuple[float, float]:
    """The interval of the mean of ``values`` (questions,), from ``resampled`` (resamples,)."""
    import numpy as np

    mean = values.mean()
    spread = values - mean
    if not np.any(np.abs(spread) > _ROUNDING):
        return float(mean), float(mean)
    # Efron (1987): where the mean lies among the resampled ones, and the skewness of the values.
    normal = NormalDist()
    below = (
        np.mean(resampled < mean - _ROUNDING) + np.mean(np.abs(resampled - mean) <= _ROUNDING) / 2
    )
    bias = normal.inv_cdf(float(np.clip(below, 1 / RESAMPLES, 1 - 1 / RESAMPLES)))
    acceleration = float((spread**3).sum() / (6 * (spread**2).sum() ** 1.5))
    quantiles = (normal.inv_cdf((1 - _LEVEL) / 2), normal.inv_cdf((1 + _LEVEL) / 2))
    shares = [normal.cdf(bias + (bias + z) / (1 - acceleration * (bias + z))) for z in quantiles]
    low, high = np.quantile(resampled, shares)
    return float(low), float(high)


def _resampled(questions: int) -> Iterator[Figures]:
    """How often each resample holds each question: blocks of (resamples, questions)."""
    import numpy as np

    chance = np.random.default_rng(SEED)
    block = max(1, min(RESAMPLES, _WEIGHTS_HELD // max(1, questions)))
    for start in range(0, RESAMPLES, block):
        size = min(block, RESAMPLES - start)
        draws = chance.integers(0, questions, (size, questions))
        yield np.stack([np.bincount(d, minlength=questions) for d in draws]).astype(float)


def verdict(after: str, before: str, metric: str, difference: Difference) -> str:
    """The difference in words: ``hybrid is better than dense by 0.040 [0.021, 0.060] in …``."""
    size, low, high = difference.mean, difference.low, difference.high
    if not difference.up and not difference.down:
        return f"{after} and {before}: every question has the same {metric}"
    if not difference.is_real:
        return (
            f"{after} and {before}: no difference in {metric} that can be told from chance"
            f" ({size:+.3f} [{low:+.3f}, {high:+.3f}])"
        )
    if size < 0:
        size, low, high = -size, -high, -low
    word = "better" if difference.mean > 0 else "worse"
    return f"{after} is {word} than {before} by {size:.3f} [{low:.3f}, {high:.3f}] in {metric}"
