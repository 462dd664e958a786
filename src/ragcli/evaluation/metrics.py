"""One question's figures: how early what answers it is found, and how much of it.

* *Found.* A span is found by a passage that covers at least half of the shorter of the two, a
  page by a passage that touches it, a file by any passage of it. Where a question asks for files
  alone, the ranking is one of files: the first passage of each counts, the others are no place of
  their own.
* *Ranking.* Each relevant place counts once, at its first finder. ``recall@k`` is the share of
  the places that the first k hold, ``hit@k`` whether they hold any, ``mrr@10`` one divided by the
  rank of the first (0 beyond 10), ``ndcg@10`` the sum of the grades found, each divided by
  log2(rank + 1), as a share of the best possible sum (Järvelin and Kekäläinen 2002; the gain is
  the grade itself, as in trec_eval).
* *Characters*, where spans are known (Smith and Troynikov 2024): of the relevant characters the
  share that the first k passages hold (``char_recall@k``), the share of the passages' characters
  that is relevant (``char_precision@k``; what two passages repeat counts twice), and what they
  share divided by all that is in either (``char_iou@k``). ``char_recall@800t`` takes as many
  passages as fit into 800 tokens, the last with its beginning: longer passages gain nothing.
* ``answer@k``: the first k passages hold one of the set's exact answers whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ragcli.domain import Passage
from ragcli.evaluation import spans
from ragcli.evaluation.spans import Span

# Places at which the metrics are taken; the usual ones of the field, and 10 for MRR and nDCG.
CUTS = (1, 3, 5, 10)
RANKED_TO = 10

# What a prompt can spend on passages: of a small local model, a usual one, a generous one.
TOKEN_BUDGETS = (400, 800, 1600)

# Half of the shorter: a passage that merely touches a relevant span does not answer.
_SHARED = 0.5


Kind = Literal["file", "page", "span"]


@dataclass(frozen=True, slots=True)
class Gold:
    """A relevant place as the project holds it. ``source`` is the name under which its document is
    cited. ``spans`` are places of equal words, any of which will do. ``lost``: the file is there,
    but this place is not in its text, and counts as not found."""

    source: str
    kind: Kind
    page: int | None = None
    spans: tuple[tuple[int, int], ...] = ()
    grade: int = 1
    lost: bool = False

    def found_by(self, passage: Passage) -> bool:
        if self.lost:
            return False
        if self.kind == "file":
            return self.source == passage.source or self.source in passage.also_in
        if self.source != passage.source:
            return False
        if self.kind == "page" and self.page is not None:
            first, last = passage.page, passage.page_end or passage.page
            return first is not None and last is not None and first <= self.page <= last
        return any(covers(passage, start, end) for start, end in self.spans)


def covers(passage: Passage, start: int, end: int) -> bool:
    """They share at least half of the shorter, in the same document."""
    shared = min(passage.char_end, end) - max(passage.char_start, start)
    shorter = min(passage.char_end - passage.char_start, end - start)
    return shared >= _SHARED * max(1, shorter)


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with what answers it in this project. ``excluded``: a source that does not
    count."""

    gold: tuple[Gold, ...]
    answers: tuple[Gold, ...] = ()
    excluded: str | None = None

    @property
    def of_files(self) -> bool:
        return all(g.kind == "file" for g in self.gold)

    def ranking(self, passages: Sequence[Passage]) -> list[Passage]:
        """The passages that count as places: of each file the first, where files are meant."""
        kept = [p for p in passages if p.source != self.excluded]
        if not self.of_files:
            return kept
        firsts: dict[str, Passage] = {}
        for passage in kept:
            firsts.setdefault(passage.source, passage)
        return list(firsts.values())


def score(
    judged: Judged,
    passages: Sequence[Passage],
    top_k: int,
    count_tokens: Callable[[str], int],
) -> dict[str, float]:
    """Every metric of a question that its gold allows, for the first ``top_k`` places."""
    places = judged.ranking(passages)[:top_k]
    cuts = cuts_for(top_k)
    figures = ranked(judged.gold, places, cuts, min(RANKED_TO, top_k))
    if all(g.kind == "span" for g in judged.gold):
        figures |= characters(judged.gold, places, cuts, count_tokens)
    if judged.answers:
        first = first_rank(places, lambda p: any(_holds(p, a) for a in judged.answers))
        figures |= {f"answer@{k}": float(first is not None and first <= k) for k in cuts}
    return figures


