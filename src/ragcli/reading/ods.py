"""OpenDocument spreadsheets (.ods, .fods): every sheet's rows under their header.

A cell's text is in the file as it is seen (ODF 1.3 part 3, 9.1). Sheets, rows and columns that are
hidden are read too, as in XLSX.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.extracted import metadata_value, one_line
from ragcli.reading.headers import Cell
from ragcli.reading.numberformats import plain_number
from ragcli.reading.package import MAX_PART_BYTES, OLE_MARK, elements, opened, stream_part
from ragcli.reading.sheets import Row, SheetsBuilder
from ragcli.reading.sheetstream import DAMAGES, Sheet, add_sheets, pieces_of
from ragcli.reading.xmlstream import read_xml

_MAX_COLUMNS = 16_384
# Equal rows are written once, with their number. So many are enough to be found.
_MAX_EQUAL_ROWS = 100
_ZIP_MARK = b"PK\x03\x04"

_FACTS = frozenset({"title", "creator", "initial-creator", "subject", "keyword", "date"})
# What is read above a word is no word of its own; a chart has a table of what it shows again.
_CELLS = frozenset({"table-cell", "covered-table-cell"})
_SKIPPED = frozenset({"ruby-text", "tracked-changes", "object"})


def read(data: bytes, path: PurePath) -> Document:
    """The workbook's sheets in their order.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    handler = _Handler()
    builder = SheetsBuilder()
    if data.startswith((_ZIP_MARK, OLE_MARK)) or path.suffix.lower() != ".fods":
        with opened(data, "ODS", "LibreOffice") as package:
            if elements(package, "META-INF/manifest.xml", "encryption-data"):
                raise Unreadable(
                    "encrypted", "encrypted with a password", "save it without a password"
                )
            if "content.xml" not in package.namelist():
                raise Unreadable("wrong_format", "a zip file, but not an OpenDocument spreadsheet")
            add_sheets(builder, handler, stream_part(package, "content.xml", MAX_PART_BYTES))
            if "meta.xml" in package.namelist():
                _read_meta(handler, stream_part(package, "meta.xml", MAX_PART_BYTES))
    else:
        add_sheets(builder, handler, pieces_of(data))
    facts = handler.facts
    named = {"author": facts.get("creator") or facts.get("initial-creator")}
    named |= {"subject": facts.get("subject"), "keywords": facts.get("keyword")}
    return Document(
        text=builder.text,
        format="ods",
        blocks=builder.blocks,
        pages=tuple(builder.pages),
        title=facts.get("title"),
        date=iso_date(facts.get("date", "")),
        metadata={name: value for name, value in named.items() if value},
        problems=tuple(builder.problems),
    )


def _read_meta(handler: _Handler, pieces: Iterable[bytes]) -> None:
    try:
        for _ in read_xml(pieces, handler):
            pass
    except (*DAMAGES, Unreadable):
        return  # a document is what it is without its properties


@dataclass(slots=True)
class _Cell:
    attributes: dict[str, str]
    paragraphs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def shown(self) -> Cell | None:
        kind = self.attributes.get("office:value-type", "string")
        text = one_line(" ".join(self.paragraphs)) or one_line(self._value(kind))
        return Cell(text, kind == "string") if text else None

    def _value(self, kind: str) -> str:
        """What stands in a cell whose text its program did not write."""
        value = self.attributes.get("office:value", "")
        named = self.attributes.get(f"office:{kind}-value", "")
        try:
            return named or plain_number(float(value))
        except ValueError:
            return named or value

    def count(self, name: str) -> int:
        value = self.attributes.get(f"table:number-{name}", "1")
        return max(1, int(value)) if value.isdecimal() and len(value) < 8 else 1


class _Handler:
    """Collects sheets and their rows, and the facts that a document states of itself.

    ``sheet`` is the number of the one that is read, ``row`` that of the last row before.
    """

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.sheet = 0
        self.row = 0
        self._events: list[Sheet | Row | None] = []
        self._open: Sheet | None = None
        self._depth = 0  # of tables
        self._cells: dict[int, Cell] = {}
        self._spans: dict[int, tuple[int, int]] = {}
        self._notes: dict[int, str] = {}
        self._column = 0
        self._equal_rows = 1
        self._cell: _Cell | None = None
        self._in_note = False
        self._in_meta = False
        self._skipped = 0
        self._parts: list[str] | None = None

    def taken(self) -> list[Sheet | Row | None]:
        events, self._events = self._events, []
        return events

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _SKIPPED:
            self._skipped += 1
        elif self._skipped:
            return
        elif name in ("p", "h") or (self._in_meta and name in _FACTS):
            self._parts = []
        elif name in ("s", "tab", "line-break") and self._parts is not None:
            self._parts.append(" ")
        elif name in _CELLS and self._depth == 1:
            self._cell = _Cell(attributes)
        elif name == "table-row" and self._depth == 1:
            self._start_row(_Cell(attributes).count("rows-repeated"))
        elif name == "table":
            self._start_table(attributes)
        elif name == "annotation":
            self._in_note = True
        elif name == "meta":
            self._in_meta = True

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self.sheet += 1
            self.row = 0
            self._open = Sheet(self.sheet, attributes.get("table:name", ""))
            self._events.append(self._open)

    def _start_row(self, equal_rows: int) -> None:
        self._cells, self._spans, self._notes = {}, {}, {}
        self._column = 0
        self._equal_rows = equal_rows

    def text(self, text: str) -> None:
        if self._parts is not None and not self._skipped:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if name in _SKIPPED:
            self._skipped -= 1
        elif self._skipped:
            return
        elif name in ("p", "h"):
            self._end_paragraph()
        elif name in _CELLS and self._depth == 1:
            self._end_cell(is_covered=name != "table-cell")
        elif name == "table-row" and self._depth == 1:
            self._end_row()
        elif name == "table":
            self._depth -= 1
            if self._depth == 0:
                self._open = None
                self._events.append(None)
        elif name == "annotation":
            self._in_note = False
        elif name == "meta":
            self._in_meta = False
        elif self._in_meta and name in _FACTS and self._parts:
            self.facts.setdefault(name, metadata_value("".join(self._parts)))
            self._parts = None

    def _end_paragraph(self) -> None:
        text = one_line("".join(self._parts or []))
        self._parts = None
        if not text:
            return
        if self._cell is not None:
            (self._cell.notes if self._in_note else self._cell.paragraphs).append(text)
        elif self._open is not None:
            self._open.floating.append(text)

    def _end_cell(self, is_covered: bool) -> None:
        cell, self._cell = self._cell, None
        if cell is None:
            return
        count = cell.count("columns-repeated")
        shown = None if is_covered else cell.shown()
        if shown:
            for column in range(self._column, min(self._column + count, _MAX_COLUMNS)):
                self._cells[column] = shown
            if (spans := (cell.count("rows-spanned"), cell.count("columns-spanned"))) != (1, 1):
                self._spans[self._column] = spans
            if cell.notes:
                self._notes[self._column] = " ".join(cell.notes)
        elif self._open is not None:
            self._open.floating += cell.notes
        self._column += count

    def _end_row(self) -> None:
        if self._cells:
            for number in range(1, min(self._equal_rows, _MAX_EQUAL_ROWS) + 1):
                row = Row(self.row + number, dict(self._cells), self._spans, self._notes)
                self._events.append(row)
        self.row += self._equal_rows
        self._equal_rows = 1
        self._cells = {}
