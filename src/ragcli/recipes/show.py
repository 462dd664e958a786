"""The show recipe: the stored text of a file, as it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ragcli.domain import Document, Filter, Page
from ragcli.errors import NotInProject
from ragcli.recipes.naming import document_named, files_named
from ragcli.recipes.shown import is_stale
from ragcli.store import Store
from ragcli.text.lines import line_spans

# A screenful: what stands after the line that was asked for.
LINES_SHOWN = 40

# `file:12` as editors write it, `file#page=3` as `query` cites a page.
_PLACE = re.compile(r"(?P<name>.+?)(?::|#page=)(?P<number>[0-9]+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A document, or a part of it: ``text`` is its text from ``char_start`` to ``char_end``.

    ``page`` is set when one page was asked for, ``line_start`` and ``line_end`` for documents
    whose text is the file itself and for a line that was asked for. ``pages`` are all of the
    document.
    """

    source: str
    title: str | None
    format: str
    language: str | None
    date: str | None
    stale: bool
    page: int | None
    line_start: int | None
    line_end: int | None
    char_start: int
    char_end: int
    length: int
    text: str
    pages: tuple[Page, ...]


def show(store: Store, name: str) -> Shown:
    """The text of ``FILE``, of ``FILE:PAGE`` where it has pages, or from ``FILE:LINE`` on.

    Raises NotInProject (no such file, page or line), ProjectCorrupt.
    """
    with store.snapshot():
        number = None
        place = _PLACE.fullmatch(name)
        if place and not files_named(store, name):
            name, number = place["name"], int(place["number"])
        row = document_named(store, name)
        assert row.document_id is not None, "document_named promises one"
        document = store.document(row.document_id)
        store.files_of(row.document_id, Filter())  # the name is shown with the text
        whole = _whole(document, row.source, is_stale(store, row))
    if number is None:
        return whole
    return _page(whole, number) if document.pages else _from_line(whole, number)


def _whole(document: Document, source: str, stale: bool) -> Shown:
    lines = len(line_spans(document.text)) if document.has_lines else None
    return Shown(
        source=source,
        title=document.title,
        format=document.format,
        language=document.language,
        date=document.date,
        stale=stale,
        page=None,
        line_start=None if lines is None else 1,
        line_end=lines,
        char_start=0,
        char_end=len(document.text),
        length=len(document.text),
        text=document.text,
        pages=document.pages,
    )


def _page(whole: Shown, number: int) -> Shown:
    page = next((p for p in whole.pages if p.number == number), None)
    if page is None:
        last = max(p.number for p in whole.pages)
        raise NotInProject(
            f"{whole.source} has no page {number} with text",
            f"its last is {last}: rag show '{whole.source}:{last}'",
        )
    return _slice(replace(whole, page=number), page.char_start, page.char_end)


def _from_line(whole: Shown, number: int) -> Shown:
    spans = line_spans(whole.text)
    if not 1 <= number <= len(spans):
        raise NotInProject(
            f"{whole.source} has {len(spans):,} lines, no line {number:,}",
            f"see it whole: rag show '{whole.source}'",
        )
    last = min(number + LINES_SHOWN - 1, len(spans))
    part = replace(whole, line_start=number, line_end=last)
    return _slice(part, spans[number - 1][0], spans[last - 1][1])


def _slice(whole: Shown, start: int, end: int) -> Shown:
    return replace(whole, char_start=start, char_end=end, text=whole.text[start:end])
