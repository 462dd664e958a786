"""What a paragraph of WordprocessingML inherits: its style's outline level, its list's number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ragcli.reading.numerals import numeral
from ragcli.reading.office import heading_level
from ragcli.reading.package import attribute, child, integer, local_name

_PLACEHOLDER = re.compile(r"%([1-9])")
_LEVELS = 9  # ECMA-376 part 1, 17.9.6: a list has nine


@dataclass(frozen=True, slots=True)
class Style:
    """What a style gives its paragraphs: the outline level (1 is the highest) and the numbering,
    None for none; whether it is that of titles."""

    level: int | None
    numbering: Any
    is_title: bool


class Styles:
    """The styles of a document by their id."""

    def __init__(self, root: Any) -> None:
        """``root`` is the element of the part of styles, None without one."""
        styles = list(root) if root is not None else []
        self._elements = {attribute(e, "styleId"): e for e in styles if _is(e, "style")}
        self._styles: dict[str, Style] = {}

    def of(self, style_id: str) -> Style:
        """A style, with what it takes from those it is based on."""
        if style_id not in self._styles:
            self._styles[style_id] = self._resolved(style_id)
        return self._styles[style_id]

    def _resolved(self, style_id: str) -> Style:
        chain = list(self._chain(style_id))
        names = [attribute(child(style, "name"), "val").lower() for style in chain]
        if not chain:  # no definition: the id of a built-in style is its name without spaces
            names = [style_id.lower()]
        levels = [integer(attribute(child(s, "pPr", "outlineLvl"), "val")) for s in chain]
        stated = [level + 1 for level in levels if level is not None]
        named = [level for name in names if (level := heading_level(name)) is not None]
        numberings = (child(style, "pPr", "numPr") for style in chain)
        return Style(
            level=next(iter(stated + named), None),
            numbering=next((n for n in numberings if n is not None), None),
            is_title="title" in names,
        )

    def _chain(self, style_id: str) -> Iterator[Any]:
        seen: set[str] = set()
        while style_id in self._elements and style_id not in seen:
            seen.add(style_id)
            style = self._elements[style_id]
            yield style
            style_id = attribute(child(style, "basedOn"), "val")


@dataclass(frozen=True, slots=True)
class _Level:
    kind: str = "bullet"
    text: str = ""
    start: int = 1
    is_legal: bool = False  # all its numbers are Arabic
    restarts: bool = True


@dataclass(slots=True)
class _List:
    """``counts`` go on through all lists made of the same definition, as they do in Word."""

    levels: dict[int, _Level]
    starts: dict[int, int] = field(default_factory=dict)  # the level starts anew in this list
    counts: dict[int, int] = field(default_factory=dict)
    began: bool = False


class Numbering:
    """The numbers of list items and headings, counted as the document goes by."""

    def __init__(self, root: Any) -> None:
        """``root`` is the element of the numbering part, None without one."""
        parts = list(root) if root is not None else []
        definitions = {attribute(e, "abstractNumId"): e for e in parts if _is(e, "abstractNum")}
        linked = {attribute(child(e, "styleLink"), "val"): e for e in definitions.values()}
        counts: dict[str, dict[int, int]] = {}
        self._lists: dict[str, _List] = {}
        for number in parts:
            if not _is(number, "num"):
                continue
            name = attribute(child(number, "abstractNumId"), "val")
            definition = definitions.get(name)
            link = (
                attribute(child(definition, "numStyleLink"), "val")
                if definition is not None
                else ""
            )
            definition = linked.get(link, definition) if link else definition
            made = _List(_levels(definition), counts=counts.setdefault(name, {}))
            for override in number:
                if _is(override, "lvlOverride"):
                    _apply(override, made)
            self._lists[attribute(number, "numId")] = made

    def label(self, number_id: str, depth: int) -> str | None:
        """What stands before the next item of a list at this depth (0 is the outermost): a
        number; ``-`` for a bullet; nothing; None where the list is not defined."""
        made = self._lists.get(number_id)
        if made is None or depth not in made.levels:
            return None
        level = made.levels[depth]
        counts = made.counts
        if not made.began:
            made.began = True
            for begun in made.starts:
                counts.pop(begun, None)
        counts[depth] = (
            counts[depth] + 1 if depth in counts else made.starts.get(depth, level.start)
        )
        for deeper in range(depth + 1, _LEVELS):
            if deeper in counts and made.levels.get(deeper, _Level()).restarts:
                del counts[deeper]
        if level.kind == "bullet":
            return "-"
        return _PLACEHOLDER.sub(lambda m: _number(made, level, int(m[1]) - 1), level.text).strip()


def _number(made: _List, level: _Level, depth: int) -> str:
    counted = made.levels.get(depth, _Level("decimal"))
    kind = "decimal" if level.is_legal else counted.kind
    return "" if kind == "none" else numeral(kind, made.counts.get(depth, counted.start))


def _is(element: Any, name: str) -> bool:
    return local_name(element) == name


def _levels(definition: Any) -> dict[int, _Level]:
    if definition is None:
        return {}
    return {
        depth: _level(e)
        for e in definition
        if _is(e, "lvl") and (depth := integer(attribute(e, "ilvl"))) is not None
    }


def _level(element: Any) -> _Level:
    start = integer(attribute(child(element, "start"), "val"))
    return _Level(
        kind=attribute(child(element, "numFmt"), "val")
        or attribute(child(element, "AlternateContent", "Choice", "numFmt"), "val")
        or "decimal",
        text=attribute(child(element, "lvlText"), "val"),
        start=1 if start is None else start,
        is_legal=child(element, "isLgl") is not None,
        restarts=attribute(child(element, "lvlRestart"), "val") != "0",
    )


def _apply(override: Any, made: _List) -> None:
    depth = integer(attribute(override, "ilvl"))
    if depth is None:
        return
    if (own := child(override, "lvl")) is not None:
        made.levels[depth] = _level(own)
    start = integer(attribute(child(override, "startOverride"), "val"))
    if start is not None:
        made.starts[depth] = start
