import datetime
import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import PurePath
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import options, package, xlsx
from ragcli.reading.dispatch import read_document

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


def book(fill: Callable[[Any], None], **options: Any) -> bytes:
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output, {"in_memory": True, **options})
    fill(workbook)
    workbook.close()
    return output.getvalue()


def one_sheet(rows: list[list[Any]], name: str = "S") -> bytes:
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet(name)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)

    return book(fill)


def with_parts(data: bytes, parts: dict[str, bytes | None]) -> bytes:
    """The package with parts replaced, added or, where None, left out."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(output, "w", 8) as new:
        contents = {name: old.read(name) for name in old.namelist()} | parts
        for name, content in contents.items():
            if content is not None:
                new.writestr(name, content)
    return output.getvalue()


def sheet_xml(rows: str, after: str = "") -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'.encode()


def read(data: bytes) -> Document:
    document = xlsx.read(data, PurePath("a.xlsx"))
    assert not document.has_lines
    check(document)
    return document


def read_rows(rows: str, after: str = "") -> Document:
    return read(with_parts(one_sheet([["x"]]), {SHEET: sheet_xml(rows, after)}))


def lines(document: Document) -> list[str]:
    """The lines of text under the sheets' names."""
    return [
        line for kind, text in pieces(document) if kind != "heading" for line in text.split("\n")
    ]


def test_each_row_says_the_names_of_its_columns():
    document = read(
        one_sheet(
            [
                ["Product", "Unit price", "In stock"],
                ["Widget", 12.5, True],
                ["Gadget", 3, False],
                ["Sprocket", None, True],
            ],
            "Stock list",
        )
    )
    assert pieces(document) == [
        ("heading", "Stock list"),
        (
            "table",
            "Product | Unit price | In stock\n"
            "Product: Widget | Unit price: 12.5 | In stock: TRUE\n"
            "Product: Gadget | Unit price: 3 | In stock: FALSE\n"
            "Product: Sprocket | In stock: TRUE",
        ),
    ]
    assert headings(document) == [(1, "Stock list")]
    assert [(p.number, p.label) for p in document.pages] == [(1, "Stock list")]


def test_chinese_sheets_titles_and_pages():
    def fill(workbook: Any) -> None:
        workbook.set_properties({"title": "年度报告", "author": "王芳", "keywords": "销售"})
        first = workbook.add_worksheet("销售")
        rows = [["二〇二四年度销售报告"], [], ["城市", "负责人", "销售额"]]
        rows += [["北京", "李雷", 1200], ["上海", "韩梅梅", 800]]
        for i, row in enumerate(rows):
            first.write_row(i, 0, row)
        workbook.add_worksheet("空表")
        workbook.add_worksheet("说明").write(4, 2, "数据来自财务部。")

    document = read(book(fill))
    assert pieces(document) == [
        ("heading", "销售"),
        ("paragraph", "二〇二四年度销售报告"),
        (
            "table",
            "城市 | 负责人 | 销售额\n城市: 北京 | 负责人: 李雷 | 销售额: 1200\n"
            "城市: 上海 | 负责人: 韩梅梅 | 销售额: 800",
        ),
        ("heading", "说明"),
        ("paragraph", "数据来自财务部。"),
    ]
    assert [(p.number, p.label) for p in document.pages] == [(1, "销售"), (3, "说明")]
    page = document.pages[1]
    assert document.text[page.char_start : page.char_end] == "说明\n\n数据来自财务部。"
    assert document.title == "年度报告"
    assert document.metadata == {"author": "王芳", "keywords": "销售"}


