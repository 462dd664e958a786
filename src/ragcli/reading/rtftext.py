"""What the words of an RTF file make: paragraphs, lists, table rows, and what hangs on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ragcli.domain import BlockKind
from ragcli.reading.extracted import TextBuilder, clean, one_line
from ragcli.reading.office import list_line, row_line

BODY_TEXT_OUTLINE = 9  # levels of headings are 0 to 8


@dataclass(frozen=True, slots=True)
class Format:
    """What holds for a paragraph: ``outline`` counts from 0, None where its style decides."""

    style: int = 0
    outline: int | None = None
    in_table: bool = False
    depth: int = 0  # of a list item


PLAIN = Format()


@dataclass(slots=True)
class Piece:
    """A block of the text. ``group`` is the same for what belongs together."""

    kind: BlockKind
    text: str
    level: int = 0
    group: Any = None


@dataclass(slots=True)
class Styles:
    """Outline levels (1 is the highest) by the number of the style; ``title`` is the title's."""

    levels: dict[int, int] = field(default_factory=dict)
    title: int | None = None


class Flow:
    """One stream of text: the body, a note, a header, a text box."""

    def __init__(self, kind: str, styles: Styles) -> None:
        self.kind = kind
        self.title: str | None = None
        self._styles = styles
        self._pieces: list[Piece] = []
        self._text: list[str] = []
        self._label: list[str] = []
        self._cell: list[Piece] = []
        self._cells: list[list[Piece]] = []
        self._after: list[Piece] = []  # what stands behind the paragraph, and the table
        self._after_table: list[Piece] = []
        self._tables = 0

    def write(self, text: str) -> None:
        self._text.append(text)

    def write_label(self, text: str) -> None:
        """The number or bullet of the paragraph that follows."""
        self._label.append(text)

    def put_after(self, pieces: list[Piece]) -> None:
        """What stands behind the paragraph, or the table, that is being read."""
        self._after += pieces

    def end_paragraph(self, how: Format) -> None:
        """The text so far is a paragraph, or one of a cell's."""
        piece = self._taken(how)
        if how.in_table:
            if piece.text:
                self._cell.append(piece)
            return
        self._end_table()
        if piece.text:
            self._pieces.append(piece)
        self._pieces += self._after
        self._after = []

    def end_cell(self, how: Format) -> None:
        piece = self._taken(how)
        self._cells.append([*self._cell, piece] if piece.text else self._cell)
        self._cell = []
        self._after_table += self._after
        self._after = []

    def end_row(self) -> None:
        """A row of a table; a table of one cell is a frame around its paragraphs."""
        cells, self._cells = self._cells, []
        if len(cells) == 1:
            self._pieces += cells[0]
            return
        texts = [one_line(" ".join(p.text for p in cell)) for cell in cells]
        if any(texts):
            row = row_line(texts)
            self._pieces.append(Piece("table", row, group=("table", self._tables)))

    def finished(self, how: Format) -> list[Piece]:
        """All pieces, those of what broke off too."""
        if self._text:
            self.end_paragraph(how)
        self._end_table()
        return self._pieces + self._after

    def _end_table(self) -> None:
        if self._cell:
            self.end_cell(PLAIN)
        if self._cells:
            self.end_row()
        self._tables += 1
        self._pieces += self._after_table
        self._after_table = []

    def _taken(self, how: Format) -> Piece:
        text, label = _characters(self._text), one_line(_characters(self._label))
        self._text, self._label = [], []
        text = text.strip()
        if not text:
            return Piece("paragraph", "")
        level = how.outline + 1 if how.outline is not None else self._styles.levels.get(how.style)
        if level is not None and level <= BODY_TEXT_OUTLINE:
            if self.title is None and how.style == self._styles.title:
                self.title = one_line(text)
            number = label if _is_number(label) else ""
            return Piece("heading", one_line(f"{number} {text}"), level)
        if label:
            marker = label if _is_number(label) else "-"
            return Piece("list", list_line(how.depth, marker, text), group="list")
        return Piece("paragraph", text)


def add_pieces(builder: TextBuilder, pieces: list[Piece]) -> None:
    """Append them to a document's text."""
    for piece in pieces:
        title = piece.text if piece.kind == "heading" else ""
        builder.add(piece.kind, piece.text, level=piece.level, title=title, group=piece.group)


def lines(pieces: list[Piece]) -> Iterator[str]:
    """The text of each piece."""
    return (piece.text for piece in pieces)


def _is_number(label: str) -> bool:
    """False for bullets, the letter o among them, which Word uses as one."""
    return label != "o" and any(c.isalnum() for c in label)


def _characters(parts: list[str]) -> str:
    """Text in which UTF-16 halves that were written one by one stand together."""
    text = "".join(parts)
    halves = text.encode("utf-16-le", "surrogatepass")
    return clean(halves.decode("utf-16-le", "replace"))
