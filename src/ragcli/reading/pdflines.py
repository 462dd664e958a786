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


# A word as it stands: its text; its box, x0, y0, x1, y1; the places of its first and its last
# character; how many spaces stand before it on its line; whether it is upright and does not run up
# or down the page; whether a line ends in it, with a hyphen. A tuple, because a book has a million.
Word = tuple[str, float, float, float, float, int, int, int, bool, bool]


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
    down the page, and stay in the order they are in; ``is_pictured``, of a page with few or no
    words, that something is drawn which may show text; ``is_unread``, of one with none, that there
    is text all the same.
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
    line: Line | None = None
    last = words[0] if words else None
    for word in words:
        text, x0, y0, x1, y1, first, end, spaces, upright, is_broken = word
        if line is not None and last is not None and _goes_on(line, last, word):
            line.text += " " * (spaces or (0 if last[9] else 1)) + text
            if x0 < line.x0:
                line.x0 = x0
            if y0 < line.y0:
                line.y0 = y0
            if x1 > line.x1:
                line.x1 = x1
            if y1 > line.y1:
                line.y1 = y1
            line.last, line.is_broken = end, is_broken
        else:
            line = Line(text, x0, y0, x1, y1, 0.0, False, is_broken, upright, first, end)
            lines.append(line)
        last = word
    for line in lines:
        line.text = merge_surrogates(line.text)
        if len(line.text) > 1 and line.text[-1] in _HYPHENS and line.text[-2].isalpha():
            line.is_broken = True
    return lines


def _goes_on(line: Line, last: Word, word: Word) -> bool:
    """Whether a word stands on the line that ends with ``last``."""
    _, last_x0, last_y0, last_x1, last_y1, _, _, _, last_upright, _ = last
    text, x0, y0, x1, y1, _, _, spaces, upright, _ = word
    if upright != last_upright:
        return False
    if not upright:
        shared = min(last_x1, x1) - max(last_x0, x0)
        return shared >= _SAME_LINE * min(last_x1 - last_x0, x1 - x0)
    height, last_height = y1 - y0, last_y1 - last_y0
    lower, higher = (height, last_height) if height < last_height else (last_height, height)
    if min(last_y1, y1) - max(last_y0, y0) < _SAME_LINE * lower or lower <= 0:
        return False
    if spaces > 1:
        return True  # spaces that somebody typed
    if x0 >= last_x0 - higher / 4:
        gap = x0 - last_x1
        if gap <= _GAP_HEIGHTS * higher:
            return True
        return gap <= _MARKER_GAP_HEIGHTS * higher and bool(_MARKER.fullmatch(line.text))
    return last_x0 - x1 <= _GAP_HEIGHTS * higher and is_right_to_left(text)


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
