"""What is kept of a text file that is too large: its beginning, told as such."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePath

import pytest

from ragcli.domain import Document
from ragcli.reading import beginnings, child, dispatch, options
from ragcli.reading.dispatch import read_document
from ragcli.reading.encodings import decode
from ragcli.reading.options import ReadOptions
from ragcli.reading.worker import ReaderProcess

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def a_megabyte_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "_current", ReadOptions(output_mb=1))


LINES = "".join(f"{number},lamp {number % 7},oil and wick\n" for number in range(60_000))
CHINESE = "".join(f"第{number}行：港口的灯塔每天早晨都有守灯人\n" for number in range(30_000))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.log", LINES.encode()),
        ("a.txt", LINES.replace("\n", "\r\n").encode()),
        ("a.csv", b"number,place,note\n" + LINES.encode()),
        ("a.jsonl", "".join(json.dumps([line]) + "\n" for line in LINES.split()).encode()),
        ("a.py", b"# numbers\n" + LINES.encode()),
        ("a.md", b"# Numbers\n\n" + LINES.encode()),
        ("a.rst", LINES.encode()),
        ("a.txt", CHINESE.encode()),
        ("a.txt", CHINESE.encode("gb18030")),
        ("a.txt", CHINESE.encode("utf-16")),
        ("a.txt", LINES.encode("utf-16-le")),
        ("a.txt", LINES.encode("utf-32")),
    ],
)
def test_the_lines_that_fit_are_kept_where_they_stand(name: str, data: bytes) -> None:
    document = read_document(PurePath(name), data)
    whole = decode(data)
    text = document.text
    kept = len(text.encode())
    assert 0.99 * MEGABYTE < kept <= MEGABYTE
    assert whole.startswith(text) and whole[len(text)] in "\r\n", "up to the end of a line"
    (problem,) = document.problems
    line = whole[: len(text)].count("\n") + 1
    assert problem.code == "too_large"
    assert problem.message == f"read up to line {line:,} only: it holds more than 1 MB of text"
    assert "read_output_mb" in problem.hint
    assert document.has_lines
    assert all(block.char_end <= len(text) for block in document.blocks)
    last = max(document.blocks, key=lambda block: block.char_end)
    assert text[last.char_end :].strip() == "" and text[last.char_start : last.char_end].strip()


@pytest.mark.parametrize("text", ["灯塔 " * 300_000, "lamp " * 400_000, "é" * 800_000])
def test_a_line_that_does_not_end_is_cut_between_characters(text: str) -> None:
    document = read_document(PurePath("a.txt"), text.encode())
    assert text.startswith(document.text) and "\ufffd" not in document.text
    assert len(document.text.encode()) > 0.99 * MEGABYTE
    assert document.problems[0].message.startswith("read in part only: ")


def test_what_fits_is_whole() -> None:
    text = "word " * (MEGABYTE // 5)
    for encoding in ("utf-8", "utf-16-le", "utf-16", "utf-32"):
        document = read_document(PurePath("a.txt"), text.encode(encoding))
        assert document.text == text and not document.problems


def test_pages_end_where_the_text_ends() -> None:
    page = "a lamp\n" * 10_000
    document = read_document(PurePath("a.txt"), "\f".join([page] * 30).encode())
    assert 10 < len(document.pages) < 30
    assert document.pages[-1].char_end == len(document.text)


def test_the_hint_is_enough_for_the_whole_file() -> None:
    document = read_document(PurePath("a.log"), LINES.encode() * 4)
    assert document.problems[0].hint.endswith("read_output_mb 6")


def test_less_is_tried_where_the_memory_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_little_memory(allowed: int) -> Callable[[bytes, PurePath], Document]:
        def read(data: bytes, path: PurePath) -> Document:
            if len(data) > allowed:
                raise MemoryError
            return Document(data.decode(), "text", has_lines=True)

        return read

    monkeypatch.setattr(options, "_current", ReadOptions(output_mb=16, memory_mb=64))
    data = LINES.encode() * 6
    monkeypatch.setattr(dispatch, "_reader", lambda name: of_little_memory(4 * MEGABYTE))
    document = read_document(PurePath("a.sql"), data)
    assert data.decode().startswith(document.text)
    assert len(document.text) > 2 * MEGABYTE
    (problem,) = document.problems
    assert problem.message.endswith("only: reading it needs more than 64 MB of memory")
    assert problem.hint.endswith("read_memory_mb 128")
    monkeypatch.setattr(dispatch, "_reader", lambda name: of_little_memory(0))
    with pytest.raises(dispatch.Unreadable) as caught:
        read_document(PurePath("a.sql"), data)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("name", ["a.html", "a.ipynb", "a.xml"])
def test_what_needs_its_end_is_not_cut(name: str) -> None:
    assert dispatch.format_of(PurePath(name), b"<?xml") not in beginnings.CUT_FORMATS


def test_a_log_larger_than_the_memory_is_read(tmp_path: Path) -> None:
    """It is mapped: neither its bytes nor their hash take memory."""
    log = tmp_path / "large.log"
    with log.open("wb") as file:
        for _ in range(80):
            file.write(LINES.encode())
    assert log.stat().st_size > 96 * MEGABYTE
    process = ReaderProcess(ReadOptions(timeout_s=60, memory_mb=96, output_mb=1))
    try:
        result = process.read(log)
    finally:
        process.close()
    assert result.document and LINES.startswith(result.document.text)
    assert result.size == log.stat().st_size and len(result.content_hash) == 64
    assert result.document.problems[0].code == "too_large"


def test_a_text_that_fits_is_not_mapped(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(LINES)
    data, _ = child.read_bytes(log)
    assert isinstance(data, bytes)