def test_values_as_they_are_seen():
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["What", "Value"])
        seen: list[tuple[str, Any, str]] = [
            ("date", datetime.date(2024, 2, 29), "d.m.yyyy"),
            ("moment", datetime.datetime(2024, 2, 29, 8, 5), "m/d/yy h:mm AM/PM"),
            ("long", 1.5, "[h]:mm"),
            ("share", 0.125, "0.0%"),
            ("price", 1234.5, '"$"#,##0.00'),
            ("yuan", -8, "[$¥-804]#,##0.00"),
            ("number", 42, "00000"),
            ("noise", 0.1 + 0.2, "General"),
            ("month", datetime.date(2024, 2, 1), 'yyyy"年"m"月"'),
        ]
        for i, (what, value, code) in enumerate(seen, 1):
            sheet.write(i, 0, what)
            sheet.write(i, 1, value, workbook.add_format({"num_format": code}))
        sheet.write(10, 0, "sum")
        sheet.write_formula(10, 1, "=SUM(B4:B5)", None, 77)
        sheet.write(11, 0, "error")
        sheet.write_formula(11, 1, "=1/0", None, "#DIV/0!")

    assert lines(read(book(fill)))[1:] == [
        "What: date | Value: 2024-02-29",
        "What: moment | Value: 2024-02-29 08:05",
        "What: long | Value: 36:00",
        "What: share | Value: 12.5%",
        "What: price | Value: $1,234.50",
        "What: yuan | Value: -¥8.00",
        "What: number | Value: 00042",
        "What: noise | Value: 0.3",
        "What: month | Value: 2024-02",
        "What: sum | Value: 77",
        "What: error | Value: #DIV/0!",
    ]


@pytest.mark.parametrize("is_1904", [False, True])
def test_the_calendar_of_the_workbook(is_1904: bool):
    def fill(workbook: Any) -> None:
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        workbook.add_worksheet().write(0, 0, datetime.date(1999, 12, 31), day)

    assert lines(read(book(fill, date_1904=is_1904))) == ["1999-12-31"]


def test_merged_cells_reach_into_the_rows_they_cover():
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet("Sales")
        sheet.merge_range("A1:E1", "All sales")
        sheet.merge_range("A2:A3", "Region")
        sheet.merge_range("B2:C2", "2023")
        sheet.merge_range("D2:E2", "2024")
        sheet.write_row("B3", ["Q1", "Q2", "Q1", "Q2"])
        sheet.merge_range("A4:A5", "North")
        sheet.write_row("B4", [1, 2, 3, 4])
        sheet.write_row("B5", [5, 6, 7, 8])
        sheet.write_row("A6", ["South", 9, 10, 11, 12])

    assert lines(read(book(fill))) == [
        "All sales",
        "Region | 2023 | 2024",
        "Region | Q1 | Q2 | Q1 | Q2",
        "Region: North | 2023 Q1: 1 | 2023 Q2: 2 | 2024 Q1: 3 | 2024 Q2: 4",
        "Region: North | 2023 Q1: 5 | 2023 Q2: 6 | 2024 Q1: 7 | 2024 Q2: 8",
        "Region: South | 2023 Q1: 9 | 2023 Q2: 10 | 2024 Q1: 11 | 2024 Q2: 12",
    ]


def test_comments_boxes_and_chart_titles():
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet("Plan")
        sheet.write_row(0, 0, ["Task", "Days"])
        sheet.write_row(1, 0, ["Paint", 3])
        sheet.write_comment("B2", "Li says four", {"author": "Wang"})
        sheet.insert_textbox("D2", "Weather permitting")
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=Plan!$B$2:$B$3"})
        chart.set_title({"name": "Days per task"})
        sheet.insert_chart("D9", chart)
        other = workbook.add_chart({"type": "pie"})
        other.add_series({"values": "=Plan!$B$2:$B$3"})
        other.set_title({"name": "Slices"})
        workbook.add_chartsheet("Chart only").set_chart(other)

    document = read(book(fill))
    assert "Task: Paint | Days: 3 [" in document.text
    assert "Li says four]" in document.text
    assert pieces(document)[-4:] == [
        ("paragraph", "Weather permitting"),
        ("paragraph", "Days per task"),
        ("heading", "Chart only"),
        ("paragraph", "Slices"),
    ]
    assert not document.problems


def test_hidden_sheets_rows_and_rich_text_are_read_and_readings_are_not():
    def fill(workbook: Any) -> None:
        sheet = workbook.add_worksheet()
        bold = workbook.add_format({"bold": True})
        sheet.write_rich_string(0, 0, "one ", bold, "word")
        sheet.set_row(0, None, None, {"hidden": True})
        hidden = workbook.add_worksheet("secret")
        hidden.write(0, 0, "kept")
        hidden.very_hidden()

    assert lines(read(book(fill))) == ["one word", "kept"]
    texts = (
        f'<sst xmlns="{MAIN}"><si><t>東京_x000A_市</t>'
        '<rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si></sst>'
    )
    data = with_parts(one_sheet([["x"]]), {"xl/sharedStrings.xml": texts.encode()})
    assert lines(read(data)) == ["東京 市"]


