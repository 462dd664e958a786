import csv
import io
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import delimited
from ragcli.reading.dispatch import read_document


def read(data: str | bytes, name: str = "a.csv", markup: str = "") -> Document:
    raw = data.encode() if isinstance(data, str) else data
    document = delimited.read(raw, PurePath(name))
    assert document.has_lines and document.format == "csv"
    check(document, markup="\ufeff" + markup)
    return document


def test_the_header_is_a_heading_over_its_rows():
    text = "Name,City,Born\nAda,London,1815\nGrace,New York,1906\n"
    document = read(text)
    assert document.text == text
    assert pieces(document) == [
        ("heading", "Name,City,Born"),
        ("table", "Ada,London,1815\nGrace,New York,1906"),
    ]
    assert headings(document) == [(1, "Name | City | Born")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_tables_however_they_are_written(delimiter: str, encoding: str):
    rows = ["城市{0}负责人{0}销售额", "北京{0}李雷{0}1200", "上海{0}韩梅梅，副经理{0}800", ""]
    text = "\r\n".join(rows).format(delimiter)
    document = read(text.encode(encoding))
    assert document.text.removeprefix("\ufeff") == text
    assert headings(document) == [(1, "城市 | 负责人 | 销售额")]
    assert pieces(document)[1][1].startswith("北京")


def test_quoted_values_may_hold_anything():
    rows = [["Item", "Price", "Remark"]]
    rows += [["nut; bolt", "1,5", 'said "no",\nthen\r\nyes'], ["screw", "2", "fine"]]
    output = io.StringIO(newline="")
    csv.writer(output).writerows(rows)
    document = read(output.getvalue())
    assert pieces(document) == [
        ("heading", "Item,Price,Remark"),
        ("table", 'nut; bolt,"1,5","said ""no"",\nthen\r\nyes"'),
        ("table", "screw,2,fine"),
    ]


def test_titles_above_the_header_and_empty_values():
    text = "Sales of 2024,,,\nsource: finance,,,\n\nCity,Q1,Q2,Q3\nOslo,1,,\nRome,,5,6\nBonn,,,9\n"
    document = read(text)
    assert pieces(document) == [
        ("paragraph", "Sales of 2024,,,"),
        ("paragraph", "source: finance,,,"),
        ("heading", "City,Q1,Q2,Q3"),
        ("table", "Oslo,1,,\nRome,,5,6\nBonn,,,9"),
    ]


def test_tables_without_a_header():
    assert pieces(read("1;2;3\n4;5;6\n")) == [("table", "1;2;3\n4;5;6")]
    assert pieces(read("Ann;5\nBob;6\nAnn;7\n")) == [("table", "Ann;5\nBob;6\nAnn;7")]


def test_the_delimiter_that_excel_is_told():
    document = read("sep=|\nWord|Count\nfox, red|3\nhen, grey|4\n", markup="sep=|")
    assert headings(document) == [(1, "Word | Count")]


def test_tabs_before_nothing():
    document = read("Key\tValue\tNote\na\t1\t\nb\t2\t\nc\t\t\n", "a.tsv")
    assert headings(document) == [(1, "Key | Value | Note")]
    assert pieces(document)[1] == ("table", "a\t1\t\nb\t2\t\nc")


def test_what_is_no_table_is_plain_text():
    text = "Dear all, the meeting is off.\n\nWe meet, as always, on Monday, at nine.\nYours, Ann\n"
    assert pieces(read(text)) == [
        ("paragraph", "Dear all, the meeting is off."),
        ("paragraph", "We meet, as always, on Monday, at nine.\nYours, Ann"),
    ]
    assert pieces(read("Name\nAnn\nBob\n")) == [("paragraph", "Name\nAnn\nBob")]


def test_a_quote_that_is_not_closed_ends_nothing():
    rows = "".join(f"pipe {i},3 inch,{i}\n" for i in range(500))
    text = f'Part,Size,Count\nbolt,2" wide,7\n{rows}'
    document = read(text)
    assert headings(document) == [(1, "Part | Size | Count")]
    assert sum(piece.count("\n") + 1 for _, piece in pieces(document)) == 502


def test_strangers_files():
    long = "a," * 400_000 + "b\n" + "c,d\n" * 3
    for text in (
        long,
        "x" * 1_000_000,
        "same,line\n" * 5000,
        "a,b\n1,\x00\n2,3\n",
        '"' * 99_999,
        "a,\r\rb,c\n" * 3,
        ",,,\n,,,\nx,,,",
        '"' + "1,2\n" * 50_000,
    ):
        document = read(text)
        assert document.text == text and document.blocks
    assert len(read("a,b\n" + '1,"x\ny"\n' * 200_000).blocks) < 100_000


def test_nothing_in_it():
    for data in (b"\n\n", b"\xef\xbb\xbf\r\n"):
        with pytest.raises(Unreadable):
            delimited.read(data, PurePath("a.csv"))
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.csv"), bytes(range(256)) * 9)
    assert caught.value.code == "binary"
