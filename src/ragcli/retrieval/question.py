"""A question as both halves read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ragcli.domain import Vector

# FTS5's bm25(): no term can add more than its weight times K1 + 1.
K1 = 1.2

# Above this share of unknown pieces an embedding says nothing about a text.
BLIND_SHARE = 0.5


class Question(NamedTuple):
    """``terms`` are those that occur in the corpus, which are looked for. ``weights`` has each term
    that was asked for, also those that occur nowhere, with its weight (`weigh`). ``exact`` are the
    pieces that must win where they stand in a text (``exact.py``). ``rarest`` is the weight of a
    word that no chunk holds.

    ``vector`` is None when no half needs it; ``unknown_share`` is that of the question's pieces
    which the embedding model does not know.
    """

    terms: tuple[str, ...]
    weights: Mapping[str, float]
    exact: tuple[str, ...] = ()
    vector: Vector | None = None
    unknown_share: float = 0.0
    rarest: float = 1.0

    @property
    def readable(self) -> float:
        """How far the model can read the question, 0 to 1."""
        return 0.0 if self.vector is None else readable(self.unknown_share)

    @property
    def most(self) -> float:
        """The BM25 score of a text that says all that the question does, over and over."""
        return (K1 + 1) * sum(self.weights.values())


def readable(unknown_share: float) -> float:
    """How far a model can read a text of whose pieces it does not know this share."""
    return max(0.0, 1.0 - unknown_share / BLIND_SHARE)


def rarest_weight(chunks: int) -> float:
    """The weight of a word that none of so many chunks holds (`weigh`); 1 where there are none."""
    return log(2 * chunks + 1) if chunks else 1.0


def weigh(terms: Sequence[str], frequencies: Mapping[str, int], chunks: int) -> dict[str, float]:
    """Each term's inverse document frequency, as FTS5's bm25() has it (Robertson and Sparck Jones
    1976), from how many of the ``chunks`` hold it; what none holds weighs most."""
    weights = {}
    for term in terms:
        holding = min(frequencies.get(term, 0), chunks)
        weights[term] = max(log((chunks - holding + 0.5) / (holding + 0.5)), 1e-6)
    return weights
