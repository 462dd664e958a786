"""Ranked chunks into the passages that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ragcli.domain import Passage
from ragcli.errors import ProjectCorrupt
from ragcli.recipes.shown import chunk_key, date_of, freshness
from ragcli.retrieval.passages import JOINING, gather, without_duplicates
from ragcli.text.estimate import english_tokens

if TYPE_CHECKING:
    from ragcli.domain import Filter
    from ragcli.recipes.search import StoreSearcher
    from ragcli.retrieval.retrieve import Ranked, Ranking
    from ragcli.store import Store
    from ragcli.store.rows import ChunkRow


def passages(
    store: Store,
    searcher: StoreSearcher,
    ranking: Ranking,
    k: int,
    limit_tokens: int,
    chosen: Filter,
    *,
    confidences: Mapping[int, float],
    explain: bool,
) -> tuple[Passage, ...]:
    """The k best passages of ``limit_tokens`` at most each, in tokens of English, as stored.

    What stands in another document word for word, or nearly so, is shown once with the names of
    all. A passage has the highest of its chunks' ``confidences``, if any, and with ``explain`` the
    parts of its score. Raises ProjectCorrupt.
    """
    gathered, duplicates = gathered_chunks(searcher, ranking, k, limit_tokens)
    made = []
    for rank, parts in enumerate(gathered, 1):
        again = [i for part in parts for i in duplicates.get(part.id, ())]
        passage = _passage(store, rank, parts, searcher.rows, again, chosen)
        sure = max((confidences[p.id] for p in parts if p.id in confidences), default=None)
        why = parts[0].parts._asdict() if explain else None
        made.append(replace(passage, confidence=sure, explain=why))
    return tuple(made)


def gathered_chunks(
    searcher: StoreSearcher, ranking: Ranking, k: int, limit_tokens: int
) -> tuple[list[list[Ranked]], dict[int, list[int]]]:
    """The k best passages as their chunks, the best of each first; and the ids of the chunks that
    say again what one of them says, by its id."""
    rows = searcher.rows
    chunks, duplicates = without_duplicates(
        ranking.chunks,
        searcher.terms.__getitem__,
        lambda i: rows[i].document_id,
        JOINING + 2 * k,
    )
    gathered = gather(
        chunks,
        ranking.neighbours,
        lambda i: english_tokens(rows[i].chunk.text),
        k,
        limit_tokens,
    )
    return gathered, duplicates


def _passage(
    store: Store,
    rank: int,
    parts: Sequence[Ranked],
    rows: dict[int, ChunkRow],
    duplicates: Sequence[int],
    chosen: Filter,
) -> Passage:
    """``parts`` are its chunks, the best of them first."""
    best, row = parts[0], rows[parts[0].id]
    ordered = sorted((rows[p.id] for p in parts), key=lambda r: r.chunk.char_start)
    first, last = ordered[0].chunk, ordered[-1].chunk
    text = row.chunk.text
    if len(ordered) > 1:
        text = store.text(row.document_id, first.char_start, last.char_end)
    label = store.page_label(row.document_id, first.page)
    files = store.files_of(row.document_id, chosen)
    if not files:
        raise ProjectCorrupt("a document is held by no file", "mend it: rag doctor --repair")
    others = [f.source for f in files[1:]]
    for i in duplicates:
        others += [f.source for f in store.files_of(rows[i].document_id, chosen)]
    date, origin = date_of(row.date, files[0])
    now = freshness(store, files[0])
    return Passage(
        rank=rank,
        score=best.score,
        source=files[0].source,
        title=row.title,
        headings=row.chunk.headings,
        page=first.page,
        page_end=last.page_end,
        line_start=first.line_start,
        line_end=last.line_end,
        char_start=first.char_start,
        char_end=last.char_end,
        text=text,
        chunk_id=chunk_key(row),
        chunk_ids=tuple(chunk_key(r) for r in ordered),
        also_in=tuple(dict.fromkeys(others)),
        stale=now != "current",
        date=date,
        date_origin=origin,
        found_by=best.found_by,
        gone=now == "gone",
        page_label=label,
    )
