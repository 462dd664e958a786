"""A reranker's scores of the best candidates, fused with retrieval's own.

A reranker reads a question and a text together, and orders candidates better than retrieval where
it was trained for such texts, worse where it was not. So it has the larger say, never the only one
(first stage and reranker interpolated: Yang et al. 2019; convex sums of scaled scores: Bruch et al.
2023), and none over exact hits.

No pretrained cross-encoder could be had where this was written: the constants are reasoned, not
measured (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

# At 0.5 and above, a reranker that is sure of one text against all others puts it first, wherever
# retrieval had it. At 0.6, to overrule all of retrieval's range takes two thirds of its own.
RERANK_WEIGHT = 0.6

# Logits that span less than this do not tell the candidates apart (odds of 7 to 1 between best and
# worst; cross-encoders trained on MS MARCO span 10 to 20): they are not stretched over the whole
# scale, as noise would be.
LEAST_SPAN = 2.0

# Of the question's pieces. Above it the reranker says nothing, as with the dense half.
BLIND_SHARE = 0.5

# Candidates that are scored where time allows. The literature reranks 20 to 100; on two cores a
# small model (22 million parameters) scores some 40 chunks a second.
CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk as retrieval ranks it. ``exact`` says that it holds a piece of the question that must
    win where it exists (``exact.py``)."""

    score: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Reranked:
    """A candidate in the new order: ``score == rerank_part + retrieval_part``. ``place`` is where
    it stood before, from 0; ``logit`` is None where there was no time to score it."""

    place: int
    score: float
    logit: float | None
    rerank_part: float
    retrieval_part: float


def rerank_weight(unknown_share: float) -> float:
    """The say of the reranker, 0 to RERANK_WEIGHT, when its vocabulary lacks this share of the
    question's pieces."""
    return RERANK_WEIGHT * max(0.0, 1.0 - unknown_share / BLIND_SHARE)


def score_within(
    texts: Sequence[str],
    score: Callable[[Sequence[str]], Sequence[float]],
    budget_s: float,
    at_once: int,
    clock: Callable[[], float] = perf_counter,
) -> list[float]:
    """The scores of as many texts, from the first on, as the time allows.

    ``at_once`` texts are scored whatever it takes. Each further call gets at most twice as many as
    the one before, and only what the time that is left is enough for, at the speed so far: so the
    budget is overrun by little, and few calls are made.
    """
    began = clock()
    scores: list[float] = []
    size = at_once
    while len(scores) < len(texts):
        group = texts[len(scores) : len(scores) + size]
        if scores:
            spent_s = clock() - began
            done = sum(map(len, texts[: len(scores)]))
            group = _affordable(group, done * (budget_s - spent_s) / max(spent_s, 1e-9))
            if not group:
                break
        scores += score(group)
        size *= 2
    return scores


def _affordable(texts: Sequence[str], characters: float) -> Sequence[str]:
    """The first texts, up to so many characters together."""
    total = 0
    for count, text in enumerate(texts):
        total += len(text)
        if total > characters:
            return texts[:count]
    return texts


def rerank(
    candidates: Sequence[Candidate], logits: Sequence[float], weight: float
) -> list[Reranked]:
    """The candidates, given best first, in their new order. ``logits`` are the reranker's of the
    first of them.

    Both scores are put on a scale from 0 to 1 and added; what was not scored has 0 there, so it
    stays behind what was, in the order it had. Exact hits are lifted together until the weakest of
    them has the reranker's best score of all others: they are ordered among themselves, and none
    of them falls behind a text that stood behind it and is not one.
    """
    retrieval = _scaled([c.score for c in candidates], 0.0)
    exact = [c.exact for c in candidates[: len(logits)]]
    given = _lifted(_scaled(logits, LEAST_SPAN), exact)
    reranked = []
    for place, scaled in enumerate(retrieval):
        scored = place < len(logits)
        rerank_part = weight * given[place] if scored else 0.0
        retrieval_part = (1 - weight) * scaled
        logit = logits[place] if scored else None
        score = rerank_part + retrieval_part
        reranked.append(Reranked(place, score, logit, rerank_part, retrieval_part))
    return sorted(reranked, key=lambda r: (-r.score, r.place))


def _scaled(scores: Sequence[float], least_span: float) -> list[float]:
    """From 0, the lowest, to 1, the highest, or below 1 where they span less than so much."""
    if not scores:
        return []
    low, span = min(scores), max(scores) - min(scores)
    return [(s - low) / max(span, least_span) if span else 0.0 for s in scores]


def _lifted(scaled: Sequence[float], exact: Sequence[bool]) -> list[float]:
    """With exact hits raised by one amount, the least that puts none of them below the others."""
    hits = [s for s, is_exact in zip(scaled, exact, strict=True) if is_exact]
    others = [s for s, is_exact in zip(scaled, exact, strict=True) if not is_exact]
    lift = max(0.0, max(others) - min(hits)) if hits and others else 0.0
    return [s + lift * is_exact for s, is_exact in zip(scaled, exact, strict=True)]
