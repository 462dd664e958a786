"""Line numbers from offsets. Lines end at ``\\n``, ``\\r\\n`` and ``\\r`` only."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE_END = re.compile(r"\r\n|\n|\r")


class LineTable:
    """Where each line of a text starts."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(m.end() for m in _LINE_END.finditer(text))]

    def line_at(self, offset: int) -> int:
        """The number, from 1, of the line that holds this offset."""
        return bisect_right(self._starts, offset)

    def start_of(self, line: int) -> int:
        """The offset at which a line starts; past the last line, the last line's."""
        return self._starts[min(max(line, 1), len(self._starts)) - 1]


def line_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each line, its line end included."""
    spans, start = [], 0
    for match in _LINE_END.finditer(text):
        spans.append((start, match.end()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans
