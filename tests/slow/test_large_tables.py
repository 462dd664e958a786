"""Tables and data as large as people's and strangers' become: within the limits of a reader."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from ragcli.domain import Document
from ragcli.reading.options import ReadOptions
from ragcli.reading.worker import ReaderProcess

pytestmark = pytest.mark.slow

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(path: Path) -> Document:
    process = ReaderProcess(ReadOptions())
    try:
        result = process.read(path)
    finally:
        process.close()
    assert result.problem is None and result.document is not None
    return result.document


def workbook(path: Path, rows: Iterable[str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>'
            '<sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        package.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="rId1" Type="x/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>',
        )
        with package.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for row in rows:
                sheet.write(row.encode())
            sheet.write(b"</sheetData></worksheet>")
    return path


def words(row: int, cells: Iterable[object]) -> str:
    made = (
        f'<c r="{chr(65 + i)}{row}" t="str"><v>{cell}</v></c>'
        if isinstance(cell, str)
        else f'<c r="{chr(65 + i)}{row}"><v>{cell}</v></c>'
        for i, cell in enumerate(cells)
    )
    return f'<row r="{row}">{"".join(made)}</row>'


def test_a_hundred_thousand_rows_of_ten_columns(tmp_path: Path) -> None:
    def rows() -> Iterator[str]:
        yield words(1, [f"Column {name}" for name in "ABCDEFGHIJ"])
        for row in range(2, 100_002):
            yield words(
                row, [f"O-{row}", "Ann Li", "上海", "widget", row, 2, 3, 4, 5, f"end {row}"]
            )

    document = read(workbook(tmp_path / "a.xlsx", rows()))
    assert not document.problems
    assert document.text.count("Column A: O-") == 100_000
    assert document.text.endswith("Column J: end 100001")


def test_a_million_rows_of_nothing(tmp_path: Path) -> None:
    def rows() -> Iterator[str]:
        yield words(1, ["first"])
        for row in range(2, 1_048_577):
            cells = "".join(f'<c r="{name}{row}" s="1"/>' for name in "ABCDEF")
            yield f'<row r="{row}" s="1" customFormat="1">{cells}</row>'

    document = read(workbook(tmp_path / "a.xlsx", rows()))
    assert document.text == "Orders\n\nfirst" and not document.problems


def test_three_million_cells_in_one_row(tmp_path: Path) -> None:
    def rows() -> Iterator[str]:
        yield words(1, ["first"])
        yield "<row>" + "<c><v>1</v></c>" * 16_384
        for _ in range(600):
            yield "<c><v>1</v></c>" * 5000
            yield " " * 1_000_000
        yield "</row>"

    document = read(workbook(tmp_path / "a.xlsx", rows()))
    assert document.text == "Orders\n\nfirst"
    assert [(p.code, p.page) for p in document.problems] == [("too_large", 1)]


def test_thirty_megabytes_of_json_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    records = [{"id": i, "name": f"record {i}", "text": "word " * (i % 60)} for i in range(150_000)]
    path.write_text(json.dumps({"records": records, "count": len(records)}), encoding="utf-8")
    document = read(path)
    assert document.has_lines and not document.problems
    assert 10_000 < len(document.blocks) < 200_000


def test_a_million_brackets(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[" * 1_000_000 + "]" * 1_000_000, encoding="utf-8")
    assert len(read(path).text) == 2_000_000
