"""The query recipe: a question to the top-k passages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from ragcli.domain import Embedder, Filter, Mode, Passage, QueryResult, Reranker
from ragcli.errors import ProjectLocked, TextTooLong, UsageError
from ragcli.retrieval.fusion import dense_weight
from ragcli.retrieval.retrieve import Question, Ranked, retrieve
from ragcli.store import Store, sets
from ragcli.store.rows import ChunkRow, FileRow
from ragcli.store.vectors import EmbeddingSet
from ragcli.text.terms import characters, question_terms


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """``top_k`` passages at most, of the documents that ``chosen`` lets through. Without ``mend``
    nothing is written: a broken index file is left to others. A reranker scores for about
    ``rerank_s``."""

    mode: Mode = "hybrid"
    top_k: int = 5
    chosen: Filter = field(default_factory=Filter)
    explain: bool = False
    mend: bool = True
    rerank_s: float = 0.0


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
    if not question.strip():
        raise UsageError("the question is empty", 'ask something: rag query "…"')
    clock = _Clock()
    with store.snapshot():
        chosen = sets.active(store.connection)
        if chosen is None:
            note = "nothing has been ingested yet: rag ingest FOLDER"
            return QueryResult(question, options.mode, None, (), (note,), clock.timings)
        warnings: list[str] = []
        if options.mode != "keyword":
            store.vector_index()  # FAISS is imported while the model loads
        read = _read_question(store, chosen, question, options.mode, embedder, warnings)
        clock.lap("embed")
        k = options.top_k
        if reranker is not None:
            # 5 ms of imports, which a question without it need not wait for.
            from ragcli.recipes.rerank import reranked
            from ragcli.retrieval.rerank import CANDIDATES

            reranker.prepare()  # after the embedder: two threads may not import at once
            k = max(k, CANDIDATES)
        ranked = retrieve(store, chosen.chunk_set_id, read, options.mode, k, options.chosen)
        clock.lap("search")
        if reranker is not None:
            ranked = reranked(store, question, ranked, reranker, options.rerank_s, warnings)
            clock.lap("rerank")
        passages = _passages(store, ranked[: options.top_k], options)
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
        passages=passages,
        warnings=tuple(warnings),
        timings_ms=clock.timings,
        blind=_is_blind(read, options.mode),
        embedded_share=share,
        chunks=chunks,
        reranker=reranker.name if reranker else None,
    )


class _Clock:
    """Milliseconds of each step since the one before."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, step: str) -> None:
        moment = perf_counter()
        self.timings[step] = round((moment - self._last) * 1000, 1)
        self._last = moment


def _read_question(
    store: Store,
    chosen: EmbeddingSet,
    question: str,
    mode: Mode,
    embedder: Callable[[], Embedder],
    warnings: list[str],
) -> Question:
    terms = _terms_that_occur(store, chosen.chunk_set_id, question)
    if mode == "keyword":
        return Question(terms, None, 0.0)
    model = embedder()
    try:
        vector = model.embed_query(question)
    except TextTooLong as error:
        if mode == "dense":
            raise
        warnings.append(f"{error.message}: searched by its words only")
        return Question(terms, None, 0.0)
    unknown_share = model.unknown_share(question)
    if dense_weight(unknown_share) == 0:
        warnings.append(
            f"{chosen.identity.name} cannot read this question: found by words, not by meaning"
        )
    return Question(terms, vector, unknown_share)


def _terms_that_occur(store: Store, chunk_set_id: int, question: str) -> tuple[str, ...]:
    """The question's terms that the corpus holds, and, beside them, its Han characters that are
    not in every other chunk. Characters alone are no evidence."""
    terms = store.question_terms(chunk_set_id, question_terms(question))
    single = dict.fromkeys(characters(question)) if terms else {}
    if single:
        common = store.chunk_count(chunk_set_id) / 2
        occurring = store.question_terms(chunk_set_id, list(single))
        terms |= {c: n for c, n in occurring.items() if n <= common}
    return tuple(terms)


def _is_blind(question: Question, mode: Mode) -> bool:
    """No half has anything to go by: no term occurs, and the dense half cannot read."""
    cannot_read = question.vector is None or dense_weight(question.unknown_share) == 0
    return mode != "dense" and not question.terms and cannot_read


def _passages(store: Store, ranked: list[Ranked], options: QueryOptions) -> tuple[Passage, ...]:
    rows = store.passages([r.id for r in ranked])
    return tuple(
        _passage(store, row, one, rank, options)
        for rank, (row, one) in enumerate(zip(rows, ranked, strict=True), 1)
    )


def _passage(store: Store, row: ChunkRow, one: Ranked, rank: int, options: QueryOptions) -> Passage:
    files = store.files_of(row.document_id, options.chosen)
    first = files[0]
    chunk = row.chunk
    key = chunk_key(row)
    date, origin = date_of(row.date, first)
    return Passage(
        rank=rank,
        score=one.score,
        source=first.source,
        title=row.title,
        headings=chunk.headings,
        page=chunk.page,
        page_end=chunk.page_end,
        line_start=chunk.line_start,
        line_end=chunk.line_end,
        char_start=chunk.char_start,
        char_end=chunk.char_end,
        text=chunk.text,
        chunk_id=key,
        chunk_ids=(key,),
        also_in=tuple(f.source for f in files[1:]),
        stale=is_stale(store, first),
        date=date,
        date_origin=origin,
        found_by=one.found_by,
        explain=one.explain if options.explain else None,
    )


def chunk_key(row: ChunkRow) -> str:
    """The public id of a chunk: from the document's content and the offsets, so that unchanged
    text keeps it across re-ingest, move and rebuild."""
    parts = f"{row.content_hash} {row.chunk.char_start} {row.chunk.char_end}"
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def date_of(own: str | None, file: FileRow) -> tuple[str | None, str | None]:
    """(date, whose it is): the document's own where it states one, else its file's."""
    if own:
        return own, "document"
    if file.mtime_ns is None:
        return None, None
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
    return moment.isoformat(timespec="seconds"), "file"


def is_stale(store: Store, file: FileRow) -> bool:
    """The file has changed or gone since it was read (by size and mtime)."""
    try:
        status = store.folder.path_of(file.path).stat()
    except OSError:
        return True
    unread = file.state == "failed"
    return unread or (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns)


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
    except (ProjectLocked, OSError):
        return
