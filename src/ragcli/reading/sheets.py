"""Sheets to text, for XLSX and OpenDocument alike: one line a row, which can be read alone.

A chunk holds a few rows of a sheet of thousands, and is found, and read, without the others. So
each row says its columns' names itself: ``City: Berlin | Population: 3 878 100``. Rows of cells
that no header names are ``Berlin | 3 878 100``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice

from ragcli.domain import Block, BlockKind, Page, Problem
from ragcli.reading import limits, options
from ragcli.reading.extracted import TextBuilder, one_line
from ragcli.reading.headers import Cell, Cells, header_index, name_values

# Rows that are looked at to tell which of them is the header.
_LOOK_AHEAD = 30
# About half of a chunk. A longer row goes on in further lines, each with the row's first cell.
_LINE_CHARACTERS = 600
_KEY_CHARACTERS = 100

Spans = Mapping[int, tuple[int, int]]
Names = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty. ``number`` counts from 1; ``spans`` says of merged cells how many
    rows and columns they cover, ``notes`` what somebody wrote beside a cell."""

    number: int
    cells: dict[int, Cell]
    spans: Spans = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)


class SheetsBuilder:
    """The text of a workbook, sheet by sheet."""

    def __init__(self) -> None:
        self._builder = TextBuilder()
        self._left = options.current().output_mb * limits.MB
        self.pages: list[Page] = []
        self.problems: list[Problem] = []

    @property
    def text(self) -> str:
        return self._builder.text

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self._builder.blocks

    def add_sheet(
        self, number: int, name: str, rows: Iterable[Row], texts: Iterable[str] = ()
    ) -> None:
        """A sheet under its name. ``texts`` are what floats over its cells.

        A sheet without any text is left out. What is beyond the most text that a file may give
        (``output_mb``) is left out, and told.
        """
        floating: Iterator[_Line] = (("paragraph", text, None, 0) for text in texts)
        lines = (line for line in chain(_sheet_lines(rows), floating) if line[1])
        first = next(lines, None)
        if first is None:
            return
        blocks_before = len(self._builder.blocks)
        title = one_line(name) or str(number)
        self._builder.add("heading", title, level=1, title=title)
        for kind, line, group, row in chain([first], lines):
            self._left -= limits.utf8_length(line) + 2  # an empty line, at most
            if self._left < 0:
                self._leave_out(number, title, row)
                break
            self._builder.add(kind, line, group=group)
        blocks = self._builder.blocks
        start, end = blocks[blocks_before].char_start, blocks[-1].char_end
        self.pages.append(Page(number, start, end, title))

    def _leave_out(self, number: int, title: str, row: int) -> None:
        what = f"the rows from {row} on are" if row else "what floats over its cells is"
        limit = options.current().output_mb
        self.problems.append(
            Problem(
                "too_large",
                f"sheet {title}: {what} left out: the workbook holds more than {limit} MB of text",
                f"split it, or raise the limit: rag config set read_output_mb {2 * limit}",
                number,
            )
        )


_Line = tuple[BlockKind, str, object, int]  # kind, text, group (lines of one block), row number


def _sheet_lines(rows: Iterable[Row]) -> Iterator[_Line]:
    names: Names = {}
    for region in _regions(_filled_down(rows)):
        head = list(islice(region, _LOOK_AHEAD))
        at = header_index([row.cells for row in head])
        if at is not None and _goes_on(head, at, names):
            at = None
        elif at is None and not _covers(names, head):
            names = {}
        group = object()
        if at is not None:
            for row in head[:at]:
                yield "paragraph", _joined(row), None, row.number
            depth = _header_depth(head, at)
            names = _names(head[at : at + depth])
            for row in head[at : at + depth]:
                yield "table", _joined(row), group, row.number
            head = head[at + depth :]
        is_table = bool(names) or any(len(row.cells) > 1 for row in head)
        kind: BlockKind = "table" if is_table else "paragraph"
        for row in chain(head, region):
            for line in _row_lines(row, names):
                yield kind, line, group, row.number


def _regions(rows: Iterable[Row]) -> Iterator[Iterator[Row]]:
    """The rows between empty ones."""
    last = region = 0

    def region_of(row: Row) -> int:
        nonlocal last, region
        region += row.number > last + 1
        last = row.number
        return region

    return (members for _, members in groupby(rows, region_of))


def _filled_down(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row with the merged cells that reach down into it from above."""
    reaching: dict[int, tuple[int, Cell]] = {}  # column -> last row, what it says
    for row in rows:
        for column in [c for c, (last, _) in reaching.items() if last < row.number]:
            del reaching[column]
        for column, (_, cell) in reaching.items():
            row.cells.setdefault(column, cell)
        for column, (height, _) in row.spans.items():
            if height > 1 and column in row.cells:
                reaching[column] = (row.number + height - 1, row.cells[column])
        yield row


def _covers(names: Names, head: Sequence[Row]) -> bool:
    return all(column in names for row in head for column in row.cells)


def _goes_on(head: Sequence[Row], at: int, names: Names) -> bool:
    """True when rows after an empty one are of the table before, and only look like a header."""
    below: list[Cells] = [row.cells for row in head[at + 1 :]]
    return bool(names) and _covers(names, head) and not name_values(head[at].cells, below)


def _header_depth(head: Sequence[Row], at: int) -> int:
    """2 where a name stands over several columns that have names of their own."""
    is_wide = any(width > 1 for _, width in head[at].spans.values())
    has_more = at + 2 < len(head)
    if not (is_wide and has_more):
        return 1
    cells = head[at + 1].cells.values()
    return 2 if len(cells) > 1 and all(cell.is_text for cell in cells) else 1


def _names(rows: Sequence[Row]) -> Names:
    names: dict[int, str] = {}
    for row in rows:
        for column, cell in row.cells.items():
            text = _one_line(cell.text)
            for c in range(column, column + row.spans.get(column, (1, 1))[1]):
                if names.get(c) != text:
                    names[c] = f"{names[c]} {text}" if c in names else text
    return names


def _row_lines(row: Row, names: Names) -> Iterator[str]:
    """The row as one line, or as several where it is long."""
    columns = sorted(row.cells)
    is_label = len(columns) == 1 and row.cells[columns[0]].is_text
    if is_label or all(names.get(c) == _one_line(row.cells[c].text) for c in columns):
        names = {}
    parts = (_part(row, c, names.get(c)) for c in columns)
    line: list[str] = []
    key: list[str] = []
    length = 0
    for part in filter(None, parts):
        if not line and len(part) <= _KEY_CHARACTERS:
            key = [part]
        if length + len(part) > _LINE_CHARACTERS and len(line) > len(key):
            yield " | ".join(line)
            line, length = list(key), sum(map(len, key))
        line.append(part)
        length += len(part) + 3
    yield " | ".join(line)


def _part(row: Row, column: int, name: str | None = None) -> str:
    text = _one_line(row.cells[column].text)
    if column in row.notes:
        text = f"{text} [{one_line(row.notes[column])}]"
    return f"{name}: {text}" if text and name else text


def _one_line(text: str) -> str:
    """``one_line``, faster for the millions of texts that are one already."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")
    return one_line(text)


def _joined(row: Row) -> str:
    return " | ".join(filter(None, (_part(row, c) for c in sorted(row.cells))))
