"""E-books: chapters in reading order under the headings of the table of contents."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import epub
from ragcli.reading.dispatch import read_document
from ragcli.reading.language import with_language

CONTAINER = """<?xml version="1.0"?>
<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PAGE = (
    "<?xml version='1.0' encoding='utf-8'?><!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'"
    " xmlns:epub='http://www.idpf.org/2007/ops'><head><title/><script/></head><body>{}</body></html>"
)
ENGLISH = "The old bridge was closed on Tuesday, and nobody could cross the river for two years."
CHINESE = "星期二旧桥封闭了，两年之内谁也过不了河。"


def opf(pages: list[str], extra: str = "", metadata: str = "", spine: str = "") -> str:
    items = "".join(
        f'<item id="i{i}" href="{p}" media-type="application/xhtml+xml"/>'
        for i, p in enumerate(pages)
    )
    refs = spine or "".join(f'<itemref idref="i{i}"/>' for i in range(len(pages)))
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Bridge 桥</dc:title>'
        f"<dc:creator>Ann</dc:creator><dc:creator>王五</dc:creator>"
        f"<dc:date>2024-05-06</dc:date><dc:language>en-GB</dc:language>{metadata}</metadata>"
        f'<manifest>{items}{extra}</manifest><spine toc="ncx">{refs}</spine></package>'
    )


def nav(*entries: tuple[str, str]) -> str:
    lines = "".join(f"<li><a href='{target}'>{title}</a></li>" for target, title in entries)
    return PAGE.format(f"<nav epub:type='toc'><h2>Contents</h2><ol>{lines}</ol></nav>")


NAV_ITEM = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
NCX_ITEM = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'


def book(parts: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, part in ({"META-INF/container.xml": CONTAINER} | parts).items():
            package.writestr(name, part)
    return target.getvalue()


def read(parts: dict[str, str | bytes]) -> Document:
    document = epub.read(book(parts), PurePath("a.epub"))
    check(document)
    return document


def test_chapters_follow_the_spine_under_the_contents() -> None:
    document = read(
        {
            "OEBPS/book.opf": opf(
                ["text/b.xhtml", "text/a%20b.xhtml"],
                NAV_ITEM,
                spine='<itemref idref="nav"/><itemref idref="i1"/><itemref idref="i0"/>',
            ),
            "OEBPS/nav.xhtml": nav(("text/a%20b.xhtml", "One"), ("text/b.xhtml#x", "第二章")),
            "OEBPS/text/a b.xhtml": PAGE.format(
                f"<a id='top'/><h3>One</h3><p>{ENGLISH}<a epub:type='noteref' href='#n'>1</a></p>"
                "<h4>Part</h4><ul><li>a</li></ul><aside epub:type='footnote' id='n' hidden=''>"
                "<p>A note.</p></aside>"
            ),
            "OEBPS/text/b.xhtml": PAGE.format(
                f"<p>before</p><p id='x' class='chapter'>第二章</p><p>{CHINESE}</p>"
                "<ul><li>b</li></ul><svg><text>no</text></svg>"
            ),
        }
    )
    assert pieces(document) == [
        ("heading", "One"),
        ("paragraph", ENGLISH + "[1]"),
        ("heading", "Part"),
        ("list", "- a"),
        ("paragraph", "A note."),
        ("paragraph", "before"),
        ("heading", "第二章"),
        ("paragraph", CHINESE),
        ("list", "- b"),
    ]
    assert headings(document) == [(1, "One"), (2, "Part"), (1, "第二章")]
    assert (document.title, document.date) == ("The Bridge 桥", "2024-05-06")
    assert document.metadata == {"author": "Ann, 王五"}
    assert with_language(document).language == "en"
    assert document.format == "epub" and not document.problems


def test_the_older_contents_give_parts_and_missing_headings() -> None:
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Part'
        ' I</text></navLabel><content src="t/a.html"/><navPoint><navLabel><text>The river</text>'
        '</navLabel><content src="t/a.html#c1"/></navPoint></navPoint></navMap></ncx>'
    )
    document = read(
        {
            "OEBPS/book.opf": opf(["t/a.html"], NCX_ITEM),
            "OEBPS/toc.ncx": ncx,
            "OEBPS/t/a.html": PAGE.format(
                f"<p>lead</p><div id='c1'><h1>1. The River</h1><p>{ENGLISH}</p><h2>Mud</h2></div>"
            ),
        }
    )
    assert headings(document) == [(1, "Part I"), (2, "1. The River"), (3, "Mud")]
    assert document.text.startswith("Part I\n\nlead\n\n1. The River\n\n")


