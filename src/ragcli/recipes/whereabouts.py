"""A place that a person names, in the project's text; or why it is not there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragcli.fetching.address import is_address
from ragcli.recipes.naming import (
    document_named,
    files_named,
    itself,
    keys_of,
    split_place,
    unknown,
)
from ragcli.store import ledger
from ragcli.store.folder import is_there
from ragcli.text.lines import line_spans

if TYPE_CHECKING:
    from ragcli.domain import Document
    from ragcli.store import Store
    from ragcli.store.rows import FileRow


@dataclass(frozen=True, slots=True)
class Loss:
    """Where something was lost on its way: a stable word, a sentence, and what to do."""

    stage: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """``text[char_start:char_end]`` of a document; or why there is no such place. ``page`` and
    ``page_end``, or ``line_start`` and ``line_end``, are those that were named."""

    source: str
    document_id: int | None = None
    page: int | None = None
    page_end: int | None = None
    line_start: int | None = None
    line_end: int | None = None
    char_start: int = 0
    char_end: int = 0
    lost: Loss | None = None


def whereabouts(store: Store, name: str) -> Whereabouts:
    """Of ``FILE``, ``FILE:PAGE`` or ``FILE:LINE``.

    Raises NotInProject where neither the project nor the disk has such a file, or it is a folder,
    and ProjectCorrupt.
    """
    name, first, last = split_place(store, name)
    found = itself(store, name, files_named(store, name))
    if not found or (len(found) == 1 and found[0].document_id is None):
        return _not_stored(store, name)
    row = document_named(store, name)
    assert row.document_id is not None, "document_named promises one"
    document = store.document(row.document_id)
    place = Whereabouts(row.source, row.document_id, char_end=len(document.text))
    if first is None or last is None:
        return place
    if document.pages:
        return _pages(store, replace(place, page=first, page_end=last), document)
    return _lines(replace(place, line_start=first, line_end=last), document)


def _pages(store: Store, place: Whereabouts, document: Document) -> Whereabouts:
    assert place.page is not None and place.page_end is not None, "the caller has set them"
    pages = [p for p in document.pages if place.page <= p.number <= place.page_end]
    if any(document.text[p.char_start : p.char_end].strip() for p in pages):
        return replace(place, char_start=pages[0].char_start, char_end=pages[-1].char_end)
    last = max(p.number for p in document.pages)
    if place.page > last:
        lost = Loss("no_text", f"its last page with text is {last}")
        return replace(place, lost=lost)
    told = [
        problem
        for source, problem in ledger.problems(store.connection)
        if source == place.source and problem.page == place.page
    ]
    why = f"page {place.page} has no text" + (f": {told[0].message}" if told else "")
    hint = told[0].hint if told else f"its pages with text: rag show '{place.source}'"
    return replace(place, lost=Loss("no_text", why, hint))


def _lines(place: Whereabouts, document: Document) -> Whereabouts:
    assert place.line_start is not None and place.line_end is not None, "the caller has set them"
    spans = line_spans(document.text)
    named = spans[place.line_start - 1 : place.line_end] if place.line_start else []
    if named and document.text[named[0][0] : named[-1][1]].strip():
        return replace(place, char_start=named[0][0], char_end=named[-1][1])
    why = f"there is no text in line {place.line_start}; the file has {len(spans):,}"
    return replace(place, lost=Loss("no_text", why, f"see its lines: rag show '{place.source}'"))


def _not_stored(store: Store, name: str) -> Whereabouts:
    keys = keys_of(store, name)
    rows = ledger.files(store.connection)
    row = next((r for r in rows if r.path in keys or r.source == name), None)
    if row is not None:
        return Whereabouts(row.source, lost=_of_state(store, row))
    if is_address(name):
        lost = Loss("not_ingested", "it was not fetched", f"rag ingest '{name}'")
        return Whereabouts(name, lost=lost)
    paths = [store.folder.path_of(key) for key in keys]
    sources = [store.folder.source_of(path) for path in paths]
    purged = ledger.Purged(store.connection)
    for key, source in zip(keys, sources, strict=True):
        if key in purged:
            return Whereabouts(source, lost=_taken_out(source))
    for source, reason in ledger.skipped(store.connection):
        for wanted in sources:
            if wanted == source or wanted.startswith(source + "/"):
                what = "it" if wanted == source else f"its folder {source}"
                hint = f"name it, and it is read: rag ingest '{wanted}'"
                return Whereabouts(
                    wanted, lost=Loss("skipped", f"{what} was passed over: {reason}", hint)
                )
    for path, source in zip(paths, sources, strict=True):
        if is_there(path):
            lost = Loss("not_ingested", "it was not ingested", f"rag ingest '{source}'")
            return Whereabouts(source, lost=lost)
    raise unknown(store, name)


def _taken_out(source: str) -> Loss:
    hint = f"take it in again: rag ingest '{source}'"
    return Loss("removed", "it was taken out of the project", hint)


def _of_state(store: Store, row: FileRow) -> Loss:
    """Why a file that the ledger knows holds no document."""
    if row.state == "removed":
        return _taken_out(row.source)
    if row.state in ("stored", "partly"):
        hint = f"see which: rag ls '{row.source}'"
        return Loss("no_text", "it has no text of its own, it holds other files", hint)
    if row.state == "empty":
        return Loss("empty", "the file is empty")
    told = [p for source, p in ledger.problems(store.connection) if source == row.source]
    if not told:
        return Loss("unread", "it could not be read", "see why: rag status --problems")
    return Loss("unread", f"it could not be read: {told[0].message}", told[0].hint)
