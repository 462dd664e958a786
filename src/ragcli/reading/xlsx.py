"""Excel workbooks (.xlsx): every sheet's rows under their header, as they are seen.

Formulas give the values that were last computed. Hidden sheets, rows and columns are read too: a
filter hides rows, and what is looked for may be among them. Each sheet is a page.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import PurePath

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.extracted import one_line
from ragcli.reading.numberformats import BUILT_IN, Format, number_format
from ragcli.reading.office import core_properties, main_part
from ragcli.reading.package import (
    BROKEN,
    MAX_PART_BYTES,
    Relation,
    attribute,
    elements,
    local_name,
    opened,
    relations,
    stream_part,
)
from ragcli.reading.sheets import Row, SheetsBuilder
from ragcli.reading.sheetxml import (
    CellReader,
    TextsHandler,
    merged_cells,
    place_of,
    sheet_rows,
)
from ragcli.reading.xmlstream import XmlError, read_xml

# Shared texts stay in memory while sheets are read. Workbooks of 100,000 rows have 300,000.
_MAX_TEXTS = 4_000_000
_MAX_TEXTS_CHARACTERS = 128_000_000

_SAVE_AGAIN = "open it in Excel or LibreOffice, save it again"
_DAMAGES = (*BROKEN, XmlError, KeyError)


def read(data: bytes, path: PurePath) -> Document:
    """The workbook's sheets in their order.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened(data, "XLSX", "Excel or LibreOffice") as package:
        return _Workbook(package).read()


class _Workbook:
    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._builder = SheetsBuilder()
        self._main = main_part(package, "xl/workbook.xml", "Excel workbook")
        self._relations = relations(package, self._main)

    def read(self) -> Document:
        sheets = elements(self._package, self._main, "sheet")
        if not sheets:
            raise Unreadable("wrong_format", "a zip file, but not an Excel workbook")
        reader = self._cell_reader()
        for number, sheet in enumerate(sheets, 1):
            relation = self._relations.get(attribute(sheet, "id"))
            self._add_sheet(number, one_line(sheet.get("name", "")), relation, reader)
        facts = core_properties(self._package)
        return Document(
            text=self._builder.text,
            format="xlsx",
            blocks=self._builder.blocks,
            pages=tuple(self._builder.pages),
            title=facts.title or None,
            date=facts.date,
            metadata=facts.metadata,
            problems=tuple(self._builder.problems),
        )

    def _add_sheet(
        self, number: int, name: str, relation: Relation | None, reader: CellReader
    ) -> None:
        if relation is None:
            message = f"sheet {name} is missing"
            self._builder.problems.append(Problem("broken", message, _SAVE_AGAIN, number))
            return
        beside = relations(self._package, relation.part).values()
        floating: Iterable[str] = self._floating(beside)
        rows: Iterator[Row] = iter(())
        if relation.kind == "worksheet":
            notes = self._notes(beside)
            rows = self._rows(number, name, relation.part, reader, notes)
            floating = chain(floating, (n for noted in notes.values() for n in noted.values()))
        self._builder.add_sheet(number, name, rows, floating)

    def _rows(
        self,
        number: int,
        name: str,
        part: str,
        reader: CellReader,
        notes: dict[int, dict[int, str]],
    ) -> Iterator[Row]:
        """The rows as far as they can be read; the rest is a problem of the sheet."""
        row = 0
        try:
            spans = merged_cells(self._pieces(part))
        except (*_DAMAGES, Unreadable):
            spans = {}
        try:
            for found in sheet_rows(self._pieces(part), reader, spans, notes):
                row = found.number
                yield found
        except Unreadable as error:
            message = f"sheet {name}: left out after row {row}: {error.message}"
            self._builder.problems.append(Problem(error.code, message, error.hint, number))
        except _DAMAGES as error:
            message = f"sheet {name}: damaged after row {row}: {error}"
            self._builder.problems.append(Problem("broken", message, _SAVE_AGAIN, number))

    def _pieces(self, part: str) -> Iterator[bytes]:
        return stream_part(self._package, part, MAX_PART_BYTES)

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
        return [r.part for r in self._relations.values() if r.kind == kind]

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
                self._tell_of_texts("broken", f"damaged: {error}")
        return handler.texts

    def _tell_of_texts(self, code: str, reason: str) -> None:
        message = f"cells are left out, as the table of the workbook's texts was not read: {reason}"
        self._builder.problems.append(Problem(code, message, _SAVE_AGAIN))

    def _notes(self, beside: Collection[Relation]) -> dict[int, dict[int, str]]:
        """Row -> column -> what was noted there. Threads of comments come first: old Excel sees a
        note beside them that only says so."""
        notes: dict[int, dict[int, str]] = {}
        by_kind = [r for kind in ("threadedComment", "comments") for r in beside if r.kind == kind]
        threaded: set[tuple[int, int]] = set()
        for relation in by_kind:
            is_thread = relation.kind == "threadedComment"
            tag, text_tag = ("threadedComment", "text") if is_thread else ("comment", "t")
            for element in elements(self._package, relation.part, tag):
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

    def _floating(self, beside: Collection[Relation]) -> list[str]:
        """The texts of boxes over the cells, and the titles of charts."""
        texts: list[str] = []
        for drawing in (r.part for r in beside if r.kind == "drawing"):
            texts += self._paragraphs(drawing, "p")
            for chart in relations(self._package, drawing).values():
                if chart.kind == "chart":
                    texts += self._paragraphs(chart.part, "title")
        return texts

    def _paragraphs(self, part: str, tag: str) -> list[str]:
        found = elements(self._package, part, tag)
        texts = (one_line("".join(t.text or "" for t in p.iter("{*}t"))) for p in found)
        return [text for text in texts if text]


@cache
def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 8 else 0
