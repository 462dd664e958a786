"""The why-not recipe: where a passage was lost on its way to the answers to a question.

the file -> its text -> filter -> chunks -> both halves -> candidates -> reading -> passages -> k
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import inf
from typing import TYPE_CHECKING

from ragcli.domain import Filter
from ragcli.errors import UsageError
from ragcli.recipes.passages import gathered_chunks
from ragcli.recipes.query import QueryOptions, Searched, search
from ragcli.recipes.shown import chunk_key
from ragcli.recipes.whereabouts import Loss, Whereabouts, whereabouts
from ragcli.store import overview, sets
from ragcli.text.folding import whole

if TYPE_CHECKING:
    from ragcli.domain import Embedder, Mode, Reranker
    from ragcli.store import Store
    from ragcli.store.rows import ChunkRow, EmbeddingSet

# Of a page or a file: its chunks that came furthest. The others are counted.
MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class HalfPlace:
    """The rank of a chunk among all ``of`` that a half can find, by its score."""

    rank: int
    of: int
    score: float


@dataclass(frozen=True, slots=True)
class ChunkPlace:
    """How far a chunk came. ``candidate`` is its place among the candidates before they were read,
    ``rank`` among those that were, by ``score``, which is the sum of ``explain``; ``passage`` is
    the rank of the passage that it is part of, or that stands for it. None where it did not come
    so far."""

    chunk_id: str
    page: int | None
    page_end: int | None
    line_start: int | None
    line_end: int | None
    char_start: int
    char_end: int
    embedded: bool
    dense: HalfPlace | None = None
    keyword: HalfPlace | None = None
    candidate: int | None = None
    rank: int | None = None
    score: float | None = None
    explain: Mapping[str, float] | None = None
    passage: int | None = None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """``shown`` says that it is among the ``top_k`` passages; ``stage`` is a stable word for where
    it stands or was lost, ``why`` a sentence, ``hint`` what to do.

    ``chunks`` are those of the named place that came furthest, of ``chunk_count``; of
    ``candidates`` the first ``read`` were read, and ``ranked`` are left of them.
    """

    question: str
    mode: Mode
    top_k: int
    source: str
    page: int | None
    page_end: int | None
    line_start: int | None
    line_end: int | None
    shown: bool
    stage: str
    why: str
    hint: str = ""
    chunk_count: int = 0
    candidates: int = 0
    read: int = 0
    ranked: int = 0
    chunks: tuple[ChunkPlace, ...] = ()
    warnings: tuple[str, ...] = ()


def why_not(
    store: Store,
    question: str,
    name: str,
    options: QueryOptions,
    embedder: Callable[[], Embedder],
    reranker: Reranker | None,
) -> WhyNot:
    """Where ``FILE``, ``FILE:PAGE`` or ``FILE:LINE`` stands among the passages for a question.

    Both halves are searched to the end, which takes seconds where there are a million chunks.
    Raises UsageError (an empty question), NotInProject (no such file anywhere), ModelMismatch,
    ProviderUnavailable, ProjectCorrupt.
    """
    question = whole(question)
    if not question.strip():
        raise UsageError("the question is empty", 'ask something: rag why-not "…" FILE')
    with store.snapshot():
        place = whereabouts(store, name)
        lost = place.lost or _filtered(store, place, options.chosen)
        if lost is not None:
            return _result(question, options, place, lost)
        chosen = sets.active(store.connection)
        assert chosen is not None and place.document_id is not None, "it is stored in a set"
        rows = [
            row
            for row in store.chunks_of(place.document_id, chosen.chunk_set_id)
            if row.chunk.char_start < place.char_end and place.char_start < row.chunk.char_end
        ]
        if not rows:
            lost = Loss("no_chunk", "it is in no chunk: white space, or markup around the text")
            return _result(question, options, place, lost)
        warnings: list[str] = []
        searched = search(
            store, chosen, question, options, embedder, reranker, warnings, lambda step: None
        )
        journey = _Journey(searched, options)
        rows = sorted(rows, key=lambda row: journey.order(row.id))
        found = _result(question, options, place, journey.end(store, rows[0].id, place.source))
        return replace(
            found,
            chunk_count=len(rows),
            candidates=len(searched.ranking.candidates),
            read=searched.ranking.read,
            ranked=len(searched.ranking.chunks),
            chunks=_places(store, chosen, rows[:MOST_TOLD], searched, options, journey),
            warnings=tuple(warnings),
        )


def _result(question: str, options: QueryOptions, place: Whereabouts, end: Loss) -> WhyNot:
    return WhyNot(
        question=question,
        mode=options.mode,
        top_k=options.top_k,
        source=place.source,
        page=place.page,
        page_end=place.page_end,
        line_start=place.line_start,
        line_end=place.line_end,
        shown=end.stage in ("shown", "duplicate"),
        stage=end.stage,
        why=end.why,
        hint=end.hint,
    )


def _filtered(store: Store, place: Whereabouts, chosen: Filter) -> Loss | None:
    """Whether the filter leaves the document out, and by which of its options."""
    assert place.document_id is not None, "a place that is not lost is in a document"
    if store.files_of(place.document_id, chosen):
        return None
    options = {"format": "type", "language": "lang"}
    guilty = [
        f"--{options.get(spec.name, spec.name)}"
        for spec in fields(Filter)
        if (value := getattr(chosen, spec.name))
        and not store.files_of(place.document_id, Filter(**{spec.name: value}))
    ]
    by = ", ".join(guilty) or "its options together"
    return Loss("filtered", f"the filter leaves it out: {by}", "ask without that option")


class _Journey:
    """How far each chunk came in a search."""

    def __init__(self, searched: Searched, options: QueryOptions) -> None:
        searcher, ranking = searched.searcher, searched.ranking
        self._options = options
        self._rows = searcher.rows
        self._read = ranking.read
        passages, duplicates = gathered_chunks(
            searcher, ranking, len(ranking.chunks), options.passage_tokens
        )
        self._best = [parts[0].id for parts in passages]
        self._passages = {p.id: n for n, parts in enumerate(passages, 1) for p in parts}
        self._stands_for = {i: kept for kept, others in duplicates.items() for i in others}
        self.ranked = {r.id: (n, r) for n, r in enumerate(ranking.chunks, 1)}
        self.candidates = {i: n for n, i in enumerate(ranking.candidates, 1)}

    def passage(self, i: int) -> int | None:
        return self._passages.get(self._stands_for.get(i, i))

    def order(self, i: int) -> tuple[float, float, float, int]:
        """The less, the further it came."""
        rank = self.ranked[i][0] if i in self.ranked else inf
        return (self.passage(i) or inf, rank, self.candidates.get(i, inf), i)

    def end(self, store: Store, i: int, source: str) -> Loss:
        """Where its way ended."""
        passage = self.passage(i)
        if passage is not None:
            return self._in_passage(store, i, passage)
        cure = f"ask with words that stand in it, or ask this file alone: --path '{source}'"
        if i in self._rows:
            why = "it stands beside a chunk that was found, and neither half found it itself"
            return Loss("beside", why, cure)
        if i in self.candidates:
            why = (
                f"by what can be said without reading them it is {ordinal(self.candidates[i])} of"
                f" {len(self.candidates)} candidates; the first {self._read} are read"
            )
            return Loss("not_read", why, cure)
        return Loss("not_proposed", "neither half has it among its best", cure)

    def _in_passage(self, store: Store, i: int, passage: int) -> Loss:
        k, kept = self._options.top_k, self._stands_for.get(i)
        other = ""
        if kept is not None:
            files = store.files_of(self._rows[kept].document_id, self._options.chosen)
            other = files[0].source
        if passage > k:
            stands = f", by {other}, which says the same" if other else ""
            why = f"it is passage {passage}{stands}, and -k is {k}"
            return Loss("cut", why, f"ask for more: -k {passage}")
        if other:
            why = f"passage {passage}, of {other}, says the same, and names it beside itself"
            return Loss("duplicate", why)
        if self._best[passage - 1] != i:
            best = self._rows[self._best[passage - 1]].chunk
            where = f"lines {best.line_start}-{best.line_end}" if best.line_start else "another one"
            return Loss("shown", f"it is part of passage {passage}, whose best chunk is {where}")
        return Loss("shown", f"it is passage {passage}")


def _places(
    store: Store,
    chosen: EmbeddingSet,
    rows: Sequence[ChunkRow],
    searched: Searched,
    options: QueryOptions,
    journey: _Journey,
) -> tuple[ChunkPlace, ...]:
    ids = [row.id for row in rows]
    unembedded = overview.unembedded(store.connection, chosen, rows[0].document_id)
    dense: dict[int, HalfPlace] = {}
    keyword: dict[int, HalfPlace] = {}
    for question in searched.questions:
        if options.mode != "keyword" and question.vector is not None:
            cosines = store.dense_scores(question.vector, ids)
            ranks, of = store.dense_ranks(question.vector, [*cosines.values()], options.chosen)
            _keep_best(dense, cosines, ranks, of)
        if options.mode != "dense" and question.terms:
            terms = question.terms
            scores = store.keyword_scores(chosen.chunk_set_id, terms, ids)
            ranks, of = store.keyword_ranks(
                chosen.chunk_set_id, terms, [*scores.values()], options.chosen
            )
            _keep_best(keyword, scores, ranks, of)
    places = []
    for row in rows:
        rank, ranked = journey.ranked.get(row.id, (None, None))
        places.append(
            ChunkPlace(
                chunk_id=chunk_key(row),
                page=row.chunk.page,
                page_end=row.chunk.page_end,
                line_start=row.chunk.line_start,
                line_end=row.chunk.line_end,
                char_start=row.chunk.char_start,
                char_end=row.chunk.char_end,
                embedded=row.id not in unembedded,
                dense=dense.get(row.id),
                keyword=keyword.get(row.id),
                candidate=journey.candidates.get(row.id),
                rank=rank,
                score=ranked.score if ranked else None,
                explain=ranked.parts._asdict() if ranked else None,
                passage=journey.passage(row.id),
            )
        )
    return tuple(places)


def _keep_best(
    places: dict[int, HalfPlace], scored: Mapping[int, float], ranks: Sequence[int], of: int
) -> None:
    """Each chunk's place for the part of the question that it is found best by."""
    for (i, score), rank in zip(scored.items(), ranks, strict=True):
        if i not in places or rank < places[i].rank:
            places[i] = HalfPlace(rank, of, score)


def ordinal(number: int) -> str:
    """``1st``, ``12th``, ``1,203rd``."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else ending}"
