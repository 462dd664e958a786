import io
import zipfile
from pathlib import PurePath
from typing import Any

import odf.opendocument
import pytest
from fakes.document_checks import check, headings, pieces
from odf import dc, meta, office, table
from odf.text import P

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import ods, package

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "table", "text", "draw")
)


def flat(tables: str, before: str = "", name: str = "a.fods") -> Document:
    """A flat document with these tables."""
    text = f"""<?xml version="1.0"?>{before}
<office:document {NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:meta>
 <dc:title>Flat title</dc:title></office:meta><office:body><office:spreadsheet>{tables}
</office:spreadsheet></office:body></office:document>"""
    return checked(ods.read(text.encode(), PurePath(name)))


def checked(document: Document) -> Document:
    assert not document.has_lines and document.format == "ods"
    check(document)
    return document


def rows(*cells: str) -> str:
    return "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)


def text_cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def sheet(content: str, name: str = "S") -> str:
    return f'<table:table table:name="{name}">{content}</table:table>'


def lines(document: Document) -> list[str]:
    return [
        line for kind, text in pieces(document) if kind != "heading" for line in text.split("\n")
    ]


def workbook() -> bytes:
    document = odf.opendocument.OpenDocumentSpreadsheet()
    document.meta.addElement(dc.Title(text="年度报告"))
    document.meta.addElement(meta.InitialCreator(text="王芳"))
    document.meta.addElement(dc.Date(text="2024-05-06T07:08:09"))
    for name, content in [
        (
            "销售",
            [["城市", "负责人", "销售额"], ["北京", "李雷", 1200.5], ["上海", "韩梅梅", 800.0]],
        ),
        ("Empty", []),
        ("People", [["Name", "Age"], ["Ann", 30.0], ["Bob", 40.0]]),
    ]:
        made = table.Table(name=name)
        for cells in content:
            row = table.TableRow()
            for value in cells:
                cell: Any = table.TableCell(valuetype="string")
                if isinstance(value, float):
                    cell = table.TableCell(valuetype="float", value=value)
                cell.addElement(P(text=str(value)))
                row.addElement(cell)
            made.addElement(row)
        document.spreadsheet.addElement(made)
    note = office.Annotation()
    note.addElement(P(text="new here"))
    made.lastChild.firstChild.addElement(note)
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def test_sheets_are_pages_and_rows_say_their_names():
    document = checked(ods.read(workbook(), PurePath("a.ods")))
    assert pieces(document) == [
        ("heading", "销售"),
        (
            "table",
            "城市 | 负责人 | 销售额\n城市: 北京 | 负责人: 李雷 | 销售额: 1200.5\n"
            "城市: 上海 | 负责人: 韩梅梅 | 销售额: 800.0",
        ),
        ("heading", "People"),
        ("table", "Name | Age\nName: Ann | Age: 30.0\nName: Bob [new here] | Age: 40.0"),
    ]
    assert headings(document) == [(1, "销售"), (1, "People")]
    assert [(p.number, p.label) for p in document.pages] == [(1, "销售"), (3, "People")]
    assert document.title == "年度报告"
    assert document.date == "2024-05-06T07:08:09"
    assert document.metadata == {"author": "王芳"}


def test_repeated_and_merged_cells():
    document = flat(
        sheet(
            rows(
                text_cell("Name") + text_cell("Q", 'table:number-columns-repeated="2"'),
                text_cell("Ann", 'table:number-rows-spanned="2"')
                + '<table:table-cell table:number-columns-repeated="16382"/>'
                + text_cell("far"),
            )
            + '<table:table-row table:number-rows-repeated="3"><table:covered-table-cell/>'
            + text_cell("5", 'office:value-type="float" office:value="5"')
            + "</table:table-row>"
            + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
            + 'table:number-columns-repeated="16384"/></table:table-row>'
            + rows(text_cell("below"))
        )
    )
    assert lines(document) == [
        "Name | Q | Q",
        "Name: Ann | far",
        "Name: Ann | Q: 5",
        "Q: 5",
        "Q: 5",
        "below",
    ]
    assert document.title == "Flat title"


def test_words_within_a_cell():
    document = flat(
        sheet(
            rows(
                "<table:table-cell><text:p>one<text:s text:c='3'/>two<text:tab/>three"
                "<text:line-break/><text:span>fo<text:span>ur</text:span></text:span></text:p>"
                "<text:p>five<text:ruby><text:ruby-base>漢字</text:ruby-base>"
                "<text:ruby-text>かんじ</text:ruby-text></text:ruby></text:p></table:table-cell>",
                '<table:table-cell office:value-type="date" office:date-value="2024-02-29"/>',
                '<table:table-cell office:value-type="percentage" office:value="0.5"/>',
            )
            + "<table:shapes><draw:frame><draw:text-box><text:p>A box</text:p></draw:text-box>"
            "</draw:frame></table:shapes>"
        )
    )
    assert lines(document) == ["one two three four five漢字", "2024-02-29", "0.5", "A box"]


def test_tables_within_a_cell_are_its_text():
    inner = sheet(rows(text_cell("inner")))
    chart = f"<draw:object>{inner}</draw:object>"
    content = rows(f"<table:table-cell><text:p>outer</text:p>{inner}{chart}</table:table-cell>")
    assert lines(flat(sheet(content))) == ["outer inner"]


# ------------------------------------------------------------------ strangers' files


def with_content(content: bytes | None, manifest: bytes = b"") -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", 8) as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        if content is not None:
            new.writestr("content.xml", content)
        new.writestr("META-INF/manifest.xml", manifest)
    return output.getvalue()


def test_what_is_no_spreadsheet():
    locked = b'<manifest xmlns="urn:x"><file-entry><encryption-data/></file-entry></manifest>'
    for data, code in [
        (with_content(b"\x93noise", locked), "encrypted"),
        (with_content(None), "wrong_format"),
        (package.OLE_MARK + bytes(600), "wrong_format"),
        (b"no zip", "broken"),
        (workbook()[:900], "broken"),
    ]:
        with pytest.raises(Unreadable) as caught:
            ods.read(data, PurePath("a.ods"))
        assert caught.value.code == code


def test_a_damaged_part_costs_its_rest():
    good = f"<x {NAMES}>{sheet(rows(text_cell('first'), text_cell('second')))}"
    cut = good[: good.index("second")].encode()
    document = checked(ods.read(with_content(cut), PurePath("a.ods")))
    assert lines(document) == ["first"]
    assert [(p.code, p.page) for p in document.problems] == [("broken", 1)]
    assert "row 1 of sheet 1" in document.problems[0].message


def test_content_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ods, "MAX_PART_BYTES", 200_000)
    content = f"<x {NAMES}>{sheet(rows(text_cell('first')) + ' ' * 400_000)}</x>".encode()
    document = checked(ods.read(with_content(content), PurePath("a.ods")))
    assert lines(document) == ["first"]
    assert [(p.code, p.page) for p in document.problems] == [("too_large", 1)]


def test_rows_repeated_without_measure():
    content = '<table:table-row table:number-rows-repeated="1048576">' + text_cell(
        "again", 'table:number-columns-repeated="99999999"'
    )
    document = flat(sheet(content + "</table:table-row>"))
    assert lines(document) == ["again"] * 100


def test_entities_are_not_followed():
    document = flat(
        sheet(rows(text_cell("&file;-&kind;"))),
        '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY kind "inner">]>',
    )
    assert lines(document) == ["-inner"]
