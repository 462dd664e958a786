"""What is kept of a text file that is too large: its beginning.

A beginning of lines, records or paragraphs is worth as much as its share of the file, and its
offsets are those of the file. Up to where it goes is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading import limits, options
from ragcli.reading.files import HEAD_BYTES
from ragcli.reading.parts import Data
from ragcli.reading.table import TEXT_FORMATS

# Formats that can be read up to any line. The others have an end that their readers need.
CUT_FORMATS = TEXT_FORMATS - {"html", "notebook", "xml"}
# In UTF-8 text is as long as in any other encoding or longer, but for UTF-16 and UTF-32, which hold
# NULs; of those a beginning ends between two characters here.
_WIDEST_CHARACTER = 4
# A byte-order mark, which is dropped, and a character more, which makes it too long.
_MARK_AND_ONE = 2
# Where the memory does not do, so much less is tried, down to what needs none worth telling.
_LESS = 4
_LEAST_BYTES = limits.MB


def read_beginning(
    reader: Callable[[bytes, PurePath], Document], data: Data, path: PurePath
) -> Document:
    """As much of a file of ``CUT_FORMATS`` as the limits allow, mostly all of it. Raises what the
    reader raises."""
    most = options.current().output_mb * limits.MB
    why = limits.too_much_text(len(data))
    while True:
        kept = _beginning(data, most)
        try:
            document = reader(kept, path)
            break
        except MemoryError:
            if len(kept) <= _LEAST_BYTES:
                raise
        most = len(kept) // _LESS
        why = limits.needs_more_memory()
    end = limits.fitting(document.text)
    if end == len(document.text) and len(kept) == len(data):
        return document
    return _cut(document, end, why)


def _beginning(data: Data, most: int) -> bytes:
    """The whole lines that may give so many bytes of UTF-8, and in some encodings more."""
    if b"\0" in data[:HEAD_BYTES]:
        return bytes(data[: (most + _MARK_AND_ONE) * _WIDEST_CHARACTER])
    if len(data) <= most:
        return bytes(data)
    kept = bytes(data[:most])
    return kept[: kept.rfind(b"\n") + 1] or kept[: _character_start(kept)]


def _character_start(data: bytes) -> int:
    """Where the last character starts, were it UTF-8."""
    start = len(data) - 1
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    return start


def _cut(document: Document, end: int, why: Unreadable) -> Document:
    """The document up to ``end``, or to the last end of a line before it, with its problem."""
    if end < len(document.text):
        end = document.text.rfind("\n", 0, end) + 1 or end
    text = document.text[:end].rstrip()
    return replace(
        document,
        text=text,
        blocks=tuple(
            replace(block, char_end=min(block.char_end, len(text)))
            for block in document.blocks
            if block.char_start < len(text)
        ),
        pages=tuple(
            replace(page, char_end=min(page.char_end, len(text)))
            for page in document.pages
            if page.char_start < len(text)
        ),
        problems=(*document.problems, _told(text, why, has_lines=document.has_lines)),
    )


def _told(text: str, why: Unreadable, *, has_lines: bool) -> Problem:
    lines = text.count("\n") + 1
    where = f"up to line {lines:,} only" if has_lines and lines > 1 else "in part only"
    return Problem(why.code, f"read {where}: {why.message}", why.hint)
