"""On which pages and lines a slice of a document stands."""

from __future__ import annotations

from bisect import bisect_right

from ragcli.domain import Document
from ragcli.text.lines import LineTable

Range = tuple[int, int] | tuple[None, None]


class Locator:
    """Pages and lines of a document, from offsets."""

    def __init__(self, document: Document) -> None:
        pages = sorted(document.pages, key=lambda page: page.char_start)
        self._page_starts = [page.char_start for page in pages]
        self._page_numbers = [page.number for page in pages]
        self._lines = LineTable(document.text) if document.has_lines else None

    def page_at(self, offset: int) -> int | None:
        """The page that holds this offset; between two pages, the one before."""
        if not self._page_starts:
            return None
        return self._page_numbers[max(0, bisect_right(self._page_starts, offset) - 1)]

    def pages(self, start: int, end: int) -> Range:
        """The pages of the first and the last character."""
        first, last = self.page_at(start), self.page_at(end - 1)
        return (None, None) if first is None or last is None else (first, last)

    def lines(self, start: int, end: int) -> Range:
        """The lines of the first and the last character; None unless lines are the file's own."""
        if self._lines is None:
            return (None, None)
        return (self._lines.line_at(start), self._lines.line_at(end - 1))
