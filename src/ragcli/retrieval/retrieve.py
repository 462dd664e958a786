"""A question to ranked chunks: dense, keyword, or both.

each half proposes chunks -> the leading ones, and what stands beside them, are read
-> the evidence for each, in parts (``fusion.py``) -> the ranking
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ragcli.domain import Found
from ragcli.retrieval.evidence import surprise, window_share
from ragcli.retrieval.exact import exact_hits
from ragcli.retrieval.fusion import DENSE, EXACT, IN_CODE, KEYWORD, NEAR, NEIGHBOUR, Parts

if TYPE_CHECKING:
    from ragcli.domain import Mode, Vector
    from ragcli.retrieval.question import Question

# Each half proposes this many; each then scores all that either proposed. On the development
# sets more changes nothing among the first ten.
CANDIDATES = 100

# So many of them lead, by what both halves say; their neighbours are scored, too. Of all these as
# many have their text read, for what only the text tells. On the development sets 30 to 100 do
# alike; a text takes 0.2 ms. A reranker, where one is named, reads these, too (20 to 100 in the
# literature).
LEADING = 30

# A piece of the question that more chunks hold exactly is what the corpus is about, and sets none
# of them apart.
EXACT_CANDIDATES = 20


class Text(NamedTuple):
    """A chunk as it is read: its text, the text's terms in order, whether it is source code, and
    how far the embedding model can read it, 0 to 1."""

    text: str
    terms: Sequence[str]
    is_code: bool
    readable: float


class Searcher(Protocol):
    """What retrieval needs of a store, of which chunk set and filter it knows."""

    def dense(self, query: Vector, k: int) -> list[tuple[int, float]]:
        """(chunk id, cosine), best first."""

    def dense_scores(self, query: Vector, ids: Sequence[int]) -> Mapping[int, float]:
        """The cosine of each of these chunks that is embedded."""

    def keyword(self, terms: Sequence[str], k: int, also: Sequence[int]) -> list[tuple[int, float]]:
        """(chunk id, BM25), best first: the best k, and those of ``also`` that hold any of the
        terms."""

    def keyword_scores(self, terms: Sequence[str], ids: Sequence[int]) -> Mapping[int, float]:
        """The BM25 score of each of these chunks that holds any of the terms."""

    def holding(self, piece: str, k: int) -> list[int]:
        """k chunks that may hold the piece as it is written, or all that do."""

    def neighbours(self, ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """For each chunk those right before and after it in its document."""

    def texts(self, ids: Sequence[int]) -> Mapping[int, Text]: ...


class Ranked(NamedTuple):
    """A chunk in the final order: the evidence, and its place in each half and a reranker's order.
    ``readable`` is how far the embedding model can read the question and the text, 0 to 1,
    ``surprise`` how unlikely its words of the question are by chance, in words that are found
    nowhere else."""

    id: int
    score: float
    found_by: Mapping[str, Found]
    parts: Parts
    readable: float = 1.0
    surprise: float = 0.0


class Ranking(NamedTuple):
    """The chunks, best first, and which stand beside each other. ``candidates`` are all that were
    looked at, by what can be said without reading them: the first ``read`` of them were read, and
    those that may hold a piece exactly."""

    chunks: list[Ranked]
    neighbours: Mapping[int, Sequence[int]]
    candidates: Sequence[int] = ()
    read: int = 0


def retrieve(searcher: Searcher, question: Question, mode: Mode, k: int) -> Ranking:
    """Chunks enough for the top-k passages, best first."""
    halves = _Halves(searcher, question, mode, max(CANDIDATES, 2 * k))
    count = max(LEADING, 2 * k)  # some of them join
    leading = halves.best(halves.ids, count)
    neighbours = searcher.neighbours(leading)
    halves.add({i for some in neighbours.values() for i in some})
    lent = _lent(halves.base, neighbours, halves.ids)
    candidates = halves.best(halves.ids, len(halves.ids), lent)
    to_read = list(dict.fromkeys([*candidates[:count], *sorted(halves.holding)]))
    texts = searcher.texts(to_read)
    hits = exact_hits(halves.exact, [texts[i].text for i in to_read])
    own = {
        i: halves.parts(i, texts[i], is_exact) for i, is_exact in zip(to_read, hits, strict=True)
    }
    lent = _lent(lambda i: own[i].score, neighbours, own.keys())
    ranked = []
    for i, parts in own.items():
        parts = parts._replace(neighbour=lent.get(i, 0.0))
        found = halves.found_by(i)
        if found:  # what only stands beside a chunk that was found may join it, no more
            readable = halves.readable * texts[i].readable
            shared = surprise(texts[i].terms, question.weights) / question.rarest
            ranked.append(Ranked(i, parts.score, found, parts, readable, shared))
    ranked.sort(key=lambda r: (-r.score, r.id))
    return Ranking(ranked, neighbours, candidates, min(count, len(candidates)))


class _Halves:
    """What both halves say of the chunks that either proposed."""

    def __init__(self, searcher: Searcher, question: Question, mode: Mode, depth: int) -> None:
        self._searcher = searcher
        self._question = question
        self._dense: dict[int, float] = {}
        self._keyword: dict[int, float] = {}
        self._dense_ranks: dict[int, int] = {}
        self._keyword_ranks: dict[int, int] = {}
        # Asked for alone, a half is used however little it can read.
        self.readable = 1.0 if mode == "dense" else question.readable
        self._uses_dense = mode != "keyword" and question.vector is not None and self.readable > 0
        self._uses_keyword = mode != "dense"
        self.exact: list[str] = []  # the pieces that few chunks hold,
        self.holding: set[int] = set()  # and those chunks
        if self._uses_dense:
            assert question.vector is not None
            found = searcher.dense(question.vector, depth)
            self._dense = dict(found)
            self._dense_ranks = {i: r for r, (i, _) in enumerate(found, 1)}
        if self._uses_keyword:
            self._look_for_exact()
            also = sorted({*self._dense, *self.holding})
            scored = searcher.keyword(question.terms, depth, also)
            # A quoted phrase of stop words is found, whatever it weighs.
            self._keyword = {**dict.fromkeys(self.holding, 0.0), **dict(scored)}
            self._keyword_ranks = {i: r for r, (i, _) in enumerate(scored[:depth], 1)}
        self.ids = set(self._dense) | set(self._keyword)
        self._score_dense(self._keyword.keys() - self._dense.keys())

    def _look_for_exact(self) -> None:
        for piece in self._question.exact:
            found = self._searcher.holding(piece, EXACT_CANDIDATES)
            if len(found) < EXACT_CANDIDATES:
                self.exact.append(piece)
                self.holding.update(found)

    def add(self, ids: Iterable[int]) -> None:
        """Score these chunks, too."""
        fresh = sorted(set(ids) - self.ids)
        if self._uses_keyword:
            self._keyword |= self._searcher.keyword_scores(self._question.terms, fresh)
        self._score_dense(fresh)
        self.ids |= set(fresh)

    def _score_dense(self, ids: Iterable[int]) -> None:
        if self._uses_dense and self._question.vector is not None:
            self._dense |= self._searcher.dense_scores(self._question.vector, sorted(ids))

    def base(self, i: int) -> float:
        """What can be said without reading the text."""
        return DENSE * self.readable * self._dense.get(i, 0.0) + KEYWORD * self._share(i)

    def _share(self, i: int) -> float:
        """The keyword score, as a share of the highest there could be."""
        return self._keyword[i] / self._question.most if i in self._keyword else 0.0

    def best(
        self, ids: Iterable[int], k: int, lent: Mapping[int, float] | None = None
    ) -> list[int]:
        """The k best by what can be said without reading them, with what neighbours lend."""
        lent = lent or {}
        return sorted(ids, key=lambda i: (-self.base(i) - lent.get(i, 0.0), i))[:k]

    def parts(self, i: int, text: Text, is_exact: bool) -> Parts:
        """The evidence for a chunk that was read."""
        words = IN_CODE if text.is_code else 1.0
        readable = self.readable * (text.readable if self._uses_keyword else 1.0)
        near = 0.0
        if self._uses_keyword and not text.is_code:
            near = NEAR * window_share(text.terms, self._question.weights)
        return Parts(
            dense=DENSE * readable * self._dense.get(i, 0.0),
            keyword=KEYWORD * words * self._share(i),
            near=near,
            exact=EXACT * is_exact * self._uses_keyword,
        )

    def found_by(self, i: int) -> dict[str, Found]:
        """The chunk's score in each half, with its rank where it is in that half's list."""
        found = {}
        if i in self._dense:
            found["dense"] = Found(self._dense_ranks.get(i), self._dense[i])
        if i in self._keyword:
            found["keyword"] = Found(self._keyword_ranks.get(i), self._keyword[i])
        return found


def _lent(
    score: Callable[[int], float],
    neighbours: Mapping[int, Sequence[int]],
    ids: Iterable[int],
) -> dict[int, float]:
    """What each chunk is lent by its best neighbour. One that is a document of its own stands for
    its neighbours, too: it has nothing cut off."""
    known = set(ids)
    beside: dict[int, set[int]] = {}
    for i, others in neighbours.items():
        for other in others:
            if i in known and other in known:
                beside.setdefault(i, set()).add(other)
                beside.setdefault(other, set()).add(i)
    alone = {i: {i} for i in known if i in neighbours and not neighbours[i]}
    return {i: NEIGHBOUR * max(0.0, *map(score, others)) for i, others in (beside | alone).items()}
