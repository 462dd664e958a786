"""The text of an e-book: its chapters' own headings and those of the table of contents as one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ragcli.domain import BlockKind
from ragcli.reading.extracted import TextBuilder, one_line
from ragcli.reading.html import parse
from ragcli.reading.htmltext import traverse
from ragcli.reading.package import local_name

# Deeper tables of contents are hostile.
_MAX_DEPTH = 12
_NO_WORD = re.compile(r"[\W_]+")
# A chapter's own heading may say a number more than the table of contents, or a subtitle.
_SAME_HEADING = 0.5


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents: ``level`` 1 is the outermost, ``anchor`` is empty for the
    beginning of the part."""

    part: str
    anchor: str
    title: str
    level: int


def nav_entries(data: bytes, name: str) -> Iterator[Entry]:
    """The entries of an EPUB 3 navigation document."""
    body = parse(data, is_xml=True).body
    if body is None:
        return
    navs = body.css("nav")
    contents = [n for n in navs if n.attributes.get("epub:type") == "toc"] or navs[:1]
    for nav in contents:
        level = 0
        for step, node in traverse(nav, lambda _: True):
            if step == "text":
                continue
            if node.tag == "ol":
                level += 1 if step == "enter" else -1
            elif node.tag == "a" and step == "leave" and level <= _MAX_DEPTH:
                target = node.attributes.get("href") or ""
                yield from _entry(name, target, node.text(), level)


def ncx_entries(root: Any, name: str) -> Iterator[Entry]:
    """The entries of an EPUB 2 table of contents (NCX); none without a root."""
    if root is None:
        return
    for point in root.iter():
        if local_name(point) != "navPoint":
            continue
        level = 1 + sum(local_name(around) == "navPoint" for around in point.iterancestors())
        parts = {local_name(child): child for child in point}
        if level <= _MAX_DEPTH and "navLabel" in parts and "content" in parts:
            title = "".join(parts["navLabel"].itertext())
            yield from _entry(name, parts["content"].get("src") or "", title, level)


def _entry(name: str, target: str, title: str, level: int) -> Iterator[Entry]:
    path, _, anchor = target.partition("#")
    part = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path)))
    if path and one_line(title):
        yield Entry(part, unquote(anchor), one_line(title), max(level, 1))


class Chapters(TextBuilder):
    """Adds chapters' text; opens sections where the table of contents says that they begin.

    A line that says what the table of contents says becomes its heading; otherwise that heading
    is added. A chapter's own headings stand below it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[Entry] = []
        self._level = 0  # of the open section
        self._shift: int | None = 0  # from a heading's level in its page to its level in the book

    def open(self, entries: list[Entry]) -> None:
        """Sections that begin with what is added next."""
        self._waiting += entries
        self._group = None

    def add(
        self,
        kind: BlockKind,
        text: str,
        *,
        level: int = 0,
        title: str = "",
        group: object = None,
    ) -> None:
        if not text or text.isspace():
            return
        waiting, self._waiting = self._waiting, []
        for entry in waiting:
            self._level, self._shift = entry.level, None
            if entry is waiting[-1] and kind in ("heading", "paragraph") and _same(text, entry):
                said = one_line(text)
                super().add("heading", said, level=entry.level, title=said)
                self._shift = entry.level - level if kind == "heading" else None
                return
            super().add("heading", entry.title, level=entry.level, title=entry.title)
        if kind == "heading":
            if self._shift is None:
                self._shift = self._level + 1 - level
            level = max(level + self._shift, self._level + 1)
        super().add(kind, text, level=level, title=title, group=group)


def _same(text: str, entry: Entry) -> bool:
    said, stated = (_NO_WORD.sub("", t).casefold() for t in (text, entry.title))
    shorter, longer = sorted((said, stated), key=len)
    return bool(shorter) and shorter in longer and len(shorter) >= _SAME_HEADING * len(longer)
