"""YAML: cut at its keys and list items, under the keys that lead to them.

Nothing is parsed and no tag is obeyed: lines and their indentation say what belongs together. The
text is the file itself; one whose words are escaped (``"\\u4e2d"``) is read with them, and has no
lines of the file's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePath
from typing import NamedTuple

from ragcli.domain import Block, Document
from ragcli.errors import Unreadable
from ragcli.reading.encodings import decode
from ragcli.reading.escapes import with_characters
from ragcli.reading.extracted import one_line
from ragcli.reading.text import paragraph_spans
from ragcli.text.lines import each_line

# About a chunk. What is longer is cut into its members, under a heading.
_VALUE_CHARACTERS = 1000
_MAX_LEVELS = 6
# Nobody writes so much, and a list of its lines takes ten times the memory.
_MAX_CHARACTERS = 8_000_000
_MAX_TITLE_CHARACTERS = 100
# Lines that are looked at for a list item's or a document's name.
_NAMING_LINES = 40

_KEY = re.compile(r"(?:- +)*(\"[^\"]*\"|'[^']*'|[^\s\"'#:\-][^\"'#:]*?)\s*:(?:\s|$)")
_NAME = re.compile(r"\s*(?:- +)?(?:title|name|label|标题|名称|姓名)\s*:\s+(\S.*)")
_NUMBER = re.compile(r"\s*(?:- +)?id\s*:\s+(\S.*)")
_KIND = re.compile(r"kind\s*:\s+(\S.*)")
_MARK = re.compile(r"---(\s|$)")


class _Line(NamedTuple):
    """Without white space around, at its ``indent``."""

    start: int
    end: int
    indent: int


def read(data: bytes, path: PurePath) -> Document:
    """The document of a YAML file, well-formed or not. Raises Unreadable when it is empty."""
    decoded = decode(data)
    text = with_characters(decoded)
    cutter = _Cutter(text)
    if len(text) <= _MAX_CHARACTERS:
        cutter.add_documents(_lines(text))
    blocks = cutter.blocks or [Block("code", *span) for span in paragraph_spans(text)]
    if not blocks:
        raise Unreadable("empty", "no text in it")
    return Document(text, "yaml", tuple(blocks), has_lines=text == decoded)


def _lines(text: str) -> list[_Line]:
    lines = []
    for start, end in each_line(text):
        line = text[start:end].removeprefix("\ufeff") if start == 0 else text[start:end]
        kept = line.strip()
        if kept:
            indent = len(line) - len(line.lstrip())
            first = end - len(line) + indent
            lines.append(_Line(first, first + len(kept), indent))
    return lines


class _Cutter:
    def __init__(self, text: str) -> None:
        self.blocks: list[Block] = []
        self._text = text

    def add_documents(self, lines: Sequence[_Line]) -> None:
        """The documents of a stream; each of several has a heading, where it says what it is."""
        marks = [i for i, line in enumerate(lines) if _MARK.match(self._piece(line))]
        starts = sorted({0, *marks})
        for start, end in pairwise([*starts, len(lines)]):
            mark = lines[start] if start in marks else None
            document = lines[start + 1 : end] if mark else lines[start:end]
            level = 1
            if mark and len(starts) > 1 and (title := self._document_name(document)):
                self.blocks.append(Block("heading", mark.start, mark.end, 1, title))
                level = 2
            elif mark and mark.end - mark.start > len("---"):
                self.blocks.append(Block("code", mark.start, mark.end))
            self._add(document, level)

    def _piece(self, line: _Line) -> str:
        return self._text[line.start : line.end]

    def _add(self, lines: Sequence[_Line], level: int) -> None:
        """The members of a value. Small ones share blocks, until one had a heading of its own."""
        run: list[_Line] = []
        follows = False
        for item in self._items(lines):
            size = item[-1].end - item[0].start
            is_cut = size > _VALUE_CHARACTERS and len(item) > 1 and level <= _MAX_LEVELS
            title = self._title(item) if is_cut or follows else ""
            is_full = bool(run) and item[-1].end - run[0].start > _VALUE_CHARACTERS
            if run and (is_cut or title or is_full):
                self._add_code(run)
                run = []
            if title:
                follows = True
                self._add_titled(item, title, level, is_cut)
            elif is_cut:
                self._add_code(item[:1])
                self._add(item[1:], level + 1)
            else:
                run += item
        if run:
            self._add_code(run)

    def _add_titled(self, item: Sequence[_Line], title: str, level: int, is_cut: bool) -> None:
        first = next(i for i, line in enumerate(item) if not self._piece(line).startswith("#"))
        if first:
            self._add_code(item[:first])
        self.blocks.append(Block("heading", item[first].start, item[first].end, level, title))
        if is_cut:
            self._add(item[first + 1 :], level + 1)
        elif len(item) > first + 1:
            self._add_code(item[first + 1 :])

    def _items(self, lines: Sequence[_Line]) -> Sequence[Sequence[_Line]]:
        """The lines of each key or list item; comments belong to what follows them."""
        speaking = [line for line in lines if not self._piece(line).startswith("#")]
        least = min((line.indent for line in speaking), default=0)
        opening = [line for line in speaking if line.indent == least]
        # A list may stand as far left as the key it belongs to.
        keys = [line for line in opening if not self._text.startswith("-", line.start)]
        starts = {line.start for line in keys or opening}
        items: list[list[_Line]] = []
        comments: list[_Line] = []
        for line in lines:
            if self._piece(line).startswith("#"):
                comments.append(line)
                continue
            if line.start in starts or not items:
                items.append([])
            items[-1] += [*comments, line]
            comments = []
        if comments and items:
            items[-1] += comments
        return items or ([comments] if comments else [])

    def _title(self, item: Sequence[_Line]) -> str:
        """The key; of a list item, the name it gives itself."""
        pieces = [self._piece(line) for line in item[:_NAMING_LINES]]
        first = next((piece for piece in pieces if not piece.startswith("#")), "")
        if first.startswith("-"):
            return self._first(_NAME, pieces) or self._first(_NUMBER, pieces)
        key = _KEY.match(first)
        return one_line(key[1].strip("\"'"))[:_MAX_TITLE_CHARACTERS] if key else ""

    def _document_name(self, lines: Sequence[_Line]) -> str:
        pieces = [self._piece(line) for line in lines[:_NAMING_LINES]]
        return " ".join(filter(None, (self._first(_KIND, pieces), self._first(_NAME, pieces))))

    def _first(self, pattern: re.Pattern[str], pieces: Sequence[str]) -> str:
        match = next(filter(None, map(pattern.match, pieces)), None)
        return one_line(match[1].strip("\"'"))[:_MAX_TITLE_CHARACTERS].strip() if match else ""

    def _add_code(self, lines: Sequence[_Line]) -> None:
        start = lines[0].start - lines[0].indent if lines[0].indent else lines[0].start
        self.blocks.append(Block("code", start, lines[-1].end))
