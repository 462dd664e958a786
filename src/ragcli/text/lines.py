"""Line numbers from offsets. Lines end at ``\\n``, ``\\r\\n`` and ``\\r`` only."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache

from ragcli.text.scripts import HAN, KANA

_LINE_END = re.compile(r"\r\n|\n|\r")


# Between these a line break stands for nothing; CJK punctuation and full-width forms belong to
# them (Unicode blocks 3000-303F and FF00-FFEF). Hangul is written with spaces.
@cache
def _set_solid() -> re.Pattern[str]:
    return re.compile(f"[{HAN}{KANA}\u3001-\u303f\uff01-\uff65]")


class LineTable:
    """Where each line of a text starts."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(m.end() for m in _LINE_END.finditer(text))]

    def line_at(self, offset: int) -> int:
        """The number, from 1, of the line that holds this offset."""
        return bisect_right(self._starts, offset)


def each_line(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each line, its line end included."""
    start = 0
    for match in _LINE_END.finditer(text):
        yield start, match.end()
        start = match.end()
    if start < len(text):
        yield start, len(text)


def line_spans(text: str) -> list[tuple[int, int]]:
    """The same at once: a hundred bytes of memory a line."""
    return list(each_line(text))


def on_one_line(text: str) -> str:
    """The text with each run of white space as one space, and none where Chinese or Japanese was
    broken into lines."""
    return on_one_line_with_offsets(text)[0].strip()


def on_one_line_with_offsets(text: str) -> tuple[str, list[int]]:
    """The same, not trimmed, and for each of its characters the offset it came from."""
    kept: list[str] = []
    offsets: list[int] = []
    for run in re.finditer(r"\s+|\S+", text):
        start, end = run.span()
        if not run[0].isspace():
            kept += run[0]
            offsets += range(start, end)
            continue
        before, after = text[start - 1 : start], text[end : end + 1]
        solid = not before.isascii() and _set_solid().match(before) and _set_solid().match(after)
        if not (solid and len(_LINE_END.findall(run[0])) == 1):  # two make a paragraph
            kept.append(" ")
            offsets.append(start)
    return "".join(kept), offsets
