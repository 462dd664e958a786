"""From WordprocessingML elements to text: what each paragraph is, and what shows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ragcli.reading.docxstyles import Numbering, Style, Styles
from ragcli.reading.drawings import drawing_ids
from ragcli.reading.extracted import TextBuilder, clean, one_line
from ragcli.reading.inline import Inline, gather
from ragcli.reading.office import comment, list_line, row_line
from ragcli.reading.package import attribute, child, integer, local_name

BLOCKS = frozenset(("p", "tbl"))
# What stands around blocks without being one itself.
CONTAINERS = frozenset(
    [
        "document",
        "body",
        "sdt",
        "sdtContent",
        "customXml",
        "smartTag",
        "ins",
        "moveTo",
        "AlternateContent",
        "Choice",
        "txbxContent",
        "hdr",
        "ftr",
        "comment",
        "footnote",
        "endnote",
        "tr",
        "tc",
    ]
)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    kind: Literal["heading", "list", "paragraph"]
    text: str
    level: int = 0  # of a heading
    inline: Inline = field(default_factory=Inline)


class Notes:
    """Footnotes, endnotes and comments by their kind and number."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}

    def add(self, root: Any, read: Callable[[Any], Iterator[str]]) -> None:
        """Take in a part of notes, None for none; ``read`` gives the lines of an element."""
        for note in root if root is not None else ():
            if attribute(note, "type") in ("separator", "continuationSeparator"):
                continue
            kind, text = local_name(note), one_line(" ".join(read(note)))
            if kind == "comment" and text:
                text = comment(attribute(note, "author"), text)
            self._texts[kind, attribute(note, "id")] = text

    def take(self, references: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The notes that are referred to, each for the first reference only."""
        for reference in references:
            if text := self._texts.pop(reference, ""):
                yield text


class Body:
    """Gathers the elements of a document's body, in order, into a text with its structure."""

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        notes: Notes,
        drawing: Callable[[str], list[str]],
    ) -> None:
        """``drawing`` gives the lines of a chart or diagram by the id of the link to it."""
        self.builder = TextBuilder()
        self.title: str | None = None
        self._styles = styles
        self._numbering = numbering
        self._notes = notes
        self._drawing = drawing
        self._tables = 0
        self._references: list[tuple[str, str]] = []

    def add(self, element: Any) -> None:
        """Append a paragraph or a table, and the notes that its text refers to."""
        if len(element) == 0:
            return
        self._add(element)
        for link in drawing_ids(element):
            self._tables += 1
            for line in self._drawing(link):
                self.builder.add("table", line, group=("table", self._tables))
        references, self._references = self._references, []
        for note in self._notes.take(references):
            self.builder.add("paragraph", note)

    def _add(self, element: Any) -> None:
        if local_name(element) == "p":
            self._add_paragraph(element)
        elif _lays_out(element, self._styles):
            for block in _blocks(element):
                self._add(block)
        else:
            self._tables += 1
            table = self._tables
            for cells in self._rows(element):
                self.builder.add("table", row_line(cells), group=("table", table))

    def _add_paragraph(self, element: Any) -> None:
        paragraph = self._paragraph(element)
        if paragraph.kind == "heading":
            title = paragraph.text
            if self.title is None and self._styles.of(_style(child(element, "pPr"))).is_title:
                self.title = title
            self.builder.add("heading", title, level=paragraph.level, title=title)
        else:
            group = "list" if paragraph.kind == "list" else None
            self.builder.add(paragraph.kind, paragraph.text, group=group)
        self._references += paragraph.inline.references
        for box in paragraph.inline.boxes:
            for block in [box] if local_name(box) in BLOCKS else _blocks(box):
                self._add(block)

    def texts(self, element: Any) -> Iterator[str]:
        """The visible text below an element, a piece for each paragraph."""
        for block in _blocks(element):
            if local_name(block) == "tbl":
                yield from (" ".join(filter(None, cells)) for cells in self._rows(block))
                continue
            paragraph = self._paragraph(block)
            self._references += paragraph.inline.references
            yield paragraph.text
            for box in paragraph.inline.boxes:
                yield from self.texts(box)

    def _paragraph(self, element: Any) -> _Paragraph:
        inline = gather(element)
        text = clean(inline.text).strip()
        properties = child(element, "pPr")
        if properties is None:
            return _Paragraph("paragraph", text, inline=inline)
        style = self._styles.of(_style(properties))
        level = _level(properties, style)
        depth, label = self._item(properties, style)
        if not text:
            return _Paragraph("paragraph", "", inline=inline)
        if level is not None:
            marked = "" if label in ("-", None) else f"{label} "
            return _Paragraph("heading", one_line(marked + text), level, inline)
        if label:
            return _Paragraph("list", list_line(depth, label, text), inline=inline)
        return _Paragraph("paragraph", text, inline=inline)

    def _item(self, properties: Any, style: Style) -> tuple[int, str | None]:
        """How deep a list item is nested, and what stands before it; None where it is none
        (number 0 takes a paragraph out of its style's list)."""
        written = child(properties, "listPr", "t")  # Word 2003 keeps the number beside the item
        if written is not None:
            shown = attribute(written, "val")
            level = integer(attribute(child(properties, "listPr", "ilvl"), "val"))
            return level or 0, shown if any(c.isalnum() for c in shown) else "-"
        own, inherited = child(properties, "numPr"), style.numbering
        if own is None and inherited is None:
            return 0, None
        number = attribute(child(own, "numId"), "val") if own is not None else ""
        if not number and inherited is not None:
            number = attribute(child(inherited, "numId"), "val")
        if number == "0":
            return 0, None
        given = own if own is not None and child(own, "ilvl") is not None else inherited
        depth = integer(attribute(child(given, "ilvl"), "val")) if given is not None else 0
        label = self._numbering.label(number, depth or 0)
        return depth or 0, "-" if label is None else label

    def _rows(self, table: Any) -> Iterator[list[str]]:
        """The cells of each row that has any text."""
        for row in _descend(table, "tr"):
            cells = [one_line(" ".join(self.texts(cell))) for cell in _descend(row, "tc")]
            if any(cells):
                yield cells


