"""Which reader reads which file, and what it makes of plain text."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import PurePath

import pytest

from ragcli.domain import Block, Document, Page
from ragcli.errors import Unreadable
from ragcli.reading import dispatch, options
from ragcli.reading.dispatch import read_document
from ragcli.reading.extracted import TextBuilder
from ragcli.reading.language import with_language
from ragcli.reading.table import (
    BINARY_SUFFIXES,
    DOCUMENT_SUFFIXES,
    FORMAT_OF_SUFFIX,
    HOLDERS,
    READERS,
    WITHOUT_TEXT,
    format_of,
    unsupported_reason,
)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.txt", b"", "text"),
        ("a.TXT", b"", "text"),
        ("a.md", b"<html>", "markdown"),
        ("a.py", b"", "code"),
        ("page.htm", b"", "html"),
        ("README", b"Read me first.", "text"),
        ("Makefile", b"all:\n\ttrue\n", "code"),
        ("Dockerfile", b"FROM x\n", "code"),
        ("CMakeLists.txt", b"project(x)\n", "code"),
        ("noext", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        (
            "noext",
            b"PK\x03\x04"
            + b"\0" * 26
            + b"[Content_Types].xml"
            + b"PK\x03\x04"
            + b"\0" * 26
            + b"word/document.xml",
            "docx",
        ),
        ("noext", b"PK\x03\x04\x14\0\0\0other/file", None),
        ("a.xml", b'<?xml version="1.0"?><!-- <html> --><a><html/></a>', "xml"),
        ("a.xml", b'<?xml version="1.0"?>\n<html xmlns="x">', "html"),
        (
            "a.xml",
            b'<office:document x office:mimetype="application/vnd.oasis.opendocument.spreadsheet">',
            "ods",
        ),
        ("noext", b"<?xml version='1.0'?><feed/>", "xml"),
        ("a.dtd", b"<?xml version='1.0'?><!ELEMENT doc (#PCDATA)>", "text"),
        (
            "a.xml",
            b'<?xml version="1.0"?><?mso-application?><Workbook xmlns="urn">',
            "spreadsheetml",
        ),
        ("export.xls", b'<?xml version="1.0"?><ss:Workbook xmlns:ss="urn">', "spreadsheetml"),
        ("export.xls", b"City\tArea\nOslo\t454\n", "csv"),
        ("export.xlsx", b"City,Area\nOslo,454\n", "csv"),
        ("noext", b"\n <!DOCTYPE html><p>", "html"),
        ("noext", b"\xef\xbb\xbf<html>", "html"),
        ("noext", b'<?xml version="1.0"?>\n<html xmlns="x">', "html"),
        ("run", b"#!/bin/sh\ntrue\n", "code"),
        ("a.strange", "中文文本没有后缀，也可以读。".encode("gb18030"), "text"),
        ("a.strange", "with a mark".encode("utf-16"), "text"),
        ("a.strange", b"\x7fELF\x02\x01\x01\0\0\0", None),
        ("a.doc", b"text inside", "text"),
        ("a.doc", b"<html><body>", "html"),
        ("a.doc", b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml", "docx"),
        ("a.doc", bytes.fromhex("d0cf11e0a1b11ae1"), None),
        ("a.xls", b"\xef\xbb\xbf<html>", "html"),
        ("a.docx", b"text inside", "text"),
        ("a.docx", b"PK\x03\x04 damaged", "docx"),
        ("a.docx", bytes.fromhex("d0cf11e0a1b11ae1"), "docx"),
        ("a.key", b"text inside", None),
        ("a.png", b"text inside", "picture"),
        ("a.heic", b"text inside", None),
    ],
)
def test_the_format_of_a_file(name: str, head: bytes, expected: str | None) -> None:
    assert format_of(PurePath(name), head) == expected


def test_the_table_is_consistent() -> None:
    suffixes = [s for _, known in READERS.values() for s in known.split()]
    assert len(suffixes) == len(set(suffixes)), "one suffix, one reader"
    assert not set(suffixes) & (BINARY_SUFFIXES | DOCUMENT_SUFFIXES)
    assert all(s.startswith(".") and s == s.lower() for s in suffixes)
    assert FORMAT_OF_SUFFIX.keys() == set(suffixes)
    for name, (module, _) in READERS.items():
        reader = importlib.import_module(f"ragcli.reading.{module}")
        assert callable(getattr(reader, "read", None)) == (name not in WITHOUT_TEXT)
        assert callable(getattr(reader, "parts", None)) == (name in HOLDERS)


def test_what_cannot_be_read_says_what_to_do() -> None:
    problem = unsupported_reason(PurePath("old.DOC"))
    assert problem and problem.code == "unsupported" and "docx" in problem.hint
    assert unsupported_reason(PurePath("a.heic")) is not None
    assert unsupported_reason(PurePath("a.txt")) is None
    for data, name in (
        (bytes.fromhex("d0cf11e0a1b11ae1"), "old.doc"),
        (b"x", "a.zip"),
        (b"\0\1\2" * 99, "unknown"),
    ):
        with pytest.raises(Unreadable) as caught:
            read_document(PurePath(name), data)
        assert caught.value.code == "unsupported"


def test_plain_text_is_the_file_itself() -> None:
    text = "\ufeffFirst line\r\nsecond.\r\n\r\n  \t\n    Indented 中文。 \n\n\nLast"
    document = read_document(PurePath("a.txt"), text.encode())
    assert document.text == text and document.has_lines and document.format == "text"
    pieces = [text[b.char_start : b.char_end] for b in document.blocks]
    assert pieces == ["First line\r\nsecond.", "    Indented 中文。", "Last"]
    assert {b.kind for b in document.blocks} == {"paragraph"} and document.title is None


def test_the_language_is_filled_in_but_not_for_code() -> None:
    chinese = "检索增强生成把语言模型与文档检索结合起来。"
    text = with_language(read_document(PurePath("a.txt"), chinese.encode("gb18030")))
    assert text.language == "zh"
    code = with_language(read_document(PurePath("a.py"), f"# {chinese}\n".encode()))
    assert code.language is None
    assert with_language(replace(text, language="ja")).language == "ja", "as it was stated"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b" \r\n\t ", "empty"), (b"\xef\xbb\xbf", "empty"), (bytes(500), "binary")],
)
def test_files_without_text(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.txt"), data)
    assert caught.value.code == code


def _given(monkeypatch: pytest.MonkeyPatch, result: Document | Exception) -> None:
    def read(data: bytes, path: PurePath) -> Document:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(dispatch, "_reader", lambda name: read)


@pytest.mark.parametrize(
    ("result", "code", "message"),
    [
        (ValueError("xref\n table"), "failed", "the pdf reader failed: xref table"),
        (RecursionError(), "failed", "nested too deep for the pdf reader"),
        (MemoryError(), "too_large", "needs more than 256 MB of memory"),
        (Unreadable("encrypted", "locked"), "encrypted", "locked"),
        (Document(" \n", "pdf", pages=(Page(1, 0, 0),)), "no_text", "no text in it"),
        (Document("ab", "pdf", blocks=(Block("paragraph", 0, 3),)), "failed", "misplaced a block"),
        (
            Document("ab", "pdf", pages=(Page(1, 0, 2), Page(2, 1, 2))),
            "failed",
            "misplaced a page",
        ),
    ],
)
def test_a_reader_is_answered_for(
    monkeypatch: pytest.MonkeyPatch, result: Document | Exception, code: str, message: str
) -> None:
    _given(monkeypatch, result)
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.pdf"), b"%PDF-1.4")
    assert caught.value.code == code
    assert message in caught.value.message


def test_lone_surrogates_are_replaced_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    _given(monkeypatch, Document("a\ud800b", "pdf"))
    assert read_document(PurePath("a.pdf"), b"%PDF-1.4").text == "a\ufffdb"


def test_a_file_gives_so_much_text_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "_current", options.ReadOptions(output_mb=1))
    megabyte = 1 << 20
    for text in ("a" * megabyte, "字" * (megabyte // 3)):
        _given(monkeypatch, Document(text, "pdf"))
        assert read_document(PurePath("a.pdf"), b"%PDF-1.4").text == text
        _given(monkeypatch, Document(text + "字", "pdf"))
        with pytest.raises(Unreadable) as caught:
            read_document(PurePath("a.pdf"), b"%PDF-1.4")
        assert caught.value.code == "too_large"
        assert "rag config set read_output_mb 2" in caught.value.hint


def test_a_text_that_is_put_together_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "_current", options.ReadOptions(output_mb=1))
    builder = TextBuilder()
    with pytest.raises(Unreadable) as caught:
        for _ in range(1 << 20):
            builder.add("paragraph", "word " * 200)
    assert caught.value.code == "too_large"
    assert len(builder.text) < (1 << 20) + 2000
