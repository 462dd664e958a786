"""Workbooks of Excel 2002 and 2003 in one XML (.xml, or .xls by what programs export).

"XML Spreadsheet Reference", Microsoft 2001. Cells tell their type, and dates come in ISO 8601;
formats of numbers are left out.
"""

from __future__ import annotations

from pathlib import PurePath

from ragcli.domain import Document
from ragcli.reading.dates import iso_date
from ragcli.reading.extracted import metadata_value, one_line
from ragcli.reading.headers import Cell
from ragcli.reading.numberformats import plain_number
from ragcli.reading.sheets import Row, SheetsBuilder
from ragcli.reading.sheetstream import Sheet, add_sheets, pieces_of
from ragcli.reading.sheetxml import iso_moment
from ragcli.reading.xmlstream import local

_MAX_COLUMNS = 16_384
_METADATA = {"Author": "author", "Subject": "subject", "Keywords": "keywords"}
_FACTS = frozenset({"Title", "LastSaved", "Created", *_METADATA})


def read(data: bytes, path: PurePath) -> Document:
    """The workbook's sheets in their order, as far as the XML can be read."""
    handler = _Handler()
    builder = SheetsBuilder()
    add_sheets(builder, handler, pieces_of(data))
    facts = handler.facts
    return Document(
        text=builder.text,
        format="spreadsheetml",
        blocks=builder.blocks,
        pages=tuple(builder.pages),
        title=facts.get("Title"),
        date=iso_date(facts.get("LastSaved", "")) or iso_date(facts.get("Created", "")),
        metadata={name: facts[key] for key, name in _METADATA.items() if key in facts},
        problems=tuple(builder.problems),
    )


class _Handler:
    """See sheetstream.SheetHandler; ``facts`` are what the document states of itself."""

    def __init__(self) -> None:
        self.sheet = 0
        self.row = 0
        self.facts: dict[str, str] = {}
        self._events: list[Sheet | Row | None] = []
        self._cells: dict[int, Cell] = {}
        self._spans: dict[int, tuple[int, int]] = {}
        self._notes: dict[int, str] = {}
        self._column = -1
        self._across = 0
        self._kind = ""
        self._in_note = False
        self._parts: list[str] | None = None

    def taken(self) -> list[Sheet | Row | None]:
        events, self._events = self._events, []
        return events

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Comment":
            self._parts, self._in_note = [], True
        elif name in _FACTS or (name == "Data" and not self._in_note):
            self._parts = []
        if name not in ("Worksheet", "Row", "Cell", "Data"):
            return
        values = {local(key): value for key, value in attributes.items()}
        if name == "Worksheet":
            self.sheet, self.row = self.sheet + 1, 0
            self._events.append(Sheet(self.sheet, values.get("Name", "")))
        elif name == "Row":
            self.row = _count(values, "Index", self.row + 1)
            self._cells, self._spans, self._notes = {}, {}, {}
            self._column, self._across = -1, 0
        elif name == "Cell":
            self._column = _count(values, "Index", self._column + self._across + 2) - 1
            self._across = _count(values, "MergeAcross", 0)
            spans = (1 + _count(values, "MergeDown", 0), 1 + self._across)
            if spans != (1, 1):
                self._spans[self._column] = spans
        else:
            self._kind = values.get("Type", "String")

    def text(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)

    def end(self, name: str) -> None:
        said = "".join(self._parts or [])
        if name == "Worksheet":
            self._events.append(None)
        elif name == "Row" and self._cells:
            self._events.append(Row(self.row, self._cells, self._spans, self._notes))
        elif name == "Data" and not self._in_note:
            self._parts = None
            if said.strip() and self._column < _MAX_COLUMNS:
                self._cells[self._column] = _cell(self._kind, said)
        elif name == "Comment":
            self._parts, self._in_note = None, False
            if self._column in self._cells and (note := one_line(said)):
                self._notes[self._column] = note
        elif name in _FACTS:
            self._parts = None
            if value := metadata_value(said):
                self.facts.setdefault(name, value)


def _count(values: dict[str, str], name: str, otherwise: int) -> int:
    value = values.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 8 else otherwise


def _cell(kind: str, value: str) -> Cell:
    if kind == "Number":
        try:
            return Cell(plain_number(float(value)), False)
        except (ValueError, OverflowError):
            return Cell(value)
    if kind == "Boolean":
        return Cell("TRUE" if value.strip() == "1" else "FALSE", False)
    if kind == "DateTime":
        return Cell(iso_moment(value), False)
    return Cell(value, kind != "Error")
