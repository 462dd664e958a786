"""Excel workbooks (.xlsx): every sheet's rows under their header, as they are seen.

Formulas give the values that were last computed. Hidden sheets, rows and columns are read too: a
filter hides rows, and what is looked for may be among them. Each sheet is a page.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.extracted import metadata_value, one_line
from ragcli.reading.numberformats import BUILT_IN, Format, number_format
from ragcli.reading.package import BROKEN, elements, local_name, opened
from ragcli.reading.sheets import SPLIT_IT, Row, SheetsBuilder
from ragcli.reading.sheetxml import (
    CellReader,
    TextsHandler,
    merged_cells,
    place_of,
    sheet_rows,
)
from ragcli.reading.xmlstream import XmlError, read_xml

# A million rows of ten columns are some 400 MiB of XML; it takes half a minute.
MAX_SHEET_BYTES = 512 * 1024 * 1024
# Shared texts stay in memory while sheets are read. Workbooks of 100,000 rows have 300,000.
_MAX_TEXTS = 4_000_000
_MAX_TEXTS_CHARACTERS = 128_000_000
_PIECE_BYTES = 1 << 16

_SAVE_AGAIN = "open it in Excel or LibreOffice, save it again"
_DAMAGES = (*BROKEN, XmlError, KeyError)


def read(data: bytes, path: PurePath) -> Document:
    """The workbook's sheets in their order.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened(data, "XLSX", "Excel or LibreOffice") as package:
        return _Workbook(package).read()


@dataclass(frozen=True, slots=True)
class _Relation:
    """``kind`` is the last word of its type's name, ``target`` a part's name."""

    id: str
    kind: str
    target: str


def _relations(package: zipfile.ZipFile, part: str) -> list[_Relation]:
    folder, _, name = part.rpartition("/")
    return [
        _Relation(
            relation.get("Id", ""),
            relation.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/"),
        )
        for relation in elements(package, f"{folder}/_rels/{name}.rels".lstrip("/"), "Relationship")
        if relation.get("TargetMode") != "External"
    ]


