"""JSON and its lines (.json, .jsonl): cut at records, under the keys that lead to them.

The text is the file itself, unless words are hidden in it by escapes (``\\u4e2d``, ``\\nHello``):
then it is the file with those read, and has no lines of the file's. Nothing is parsed: brackets are
matched, so that no depth, size or slip of the pen does harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple

from ragcli.domain import Block, BlockKind, Document
from ragcli.errors import Unreadable
from ragcli.reading.encodings import decode
from ragcli.reading.escapes import hides_words, revealed
from ragcli.reading.extracted import one_line
from ragcli.reading.text import paragraph_spans
from ragcli.text.lines import each_line

# About a chunk. What is longer is cut into its members, under a heading.
_VALUE_CHARACTERS = 1000
# So many blocks at most, roughly: tiny records of a large file share one.
_MAX_BLOCKS = 100_000
# Deeper, nobody finds a way by the names of the keys.
_MAX_LEVELS = 6
_MAX_TITLE_CHARACTERS = 100
# Members that are looked at for a record's name.
_NAMING_MEMBERS = 20

_NAMES = ("title", "name", "label", "subject", "headline", "question", "标题", "名称", "姓名", "id")

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NEXT_BRACKET = re.compile(rf'[^"\[\]{{}}]*+(?:{_STRING}[^"\[\]{{}}]*+)*+([\[\]{{}}])', re.DOTALL)
_NEXT_MARK = re.compile(rf'[^"\[\]{{}},]*+(?:{_STRING}[^"\[\]{{}},]*+)*+([\[\]{{}},])', re.DOTALL)
_KEY = re.compile(rf"\s*({_STRING})\s*:\s*", re.DOTALL)
_OPENER = re.compile(r"[\[{]")
_FIRST_LINES = re.compile(r"\ufeff?\s*([\[{][^\r\n]*?)[ \t]*[\r\n]+[ \t]*[\[{]")
_JSON_LINES = frozenset({".jsonl", ".ndjson"})


class _Item(NamedTuple):
    """``text[start:end]`` without white space around; ``opener`` is where its own bracket stands,
    -1 for a value that is not made of others. ``key`` is empty in an array."""

    start: int
    end: int
    opener: int
    key: str


def read(data: bytes, path: PurePath) -> Document:
    """The document of a JSON file, well-formed or not. Raises Unreadable when it is empty."""
    decoded = decode(data)
    is_hidden = hides_words(decoded)
    if path.suffix.lower() in _JSON_LINES or _is_lines(decoded):
        lines = [decoded[start:end] for start, end in each_line(decoded)]
        if is_hidden:
            lines = [revealed(line) for line in lines]
        text = "".join(lines) if is_hidden else decoded
        cutter = _Cutter(text)
        cutter.add_lines(lines)
    else:
        text = revealed(decoded) if is_hidden else decoded
        cutter = _Cutter(text)
        cutter.add_whole()
    blocks = cutter.blocks or [Block("code", *span) for span in paragraph_spans(text)]
    if not blocks:
        raise Unreadable("empty", "no text in it")
    return Document(text, "json", tuple(blocks), has_lines=not is_hidden)


def _is_lines(text: str) -> bool:
    """True when the first line is a record of its own and another one follows."""
    match = _FIRST_LINES.match(text)
    return match is not None and _after(text, match.start(1), match.end(1)) == match.end(1)


def _after(text: str, opener: int, end: int) -> int:
    """Where the value that opens with the bracket at ``opener`` has ended; -1 where it does not,
    before ``end``."""
    depth, place = 0, opener
    while match := _NEXT_BRACKET.match(text, place, end):
        depth += 1 if match[1] in "[{" else -1
        place = match.end()
        if depth <= 0:
            return place
    return -1


def _items(text: str, opener: int, end: int) -> Iterator[_Item]:
    """The members of the value from ``opener`` to ``end``, its brackets included."""
    start = place = opener + 1
    inner = -1
    while match := _NEXT_MARK.match(text, place, end):
        mark, place = match[1], match.end()
        if mark in "[{":
            inner = place - 1 if inner < 0 else inner
            place = _after(text, place - 1, end)
            if place < 0:
                return
            continue
        item = _item(text, start, place - 1, inner)
        if item.end > item.start:
            yield item
        if mark != ",":
            return
        start, inner = place, -1


def _item(text: str, start: int, end: int, inner: int) -> _Item:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    key = _KEY.match(text, start, end)
    return _Item(start, end, inner, one_line(key[1][1:-1]) if key else "")


def _name(text: str, opener: int, end: int) -> str:
    """What a record calls itself: its title, its name, else its number."""
    if opener < 0 or text[opener] != "{":
        return ""
    found: dict[str, str] = {}
    for item in islice(_items(text, opener, end), _NAMING_MEMBERS):
        key = item.key.lower()
        if key in _NAMES and item.opener < 0:
            value = text[item.start : item.end].partition(":")[2].strip()
            found.setdefault(key, one_line(value.strip('"'))[:_MAX_TITLE_CHARACTERS])
    return next((found[key] for key in _NAMES if found.get(key)), "")


class _Cutter:
    """Makes blocks of values, in their order."""

    def __init__(self, text: str) -> None:
        self.blocks: list[Block] = []
        self._text = text
        self._least = len(text) // _MAX_BLOCKS
        self._most = max(_VALUE_CHARACTERS, self._least)
        self._run = (-1, -1)

    def add_whole(self) -> None:
        """The text is one value, or several; nothing is made of one that is not complete."""
        place, end = 0, len(self._text)
        while match := _OPENER.search(self._text, place):
            place = _after(self._text, match.start(), end)
            if place < 0:
                self.blocks.clear()
                return
            self._add_value(_Item(match.start(), place, match.start(), ""), 1, False)
        self._end_run()

    def add_lines(self, lines: Iterable[str]) -> None:
        """Each line is a value; what is none is a block as it is."""
        end, follows = 0, False
        for line in lines:
            start, end = end, end + len(line)
            item = _item(self._text, start + line.startswith("\ufeff"), end, -1)
            if item.start == item.end:
                continue
            is_whole = _after(self._text, item.start, item.end) == item.end
            if self._text[item.start] in "[{" and is_whole:
                item = item._replace(opener=item.start)
            follows = self._add_value(item, 1, follows)
        self._end_run()

    def _add_value(self, item: _Item, level: int, follows: bool) -> bool:
        """``follows`` is true when a value before it, beside it, has a heading of its own: what
        comes after must not stand under that. Returns the same for the next one."""
        size = item.end - item.start
        is_cut = item.opener >= 0 and size > self._most and level <= _MAX_LEVELS
        if not is_cut and not follows:
            self._add_small(item)
            return False
        self._end_run()
        body = self._add_heading(item, level)
        if is_cut:
            self._add_members(item, level + 1)
        elif body < item.end:
            self._add("code", body, item.end)
        return follows or body > item.start

    def _add_heading(self, item: _Item, level: int) -> int:
        """Its key and its name over a value; returns where the rest starts."""
        name = _name(self._text, item.opener, item.end)
        title = " ".join(filter(None, (item.key[:_MAX_TITLE_CHARACTERS], name)))
        key = _KEY.match(self._text, item.start, item.end)
        body = item.opener + 1 if item.opener >= 0 else key.end() if key else item.start
        if not title or body == item.start:
            return item.start
        end = item.start + len(self._text[item.start : body].rstrip())
        self.blocks.append(Block("heading", item.start, end, level, title))
        return body

    def _add_members(self, item: _Item, level: int) -> None:
        follows = False
        for member in _items(self._text, item.opener, item.end):
            follows = self._add_value(member, level, follows)
        self._end_run()

    def _add_small(self, item: _Item) -> None:
        """A value that is not cut. Records stand alone, plain values share a block."""
        first = self._run[0]
        stands_alone = item.opener >= 0 and item.end - item.start >= self._least
        if first >= 0 and (stands_alone or item.end - first > self._most):
            self._end_run()
            first = -1
        if stands_alone:
            self._add("code", item.start, item.end)
        elif item.end - item.start > self._most:
            self._add("paragraph", item.start, item.end)
        else:
            self._run = (item.start if first < 0 else first, item.end)

    def _end_run(self) -> None:
        first, last = self._run
        if first >= 0:
            self._add("code", first, last)
        self._run = (-1, -1)

    def _add(self, kind: BlockKind, start: int, end: int) -> None:
        self.blocks.append(Block(kind, start, end))
