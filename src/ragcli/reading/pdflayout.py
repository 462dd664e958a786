"""Paragraphs and headings of a PDF page, from the lines of text that pypdf gives.

A PDF knows glyphs and places, no paragraphs. A paragraph ends at an empty line, before a bullet,
and after a line that ends a sentence well short of the page's longest line. Headings are the
lines in which the title of a bookmark of this page stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragcli.domain import Block
from ragcli.text.lines import line_spans

# A last line reaches anywhere; one this near to the margin is more likely a full line.
SHORT_LINE = 0.8
# Headings wrap, but not further than this.
_HEADING_LINES = 3

_SENTENCE_END = re.compile(r"[.!?:;…。！？：；][\"'”’»)\]」』）】》]*$")
_BULLET = re.compile(
    r"\s*(?:[•‣◦▪●○■□–·*-]|\(?\d{1,3}[.)]|[（(]?[一二三四五六七八九十]{1,3}[、）)])\s"
)
_NUMBERING = re.compile(
    r"(?:(?:chapter|section|part|appendix) )?[\divxlc]+(?:\.\d+)*[.:)]? ", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline; ``level`` 1 is the highest."""

    level: int
    title: str


def page_blocks(text: str, bookmarks: Sequence[Bookmark]) -> list[Block]:
    """The blocks of one page's text, in order."""
    spans = line_spans(text)
    lines = [text[start:end].rstrip() for start, end in spans]
    headings = _headings(lines, bookmarks)
    blocks = []
    for first, last in _runs(lines, headings):
        start = spans[first][0]
        end = start + len(text[start : spans[last - 1][1]].rstrip())
        if first in headings:
            mark = headings[first][1]
            blocks.append(Block("heading", start, end, mark.level, mark.title))
        else:
            blocks.append(Block("paragraph", start, end))
    return blocks


def _runs(lines: list[str], headings: dict[int, tuple[int, Bookmark]]) -> Iterator[tuple[int, int]]:
    """(first, last) line indexes, end exclusive, of each heading and paragraph."""
    longest = max((_width(line) for line in lines), default=0)
    first: int | None = None
    i = 0
    while i < len(lines):
        starts_anew = not lines[i] or i in headings or _BULLET.match(lines[i])
        if first is not None and (starts_anew or _ends(lines[i - 1], longest)):
            yield first, i
            first = None
        if i in headings:
            yield i, headings[i][0]
            i = headings[i][0]
            continue
        if first is None and lines[i]:
            first = i
        i += 1
    if first is not None:
        yield first, len(lines)


def _ends(line: str, longest: int) -> bool:
    return _width(line) < SHORT_LINE * longest and bool(_SENTENCE_END.search(line))


def _width(line: str) -> int:
    """Columns, where a Chinese character takes two."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def _headings(lines: list[str], bookmarks: Sequence[Bookmark]) -> dict[int, tuple[int, Bookmark]]:
    """First line -> (line after the last, bookmark), for the bookmarks whose title is found."""
    found: dict[int, tuple[int, Bookmark]] = {}
    for bookmark in bookmarks:
        place = _find(lines, bookmark.title, found)
        if place is not None:
            found[place[0]] = (place[1], bookmark)
    return found


def _find(
    lines: list[str], title: str, taken: dict[int, tuple[int, Bookmark]]
) -> tuple[int, int] | None:
    wanted = {_key(title), _key(_NUMBERING.sub("", title, count=1))} - {""}
    occupied = {line for first, (end, _) in taken.items() for line in range(first, end)}
    for size in range(1, _HEADING_LINES + 1):
        for first in range(len(lines) - size + 1):
            place = range(first, first + size)
            if occupied.intersection(place) or not all(lines[i] for i in place):
                continue
            heading = " ".join(lines[first : first + size])
            if _key(heading) in wanted or _key(_NUMBERING.sub("", heading, count=1)) in wanted:
                return first, first + size
    return None


def _key(text: str) -> str:
    """What two writings of one heading have in common."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
