"""From OpenDocument's elements to text: paragraphs, lists, tables, frames, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ragcli.reading.extracted import TextBuilder, clean, one_line
from ragcli.reading.odfstyles import Counts, Styles
from ragcli.reading.office import comment, list_line, row_line
from ragcli.reading.opendocument import OpenDocument
from ragcli.reading.package import attribute, child, integer, local_name

SHAPES = frozenset(
    [
        "frame",
        "g",
        "custom-shape",
        "rect",
        "ellipse",
        "circle",
        "line",
        "polyline",
        "polygon",
        "regular-polygon",
        "path",
        "connector",
        "caption",
        "measure",
        "a",
    ]
)
# OpenOffice 1 (.sxw) had names of its own for some of what is here.
_LISTS = frozenset(("list", "ordered-list", "unordered-list"))
_NOTES = frozenset(("note", "footnote", "endnote"))
_NOTE_BODIES = ("note-body", "footnote-body", "endnote-body")
BLOCKS = frozenset(("p", "h", "table")) | _LISTS | SHAPES
# What stands around blocks without being one itself. Not among them: text:tracked-changes, which
# keeps the deleted text.
CONTAINERS = frozenset(
    [
        "text",
        "section",
        "table-of-content",
        "illustration-index",
        "table-index",
        "object-index",
        "user-index",
        "alphabetical-index",
        "bibliography",
        "index-body",
        "index-title",
        "numbered-paragraph",
        "text-box",
        "list-item",
        "list-header",
        "table-cell",
        "note-body",
        "footnote-body",
        "endnote-body",
        "header",
        "footer",
        "header-left",
        "footer-left",
        "header-first",
        "footer-first",
        "annotation",
    ]
)
_ROW_GROUPS = frozenset(("table-header-rows", "table-rows", "table-row-group"))
_INVISIBLE = frozenset(
    [
        "tracked-changes",
        "note-citation",
        "footnote-citation",
        "endnote-citation",
        "hidden-text",
        "script",
        "event-listeners",
        "forms",
        "binary-data",
        "image",
        "glue-point",
        "enhanced-geometry",
        "thumbnail",
        "text-properties",
    ]
)
# White space of XML; a no-break space is not among it.
_COLLAPSIBLE = re.compile(r"[ \t\r\n]+")
_MAX_SPACES = 1000
_SOFT_HYPHEN = "\u00ad"


@dataclass(slots=True)
class _Inline:
    """What shows within a paragraph; ``after`` are its notes, comments and frames."""

    parts: list[str] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)

    def add(self, text: str | None) -> None:
        """Characters of the XML, whose white space collapses, across elements too."""
        if not text:
            return
        text = _COLLAPSIBLE.sub(" ", text)
        if text[0] == " " and (not self.parts or self.parts[-1].endswith((" ", "\n", "\t"))):
            text = text[1:]
        if text:
            self.parts.append(text)


@dataclass(slots=True)
class _List:
    """The list that is being read: its style, how deep it is nested, its numbers."""

    style: str
    depth: int
    counts: Counts


class Body:
    """Gathers elements, in order, into a text with its structure."""

    def __init__(self, styles: Styles, document: OpenDocument) -> None:
        self.builder = TextBuilder()
        self.title: str | None = None
        self._styles = styles
        self._document = document
        self._outline: Counts = {}
        self._counts: dict[str, Counts] = {}  # of the lists, by style and by name
        self._groups = 0
        self._page = 0

    def begin_page(self) -> None:
        """What follows joins no list that was begun before."""
        self._page += 1

    def add(self, element: Any) -> None:
        """Append a block, and what hangs on it."""
        name = local_name(element)
        if name in ("p", "h"):
            self._add_paragraph(element)
        elif name in _LISTS:
            self._add_list(element, None)
        elif name == "table":
            self._add_table(element)
        elif name == "object":
            self._add_object(element)
        elif name not in _INVISIBLE:
            for block in element:
                self.add(block)

    def texts(self, element: Any) -> Iterator[str]:
        """The visible text below an element, a piece for each paragraph."""
        for block in _blocks(element):
            name = local_name(block)
            if name in ("p", "h"):
                inline = self._inline(block)
                yield _text(inline)
                for hanging in inline.after:
                    yield from self._hanging_texts(hanging)
            elif name == "table":
                yield from (" ".join(filter(None, cells)) for cells in self._rows(block))
            elif name in _LISTS:
                for item in block:
                    yield from self.texts(item)
            else:
                yield from self.texts(block)

    def add_comment(self, annotation: Any) -> None:
        creator = child(annotation, "creator")
        author = "".join(creator.itertext()) if creator is not None else ""
        if text := one_line(" ".join(self.texts(annotation))):
            self.builder.add("paragraph", comment(author, text))

    def _add_paragraph(self, element: Any, at: _List | None = None, label: str = "") -> None:
        inline = self._inline(element)
        text, style = _text(inline), attribute(element, "style-name")
        level = None
        if local_name(element) == "h":
            level = integer(attribute(element, "outline-level") or attribute(element, "level"))
        is_title = self._styles.is_title(style)
        if level is None and is_title:
            level = 1
        if level and text:
            title = one_line(f"{self._number(element, level, at, label)} {text}")
            if self.title is None and is_title:
                self.title = title
            self.builder.add("heading", title, level=level, title=title)
        elif at is not None and text:
            line = list_line(at.depth - 1, label or " ", text)
            self.builder.add("list", line, group=("list", self._page))
        else:
            self.builder.add("paragraph", text)
        for hanging in inline.after:
            self._add_hanging(hanging)

    def _number(self, heading: Any, level: int, at: _List | None, label: str) -> str:
        if at is not None:
            return "" if label == "-" else label
        if local_name(heading) != "h" or attribute(heading, "is-list-header") == "true":
            return ""
        start = integer(attribute(heading, "start-value"))
        return self._styles.outline_label(level, self._outline, start)

    def _add_list(self, element: Any, outer: _List | None) -> None:
        at = self._entered(element, outer)
        for item in element:
            kind = local_name(item)
            if kind not in ("list-item", "list-header"):
                continue
            start = integer(attribute(item, "start-value"))
            waits = kind == "list-item"
            for block in _blocks(item):
                name = local_name(block)
                if name in ("p", "h"):
                    label = self._label(block, at, start) if waits else ""
                    waits = False
                    self._add_paragraph(block, at, label)
                elif name in _LISTS:
                    self._add_list(block, at)
                else:
                    self.add(block)

    def _label(self, paragraph: Any, at: _List, start: int | None) -> str:
        style = at.style or self._styles.list_of(attribute(paragraph, "style-name"))
        return self._styles.label(style, at.depth, at.counts, start)

    def _entered(self, element: Any, outer: _List | None) -> _List:
        style = attribute(element, "style-name")
        if outer is not None:
            return _List(style or outer.style, outer.depth + 1, outer.counts)
        continued = attribute(element, "continue-list") or style
        goes_on = attribute(element, "continue-numbering") == "true" or continued != style
        counts = self._counts.get(continued, {}) if goes_on else {}
        for key in (style, attribute(element, "id")):
            self._counts[key] = counts
        return _List(style, 1, counts)

    def _add_table(self, table: Any) -> None:
        rows = [list(_cells(row)) for row in _table_rows(table)]
        if all(len(cells) <= 1 for cells in rows) or any(
            _is_headed(cell) for cells in rows for cell in cells
        ):
            for cell in (cell for cells in rows for cell in cells):
                for block in _blocks(cell):
                    self.add(block)
            return
        self._groups += 1
        for cells in self._rows(table):
            self.builder.add("table", row_line(cells), group=("table", self._groups))
        for hanging in table.iter("{*}annotation", *("{*}" + name for name in _NOTES)):
            self._add_hanging(hanging)

    def _rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of each row that has any."""
        for row in _table_rows(table):
            cells = [one_line(" ".join(self.texts(cell))) for cell in _cells(row)]
            if any(cells):
                yield cells

    def _inline(self, element: Any) -> _Inline:
        found = _Inline()
        self._gather(element, found)
        return found

    def _gather(self, element: Any, found: _Inline) -> None:
        # XML is parsed to a depth of 256, so that this never goes deeper.
        found.add(element.text)
        for below in element:
            name = local_name(below)
            if name == "s":
                found.parts.append(" " * min(integer(attribute(below, "c")) or 1, _MAX_SPACES))
            elif name in ("tab", "tab-stop"):
                found.parts.append("\t")
            elif name == "line-break":
                found.parts.append("\n")
            elif name in _NOTES or name in ("annotation", "text-box"):
                found.after.append(below)
            elif name == "a" and attribute(below, "href") and not _holds_shapes(below):
                self._gather(below, found)
            elif name in SHAPES:
                self._gather_shape(below, found)
            elif name == "ruby-text":
                reading = "".join(below.itertext()).strip()
                found.parts.append(f"({reading})" if reading else "")
            elif name not in _INVISIBLE and not (
                name == "span" and self._styles.is_hidden(attribute(below, "style-name"))
            ):
                self._gather(below, found)
            found.add(below.tail)

    def _gather_shape(self, shape: Any, found: _Inline) -> None:
        """A formula stands in the line, any other frame after the paragraph."""
        framed = child(shape, "object")
        root = self._document.embedded(framed) if framed is not None else None
        if root is not None and local_name(root) == "math":
            found.parts.append(_formula(root))
        else:
            found.after.append(shape)

    def _add_hanging(self, element: Any) -> None:
        name = local_name(element)
        if name in _NOTES:
            bodies = (body for body in element if local_name(body) in _NOTE_BODIES)
            text = " ".join(text for body in bodies for text in self.texts(body))
            self.builder.add("paragraph", one_line(text))
        elif name == "annotation":
            self.add_comment(element)
        else:
            self.add(element)

    def _hanging_texts(self, element: Any) -> Iterator[str]:
        """Of what stands in a cell: frames in their place; notes stand below the table."""
        if local_name(element) != "annotation" and local_name(element) not in _NOTES:
            yield from self.texts(element)

    def _add_object(self, element: Any) -> None:
        """A chart's titles, then its data; a sheet; a formula."""
        root = self._document.embedded(element)
        if root is None:
            return
        if local_name(root) == "math":
            self.builder.add("paragraph", _formula(root))
            return
        for chart in root.iter("{*}chart"):
            for title in chart.findall("{*}title") + chart.findall("{*}subtitle"):
                self.builder.add("paragraph", one_line(" ".join(self.texts(title))))
        for table in root.iter("{*}table"):
            self._add_table(table)


