"""From the shapes of a PowerPoint slide to text: its title, paragraphs, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ragcli.reading.drawings import drawing_ids
from ragcli.reading.extracted import TextBuilder, clean, one_line
from ragcli.reading.inline import gather
from ragcli.reading.numerals import numeral
from ragcli.reading.office import list_line, row_line
from ragcli.reading.package import attribute, child, integer, local_name

_TITLES = frozenset(("title", "ctrTitle"))
# Placeholders whose paragraphs are bulleted unless a slide says otherwise; one without a type is
# one of them (ECMA-376 part 1, 19.7.10: the default is obj).
_BULLETED = frozenset(("body", "obj", ""))
# What a master repeats on each slide.
_MARGINS = frozenset(("ftr", "dt", "hdr"))
# A scheme of numbers: arabicPeriod, alphaLcParenR, ea1ChsPlain (part 1, 20.1.10.61).
_SCHEME = re.compile(
    r"(arabic|alphaLc|alphaUc|romanLc|romanUc|ea1Ch[st]|circleNum|ea1Jpn)\w*?"
    r"(Period|ParenR|ParenBoth|Plain|Minus)?$"
)
_NUMERALS = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "chineseCounting",
    "ea1Jpn": "chineseCounting",
    "circleNum": "decimalEnclosedCircle",
}
_ENDINGS = {"ParenR": ("", ")"), "ParenBoth": ("(", ")"), "Plain": ("", ""), "Minus": ("-", "-")}
_DEEPEST = 8  # DrawingML has nine levels


class SlideText:
    """Gathers the shapes of slides, in their order, into a text with its structure."""

    def __init__(self, builder: TextBuilder) -> None:
        self.builder = builder
        self.titles: list[str] = []
        self._margins: set[str] = set()
        self._groups = 0

    def add(self, shapes: Any, drawing: Callable[[str], list[str]]) -> None:
        """Append what a slide shows: its title first, wherever it stands among the shapes."""
        for shape in sorted(_shapes(shapes), key=lambda s: _placeholder(s) not in _TITLES):
            kind = _placeholder(shape)
            if kind == "sldNum":
                continue
            if kind in _TITLES:
                self._add_title(shape)
            elif kind in _MARGINS:
                self._add_margin(shape)
            elif (table := next(shape.iter("{*}tbl"), None)) is not None:
                self._add_rows(_rows(table))
            elif (text := child(shape, "txBody")) is not None:
                self._add_text(text, kind in _BULLETED if kind is not None else False)
            for link in drawing_ids(shape):
                self._add_rows(drawing(link))

    def add_background(self, shapes: Any) -> None:
        """Append what a layout or a master shows beside its placeholders, texts seen before
        left out."""
        for shape in _shapes(shapes):
            if _placeholder(shape) is None:
                self._add_margin(shape)

    def _add_title(self, shape: Any) -> None:
        title = one_line(" ".join(paragraphs(shape)))
        if title:
            self.titles.append(title)
        self.builder.add("heading", title, level=1, title=title)

    def _add_margin(self, shape: Any) -> None:
        """A footer, a date or a master's text, where it is seen for the first time."""
        text = one_line(" ".join(paragraphs(shape)))
        if text not in self._margins:
            self._margins.add(text)
            self.builder.add("paragraph", text)

    def _add_rows(self, rows: Iterator[str] | list[str]) -> None:
        self._groups += 1
        for row in rows:
            self.builder.add("table", row, group=self._groups)

    def _add_text(self, body: Any, bulleted: bool) -> None:
        self._groups += 1
        counts: dict[int, int] = {}
        defaults = child(body, "lstStyle")
        said = [(p, text) for p in body if local_name(p) == "p" and (text := _text(p))]
        bulleted = bulleted and len(said) > 1  # a single line is a caption more often than a list
        for paragraph, text in said:
            properties = child(paragraph, "pPr")
            depth = min(integer(attribute(properties, "lvl")) or 0, _DEEPEST)
            bullet = _bullet(properties)
            if bullet is None and defaults is not None:
                bullet = _bullet(child(defaults, f"lvl{depth + 1}pPr"))
            marker = _marker(bullet, bulleted, counts, depth)
            if marker:
                line = list_line(depth, marker, text)
                self.builder.add("list", line, group=self._groups)
            else:
                self.builder.add("paragraph", text)


def paragraphs(element: Any) -> list[str]:
    """The text of each paragraph of DrawingML below an element."""
    return [text for p in element.iter("{*}p") if (text := _text(p))]


def _text(paragraph: Any) -> str:
    return clean(gather(paragraph).text).strip()


def _shapes(tree: Any) -> Iterator[Any]:
    """The shapes below an element, those of groups in their place."""
    for shape in tree:
        name = local_name(shape)
        if name == "grpSp":
            yield from _shapes(shape)
        elif name == "AlternateContent":
            chosen = child(shape, "Choice")
            yield from _shapes(chosen if chosen is not None else child(shape, "Fallback") or ())
        elif name in ("sp", "cxnSp", "graphicFrame"):
            yield shape


def _placeholder(shape: Any) -> str | None:
    """The type of the placeholder that a shape fills; None for one that fills none."""
    for part in shape:
        if local_name(part).startswith("nv"):
            found = child(part, "nvPr", "ph")
            return None if found is None else attribute(found, "type")
    return None


def _rows(table: Any) -> Iterator[str]:
    for row in table.iter("{*}tr"):
        cells = [one_line(" ".join(paragraphs(cell))) for cell in row.iter("{*}tc")]
        if any(cells):
            yield row_line(cells)


def _bullet(properties: Any) -> Any:
    """What a paragraph's properties say of its bullet; None when nothing."""
    if properties is None:
        return None
    names = ("buNone", "buChar", "buAutoNum", "buBlip")
    return next((p for p in properties if local_name(p) in names), None)


def _marker(bullet: Any, bulleted: bool, counts: dict[int, int], depth: int) -> str:
    """What stands before a paragraph: a number, ``-`` for a bullet, nothing."""
    for deeper in [level for level in counts if level > depth]:
        del counts[deeper]
    name = local_name(bullet) if bullet is not None else ""
    if name != "buAutoNum":
        counts.pop(depth, None)
        return "-" if name in ("buChar", "buBlip") or (bulleted and not name) else ""
    start = integer(attribute(bullet, "startAt")) or 1
    counts[depth] = counts[depth] + 1 if depth in counts else start
    scheme = _SCHEME.match(attribute(bullet, "type"))
    kind, ending = (scheme[1], scheme[2]) if scheme else ("", None)
    before, after = _ENDINGS.get(ending or "", ("", "."))
    return f"{before}{numeral(_NUMERALS.get(kind, 'decimal'), counts[depth])}{after}"