def test_cells_without_references_inline_texts_and_prefixed_names():
    document = read_rows(
        "<row><c t='inlineStr'><is><r><t>Na</t></r><r><t>me</t></r></is></c>"
        "<c t='str'><f>A1</f><v>Born</v></c></row>"
        "<row><c t='inlineStr'><is><t>Ada</t></is></c><c t='d'><v>1815-12-10</v></c></row>"
    )
    assert lines(document) == ["Name | Born", "Name: Ada | Born: 1815-12-10"]
    prefixed = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="B1"><x:v>7</x:v></x:c>'
        "</x:row></x:sheetData></x:worksheet>"
    )
    assert lines(read(with_parts(one_sheet([["x"]]), {SHEET: prefixed.encode()}))) == ["7"]


def test_the_same_cells_as_openpyxl_wrote():
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["Name", "Since", "Share"])
    sheet.append(["甲", datetime.datetime(2020, 5, 6, 7, 8), 0.5])
    sheet["C2"].number_format = "0%"
    output = io.BytesIO()
    workbook.save(output)
    assert lines(read(output.getvalue())) == [
        "Name | Since | Share",
        "Name: 甲 | Since: 2020-05-06 07:08 | Share: 50%",
    ]


def test_tables_one_below_the_other_have_their_own_header():
    rows: list[list[Any]] = [["Name", "Age"], ["Ann", 30], ["Bob", 40], []]
    rows += [["Cat", 50], [], ["City", "Country", "Area"], ["Oslo", "Norway", 454]]
    assert lines(read(one_sheet(rows))) == [
        "Name | Age",
        "Name: Ann | Age: 30",
        "Name: Bob | Age: 40",
        "Name: Cat | Age: 50",
        "City | Country | Area",
        "City: Oslo | Country: Norway | Area: 454",
    ]


def test_rows_without_a_header_stay_as_they_are():
    assert lines(read(one_sheet([["apple", "a fruit"], ["beet", "a root"]]))) == [
        "apple | a fruit",
        "beet | a root",
    ]
    assert pieces(read(one_sheet([["First thought."], ["Second thought."]]))) == [
        ("heading", "S"),
        ("paragraph", "First thought.\nSecond thought."),
    ]


