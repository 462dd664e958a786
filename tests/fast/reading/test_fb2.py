"""FictionBook: sections under their titles, notes, what the book says of itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import fb2
from ragcli.reading.dispatch import read_document
from ragcli.reading.language import with_language

HEAD = (
    '<?xml version="1.0" encoding="{}"?><FictionBook'
    ' xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"'
    ' xmlns:l="http://www.w3.org/1999/xlink"><description><title-info><genre>prose</genre>'
    "<author><first-name>Anna</first-name><last-name>Иванова</last-name></author>"
    "<author><nickname>王五</nickname></author><book-title>Мост 桥</book-title><annotation>"
    '<p>Short.</p></annotation><date value="2024-05-06">May</date><lang>ru</lang></title-info>'
    "</description>"
)
BODY = (
    "<body><title><p>Мост</p><p>роман</p></title><section><title><p>Часть I</p></title>"
    "<section><title><p>Глава 1</p></title><epigraph><p>Старая песня.</p></epigraph>"
    "<p>Мост закрыли во <emphasis>вторник</emphasis>,<a l:href='#n1' type='note'>1</a> и никто не"
    " мог перейти реку.</p><empty-line/><poem><stanza><v>Первая строка,</v><v>вторая.</v>"
    "</stanza></poem><table><tr><th>А</th><td><p>Б</p></td></tr><tr><td>1</td><td>2</td></tr>"
    "</table></section></section></body>"
)
NOTES = (
    "<body name='notes'><section id='n1'><title><p>1</p></title><p>В мае.</p></section></body>"
    "<binary id='c.jpg'>iVBORw0KGgo=</binary></FictionBook>"
)


def read(source: str, codec: str = "utf-8") -> Document:
    document = fb2.read(source.encode(codec), PurePath("a.fb2"))
    check(document)
    return document


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("utf-8", "utf-8"), ("windows-1251", "cp1251"), ("UTF-16", "utf-16"), ("utf-8", "cp1251")],
)
def test_structure(declared: str, codec: str) -> None:
    head = HEAD.format(declared) if codec != "cp1251" else HEAD.format(declared).replace(
        "桥", ""
    ).replace("王五", "Nick")  # fmt: skip
    document = read(head + BODY + NOTES, codec)
    assert pieces(document) == [
        ("heading", "Мост роман"),
        ("heading", "Часть I"),
        ("heading", "Глава 1"),
        ("paragraph", "Старая песня."),
        ("paragraph", "Мост закрыли во вторник,[1] и никто не мог перейти реку."),
        ("paragraph", "Первая строка,\nвторая."),
        ("table", "А | Б\n1 | 2"),
        ("heading", "notes"),
        ("heading", "1"),
        ("paragraph", "В мае."),
    ]
    assert [level for level, _ in headings(document)] == [1, 1, 2, 1, 1]
    assert with_language(document).language == "ru" and document.date == "2024-05-06"
    assert document.title == ("Мост" if codec == "cp1251" else "Мост 桥")
    author = "Anna Иванова, Nick" if codec == "cp1251" else "Anna Иванова, 王五"
    assert document.metadata == {"author": author, "keywords": "prose", "description": "Short."}
    assert document.format == "fb2" and not document.problems


def test_cells_of_several_paragraphs_and_captions() -> None:
    cells = "<tr><td><p>one</p><p>two</p></td><td>three</td></tr>"
    picture = '<image xmlns:l="http://www.w3.org/1999/xlink" l:href="#a" title="The lamp"/>'
    body = f"<body><section><table>{cells}</table>{picture}</section></body>"
    document = fb2.read(f"<FictionBook>{body}</FictionBook>".encode(), PurePath("a.fb2"))
    assert document.text == "one two | three\n\nThe lamp"


def test_chinese_and_english() -> None:
    source = (
        "<FictionBook><body><section><title><p>第一章</p></title><p>旧桥封闭了，谁也过不了河。</p>"
        "<p>The bridge is closed.</p></section></body></FictionBook>"
    )
    assert read(source).text == "第一章\n\n旧桥封闭了，谁也过不了河。\n\nThe bridge is closed."


def test_zipped_books(tmp_path: object) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("book.fb2", HEAD.format("utf-8") + BODY + NOTES)
    document = read_document(PurePath("book.FB2.zip"), target.getvalue())
    assert document.format == "fb2" and "Мост закрыли" in document.text
    with zipfile.ZipFile(target, "a") as package:
        package.writestr("other.fb2", "x")
    with pytest.raises(Unreadable, match="2 FictionBook files"):
        fb2.read(target.getvalue(), PurePath("book.fb2.zip"))


def test_broken_xml_is_mended_and_said() -> None:
    document = read(HEAD.format("utf-8") + BODY[:-40].replace("<emphasis>", "<b>"))
    assert "Мост закрыли во вторник" in document.text
    assert [p.code for p in document.problems] == ["broken"]


HOSTILE = {
    "bomb": "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><FictionBook><body><section>"
    "<p>x&b;y</p></section></body></FictionBook>",
    "file": "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><FictionBook><body><section>"
    "<p>x&a;y</p></section></body></FictionBook>",
    "nested": "<FictionBook><body>" + "<section>" * 50_000 + "<p>x",
    "picture": "<FictionBook><body><p>x</p></body><binary>" + "A" * 12_000_000 + "</binary>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_books(name: str) -> None:
    try:
        document = read(HOSTILE[name])
    except Unreadable as error:
        assert error.code in ("broken", "no_text")
    else:
        assert "aaaa" not in document.text and "root:" not in document.text


@pytest.mark.parametrize(
    ("source", "code"),
    [("", "empty"), ("no xml", "broken"), ("<html><p>x</p></html>", "wrong_format"),
     ("<FictionBook><body><section/></body></FictionBook>", "no_text")],
)  # fmt: skip
def test_what_is_no_book_says_so(source: str, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.fb2"), source.encode())
    assert caught.value.code == code
