"""How sure one may be that a passage is about the question at all.

The parts of a score are measured against what the question asks for, so they mean the same for
every question (``fusion.py``). What differs between corpora is how much an unrelated question gets:
in one about a single field every question finds something near. The line stands above that, and a
confidence of 0.5 is on the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from ragcli.retrieval.retrieve import Ranked

# That the best stands out from what comes next says that it is about this question, and not that
# the whole corpus is.
STANDING_OUT = 0.7
NEXT = 19

# Two rare words in common say more than one, whatever share of the question they are: so much for
# each, counted in words as rare as a corpus of that size can tell. Of 0.02 to 0.08 the upper half
# tells best what a corpus lacks, on all three sets.
OF_SURPRISE = 0.06

# Where the model cannot read, the words stand for all the evidence there could be. At 5 the answers
# to Chinese questions that are found by words alone have as much as those to English ones.
WORDS_ALONE = 5.0

# The line is LINE plus ABOVE_CHANCE of what random words of the corpus get (`calibrate.py`): little
# of it, because the parts are measured against the corpus' own statistics already. On English,
# Chinese and scientific articles 1 to 3 % of the answerable questions have less, and 0 to 10 % of
# those of another set more (docs/retrieval.md).
LINE = 0.523
ABOVE_CHANCE = 0.02

# How fast confidence rises at the line: evidence of 0.1 more makes odds of 3 to 1.
SLOPE = 11.0


def evidence(ranked: Sequence[Ranked]) -> float:
    """What speaks for the best of these chunks; 0 when there is none."""
    return max(evidence_for_each(ranked).values(), default=0.0)


def evidence_for_each(ranked: Sequence[Ranked]) -> dict[int, float]:
    """What speaks for each of these chunks, by id, about 0 to 1.

    That it holds a piece of the question exactly is not counted beside its words: with the answer
    left out, other texts hold the same piece."""
    own = [_own(r) for r in ranked]
    usual = sum(sorted(own, reverse=True)[1 : NEXT + 1]) / NEXT
    return {
        r.id: amount + STANDING_OUT * r.readable * (amount - usual) + OF_SURPRISE * r.surprise
        for r, amount in zip(ranked, own, strict=True)
    }


def _own(r: Ranked) -> float:
    """The evidence of a chunk itself: of the part that the model cannot read, by words alone."""
    p = r.parts
    unread = 1.0 - r.readable
    return p.dense + p.keyword * (1 + unread * (WORDS_ALONE - 1)) + p.near * r.readable


def confidence(amount: float, chance: float) -> float:
    """0 to 1: 0.5 where the evidence is on the line of a corpus in which random words get
    ``chance``."""
    return 1 / (1 + exp(-SLOPE * (amount - LINE - ABOVE_CHANCE * chance)))