def cuts_for(top_k: int) -> tuple[int, ...]:
    """The k of recall@k and hit@k, when so many are retrieved."""
    return tuple(sorted({*(k for k in CUTS if k < top_k), top_k}))


def first_rank(passages: Sequence[Passage], wanted: Callable[[Passage], bool]) -> int | None:
    return next((rank for rank, p in enumerate(passages, 1) if wanted(p)), None)


def ranked(
    gold: Sequence[Gold], places: Sequence[Passage], cuts: Iterable[int], ranked_to: int
) -> dict[str, float]:
    """Recall, hits, MRR and nDCG of one ranking; ``gold`` with a grade of 0 is not relevant."""
    wanted = [g for g in gold if g.grade > 0]
    found: set[int] = set()
    reached: list[int] = []  # how many of the gold the places up to here hold
    gains: list[int] = []
    for place in places:
        fresh = {i for i, g in enumerate(wanted) if g.found_by(place)} - found
        found |= fresh
        reached.append(len(found))
        gains.append(max((wanted[i].grade for i in fresh), default=0))
    figures = {}
    for k in cuts:
        held = reached[min(k, len(reached)) - 1] if reached else 0
        figures[f"recall@{k}"] = held / len(wanted)
        figures[f"hit@{k}"] = float(held > 0)
    first = next((rank for rank, held in enumerate(reached[:ranked_to], 1) if held), None)
    figures[f"mrr@{ranked_to}"] = 1 / first if first else 0.0
    ideal = sorted((g.grade for g in wanted), reverse=True)
    figures[f"ndcg@{ranked_to}"] = _dcg(gains[:ranked_to]) / _dcg(ideal[:ranked_to])
    return figures


def _dcg(gains: Iterable[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


# ------------------------------------------------------------------ characters


def characters(
    gold: Sequence[Gold],
    places: Sequence[Passage],
    cuts: Iterable[int],
    count_tokens: Callable[[str], int],
) -> dict[str, float]:
    """Recall, precision and IoU of characters at each k, and recall at equal tokens."""
    returned = [Span(p.source, p.char_start, p.char_end) for p in places]
    wanted = [_best_span(g, returned) for g in gold if g.grade > 0 and g.spans]
    lost = sum(g.lost for g in gold if g.grade > 0)
    figures = {}
    for k in cuts:
        shares = _shares(wanted, returned[:k])
        figures[f"char_recall@{k}"] = shares[0]
        figures[f"char_precision@{k}"] = shares[1]
        figures[f"char_iou@{k}"] = shares[2]
    sizes = [count_tokens(p.text) for p in places]
    for budget in TOKEN_BUDGETS:
        within = _within(returned, sizes, budget)
        figures[f"char_recall@{budget}t"] = _shares(wanted, within)[0]
    if lost:  # as many more places of which nothing is found
        kept = len(wanted) / (len(wanted) + lost)
        figures = {name: value * kept for name, value in figures.items()}
    return figures


def _best_span(gold: Gold, returned: Sequence[Span]) -> Span:
    """Of places of equal words the one that was found best."""
    candidates = [Span(gold.source, start, end) for start, end in gold.spans]
    if len(candidates) == 1:
        return candidates[0]
    return max(candidates, key=lambda c: spans.length(spans.shared([c], returned)))


def _shares(wanted: Sequence[Span], returned: Sequence[Span]) -> tuple[float, float, float]:
    """(recall, precision, IoU) of characters."""
    covered = spans.length(spans.shared(wanted, returned))
    relevant = spans.length(spans.union(wanted))
    read = spans.length(returned)
    either = read + relevant - covered
    return (
        covered / relevant if relevant else 0.0,
        covered / read if read else 0.0,
        covered / either if either else 0.0,
    )


def _within(returned: Sequence[Span], sizes: Sequence[int], budget: int) -> list[Span]:
    """The first passages that fit the budget, the last of them cut to what is left of it."""
    kept: list[Span] = []
    left = budget
    for span, size in zip(returned, sizes, strict=True):
        if left <= 0:
            break
        if size > left:
            whole = span.end - span.start
            kept.append(Span(span.source, span.start, span.start + whole * left // size))
        else:
            kept.append(span)
        left -= size
    return kept


def _holds(passage: Passage, answer: Gold) -> bool:
    return passage.source == answer.source and any(
        passage.char_start <= start and end <= passage.char_end for start, end in answer.spans
    )
