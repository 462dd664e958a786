"""E-mail: what is read of it, in which words, whatever state it is in."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import mail, mime
from ragcli.reading.dispatch import read_document
from ragcli.reading.language import with_language
from ragcli.reading.table import format_of

CHINESE = "检索增强生成把语言模型与文档检索结合起来,先找到相关的段落,再让模型根据它们回答问题。"
TRADITIONAL = "檢索增強生成把語言模型與文檔檢索結合起來,先找到相關的段落,再讓模型根據它們回答問題。"
JAPANESE = "検索拡張生成は、言語モデルと文書検索を組み合わせて、質問に答える方法です。"


def read(data: bytes | str) -> Document:
    raw = data if isinstance(data, bytes) else data.encode()
    document = read_document(PurePath("a.eml"), raw)
    check(document)
    return document


def letter(**headers: str) -> EmailMessage:
    message = EmailMessage()
    told = {"From": "Ann <ann@example.org>", "To": "bob@example.org", "Subject": "Plans"} | headers
    for name, value in told.items():
        message[name.replace("_", "-")] = value
    return message


def names(data: bytes) -> list[str]:
    return [part.name for part in mail.parts(data, PurePath("a.eml"))]


def test_headers_and_text_become_one_document() -> None:
    message = letter(
        Subject="季度报告 for May",
        Cc="Carl <c@example.org>",
        Date="Wed, 01 May 2024 10:00:00 +0800",
    )
    message.set_content("Dear Bob,\n\n" + CHINESE + "\n\n-- \nAnn\n")
    document = read(bytes(message))
    assert document.format == "mail" and with_language(document).language == "zh"
    assert document.title == "季度报告 for May" and document.date == "2024-05-01T10:00:00+08:00"
    assert headings(document) == [(1, "季度报告 for May")]
    assert pieces(document) == [
        ("heading", "Subject: 季度报告 for May"),
        (
            "paragraph",
            "From: Ann <ann@example.org>\nTo: bob@example.org\nCc: Carl <c@example.org>\n"
            "Date: Wed, 01 May 2024 10:00:00 +0800",
        ),
        ("paragraph", "Dear Bob,"),
        ("paragraph", CHINESE),
        ("paragraph", "--\nAnn"),
    ]
    assert document.metadata["from"] == "Ann <ann@example.org>"


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        (CHINESE, "gb2312", "gb2312"),
        (CHINESE, "gbk", "GB2312"),
        (CHINESE, "gb18030", None),
        (CHINESE, "gbk", "us-ascii"),
        (CHINESE, "gbk", "iso-8859-1"),
        (CHINESE, "utf-8", "gb2312"),
        (CHINESE, "utf-8", "iso-8859-1"),
        (CHINESE, "hz", "hz-gb-2312"),
        (CHINESE, "utf-7", "utf-7"),
        (CHINESE, "gbk", "no-such-charset"),
        (TRADITIONAL, "big5", "Big5"),
        (TRADITIONAL, "big5", None),
        (JAPANESE, "iso2022_jp", "ISO-2022-JP"),
        (JAPANESE, "shift_jis", "shift_jis"),
        ("Größe und Übermaß", "latin-1", "iso-8859-1"),
        ("Größe", "cp1252", "us-ascii"),
    ],
)
def test_every_charset_declared_or_not(text: str, codec: str, declared: str | None) -> None:
    charset = f"; charset={declared}" if declared else ""
    head = f"From: a@b.c\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain{charset}\n\n"
    document = read(head.encode() + text.encode(codec) + b"\n")
    assert text in document.text


@pytest.mark.parametrize("codec", ["gbk", "utf-8", "big5"])
def test_bytes_that_stand_in_headers_as_they_should_not(codec: str) -> None:
    subject, name = "關於檢索增強生成的會議紀要", "會議紀要.txt"
    data = (
        b"From: a@b.c\nSubject: " + subject.encode(codec) + b'\nContent-Type: text/plain; name="'
        + name.encode(codec) + b'"\n\nbody\n'
    )  # fmt: skip
    assert read(data).title == subject
    assert names(data) == [f"1/{name}"]


def test_encoded_words_that_were_cut_within_a_character() -> None:
    raw = "会议纪要".encode("gb2312")
    words = [base64.b64encode(piece).decode() for piece in (raw[:3], raw[3:])]
    subject = f"=?GB2312?B?{words[0]}?=\n =?GB2312?B?{words[1]}?= (2) =?utf-8?Q?Gr=C3=BC=C3=9Fe?="
    document = read(f"From: a@b.c\nSubject: {subject}\n\nbody\n")
    assert document.title == "会议纪要 (2) Grüße"


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=gb2312''%BB%E1%D2%E9.txt",
        "attachment; filename*0*=utf-8''%E4%BC%9A; filename*1*=%E8%AE%AE.txt",
        'attachment; filename="=?gb2312?B?u+HS6Q==?=.txt"',
        'attachment; filename="C:\\\\docs\\\\会议.txt"',
        'attachment; filename="../../会议.txt"',
    ],
)
def test_names_of_attachments(disposition: str) -> None:
    data = f"From: a@b.c\nContent-Disposition: {disposition}\n\ninside\n".encode()
    assert names(data) == ["1/会议.txt"]


def test_the_richer_alternative_is_read() -> None:
    message = letter()
    message.set_content("The whole text, in plain words.")
    message.add_alternative("<p>The whole text, in <b>plain</b> words.</p>", subtype="html")
    assert "The whole text, in plain words." in read(bytes(message)).text
    message = letter()
    message.set_content("See the HTML version.")
    page = "<h2>News</h2><nav>Menu</nav><ul><li>first</li><li>第二</li></ul><p>" + CHINESE
    message.add_alternative(page, subtype="html")
    document = read(bytes(message))
    assert "See the HTML" not in document.text and "Menu" in document.text
    assert headings(document) == [(1, "Plans"), (3, "News")]
    assert [kind for kind, _ in pieces(document)][-2:] == ["list", "paragraph"]
    assert CHINESE in document.text


def test_a_page_with_a_charset_of_its_own() -> None:
    page = f"<html><meta charset=gbk><p>{CHINESE}</p></html>".encode("gbk")
    data = b"From: a@b.c\nContent-Type: text/html\n\n" + page
    assert CHINESE in read(data).text


def test_pictures_of_a_page_are_no_text() -> None:
    message = letter()
    message.set_content("<p>Look: <img src=cid:1></p>", subtype="html")
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<1>")
    data = bytes(message)
    assert "Attachments: part.png" in read(data).text
    assert names(data) == ["2/part.png"]


def test_quoted_history_stands_in_blocks_of_its_own() -> None:
    message = letter()
    message.set_content(
        "Yes, at noon.\n\nOn Monday, Bob wrote:\n> Shall we meet?\n> And where?\n\n"
        "-----Original Message-----\nFrom: Bob\n"
    )
    assert [text for _, text in pieces(read(bytes(message)))][2:] == [
        "Yes, at noon.",
        "On Monday, Bob wrote:",
        "> Shall we meet?\n> And where?",
        "-----Original Message-----\nFrom: Bob",
    ]


def test_flowed_text_is_joined() -> None:
    head = "From: a@b.c\nContent-Type: text/plain; format=flowed"
    text = "A line that \ngoes on \nhere.\n> quoted \n> too\n From here\n-- \nAnn \nLee\n"
    got = [t for _, t in pieces(read(f"{head}\n\n{text}"))][1:]
    assert got == ["A line that goes on here.", "> quoted too", "From here", "--\nAnn Lee"]
    joined = read(f"{head}; delsp=yes\n\n检索 \n增强 \n生成\n".encode())
    assert "检索增强生成" in joined.text


@pytest.mark.parametrize("lost", [b"", b"=", b"\n!!!\n"])
def test_broken_base64_loses_no_more_than_it_must(lost: bytes) -> None:
    body = base64.encodebytes(CHINESE.encode()).rstrip(b"=\n") + lost
    head = (
        b"From: a@b.c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64"
    )
    assert CHINESE[:-1] in read(head + b"\n\n" + body).text


def test_uuencoded_and_quoted_printable() -> None:
    head = "From: a@b.c\nContent-Transfer-Encoding: "
    uu = "begin 644 a.txt\n+:&5L;&\\@=V]R;&0 \n`\nend\n"
    assert "hello world" in read(f"{head}x-uuencode\n\n{uu}").text
    assert "Grüße = =Z" in read(f"{head}quoted-printable\n\nGr=C3=BC=\n=C3=9Fe =3D =Z\n").text


def test_invitations_and_reports_are_text() -> None:
    message = letter()
    message.set_content("You are invited.")
    event = "BEGIN:VEVENT\r\nSUMMARY:Quarterly re\r\n view\\, room 5\r\nEND:VEVENT\r\n"
    message.add_alternative(event, subtype="calendar")
    document = read(bytes(message))
    assert "You are invited." in document.text
    assert "SUMMARY:Quarterly review, room 5" in document.text
    report = (
        "From: a@b.c\nContent-Type: multipart/report; boundary=x\n\n--x\n\nNot delivered.\n--x\n"
        "Content-Type: message/delivery-status\n\nStatus: 5.1.1\n--x--\n"
    )
    assert "Not delivered." in read(report).text and "Status: 5.1.1" in read(report).text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=x',
            "--x\n\n1\n--x--",
        ),
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "MIAG"),
        ("text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----"),
    ],
)
def test_what_is_encrypted_says_so(kind: str, body: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(f"From: a@b.c\nSubject: s\nContent-Type: {kind}\n\n{body}\n")
    assert caught.value.code == "encrypted" and caught.value.hint
    mixed = f"--m\n\nA note.\n--m\nContent-Type: {kind}\n\n{body}\n--m--\n"
    document = read(f"From: a@b.c\nContent-Type: multipart/mixed; boundary=m\n\n{mixed}")
    assert "A note." in document.text
    assert [p.code for p in document.problems] == ["encrypted"]


def test_parts_have_the_numbers_of_imap() -> None:
    inner = letter(Subject="inner")
    inner.set_content("inside")
    message = letter(Date="Wed, 01 May 2024 10:00:00 +0000")
    message.set_content("plain")
    message.add_alternative("<p>plain", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="报告.pdf")
    message.add_attachment(inner)
    message.add_attachment(b"x", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    found = list(mail.parts(bytes(message), PurePath("a.eml")))
    assert [p.name for p in found] == ["2/报告.pdf", "3/message.eml", "4/winmail.dat"]
    assert [p.format for p in found] == [None, "mail", None]
    assert found[0].load() == b"%PDF" and found[0].mtime_ns == 1714557600 * 10**9
    assert b"inside" in found[1].load()
    assert found[2].problem is not None and "TNEF" in found[2].problem.message


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Return-Path: <a@b.c>\nReceived: by x\nFrom: a\nTo: b\nSubject: s\n\nbody", "mail"),
        ("From: a\nDate: Wed, 1 May 2024\nSubject: s\nX: y\n\nbody", "mail"),
        ("From a@b Wed May  1 10:00:00 2024\nFrom: a\nDate: d\nSubject: s\n\nbody", "mbox"),
        ("To: all\nSubject: what I think\n\nThis is a text.", "text"),
        ("From the beginning, it was a text.\n", "text"),
    ],
)
def test_files_of_a_mail_folder_have_no_suffix(head: str, expected: str) -> None:
    assert format_of(PurePath("1714557600.M1P2.host:2,S"), head.encode()) == expected


def test_the_mail_of_apple() -> None:
    message = b"From: a@b.c\nSubject: from a Mac\n\nbody\n"
    data = str(len(message)).encode() + b"   \n" + message + b'<?xml version="1.0"?><plist/>'
    document = read_document(PurePath("1.emlx"), data)
    assert document.title == "from a Mac" and "plist" not in document.text


@pytest.mark.parametrize(
    "data",
    [
        b"no header at all, only words",
        b"\n\nwords after blank lines",
        b"From: a@b.c\nthis line is no header\nwords follow\n\nwords",
        b"From: a@b.c\r\nSubject: s\r\n\r\nwords\r\n",
        b"From a@b Wed May  1 10:00:00 2024\nFrom: a@b.c\n\nwords",
        b"Content-Type: multipart/mixed; boundary=lie\n\nwords without any boundary",
        b"Content-Type: multipart/mixed\n\nwords without a boundary declared",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nwords, and no end",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nwords\n--x--\n--x\n",
        b"Content-Type: text/plain; charset=\xff\xfe\nDate: 99 Foo\n\nwords",
        b"Content-Type: ;;;=\nContent-Disposition: \n\nwords",
        b"Content-Type: text/plain; name*99999999999999999999*=x\n\nwords",
        b"Content-Transfer-Encoding: no-such\nSubject: =?x?B?????=\n\nwords",
        b"Content-Type: text/plain; charset*0*=''; charset*1=utf-8\n\nwords",
        b"Subject: s" + b" s" * 300_000 + b"\n\nwords",
    ],
)
def test_no_body_is_lost_to_what_is_broken(data: bytes) -> None:
    document = read_document(PurePath("a.eml"), data)
    found = list(mail.parts(data, PurePath("a.eml")))
    told = document.text + "".join(p.load().decode() for p in found)
    assert "words" in told


def test_a_header_folded_without_a_space_does_not_end_the_headers() -> None:
    data = "From: a@b.c\nSubject: a long\nsubject\nContent-Type: text/html\n\n<p>words</p>\n"
    document = read(data)
    assert document.title == "a long subject" and "<p>" not in document.text


def test_parts_in_parts_end_somewhere() -> None:
    depth = 1000
    heads = [f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(depth)]
    document = read("From: a@b.c\n" + "".join(heads) + "\ninnermost words\n")
    assert "innermost words" in document.text


def test_one_header_of_a_megabyte() -> None:
    value = ";".join(f"a{i}=b" for i in range(100_000))
    data = f"From: a@b.c\nContent-Type: text/plain; {value}\n\nwords\n".encode()
    assert "words" in read(data).text


def test_ten_thousand_parts_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    part = "--x\nContent-Disposition: attachment; filename=a.txt\n\ntext\n"
    data = ("From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n" + part * 10_000).encode()
    found = names(data)
    assert len(found) == 10_000 and found[-1] == "10000/a.txt"
    monkeypatch.setattr(mail, "MAX_ENTITIES", 100)
    assert [p.code for p in read(data).problems] == ["too_large"]
    assert len(names(data)) == 99


def test_a_message_of_random_bytes_never_fails() -> None:
    import random

    choose = random.Random(5)
    for _ in range(200):
        data = bytearray(
            b"From: a@b.c\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
            b'text/html; charset="gbk"\n\n<p>one</p>\n--x\nContent-Transfer-Encoding: base64\n'
            b"Content-Disposition: attachment; filename*=utf-8''a%20b.txt\n\nb25l\n--x--\n"
        )
        for _ in range(choose.randint(1, 12)):
            data[choose.randrange(len(data))] = choose.randrange(256)
        document = mail.read(bytes(data), PurePath("a.eml"))
        document.text.encode()
        for part in mail.parts(bytes(data), PurePath("a.eml")):
            part.load()
            part.name.encode()
    assert mime.parse(b"").body == b""
