"""The query recipe: a question to the top-k passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ragcli.domain import Filter, QueryResult, Step
from ragcli.errors import RagError, UsageError
from ragcli.recipes.calibrate import chance
from ragcli.recipes.passages import passages
from ragcli.recipes.question import read_question
from ragcli.recipes.search import StoreSearcher
from ragcli.retrieval.compound import joined, parts
from ragcli.retrieval.confidence import confidence, evidence_for_each
from ragcli.retrieval.retrieve import retrieve
from ragcli.store import Store, sets
from ragcli.text.folding import whole

if TYPE_CHECKING:
    from ragcli.background import Deadline
    from ragcli.domain import Embedder, Mode, Reranker
    from ragcli.retrieval.question import Question
    from ragcli.retrieval.retrieve import Ranking
    from ragcli.store.rows import EmbeddingSet


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """``top_k`` passages at most, of ``passage_tokens`` at most each, of the documents that
    ``chosen`` lets through. Without ``mend`` nothing is written: a broken index file is left to
    others. A reranker scores for about ``rerank_s``, and what it takes must end by the
    ``deadline``. ``late`` says that by then there will be no model, so that the mode is keyword."""

    mode: Mode = "hybrid"
    top_k: int = 5
    passage_tokens: int = 500
    chosen: Filter = field(default_factory=Filter)
    explain: bool = False
    mend: bool = True
    rerank_s: float = 0.0
    deadline: Deadline | None = None
    late: bool = False


def query(
    store: Store,
    question: str,
    options: QueryOptions,
    embedder: Callable[[], Embedder],
    reranker: Reranker | None = None,
) -> QueryResult:
    """Find the passages for a question.

    ``embedder`` is called only when the mode needs it, and gives the model that embedded the
    documents, checked (``guard.py``). A ``reranker`` reorders the best of what was found. Raises
    UsageError (an empty question), ModelMismatch, ProviderUnavailable, ProjectCorrupt.
    """
    question = whole(question)
    if not question.strip():
        raise UsageError("the question is empty", 'ask something: "how long is the warranty?"')
    clock = _Clock()
    with store.snapshot():
        chosen = sets.active(store.connection)
        if chosen is None:
            note = "nothing has been ingested yet: rag ingest FOLDER"
            return QueryResult(question, options.mode, None, (), (note,), clock.timings)
        warnings: list[str] = []
        searched = search(store, chosen, question, options, embedder, reranker, warnings, clock.lap)
        background = chance(store, chosen) if options.mode != "dense" else None
        sure, confidences = _confidences(searched.rankings, background)
        found = passages(
            store,
            searched.searcher,
            searched.ranking,
            options.top_k,
            options.passage_tokens,
            options.chosen,
            confidences=confidences,
            explain=options.explain,
        )
        warnings += _index_warnings(store)
        share = store.embedded_share()
        chunks = store.chunk_count(chosen.chunk_set_id) if share < 1 else 0
        clock.lap("fetch")
    if options.mend:
        _mend_index(store)
    return QueryResult(
        question=question,
        mode=options.mode,
        model=chosen.identity.name,
        passages=found,
        warnings=tuple(warnings),
        timings_ms=clock.timings,
        confidence=sure,
        blind=all(_is_blind(one, options.mode) for one in searched.questions),
        embedded_share=share,
        chunks=chunks,
        reranker=reranker.name if reranker else None,
        parts=searched.parts,
        weights={t: w for one in searched.questions for t, w in one.weights.items()},
        steps=_steps(options, searched, reranker),
    )


class Searched(NamedTuple):
    """A question as it was read, what it was asked of, and the chunks for it. Where it has several
    ``parts`` its ``questions`` and ``rankings`` are theirs, then its own."""

    parts: tuple[str, ...]
    questions: Sequence[Question]
    searcher: StoreSearcher
    rankings: Sequence[Ranking]
    ranking: Ranking


def search(
    store: Store,
    chosen: EmbeddingSet,
    question: str,
    options: QueryOptions,
    embedder: Callable[[], Embedder],
    reranker: Reranker | None,
    warnings: list[str],
    lap: Callable[[str], None],
) -> Searched:
    """Rank the chunks for a question; ``lap`` is told of each step that is done."""
    if options.mode != "keyword":
        store.vector_index()  # it is opened while the question is read
    several = parts(question)
    asked = (*several, question)
    told: list[str] = []
    read = [read_question(store, chosen, one, options.mode, embedder, told) for one in asked]
    by_meaning = any(one.vector is not None for one in read)
    unknown_share = embedder().unknown_share if by_meaning else None
    if reranker is not None:
        reranker.prepare()  # after the embedder: two threads may not import at once
    lap("embed")
    searcher = StoreSearcher(store, chosen.chunk_set_id, options.chosen, unknown_share)
    rankings = [retrieve(searcher, one, options.mode, options.top_k) for one in read]
    lap("search")
    if reranker is not None:
        from ragcli.recipes.rerank import reranked  # a question without it does not wait

        budget_s = options.rerank_s / len(asked)
        rankings = [
            reranked(one, ranking, searcher.rows, reranker, budget_s, options.deadline, told)
            for one, ranking in zip(asked, rankings, strict=True)
        ]
        lap("rerank")
    warnings += dict.fromkeys(told)
    ranking = joined(rankings[:-1], rankings[-1]) if several else rankings[0]
    return Searched(several, read, searcher, rankings, ranking)


class _Clock:
    """Milliseconds of each step since the one before."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, step: str) -> None:
        moment = perf_counter()
        self.timings[step] = round((moment - self._last) * 1000, 1)
        self._last = moment


