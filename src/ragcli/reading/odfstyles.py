"""Styles of OpenDocument: what is a title, what is hidden, and how lists are numbered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ragcli.reading.numerals import numeral
from ragcli.reading.package import attribute, child, integer, local_name

# The first sign of a number format (ODF 1.3 part 3, 19.502, and LibreOffice's own).
_NUMERALS = {
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "一": "chineseCounting",
    "壹": "chineseLegalSimplified",
    "①": "decimalEnclosedCircle",
    "甲": "ideographTraditional",
    "子": "ideographZodiac",
}
_PLACEHOLDER = re.compile(r"%(\d{1,2})%")
Counts = dict[int, int]


@dataclass(frozen=True, slots=True)
class _Level:
    """``shape`` is the label with ``%1%`` for the number of the first level."""

    is_bullet: bool
    kind: str = ""
    shape: str = ""
    start: int = 1


class Styles:
    """The styles of a document by their name."""

    def __init__(self) -> None:
        self._styles: dict[str, dict[str, str]] = {}
        self._lists: dict[str, dict[int, _Level]] = {}
        self._outline: dict[int, _Level] = {}
        self._hidden: set[str] = set()

    def add(self, styles: Any) -> None:
        """Take in the element ``office:styles`` or ``office:automatic-styles``."""
        for element in styles:
            kind, name = local_name(element), attribute(element, "name")
            if kind == "list-style":
                self._lists[name] = _levels(element)
            elif kind == "outline-style":
                self._outline = _levels(element)
            elif kind == "style":
                self._styles[name] = {
                    key: attribute(element, key) for key in ("parent-style-name", "list-style-name")
                }
                if attribute(child(element, "text-properties"), "display") == "none":
                    self._hidden.add(name)

    def is_title(self, name: str) -> bool:
        return "Title" in self._chain(name)

    def is_hidden(self, name: str) -> bool:
        return name in self._hidden

    def list_of(self, name: str) -> str:
        """The list style that a paragraph style gives; empty without one."""
        given = (self._styles[n]["list-style-name"] for n in self._chain(name) if n in self._styles)
        return next((found for found in given if found), "")

    def label(self, style: str, depth: int, counts: Counts, start: int | None = None) -> str:
        """What stands before the next item of a list at this depth (1 is the outermost); ``-``
        for a bullet, and where the list is not defined. ``counts`` are the list's, ``start`` is
        the item's own number."""
        return _label(self._lists.get(style, {}), depth, counts, start)

    def outline_label(self, level: int, counts: Counts, start: int | None = None) -> str:
        """The number of the next heading of this level; empty where headings have none."""
        label = _label(self._outline, level, counts, start)
        return "" if label == "-" else label

    def _chain(self, name: str) -> Iterator[str]:
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            yield name
            name = self._styles[name]["parent-style-name"] if name in self._styles else ""


def _label(levels: dict[int, _Level], depth: int, counts: Counts, start: int | None) -> str:
    level = levels.get(depth)
    if level is None:
        return "-"
    counts[depth] = counts[depth] + 1 if depth in counts else level.start
    if start is not None:
        counts[depth] = start
    for deeper in [d for d in counts if d > depth]:
        del counts[deeper]
    if level.is_bullet:
        return "-"
    return _PLACEHOLDER.sub(lambda m: _number(levels, int(m[1]), counts), level.shape).strip()


def _number(levels: dict[int, _Level], depth: int, counts: Counts) -> str:
    level = levels.get(depth)
    return numeral(level.kind, counts.get(depth, level.start)) if level else ""


def _levels(style: Any) -> dict[int, _Level]:
    return {
        depth: _level(element, depth)
        for element in style
        if (depth := integer(attribute(element, "level"))) is not None
    }


def _level(element: Any, depth: int) -> _Level:
    if local_name(element) in ("list-level-style-bullet", "list-level-style-image"):
        return _Level(is_bullet=True)
    start = integer(attribute(element, "start-value"))
    number = attribute(element, "num-format")
    shown = min(integer(attribute(element, "display-levels")) or 1, depth)
    numbers = ".".join(f"%{level}%" for level in range(depth - shown + 1, depth + 1))
    return _Level(
        is_bullet=False,
        kind=_NUMERALS.get(number[:1], "decimal"),
        shape=attribute(element, "num-list-format")
        or attribute(element, "num-prefix") + numbers + attribute(element, "num-suffix")
        if number
        else "",
        start=1 if start is None else start,
    )