class _Workbook:
    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._builder = SheetsBuilder()
        self._main = self._main_part()
        self._relations = _relations(package, self._main)

    def _main_part(self) -> str:
        for relation in _relations(self._package, ""):
            if relation.kind == "officeDocument" and relation.target in self._package.namelist():
                return relation.target
        return "xl/workbook.xml"

    def read(self) -> Document:
        sheets = elements(self._package, self._main, "sheet")
        if not sheets:
            raise Unreadable("wrong_format", "a zip file, but not an Excel workbook")
        reader = self._cell_reader()
        targets = {relation.id: relation for relation in self._relations}
        for number, sheet in enumerate(sheets, 1):
            ids = (value for key, value in sheet.items() if key.endswith("}id"))
            relation = targets.get(next(ids, ""))
            if relation:
                self._add_sheet(number, sheet.get("name", ""), relation, reader)
        facts = _properties(self._package)
        return Document(
            text=self._builder.text,
            format="xlsx",
            blocks=self._builder.blocks,
            pages=tuple(self._builder.pages),
            title=facts.get("title"),
            date=iso_date(facts.get("modified", "")) or iso_date(facts.get("created", "")),
            metadata={
                name: facts[key]
                for key, name in (
                    ("creator", "author"),
                    ("subject", "subject"),
                    ("keywords", "keywords"),
                )
                if key in facts
            },
            problems=tuple(self._builder.problems),
        )

    def _add_sheet(self, number: int, name: str, relation: _Relation, reader: CellReader) -> None:
        relations = _relations(self._package, relation.target)
        floating = self._floating(relations)
        rows: Iterator[Row] = iter(())
        if relation.kind == "worksheet":
            rows = self._rows(number, name, relation, relations, reader)
        self._builder.add_sheet(number, name, rows, floating)

    def _rows(
        self,
        number: int,
        name: str,
        relation: _Relation,
        relations: list[_Relation],
        reader: CellReader,
    ) -> Iterator[Row]:
        """The rows as far as they can be read; the rest is a problem of the sheet."""
        row = 0
        try:
            spans = merged_cells(self._pieces(relation.target))
        except (*_DAMAGES, Unreadable):
            spans = {}
        notes = self._notes(relations)
        try:
            for found in sheet_rows(self._pieces(relation.target), reader, spans, notes):
                row = found.number
                yield found
        except Unreadable as error:
            message = f"sheet {one_line(name)}: left out after row {row}: {error.message}"
            self._builder.problems.append(Problem(error.code, message, error.hint, number))
        except _DAMAGES as error:
            message = f"sheet {one_line(name)}: damaged after row {row}: {error}"
            self._builder.problems.append(Problem("page_failed", message, _SAVE_AGAIN, number))

    def _pieces(self, part: str) -> Iterator[bytes]:
        """A part's bytes; its checksum is looked at after them, not instead of them."""
        info = copy(self._package.getinfo(part))
        expected, info.CRC = info.CRC, None  # type: ignore[assignment]
        size = checksum = 0
        with self._package.open(info) as stream:
            while piece := stream.read(_PIECE_BYTES):
                size += len(piece)
                if size > MAX_SHEET_BYTES:
                    limit = MAX_SHEET_BYTES // 1024**2
                    raise Unreadable("too_large", f"it inflates to more than {limit} MiB", SPLIT_IT)
                checksum = zlib.crc32(piece, checksum)
                yield piece
        if checksum != expected:
            raise zipfile.BadZipFile("its checksum is wrong")

    def _cell_reader(self) -> CellReader:
        workbook = elements(self._package, self._main, "workbookPr")
        is_1904 = any(w.get("date1904") in ("1", "true") for w in workbook)
        codes = dict(BUILT_IN)
        formats: list[Format] = []
        for part in self._parts("styles"):
            for custom in elements(self._package, part, "numFmt"):
                if local_name(custom.getparent()) == "numFmts":
                    codes[_number(custom.get("numFmtId"))] = custom.get("formatCode", "")
            for styles in elements(self._package, part, "cellXfs"):
                formats = [
                    number_format(codes.get(_number(style.get("numFmtId")), ""), is_1904)
                    for style in styles
                ]
        return CellReader(self._shared_texts(), formats, number_format(""))

    def _parts(self, kind: str) -> list[str]:
        return [relation.target for relation in self._relations if relation.kind == kind]

    def _shared_texts(self) -> list[str]:
        handler = TextsHandler()
        for part in self._parts("sharedStrings"):
            try:
                for _ in read_xml(self._pieces(part), handler):
                    if len(handler.texts) > _MAX_TEXTS or handler.size > _MAX_TEXTS_CHARACTERS:
                        raise Unreadable("too_large", "it has more texts than can be held")
            except Unreadable as error:
                self._tell_of_texts("too_large", error.message)
            except _DAMAGES as error:
                self._tell_of_texts("page_failed", f"damaged: {error}")
        return handler.texts

    def _tell_of_texts(self, code: str, reason: str) -> None:
        message = f"cells are left out, as the table of the workbook's texts was not read: {reason}"
        self._builder.problems.append(Problem(code, message, _SAVE_AGAIN))

    def _notes(self, relations: list[_Relation]) -> dict[int, dict[int, str]]:
        """Row -> column -> what was noted there. Threads of comments come first: old Excel sees a
        note beside them that only says so."""
        notes: dict[int, dict[int, str]] = {}
        by_kind = [
            r for kind in ("threadedComment", "comments") for r in relations if r.kind == kind
        ]
        threaded: set[tuple[int, int]] = set()
        for relation in by_kind:
            is_thread = relation.kind == "threadedComment"
            tag, text_tag = ("threadedComment", "text") if is_thread else ("comment", "t")
            for element in elements(self._package, relation.target, tag):
                place = place_of(element.get("ref", ""))
                text = one_line("".join(t.text or "" for t in element.iter("{*}" + text_tag)))
                if place is None or not text or (not is_thread and place in threaded):
                    continue
                if is_thread:
                    threaded.add(place)
                row, column = place
                before = notes.setdefault(row, {}).get(column)
                notes[row][column] = f"{before} / {text}" if before else text
        return notes

    def _floating(self, relations: list[_Relation]) -> list[str]:
        """The texts of boxes over the cells, and the titles of charts."""
        texts: list[str] = []
        for drawing in (r.target for r in relations if r.kind == "drawing"):
            texts += self._paragraphs(drawing, "p")
            for chart in _relations(self._package, drawing):
                if chart.kind == "chart":
                    texts += self._paragraphs(chart.target, "title")
        return texts

    def _paragraphs(self, part: str, tag: str) -> list[str]:
        found = elements(self._package, part, tag)
        texts = (one_line("".join(t.text or "" for t in p.iter("{*}t"))) for p in found)
        return [text for text in texts if text]


@cache
def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 8 else 0


def _properties(package: zipfile.ZipFile) -> dict[str, str]:
    """The core properties that say something, by local name."""
    found = {
        local_name(element): metadata_value(element.text or "")
        for root in elements(package, "docProps/core.xml", "coreProperties")
        for element in root
    }
    return {name: value for name, value in found.items() if value}