def _text(inline: _Inline) -> str:
    return clean("".join(inline.parts)).replace(_SOFT_HYPHEN, "").strip()


def _holds_shapes(link: Any) -> bool:
    return any(local_name(below) in SHAPES for below in link)


def _formula(root: Any) -> str:
    """MathML as a line of its signs, without the source that its editor keeps beside it."""
    signs = root.iter("{*}mi", "{*}mn", "{*}mo", "{*}mtext")
    return one_line(" ".join(sign.text or "" for sign in signs))


def _blocks(element: Any) -> Iterator[Any]:
    """The blocks below an element, not those inside each other."""
    for below in element:
        name = local_name(below)
        if name in BLOCKS:
            yield below
        elif name in CONTAINERS and name != "annotation":
            yield from _blocks(below)


def _table_rows(table: Any) -> Iterator[Any]:
    for below in table:
        name = local_name(below)
        if name == "table-row":
            yield below
        elif name in _ROW_GROUPS:
            yield from _table_rows(below)


def _cells(row: Any) -> Iterator[Any]:
    return (cell for cell in row if local_name(cell) in ("table-cell", "covered-table-cell"))


def _is_headed(cell: Any) -> bool:
    """Whether a cell holds a text with a heading: the table then lays out a page."""
    filled = [b for b in _blocks(cell) if next(b.itertext(), None) is not None]
    return len(filled) > 1 and any(local_name(b) == "h" for b in filled)
