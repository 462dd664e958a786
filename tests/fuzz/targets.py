"""What is fuzzed: functions of bytes from elsewhere. Each ends, and keeps its promise.

``tests/medium/test_fuzz_targets.py`` gives them some bytes at every run of the tests; ``make fuzz``
lets atheris look for others, by what the code does with them.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from ragcli.chunking import chunk_document
from ragcli.config import load_settings, read_file
from ragcli.domain import ChunkSettings, Document
from ragcli.errors import RagError, TextTooLong, Unreadable, UsageError
from ragcli.evaluation.questions import line_of, parse
from ragcli.reading.dispatch import read_document
from ragcli.store import archive
from ragcli.text.asking import asked_terms
from ragcli.text.terms import MAX_TERM_CHARACTERS, characters, question_terms, terms

Target = Callable[[bytes], None]

FAMILIES = {
    "markup": ("markdown", "rst", "asciidoc", "org", "mediawiki", "man", "latex", "bibtex"),
    "web": ("html", "mhtml", "fb2", "xml", "spreadsheetml"),
    "data": ("json", "notebook", "yaml", "ini", "csv", "patch", "subtitles", "code", "text"),
    "mail": ("mail",),
    "rtf": ("rtf",),
    "pdf": ("pdf",),
}
# The member of a package that its reader reads, and what else must be there.
PACKAGES = {
    "docx": ("word/document.xml", {}),
    "xlsx": ("xl/worksheets/sheet1.xml", {"xl/workbook.xml": b"<workbook/>"}),
    "pptx": ("ppt/slides/slide1.xml", {"ppt/presentation.xml": b"<presentation/>"}),
    "odt": ("content.xml", {"mimetype": b"application/vnd.oasis.opendocument.text"}),
    "epub": ("OEBPS/one.xhtml", {"mimetype": b"application/epub+zip"}),
}


def _read(data: bytes, format_: str) -> Document | None:
    """Nothing but Unreadable is raised, and never for what a reader did not think of."""
    try:
        return read_document(PurePath(f"file.{format_}"), data, format_=format_)
    except Unreadable as error:
        assert "misplaced" not in error.message, error.message
        assert "reader failed" not in error.message, error.message
        return None


def _reader_of(formats: tuple[str, ...]) -> Target:
    def target(data: bytes) -> None:
        if data:
            _read(data[1:], formats[data[0] % len(formats)])

    return target


def package(data: bytes) -> None:
    """The bytes as the main part of an office document, which are never deflated by chance."""
    if not data:
        return
    format_ = sorted(PACKAGES)[data[0] % len(PACKAGES)]
    name, others = PACKAGES[format_]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for member, content in others.items():
            made.writestr(member, content)
        made.writestr(name, data[1:])
    _read(packed.getvalue(), format_)


class _Letters:
    """A token a character."""

    def count(self, text: str) -> int:
        return len(text)

    def token_ends(self, text: str) -> None:
        return None


def chunker(data: bytes) -> None:
    """Chunks are slices in reading order, within the room."""
    if len(data) < 2:
        return
    document = _read(data[2:], "markdown")
    if document is None:
        return
    room = 16 + data[1]
    settings = ChunkSettings(min(room, 8 + data[0]), room, "letters")
    try:
        chunks = chunk_document(document, settings, _Letters(), room)
    except TextTooLong:
        return
    end = 0
    for chunk in chunks:
        assert document.text[chunk.char_start : chunk.char_end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        assert chunk.char_start >= end
        assert len(chunk.embed_text) <= room
        end = chunk.char_end


class _Vocabulary:
    def frequencies(self, asked: Any) -> dict[str, int]:
        return {term: len(term) for term in asked if len(term) % 2}

    def adjacent(self, one: str, other: str) -> bool:
        return len(one) < len(other)


def tokens(data: bytes) -> None:
    """Terms hold no space and no NUL, and are short; a question's are found in its own text."""
    text = data.decode("utf-8", "replace")
    found = terms(text)
    for term in found + characters(text):
        assert term and len(term) <= MAX_TERM_CHARACTERS
        assert not any(c.isspace() or c == "\0" for c in term), term
    assert set(question_terms(text)) <= set(found)
    asked_terms(text, ("de", "fr", "ar", "vi"), _Vocabulary())


def configuration(data: bytes) -> None:
    """A file of settings is taken, or refused with a cure."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_bytes(data)
        try:
            load_settings({}, {}, read_file(file), {})
        except UsageError as error:
            assert error.hint


def questions(data: bytes) -> None:
    """What is taken can be written, and is then the same."""
    try:
        asked = parse(data.decode("utf-8", "replace").split("\n"), "set")
    except UsageError:
        return
    assert parse([line_of(question) for question in asked], "set") == asked


def imports(data: bytes) -> None:
    """An archive is refused, or every member is what its manifest says."""
    with tempfile.TemporaryDirectory() as folder:
        file, target = Path(folder) / "a.rag", Path(folder) / "new"
        file.write_bytes(data)
        target.mkdir()
        try:
            manifest = archive.unpack(file, target)
        except RagError as error:
            assert error.hint
            assert not list(Path(folder).parent.glob("store.sqlite"))
            return
        there = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
        assert there == set(manifest["members"])


TARGETS: dict[str, Target] = {
    **{name: _reader_of(formats) for name, formats in FAMILIES.items()},
    "package": package,
    "chunker": chunker,
    "tokens": tokens,
    "configuration": configuration,
    "questions": questions,
    "imports": imports,
}


def seeds(name: str) -> list[bytes]:
    """Bytes to begin with, of which the target makes something."""
    if name == "imports":
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as made:
            made.writestr("store.sqlite", b"x")
            made.writestr(archive.MANIFEST, json.dumps({"schema": archive.SCHEMA, "members": {}}))
        return [data.getvalue()]
    return {
        "markup": [
            b"\0# A\n\n- b\n\n| c | d |\n|---|---|\n| e | f |\n",
            b"\6\\section{a} $x$ \\emph{b}",
        ],
        "web": [b"\0<html><body><h1>a</h1><table><tr><td>b</table>", b"\3<a><b c='d'>e</b></a>"],
        "data": [
            b'\0{"a": [1, "b"]}',
            b"\2a:\n  - b: c\n",
            b"\4a,b\n1,2\n",
            b"\6" + b"1\n00:01,0 --> 2",
        ],
        "mail": [
            b"\0From: a\nSubject: =?utf-8?q?b?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        ],
        "rtf": [b"\0{\\rtf1\\ansi a\\'e9 {\\b b}\\par \\u228?}"],
        "pdf": [b"\0%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>"],
        "package": [b"\0<document><body><p><r><t>a</t></r></p></body></document>"],
        "chunker": ["  # a\n\n## b\n\nc d e. f g 中文。\n\n```\nh\n```\n".encode()],
        "tokens": ["fooBar e-mail D123-4 1,234 中文的 Größe C++ don't".encode()],
        "configuration": [b'model = "a"\ntop_k = 3\nthreads = 2\n'],
        "questions": [b'{"id": 1, "question": "a", "relevant": [{"file": "b", "lines": [1, 2]}]}'],
    }[name]
