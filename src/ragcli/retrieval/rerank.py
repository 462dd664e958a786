"""A reranker's logits of the best chunks, added to retrieval's evidence for them.

A reranker reads a question and a text together, and orders candidates better than retrieval where
it was trained for such texts, worse where it was not. So it has the larger say, never the only one
(first stage and reranker interpolated: Yang et al. 2019; convex sums of scaled scores: Bruch et al.
2023), and none over exact hits.

No pretrained cross-encoder could be had where this was written: the constants are reasoned, not
measured (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from ragcli.domain import Found
from ragcli.retrieval.retrieve import Ranked

# A candidate gets up to so many times what lies between retrieval's best and worst: a convex sum of
# 0.6 and 0.4, on retrieval's scale. Above 1, a reranker that is sure of one text against all others
# puts it first, wherever retrieval had it. At 1.5, to overrule all of retrieval's range takes two
# thirds of its own.
RERANK_WEIGHT = 1.5

# Logits that span less than this do not tell the candidates apart (odds of 7 to 1 between best and
# worst; cross-encoders trained on MS MARCO span 10 to 20): they are not stretched over the whole
# scale, as noise would be.
LEAST_LOGIT_SPAN = 2.0

# Nor does evidence that spans less than this (odds of 3 to 1, by the slope in `confidence.py`): the
# reranker's say does not shrink with it.
LEAST_EVIDENCE_SPAN = 0.1


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


def rerank(ranked: Sequence[Ranked], logits: Sequence[float], readable: float) -> list[Ranked]:
    """The chunks, given best first, in their new order. ``logits`` are the reranker's of the first
    of them, ``readable`` is how far it can read the question, 0 to 1.

    The reranker's part is scaled and added to retrieval's, which stay as they are; what was not
    scored has 0 there, so it stays behind what was, in the order it had. Exact hits are lifted
    together until the weakest of them has the reranker's best part of all others: they are ordered
    among themselves, and none of them falls behind a text that stood behind it and is not one.
    """
    scored = ranked[: len(logits)]
    scale = RERANK_WEIGHT * readable * max(_evidence_span(ranked), LEAST_EVIDENCE_SPAN)
    given = _lifted(_scaled(logits), [r.parts.exact > 0 for r in scored])
    ranks = {place: rank for rank, place in enumerate(_best_first(logits), 1)}
    order = list(ranked)
    for place, (one, logit) in enumerate(zip(scored, logits, strict=True)):
        parts = one.parts._replace(rerank=scale * given[place])
        found_by = {**one.found_by, "rerank": Found(ranks[place], logit)}
        order[place] = one._replace(score=parts.score, found_by=found_by, parts=parts)
    return [order[place] for place in _best_first([r.score for r in order])]


def _best_first(scores: Sequence[float]) -> list[int]:
    """Places of the scores; equals in the order they have."""
    return sorted(range(len(scores)), key=lambda place: -scores[place])


def _evidence_span(ranked: Sequence[Ranked]) -> float:
    """Between retrieval's best and worst, by all but exact hits: they are set apart already."""
    scores = [r.parts.score - r.parts.exact for r in ranked]
    return max(scores) - min(scores) if scores else 0.0


def _scaled(logits: Sequence[float]) -> list[float]:
    """From 0, the lowest, to 1, the highest, or below 1 where they span too little."""
    if not logits:
        return []
    low = min(logits)
    span = max(max(logits) - low, LEAST_LOGIT_SPAN)
    return [(x - low) / span for x in logits]


def _lifted(scaled: Sequence[float], exact: Sequence[bool]) -> list[float]:
    """With exact hits raised by one amount, the least that puts none of them below the others."""
    hits = [s for s, is_exact in zip(scaled, exact, strict=True) if is_exact]
    others = [s for s, is_exact in zip(scaled, exact, strict=True) if not is_exact]
    if not hits or not others or min(hits) >= max(others):
        return list(scaled)
    low, high = min(hits), max(others)
    # In this order the weakest hit has the best of the others to the last bit.
    return [s - low + high if is_exact else s for s, is_exact in zip(scaled, exact, strict=True)]
