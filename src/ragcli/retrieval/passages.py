"""Ranked chunks into passages: small chunks are found, what belongs together is read together.

A chunk is short, so that its embedding is about one thing; an answer's context is often longer. The
best chunks that stand side by side become one passage. Nothing is added that was not itself among
the best, so a passage is as long as its evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set

from ragcli.retrieval.retrieve import Ranked

# Chunks that may join: with more, passages grow longer and hold more of what is relevant, but also
# more beside it. At 18, five passages of a scientific paper hold a fifth more text than five chunks
# of 254 tokens, and the answers to 5 % more questions.
JOINING = 18

# And only where they say a third as much as the best chunk of the passage: in a small corpus 18
# chunks are much of all there is.
JOINING_SHARE = 0.35

# Texts that share this much of their terms (Jaccard) are one text in two places,
DUPLICATE_SHARE = 0.9
# but not where a number or a not is among the other terms: then they are two editions.
_TELLS_APART = re.compile(
    r"[\d零二三四五六七八九十百千万亿两不没沒无無未]|^(?:not|no|never|without)$"
)


def gather(
    ranked: Sequence[Ranked],
    neighbours: Mapping[int, Sequence[int]],
    size_tokens: Callable[[int], float],
    k: int,
    limit_tokens: float,
) -> list[list[Ranked]]:
    """The k best passages, each as its chunks, the best of them first.

    ``ranked`` are chunks, best first. ``size_tokens`` tells a chunk's size by its id; together the
    chunks of a passage have ``limit_tokens`` at most, unless its best alone has more.
    """
    joining = {r.id: r for r in ranked[:JOINING]}
    taken: set[int] = set()
    passages: list[list[Ranked]] = []
    for best in ranked:
        if len(passages) == k:
            break
        if best.id in taken:
            continue
        passage = [best]
        size = size_tokens(best.id)
        taken.add(best.id)
        while (beside := _best_beside(passage, neighbours, joining, taken)) is not None:
            size += size_tokens(beside.id)
            if size > limit_tokens:
                break
            passage.append(beside)
            taken.add(beside.id)
        passages.append(passage)
    return passages


def _best_beside(
    passage: Sequence[Ranked],
    neighbours: Mapping[int, Sequence[int]],
    joining: Mapping[int, Ranked],
    taken: Set[int],
) -> Ranked | None:
    """The best of the chunks right before and after the passage that may join it."""
    beside = [
        joining[i]
        for chunk in passage
        for i in neighbours.get(chunk.id, ())
        if i in joining and i not in taken and joining[i].score >= JOINING_SHARE * passage[0].score
    ]
    return max(beside, key=lambda r: (r.score, -r.id), default=None)


def without_duplicates(
    ranked: Sequence[Ranked],
    terms_of: Callable[[int], Set[str]],
    document_of: Callable[[int], int],
    most: int,
) -> tuple[list[Ranked], dict[int, list[int]]]:
    """The first ``most`` chunks without those that say again what a better one of another document
    says, and, for each that is kept, the ids of its duplicates."""
    kept: list[Ranked] = []
    duplicates: dict[int, list[int]] = {}
    for one in ranked:
        terms, document = terms_of(one.id), document_of(one.id)
        same = next(
            (k for k in kept if document_of(k.id) != document and _same(terms, terms_of(k.id))),
            None,
        )
        if same is None:
            if len(kept) == most:
                break
            kept.append(one)
        else:
            duplicates.setdefault(same.id, []).append(one.id)
    return kept, duplicates


def _same(one: Set[str], other: Set[str]) -> bool:
    if (
        not one
        or not other
        or min(len(one), len(other)) < DUPLICATE_SHARE * max(len(one), len(other))
    ):
        return False
    shared = len(one & other)
    if shared < DUPLICATE_SHARE * (len(one) + len(other) - shared):
        return False
    return not any(map(_TELLS_APART.search, one ^ other))
