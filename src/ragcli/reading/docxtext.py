"""From WordprocessingML elements to text: what each paragraph is, and what shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ragcli.reading.extracted import TextBuilder, clean, one_line
from ragcli.reading.package import local_name

# Text that shows: runs (w:t), drawings (a:t) and formulas (m:t) share the local name.
_CHARACTERS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
# Deleted and moved text, field codes, and the second form of what a newer Word shows otherwise.
_INVISIBLE = frozenset(
    [
        "del",
        "moveFrom",
        "delText",
        "delInstrText",
        "instrText",
        "Fallback",
        "rPr",
        "pPr",
        "tblPr",
        "tcPr",
        "trPr",
        "sdtPr",
    ]
)
_HEADING_STYLE = re.compile(
    r"(?:heading|标题|標題|überschrift|titre|título) ?([1-9])$", re.IGNORECASE
)
_OFF = frozenset(("0", "false", "off", "none"))
_MAX_INDENT = 8


def _child(element: Any, *path: str) -> Any:
    for name in path:
        element = next((c for c in element if local_name(c) == name), None)
        if element is None:
            return None
    return element


def _value(element: Any, name: str = "val") -> str:
    """An attribute by its local name, empty when it is missing."""
    if element is None:
        return ""
    found = (v for k, v in element.items() if k.rpartition("}")[2] == name)
    return next(found, "")


def _is_on(element: Any) -> bool:
    return element is not None and _value(element) not in _OFF


def _integer(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


class Styles:
    """What a paragraph inherits from its style."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._styles = {_value(e, "styleId"): e for e in elements}

    def name(self, style_id: str) -> str:
        style = self._styles.get(style_id)
        return _value(_child(style, "name")).lower() if style is not None else style_id.lower()

    def level(self, style_id: str) -> int | None:
        """The outline level (1 is the highest) that the style or one it is based on gives."""
        for style in self._chain(style_id):
            level = _integer(_value(_child(style, "pPr", "outlineLvl")))
            if level is not None:
                return level + 1
            if match := _HEADING_STYLE.match(_value(_child(style, "name"))):
                return int(match[1])
        return None

    def is_list(self, style_id: str) -> bool:
        return any(_child(s, "pPr", "numPr") is not None for s in self._chain(style_id))

    def _chain(self, style_id: str) -> Iterator[Any]:
        seen: set[str] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            style = self._styles[style_id]
            yield style
            style_id = _value(_child(style, "basedOn"))


class Notes:
    """Footnotes and endnotes by their kind and number."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._texts = {
            (local_name(e), _value(e, "id")): one_line(" ".join(_lines(e)))
            for e in elements
            if not _value(e, "type")  # separators have one, notes do not
        }

    def of(self, element: Any) -> list[str]:
        """The notes that the text of an element points to."""
        found = []
        for child in element.iter("{*}footnoteReference", "{*}endnoteReference"):
            kind = local_name(child).removesuffix("Reference")
            found.append(self._texts.get((kind, _value(child, "id")), ""))
        return [text for text in found if text]


class Body:
    """Gathers the elements of a document's body, in order, into a text with its structure."""

    def __init__(self, styles: Styles, notes: Notes) -> None:
        self.builder = TextBuilder()
        self.title: str | None = None
        self._styles = styles
        self._notes = notes
        self._tables = 0

    def add(self, element: Any) -> None:
        """Append a paragraph, a table, or what a content control holds."""
        name = local_name(element)
        if name == "p":
            self._add_paragraph(element)
        elif name == "tbl":
            self._add_table(element)
        elif name not in _INVISIBLE:
            for child in element:
                self.add(child)
            return
        for note in self._notes.of(element):
            self.builder.add("paragraph", note)

    def _add_paragraph(self, paragraph: Any) -> None:
        first, *boxes = _lines(paragraph)
        style = _value(_child(paragraph, "pPr", "pStyle"))
        level = self._level(paragraph, style)
        depth = self._list_depth(paragraph, style)
        title = one_line(first)
        if level is not None and title:
            if self.title is None and self._styles.name(style) == "title":
                self.title = title
            self.builder.add("heading", title, level=level, title=title)
        elif depth is not None and title:
            indent = "  " * min(depth, _MAX_INDENT)
            self.builder.add("list", f"{indent}- {first.strip()}", group="list")
        else:
            self.builder.add("paragraph", first.strip())
        for text in boxes:
            self.builder.add("paragraph", text.strip())

    def _level(self, paragraph: Any, style: str) -> int | None:
        """1 to 9 for a heading; outline level 9 (here 10) means body text."""
        own = _integer(_value(_child(paragraph, "pPr", "outlineLvl")))
        level = own + 1 if own is not None else self._styles.level(style)
        if level is None and self._styles.name(style) == "title":
            return 1
        return level if level is not None and level <= 9 else None

    def _list_depth(self, paragraph: Any, style: str) -> int | None:
        """How deep a list item is nested, None for what is none (number 0 takes it out)."""
        own = _child(paragraph, "pPr", "numPr")
        number = _value(_child(own, "numId")) if own is not None else ""
        if number == "0" or (own is None and not self._styles.is_list(style)):
            return None
        return (_integer(_value(_child(own, "ilvl"))) or 0) if own is not None else 0

    def _add_table(self, table: Any) -> None:
        self._tables += 1
        for line in _table_lines(table):
            self.builder.add("table", line, group=("table", self._tables))


def _table_lines(table: Any) -> Iterator[str]:
    for row in _descend(table, "tr"):
        properties = _child(row, "trPr")
        if properties is not None and _child(properties, "del") is not None:
            continue
        cells = [one_line(" ".join(_lines(cell))) for cell in _descend(row, "tc")]
        if any(cells):
            yield " | ".join(cells).rstrip()


def _descend(element: Any, name: str) -> Iterator[Any]:
    """Elements of a name below, through content controls and the like, not into each other."""
    for child in element:
        if local_name(child) == name:
            yield child
        elif local_name(child) not in _INVISIBLE and local_name(child) not in ("p", "tbl"):
            yield from _descend(child, name)


def _lines(element: Any) -> list[str]:
    """The visible text of an element: its own, then that of each paragraph inside it."""
    texts: list[list[str]] = [[]]
    _gather(element, texts, texts[0])
    return [clean("".join(text)) for text in texts]


def _gather(element: Any, texts: list[list[str]], current: list[str]) -> None:
    for child in element:
        name = local_name(child)
        if name == "t":
            current.append(child.text or "")
        elif name in _CHARACTERS:
            current.append(_CHARACTERS[name])
        elif name == "p":
            texts.append([])
            _gather(child, texts, texts[-1])
        elif name not in _INVISIBLE and not _is_vanished(child, name):
            _gather(child, texts, current)


def _is_vanished(element: Any, name: str) -> bool:
    return name == "r" and _is_on(_child(element, "rPr", "vanish"))
