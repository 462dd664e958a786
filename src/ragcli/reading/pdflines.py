"""Words of a PDF page, as they stand, to lines. Pure: no library, no file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

# Words further apart than this, in heights of their line, belong to different cells or columns;
# a justified line in a narrow column stretches its spaces to one height and a little more.
_GAP_HEIGHTS = 1.3
# What stands before an item belongs to its line, further away.
_MARKER = re.compile(
    r"[•‣◦▪▫●○■□–—·*\uf0a7\uf0b7-]|[(（]?\w{1,3}[.)、）]|\d{1,2}(?:\.\d{1,2}){1,3}"
)
_MARKER_GAP_HEIGHTS = 4.0
# Two boxes that share this much of the lower one's height stand on one line.
_SAME_LINE = 0.5
_HYPHENS = "-\u2010\u00ad"


@dataclass(slots=True)
class Word:
    """``first`` and ``last`` are places of its characters, ``spaces`` how many stand before it on
    its line. ``is_broken``: a line ends in it, with a hyphen. ``upright`` is false for what runs up
    or down the page."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    first: int
    last: int
    upright: bool = True
    is_broken: bool = False
    spaces: int = 1

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(slots=True)
class Line:
    """Words side by side. Lengths are in points from the top left of the page as it is shown;
    ``size`` is the font's. ``is_broken`` says that the hyphen at its end may be the line's only."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float = 0.0
    bold: bool = False
    is_broken: bool = False
    upright: bool = True
    first: int = 0
    last: int = 0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def width(self) -> float:
        return self.x1 - self.x0


@dataclass(slots=True)
class PageText:
    """The lines of a page in the order of its content.

    ``is_garbled`` means that no font says which letters they are; ``is_vertical`` that lines run
    down the page, and stay in the order they are in. Only told where there are none:
    ``is_pictured``, something is drawn which may show text; ``is_unread``, there is text all the
    same.
    """

    lines: list[Line] = field(default_factory=list)
    height: float = 0.0
    is_garbled: bool = False
    is_vertical: bool = False
    is_pictured: bool = False
    is_unread: bool = False


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Words, in the order of the page's content, joined to lines where they stand side by side."""
    lines: list[Line] = []
    last: Word | None = None
    for word in words:
        if last is not None and _goes_on(lines[-1], last, word):
            line = lines[-1]
            line.text += " " * max(word.spaces, 0 if last.is_broken else 1) + word.text
            line.x0, line.x1 = min(line.x0, word.x0), max(line.x1, word.x1)
            line.y0, line.y1 = min(line.y0, word.y0), max(line.y1, word.y1)
            line.last, line.is_broken = word.last, word.is_broken
        else:
            lines.append(
                Line(
                    word.text,
                    word.x0,
                    word.y0,
                    word.x1,
                    word.y1,
                    is_broken=word.is_broken,
                    upright=word.upright,
                    first=word.first,
                    last=word.last,
                )
            )
        last = word
    for line in lines:
        if len(line.text) > 1 and line.text[-1] in _HYPHENS and line.text[-2].isalpha():
            line.is_broken = True
    return lines


def _goes_on(line: Line, last: Word, word: Word) -> bool:
    """Whether a word stands on the line that ends with ``last``."""
    if word.upright != last.upright:
        return False
    if not word.upright:
        shared = min(last.x1, word.x1) - max(last.x0, word.x0)
        return shared >= _SAME_LINE * min(last.x1 - last.x0, word.x1 - word.x0)
    shared = min(last.y1, word.y1) - max(last.y0, word.y0)
    height = max(min(last.height, word.height), 1e-3)
    if shared < _SAME_LINE * height:
        return False
    if word.spaces > 1:
        return True  # spaces that somebody typed
    height = max(last.height, word.height)
    if word.x0 >= last.x0 - height / 4:
        limit = _MARKER_GAP_HEIGHTS if _MARKER.fullmatch(line.text) else _GAP_HEIGHTS
        return word.x0 - last.x1 <= limit * height
    return last.x0 - word.x1 <= _GAP_HEIGHTS * height and is_right_to_left(word.text)


def is_right_to_left(text: str) -> bool:
    """Whether most of its letters belong to a script that runs from right to left."""
    if text.isascii():
        return False
    letters = [unicodedata.bidirectional(c) for c in text]
    return 2 * sum(kind in ("R", "AL") for kind in letters) > len(letters)


def merge_surrogates(text: str) -> str:
    """Text of one character a unit of UTF-16 as characters."""
    if text.isascii() or not any("\ud800" <= unit <= "\udfff" for unit in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def typed_lines(text: str) -> list[Line]:
    """Lines of a text of which nobody says where they stand: one below the other, as if each
    character were half as wide as high; an empty line is a gap."""
    lines = []
    for number, row in enumerate(text.splitlines()):
        if row := row.rstrip():
            indent = len(row) - len(row.lstrip())
            width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in row)
            y = 12.0 * number
            line = Line(row.strip(), 5.0 * indent, y, 5.0 * (indent + width), y + 11, 10.0)
            line.is_broken = row[-1] in _HYPHENS and len(row) > 1 and row[-2].isalpha()
            lines.append(line)
    return lines
