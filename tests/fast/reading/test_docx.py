import datetime
import io
import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import docx as python_docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from fakes.document_checks import check, headings, pieces
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import docx, package


def save(document: Any) -> bytes:
    output = io.BytesIO()
    document.save(output)
    return output.getvalue()


def with_parts(data: bytes, **parts: str | Callable[[str], str]) -> bytes:
    """The package with parts of word/ (``styles`` for styles.xml) replaced or added."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(output, "w") as new:
        for name in old.namelist():
            key = name.removeprefix("word/").removesuffix(".xml")
            part = parts.pop(key, None)
            text = part(old.read(name).decode()) if callable(part) else part
            new.writestr(name, old.read(name) if text is None else text)
        for key, part in parts.items():
            assert isinstance(part, str)
            new.writestr(f"word/{key}.xml", part)
    return output.getvalue()


def read(data: bytes) -> Document:
    document = docx.read(data, PurePath("a.docx"))
    assert not document.has_lines
    check(document)
    return document


def read_body(xml: str, **parts: str) -> Document:
    """A document whose body is this XML (prefix ``w``)."""
    source = python_docx.Document()
    for element in parse_xml(f"<w:body {nsdecls('w')}>{xml}</w:body>"):
        source.element.body.append(element)
    return read(with_parts(save(source), **parts))


def test_structure():
    source = python_docx.Document()
    source.core_properties.author = "作者"
    source.core_properties.modified = datetime.datetime(2024, 5, 6, 7, 8, 9)
    source.add_heading("检索手册", 0)
    source.add_heading("第一章\t概述", 1)
    source.add_paragraph("Hello\tworld\n中文。")
    source.add_paragraph("one", style="List Bullet")
    source.add_paragraph("two", style="List Number 2")
    table = source.add_table(2, 3)
    table.cell(0, 0).text = "a"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "wide"
    table.cell(1, 0).text = "x\ny"
    table.cell(1, 2).add_table(1, 2).cell(0, 0).text = "inner"
    source.add_heading("Sub", 2)
    source.add_paragraph("end")
    document = read(save(source))
    assert pieces(document) == [
        ("heading", "检索手册"),
        ("heading", "第一章 概述"),
        ("paragraph", "Hello\tworld\n中文。"),
        ("list", "- one\n1. two"),
        ("table", "a | wide\nx y |  | inner"),
        ("heading", "Sub"),
        ("paragraph", "end"),
    ]
    assert headings(document) == [(1, "检索手册"), (1, "第一章 概述"), (2, "Sub")]
    assert document.title == "检索手册"
    assert document.date == "2024-05-06T07:08:09+00:00"
    assert document.metadata["author"] == "作者"


def test_the_stated_title_comes_first():
    source = python_docx.Document()
    source.core_properties.title = "Stated"
    source.add_heading("Printed", 0)
    assert read(save(source)).title == "Stated"
    assert read(save(python_docx.Document())).title is None


def test_tracked_changes_fields_and_hidden_text():
    text = read_body(
        "<w:p><w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r>"
        "<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:instrText>PAGE</w:instrText><w:t>!</w:t></w:r>"
        "<w:hyperlink><w:r><w:t> link</w:t><w:noBreakHyphen/>"
        "<w:tab/><w:t>x</w:t></w:r></w:hyperlink></w:p>"
    ).text
    assert text == "kept new! link\u2011\tx"


def test_content_controls_and_merged_rows():
    document = read_body(
        "<w:sdt><w:sdtPr/><w:sdtContent><w:p><w:r><w:t>inside</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr>"
        "<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>gone</w:t></w:r></w:p></w:tc></w:tr>"
        "<w:sdt><w:sdtContent><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>"
        "<w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:sdtContent></w:sdt></w:tbl>"
    )
    assert pieces(document) == [("paragraph", "inside"), ("table", "a\n | b")]


def test_headings_by_outline_level_and_by_localised_style():
    style = (
        f"<w:styles {nsdecls('w')}><w:style w:styleId='a1'><w:name w:val='标题 2'/></w:style>"
        "<w:style w:styleId='b'><w:basedOn w:val='b1'/></w:style>"
        "<w:style w:styleId='b1'><w:basedOn w:val='b'/>"
        "<w:pPr><w:outlineLvl w:val='2'/></w:pPr></w:style>"
        "</w:styles>"
    )
    xml = "".join(
        f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{name}</w:t></w:r></w:p>"
        for name, properties in {
            "own": "<w:outlineLvl w:val='0'/>",
            "named": "<w:pStyle w:val='a1'/>",
            "based": "<w:pStyle w:val='b'/>",
            "body": "<w:pStyle w:val='b'/><w:outlineLvl w:val='9'/>",
            "item": "<w:numPr><w:ilvl w:val='1'/><w:numId w:val='3'/></w:numPr>",
            "no item": "<w:numPr><w:numId w:val='0'/></w:numPr>",
        }.items()
    )
    document = read_body(xml, styles=style)
    assert headings(document) == [(1, "own"), (2, "named"), (3, "based")]
    assert pieces(document)[3:] == [
        ("paragraph", "body"),
        ("list", "  - item"),
        ("paragraph", "no item"),
    ]


def test_notes_follow_their_paragraph():
    notes = (
        f"<w:footnotes {nsdecls('w')}><w:footnote w:type='separator' w:id='0'><w:p/></w:footnote>"
        "<w:footnote w:id='2'><w:p><w:r><w:t>the note</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    document = read_body(
        "<w:p><w:r><w:t>text</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
        "<w:p><w:r><w:t>next</w:t></w:r></w:p>",
        footnotes=notes,
    )
    assert document.text == "text\n\nthe note\n\nnext"


def test_strict_documents_are_read_alike():
    source = python_docx.Document()
    source.add_heading("Head", 1)

    def strict(xml: str) -> str:
        return xml.replace(
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            "http://purl.oclc.org/ooxml/wordprocessingml/main",
        )

    assert headings(read(with_parts(save(source), document=strict, styles=strict))) == [(1, "Head")]


def test_entities_are_not_resolved():
    bomb = (
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        f"<w:document {nsdecls('w')}><w:body>"
        "<w:p><w:r><w:t>x&a;&f;</w:t></w:r></w:p></w:body></w:document>"
    )
    assert read(with_parts(save(python_docx.Document()), document=bomb)).text == "x"


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(package, "MAX_PART_BYTES", 1000)
    with pytest.raises(Unreadable, match="inflates") as found:
        read(WHOLE)
    assert found.value.code == "too_large"


def zipped(name: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as package:
        package.writestr(name, "<x/>")
    return output.getvalue()


def make() -> bytes:
    source = python_docx.Document()
    source.add_heading("Head", 1)
    source.add_paragraph("text")
    return save(source)


WHOLE = make()
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "broken"),
        (b"PK\x03\x04 no zip", "broken"),
        (WHOLE[: len(WHOLE) // 2], "broken"),
        (with_parts(WHOLE, document="<w:p>"), "broken"),
        (zipped("readme.txt"), "wrong_format"),
        (OLE + b"an old file", "wrong_format"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    ],
)
def test_what_cannot_be_read(data: bytes, code: str):
    with pytest.raises(Unreadable) as found:
        read(data)
    assert found.value.code == code


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_ends_in_a_document_or_a_reason(changes: list[tuple[int, int]]):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    try:
        read(bytes(data))
    except Unreadable as error:
        assert error.code in ("broken", "wrong_format", "encrypted", "too_large")