def _style(properties: Any) -> str:
    """The id of the style that a paragraph's properties name; empty for none."""
    return "" if properties is None else attribute(child(properties, "pStyle"), "val")


def _level(properties: Any, style: Style) -> int | None:
    """1 to 9 for a heading; outline level 9 (here 10) means body text."""
    own = integer(attribute(child(properties, "outlineLvl"), "val"))
    level = own + 1 if own is not None else style.level
    if level is None and style.is_title:
        return 1
    return level if level is not None and level <= 9 else None


def _lays_out(table: Any, styles: Styles) -> bool:
    """A table that arranges text on the page: one cell wide, or with a headed text in a cell."""
    rows = [list(_descend(row, "tc")) for row in _descend(table, "tr")]
    if all(len(cells) <= 1 for cells in rows):
        return True
    return any(_is_headed(cell, styles) for cells in rows for cell in cells)


def _is_headed(cell: Any, styles: Styles) -> bool:
    filled = [b for b in _blocks(cell) if next(b.iter("{*}t"), None) is not None]
    return len(filled) > 1 and any(
        local_name(b) == "p" and styles.of(_style(child(b, "pPr"))).level in range(1, 10)
        for b in filled
    )


def _blocks(element: Any) -> Iterator[Any]:
    """The paragraphs and tables below an element, not those inside each other."""
    for below in element:
        name = local_name(below)
        if name in BLOCKS:
            yield below
        elif name in CONTAINERS and not _is_deleted_row(below, name):
            yield from _blocks(below)


def _descend(element: Any, name: str) -> Iterator[Any]:
    """Rows of a table or cells of a row, through content controls and the like."""
    for below in element:
        found = local_name(below)
        if found == name and not _is_deleted_row(below, found):
            yield below
        elif found in CONTAINERS and found not in ("tr", "tc"):
            yield from _descend(below, name)


def _is_deleted_row(element: Any, name: str) -> bool:
    return name == "tr" and child(element, "trPr", "del") is not None