def test_a_chapter_that_cannot_be_read_costs_that_chapter() -> None:
    data = book(
        {
            "OEBPS/book.opf": opf(["a.xhtml", "gone.xhtml", "b.xhtml"]),
            "OEBPS/a.xhtml": PAGE.format(f"<p>{ENGLISH * 3}</p>"),
            "OEBPS/b.xhtml": PAGE.format(f"<p>{CHINESE}</p>"),
        }
    )
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        start = package.getinfo("OEBPS/a.xhtml").header_offset + 30 + len("OEBPS/a.xhtml")
    damaged = data[: start + 20] + bytes([data[start + 20] ^ 0xFF]) + data[start + 21 :]
    document = epub.read(damaged, PurePath("a.epub"))
    check(document)
    assert document.text == CHINESE
    assert [p.code for p in document.problems] == ["broken", "broken"]
    assert "a.xhtml" in document.problems[0].message


def test_a_book_without_a_spine_is_read_by_name() -> None:
    document = read(
        {
            "OEBPS/book.opf": "<package><metadata",
            "OEBPS/2.xhtml": PAGE.format("<p>two</p>"),
            "OEBPS/1.xhtml": PAGE.format("<p>one</p>"),
        }
    )
    assert document.text == "one\n\ntwo"
    assert {p.code for p in document.problems} == {"broken"}


def encryption(algorithm: str, target: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"'
        ' xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
        f'<enc:CipherReference URI="{target}"/></enc:CipherData></enc:EncryptedData></encryption>'
    )


def test_protected_books_say_so_and_scrambled_fonts_do_no_harm() -> None:
    parts: dict[str, str | bytes] = {
        "OEBPS/book.opf": opf(["a.xhtml"]),
        "OEBPS/a.xhtml": PAGE.format(f"<p>{ENGLISH}</p>"),
    }
    aes = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/a.xhtml")
    with pytest.raises(Unreadable) as caught:
        read(parts | {"META-INF/encryption.xml": aes})
    assert caught.value.code == "encrypted" and "DRM" in caught.value.message
    font = encryption("http://www.idpf.org/2008/embedding", "OEBPS/f.otf")
    assert read(parts | {"META-INF/encryption.xml": font}).text == ENGLISH


BOMB = (
    "<!DOCTYPE html [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>"
    "<!ENTITY c SYSTEM 'file:///etc/passwd'>]><html><body><p>&b;&c;x</p></body></html>"
)


def test_entities_are_not_expanded() -> None:
    document = read({"OEBPS/book.opf": opf(["a.xhtml"]), "OEBPS/a.xhtml": BOMB})
    assert document.text == "&b;&c;x"
    declared = opf(["a.xhtml"]).replace("The Bridge 桥", "&c;")
    entity = "<!DOCTYPE package [<!ENTITY c SYSTEM 'file:///etc/passwd'>]>"
    document = read({"OEBPS/book.opf": entity + declared, "OEBPS/a.xhtml": PAGE.format("x")})
    assert document.title is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04" + bytes(100), "broken"),
        (book({"META-INF/container.xml": "<x/>"}), "wrong_format"),
        (book({"OEBPS/book.opf": opf(["a.xhtml"])}), "broken"),
        (book({"OEBPS/book.opf": opf(["a.xhtml"]), "OEBPS/a.xhtml": ""}), "no_text"),
        (book({"OEBPS/book.opf": opf(["a.xhtml"]), "OEBPS/a.xhtml": b"x" * 40_000_000}),
         "too_large"),
    ],
)  # fmt: skip
def test_books_without_text_say_why(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.epub"), data)
    assert caught.value.code == code


def test_a_book_is_known_by_its_content() -> None:
    data = book({"OEBPS/book.opf": opf(["a.xhtml"]), "OEBPS/a.xhtml": PAGE.format("OK")})
    document = read_document(PurePath("book"), data)
    assert (document.format, document.language) == ("epub", "en")


def test_loops_and_depth_in_the_contents_end() -> None:
    deep = "<ol><li><a href='a.xhtml'>x</a>" * 3000
    document = read(
        {
            "OEBPS/book.opf": opf(["a.xhtml", "a.xhtml", "./a.xhtml"], NAV_ITEM),
            "OEBPS/nav.xhtml": PAGE.format(f"<nav epub:type='toc'>{deep}</nav>"),
            "OEBPS/a.xhtml": PAGE.format(f"<p>{ENGLISH}</p>"),
        }
    )
    assert document.text.count(ENGLISH) == 1
    assert len(headings(document)) <= 12