def test_a_wide_row_goes_on_under_its_first_cell():
    names = ["Name", *(f"Property {chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(60))]
    document = read(one_sheet([names, ["Zebra", *range(60)]]))
    header, *row = lines(document)
    assert header.split(" | ") == names
    assert [line.split(" | ")[0] for line in row] == ["Name: Zebra", "Name: Zebra"]
    assert all(len(line) < 700 for line in row)
    assert "Property ch: 59" in row[-1]


# ------------------------------------------------------------------ strangers' files


def problem(data: bytes) -> tuple[str, int | None]:
    (found,) = read(data).problems
    assert found.message and found.message[0].islower()
    return found.code, found.page


def test_a_damaged_sheet_costs_its_rest():
    good = one_sheet([["a", "b"], [1, 2]])
    cut = sheet_xml("<row><c><v>1</v></c></row><row><c><v>2</v></c></row>")[:-40]
    document = read(with_parts(good, {SHEET: cut}))
    assert lines(document)[0] == "1"
    assert problem(with_parts(good, {SHEET: cut})) == ("broken", 1)


def test_rows_before_damage_are_kept():
    document = read_rows("<row><c><v>1</v></c></row><row><c><v>2</v></c></row><row><<")
    assert lines(document) == ["1", "2"]
    assert [(p.code, p.page) for p in document.problems] == [("broken", 1)]
    assert "after row 2" in document.problems[0].message


def test_a_missing_sheet_costs_itself():
    def fill(workbook: Any) -> None:
        workbook.add_worksheet().write(0, 0, "gone")
        workbook.add_worksheet().write(0, 0, "here")

    data = with_parts(book(fill), {SHEET: None})
    assert lines(read(data)) == ["here"]
    assert problem(data) == ("broken", 1)


def test_a_bad_checksum_is_told():
    data = bytearray(one_sheet([["word", i] for i in range(200)]))
    at = data.index(b"xl/worksheets/sheet1.xml", data.index(b"PK\x01\x02")) - 46
    data[at + 16] ^= 0xFF
    (found,) = read(bytes(data)).problems
    assert found.code == "broken" and "word" in read(bytes(data)).text


def test_damaged_shared_texts_are_told():
    texts = b"<sst><si><t>a</t></si><si>"
    data = with_parts(one_sheet([["a", 1]]), {"xl/sharedStrings.xml": texts})
    document = read(data)
    assert "a" in document.text
    assert [p.code for p in document.problems] == ["broken"]


def test_encrypted_old_and_other_files():
    ole = package.OLE_MARK + bytes(600)
    for data, code in [
        (ole + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (ole, "wrong_format"),
        (b"no zip", "broken"),
        (one_sheet([["a"]])[:700], "broken"),
        (with_parts(one_sheet([["a"]]), {"xl/workbook.xml": b"<workbook/>"}), "wrong_format"),
    ]:
        with pytest.raises(Unreadable) as caught:
            xlsx.read(data, PurePath("a.xlsx"))
        assert caught.value.code == code


def test_empty_workbooks_have_no_text():
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.xlsx"), one_sheet([]))
    assert caught.value.code == "no_text"


def test_blank_cells_cost_little():
    blank = "<row><c s='1'/><c s='1'/></row>" * 9999
    document = read_rows(blank + "<row r='1048576'><c r='C1048576'><v>9</v></c></row>")
    assert lines(document) == ["9"]


def test_a_workbook_with_too_much_text_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(options, "_current", options.ReadOptions(output_mb=1))
    text = "字" * 1000
    document = read_document(PurePath("a.xlsx"), one_sheet([[text, i] for i in range(500)]))
    (found,) = document.problems
    assert (found.code, found.page) == ("too_large", 1)
    assert "the rows from 349 on are left out" in found.message
    assert document.text.count("字") == 348_000


def test_a_sheet_that_inflates_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(xlsx, "MAX_PART_BYTES", 200_000)
    rows = "<row><c><v>5</v></c></row>" + " " * 400_000
    document = read_rows(rows)
    assert lines(document) == ["5"]
    assert [(p.code, p.page) for p in document.problems] == [("too_large", 1)]


def test_hostile_numbers_and_references():
    document = read_rows(
        "<row r='99999999999999'><c r='ZZZZ9' t='s'><v>99999</v></c>"
        "<c r='A1' s='-7'><v>1e999</v></c><c t='n' s='999999'><v>nan</v></c><c><v>twelve</v></c>"
        "</row>"
        "<row r='-1'><c r='XFE1'><v>1</v></c><c r='é1'><v>1</v></c><c t='b'><v>1</v></c></row>",
        "<mergeCells><mergeCell ref='A1:ZZZ9999999'/><mergeCell ref=\"B9:A1\"/></mergeCells>",
    )
    assert lines(document) == ["1e999 | nan | twelve"]


def test_entities_are_not_followed():
    laughs = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghij"))
    declared = (
        f'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">{laughs}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    )
    rows = "<row><c><v>1</v></c></row><row><c t='str'><v>%s</v></c></row>"
    for entity in ("&j;", "&file;"):
        data = declared.encode() + sheet_xml(rows % entity)
        document = read(with_parts(one_sheet([["x"]]), {SHEET: data}))
        assert "root:" not in document.text
        assert len(document.text) < 1000


def test_targets_that_leave_the_package_lead_nowhere():
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="x/worksheet" Target="../../../../etc/passwd"/>'
        "</Relationships>"
    )
    names = with_parts(one_sheet([["x"]]), {"xl/_rels/workbook.xml.rels": rels.encode()})
    (found,) = xlsx.read(names, PurePath("a.xlsx")).problems
    assert (found.code, found.page) == ("broken", 1)