def _confidences(
    rankings: Sequence[Ranking], background: float | None
) -> tuple[float | None, dict[int, float]]:
    """The confidence of the answer, which is that of its best chunk, and of each chunk by id: for
    the part of the question that it says most about."""
    if background is None:
        return None, {}
    each: dict[int, float] = {}
    for ranking in rankings:
        for i, amount in evidence_for_each(ranking.chunks).items():
            each[i] = max(confidence(amount, background), each.get(i, 0.0))
    return max(each.values(), default=confidence(0.0, background)), each


def _steps(
    options: QueryOptions, searched: Searched, reranker: Reranker | None
) -> tuple[Step, ...]:
    """What was done of what was asked for."""
    steps = [Step("keyword")] if options.mode != "dense" else []
    if options.late:
        steps.append(Step("embedding", "left_out", "the model was not ready in time"))
    elif options.mode != "keyword":
        can = any(one.vector is not None for one in searched.questions)
        steps.append(Step("embedding") if can else Step("embedding", "left_out", "it is too long"))
    if reranker is not None:
        chunks = [one for ranking in searched.rankings for one in ranking.chunks]
        scored = sum("rerank" in one.found_by for one in chunks)
        total = len(chunks)
        if scored == total or total < 2:
            steps.append(Step("reranker"))
        else:
            state: Any = "partly" if scored else "left_out"
            steps.append(Step("reranker", state, f"{scored} of {total} candidates"))
    return tuple(steps)


def _is_blind(question: Question, mode: Mode) -> bool:
    """No half has anything to go by: no term occurs, and the dense half cannot read."""
    return mode != "dense" and not question.terms and question.readable == 0


def _index_warnings(store: Store) -> list[str]:
    index = store.opened_index
    if index is None or index.trouble is None or index.to_mend:
        return []
    return [f"{index.trouble}; every embedding was compared instead: rag doctor --repair"]


def _mend_index(store: Store) -> None:
    """An index file that could not be used is written anew, unless someone is writing already.

    The answer does not wait for it: it came from the truth.
    """
    if store.opened_index is None or not store.opened_index.to_mend:
        return
    try:
        with store.writing(wait_s=0):
            # Another may have mended or replaced it since.
            chosen = sets.active(store.connection)
            index = store.vector_index()
            if chosen is not None and index is not None and index.to_mend:
                store.publish_index(chosen, force=True)
    except (RagError, OSError):  # somebody writes, or nobody can
        return
