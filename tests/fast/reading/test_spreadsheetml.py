from pathlib import PurePath

from fakes.document_checks import check, pieces

from ragcli.domain import Document
from ragcli.reading.dispatch import read_document

NAMES = (
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
    ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
)
FACTS = (
    "<DocumentProperties><Title>年度</Title><Author>王芳</Author>"
    "<Created>2004-05-06T07:08:09Z</Created></DocumentProperties>"
)


def read(sheets: str) -> Document:
    text = f'<?xml version="1.0"?>\n<Workbook {NAMES}>{FACTS}{sheets}</Workbook>'
    document = read_document(PurePath("export.xls"), text.encode())
    check(document)
    assert document.format == "spreadsheetml"
    return document


def cell(text: str, kind: str = "String", attributes: str = "", after: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="{kind}">{text}</Data>{after}</Cell>'


def test_rows_with_types_places_and_notes():
    note = '<Comment ss:Author="Li"><ss:Data><B>Li:</B> sure?</ss:Data></Comment>'
    document = read(
        '<Worksheet ss:Name="销售"><Table><Column/><Row>'
        + cell("城市", attributes='ss:MergeDown="0"')
        + cell("Since")
        + cell("Sum", attributes='ss:Index="4"')
        + "</Row><Row>"
        + cell("北京", attributes='ss:MergeDown="1"', after=note)
        + cell("2004-05-06T00:00:00.000", "DateTime")
        + cell("1.50", "Number", 'ss:Index="4"')
        + '</Row><Row ss:Index="3">'
        + cell("1", "Boolean", 'ss:Index="2" ss:MergeAcross="1"')
        + cell("#N/A", "Error")
        + '</Row></Table></Worksheet><Worksheet ss:Name="空"/>'
        + f'<Worksheet ss:Name="2"><Table><Row>{cell("<B>a</B> b")}</Row></Table></Worksheet>'
    )
    assert pieces(document) == [
        ("heading", "销售"),
        (
            "table",
            "城市 | Since | Sum\n城市: 北京 [Li: sure?] | Since: 2004-05-06 | Sum: 1.5\n"
            "城市: 北京 | Since: TRUE | Sum: #N/A",
        ),
        ("heading", "2"),
        ("paragraph", "a b"),
    ]
    assert [(p.number, p.label) for p in document.pages] == [(1, "销售"), (3, "2")]
    assert (document.title, document.metadata) == ("年度", {"author": "王芳"})


def test_what_stands_before_damage_is_read():
    row = f"<Row>{cell('first')}</Row>"
    document = read(f'<Worksheet ss:Name="S"><Table>{row}<Row><Oops</Row></Table></Worksheet>')
    assert pieces(document) == [("heading", "S"), ("paragraph", "first")]
    assert [(p.code, p.page) for p in document.problems] == [("broken", 1)]
