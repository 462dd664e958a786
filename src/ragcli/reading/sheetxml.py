"""The XML of one XLSX sheet -> its rows, as a stream (ECMA-376 part 1, 18.3).

openpyxl takes three times as long for the same and gives up at the first thing it does not expect
(docs/decisions.md has the figures).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from ragcli.reading.headers import Cell
from ragcli.reading.numberformats import Format, number_cell
from ragcli.reading.sheets import Row
from ragcli.reading.xmlstream import read_xml

_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell [^>]{0,200}?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"'
)
_BLANK = re.compile(rb'<c r="[A-Z]+\d+"(?: [^<>]*)?/>')
# The longest piece of a `mergeCell` element that one reading of the stream can cut off.
_OVERLAP_BYTES = 300
# What a cell of Excel can hold at most, and how many columns it has.
_MAX_CELL_CHARACTERS = 32_767
_MAX_COLUMNS = 16_384
# Sheets have a few; whoever merges more has merged every row.
_MAX_MERGED = 100_000
_REFERENCE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")

Spans = dict[int, dict[int, tuple[int, int]]]  # row -> column -> rows, columns


def place_of(reference: str) -> tuple[int, int] | None:
    """Row from 1 and column from 0 of a reference such as B12; None when it is none."""
    match = _REFERENCE.fullmatch(reference.replace("$", ""))
    return (int(match[2]), column_of(match[1])) if match else None


@lru_cache(maxsize=_MAX_COLUMNS)
def column_of(letters: str) -> int:
    """A is 0, XFD is 16383, and what is no name of a column is beyond."""
    if not re.fullmatch("[A-Za-z]{1,3}", letters):
        return _MAX_COLUMNS
    column = 0
    for letter in letters.upper():
        column = 26 * column + ord(letter) - 64
    return column - 1


def unescaped(text: str) -> str:
    """The text with ``_x000D_`` and the like as the characters they stand for."""
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def merged_cells(pieces: Iterable[bytes]) -> Spans:
    """Which cells are merged. It stands behind all rows, so it takes a reading of its own."""
    spans: Spans = {}
    count = 0
    tail = b""
    for piece in pieces:
        window = tail + piece
        end = 0
        for match in _MERGED.finditer(window):
            end = match.end()
            first, _, last = match[1].decode().partition(":")
            (top, left), (bottom, right) = place_of(first) or (0, 0), place_of(last) or (0, 0)
            if top <= bottom and left <= right:
                spans.setdefault(top, {})[left] = (bottom - top + 1, right - left + 1)
            count += 1
            if count == _MAX_MERGED:
                return spans
        tail = window[max(end, len(window) - _OVERLAP_BYTES) :]
    return spans


class CellReader:
    """Makes cells of what the XML says of them.

    ``texts`` are the workbook's shared texts, ``formats`` what shows a number in each style.
    """

    def __init__(self, texts: Sequence[str], formats: Sequence[Format], plain: Format) -> None:
        self._texts = texts
        self._formats = formats
        self._plain = plain

    def cell(self, kind: str, style: str, value: str) -> Cell | None:
        """``kind`` and ``style`` are the attributes ``t`` and ``s``; None for an empty cell."""
        if kind == "s":
            index = int(value) if value.isdecimal() else -1
            value = self._texts[index] if 0 <= index < len(self._texts) else ""
        elif kind in ("str", "inlineStr"):
            value = unescaped(value)
        elif kind == "b":
            return Cell("TRUE" if value.strip() in ("1", "true") else "FALSE", False)
        elif kind == "d":
            return Cell(iso_moment(value), False)
        elif kind != "e":
            return self._number(style, value)
        return Cell(value, kind != "e") if value.strip() else None

    def _number(self, style: str, value: str) -> Cell | None:
        try:
            number = float(value)
        except ValueError:
            return Cell(value) if value.strip() else None
        if not abs(number) < float("inf"):
            return Cell(value, False)
        index = int(style) if style.isdecimal() else 0
        return number_cell(
            number, self._formats[index] if index < len(self._formats) else self._plain
        )


def iso_moment(value: str) -> str:
    """A date as sheets of our time write it, without a time of day that is none."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return value
    has_time = moment.hour or moment.minute or moment.second
    return moment.isoformat(" ", "minutes") if has_time else str(moment.date())


