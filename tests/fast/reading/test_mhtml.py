"""Saved web pages: the page itself, in its charset."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings

from ragcli.errors import Unreadable
from ragcli.reading import mhtml
from ragcli.reading.dispatch import read_document

PAGE = "<head>{}</head><body><h1>旧桥</h1><p>The bridge 桥 is closed – 封闭了。</p></body>"
TEXT = "旧桥\n\nThe bridge 桥 is closed – 封闭了。"


def saved(page: str, charset: str, cte: str, title: str = "Old bridge 旧桥") -> bytes:
    message = EmailMessage()
    message["From"] = "<Saved by Blink>"
    message["Subject"] = title
    message.set_content(page, subtype="html", charset=charset, cte=cte)
    message["Content-Location"] = "https://example.org/bridge"
    message.add_related(b"\x89PNG", "image", "png", cid="<a>")
    frame = "<p>an advertisement</p>"
    message.add_related(frame.encode(), "text", "html", cid="<b>")
    return message.as_bytes()


@pytest.mark.parametrize(
    ("charset", "cte"),
    [("utf-8", "quoted-printable"), ("gb18030", "base64"), ("utf-8", "8bit")],
)
@pytest.mark.parametrize("head", ["", "<meta charset=big5>"])
def test_the_page_in_its_charset(charset: str, cte: str, head: str) -> None:
    document = mhtml.read(saved(PAGE.format(head), charset, cte), PurePath("a.mht"))
    check(document)
    assert document.text == TEXT
    assert headings(document) == [(1, "旧桥")]
    assert document.format == "mhtml" and not document.has_lines


def test_facts() -> None:
    document = mhtml.read(saved("<p>text</p>", "utf-8", "base64"), PurePath("a.mhtml"))
    assert document.title == "Old bridge 旧桥"
    page = "<title>T</title><link rel=canonical href='https://example.org/b'><p>text</p>"
    document = mhtml.read(saved(page, "utf-8", "base64"), PurePath("a.mhtml"))
    assert document.title == "T"
    assert document.metadata["url"] == "https://example.org/b"


RAW = b"""From: <Saved by Blink>
Snapshot-Content-Location: https://example.org/raw
Subject: =?x-none?Q?a?=
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="--x"

----x
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable

<p>caf=C3=A9 =
au lait</p>
"""


def test_a_file_cut_short_still_has_its_page() -> None:
    document = mhtml.read(RAW, PurePath("a.mht"))
    assert document.text == "café au lait"
    assert document.metadata == {"url": "https://example.org/raw"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no headers at all", "wrong_format"),
        (b"Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: image/png\n\nA\n",
         "wrong_format"),
        (b"Content-Type: text/html\n\n", "no_text"),
        (b"Content-Type: text/html\n\n<img src=x>", "no_text"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * 20_000, "wrong_format"),
    ],
)  # fmt: skip
def test_what_holds_no_page_says_so(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.mht"), data)
    assert caught.value.code == code


def test_parts_within_parts_end() -> None:
    parts = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(90)
    )
    document = mhtml.read(parts + b"Content-Type: text/html\n\n<p>deep</p>", PurePath("a.mht"))
    assert document.text == "deep"