class _SheetHandler:
    """Collects rows; ``taken`` gives those that are complete."""

    def __init__(self, reader: CellReader) -> None:
        self._reader = reader
        self._rows: list[tuple[int, dict[int, Cell]]] = []
        self._cells: dict[int, Cell] = {}
        self._row = 0
        self._column = -1
        self._kind = self._style = ""
        self._parts: list[str] | None = None
        self._value: list[str] = []
        self._length = 0
        self._phonetic = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "t"):
            self._parts = None if self._phonetic else []
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 8 else self._row + 1
            self._cells = {}
            self._column = -1
        elif name == "rPh":
            self._phonetic += 1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        letters = attributes.get("r", "").rstrip("0123456789")
        self._column = column_of(letters) if letters else self._column + 1
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "0")
        self._value = []
        self._length = 0

    def text(self, text: str) -> None:
        if self._parts is not None and self._length < _MAX_CELL_CHARACTERS:
            self._parts.append(text)
            self._length += len(text)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            if self._parts:
                self._value += self._parts
            self._parts = None
        elif name == "c":
            if self._value and self._column < _MAX_COLUMNS:
                cell = self._reader.cell(self._kind, self._style, "".join(self._value))
                if cell:
                    self._cells[self._column] = cell
        elif name == "row":
            if self._cells:
                self._rows.append((self._row, self._cells))
        elif name == "rPh":
            self._phonetic -= 1

    def taken(self) -> list[tuple[int, dict[int, Cell]]]:
        rows, self._rows = self._rows, []
        return rows


def sheet_rows(
    pieces: Iterable[bytes],
    reader: CellReader,
    spans: Spans,
    notes: dict[int, dict[int, str]],
) -> Iterator[Row]:
    """The rows that hold something. They take their ``notes`` (row -> column -> text) with them:
    those on empty cells are left. Raises XmlError, and what reading the pieces raises."""
    handler = _SheetHandler(reader)

    def rows() -> Iterator[Row]:
        for number, cells in handler.taken():
            noted = notes.get(number, {})
            own = {column: noted.pop(column) for column in cells if column in noted}
            yield Row(number, cells, spans.get(number, {}), own)

    try:
        for _ in read_xml(_without_blanks(pieces), handler):
            yield from rows()
    except Exception:
        yield from rows()  # those before the damage
        raise


def _without_blanks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same without cells that are formatted and empty: a format that was given to whole columns
    makes millions of them, and telling them apart takes a parser twenty times as long."""
    rest = b""
    for piece in pieces:
        piece = rest + piece
        end = piece.rfind(b">") + 1 or len(piece)
        rest = piece[end:]
        yield _BLANK.sub(b"", piece[:end])
    yield rest


class TextsHandler:
    """The shared texts: of each ``si`` its runs, without the phonetic ones above them.

    ``size`` are the characters of all texts.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.size = 0
        self._parts: list[str] = []
        self._length = 0
        self._reads = False
        self._phonetic = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._reads = name == "t" and not self._phonetic
        if name == "si":
            self._parts = []
            self._length = 0
        elif name == "rPh":
            self._phonetic += 1

    def text(self, text: str) -> None:
        if self._reads and self._length < _MAX_CELL_CHARACTERS:
            self._parts.append(text)
            self._length += len(text)

    def end(self, name: str) -> None:
        self._reads = False
        if name == "si":
            self.texts.append(unescaped("".join(self._parts)))
            self.size += self._length
        elif name == "rPh":
            self._phonetic -= 1
