"""Lines of a PDF page to paragraphs, tables and columns in reading order. Pure.

A PDF knows glyphs and places, no paragraphs. Most programs write a page in the order in which it is
read, so that order is kept, and what stands where only says what belongs together:

    lines -> rows (cells side by side) -> tables, columns, text -> paragraphs

It is given up where it contradicts the page: two columns written line by line across both, and
pieces of which a later one stands above an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from statistics import median

from ragcli.reading.pdflines import Line, is_right_to_left

Cell = list[Line]

# A line that starts lower than this, in heights, does not go on with the text above it, unless
# the whole page is spaced so widely; what opens a paragraph is this much wider than the usual step.
_NEXT_LINE = 0.9
_WIDE_STEP = 1.3
_PARAGRAPH_STEP = 1.2
# A page's usual step is looked for below this many heights.
_WIDEST_STEP = 3.0
_FEWEST_STEPS = 5
_COMMON_STEP = 1.25
# Sizes of one text differ by less: small capitals, another font.
_SAME_SIZE = 1.15
# Columns of prose: most lines reach the margin, have words, and many go on in lower case.
_FULL_LINE = 0.75
_FULL_SHARE = 0.6
_PROSE_CHARACTERS = 20
_LOWER_CASE_SHARE = 0.3
_LINES_OF_A_CELL = 8
# Pages of more pieces are drawings; pairs of them grow with the square.
_MOST_PIECES = 400
# A last line reaches anywhere; one this near to the margin is more likely a full line.
_SHORT_LINE = 0.8
_INDENT = 0.8

_SENTENCE_END = re.compile(r"[.!?:;…。！？：；][\"'”’»)\]」』）】》]*$")
_BULLET = re.compile(
    r"\s*(?:[•‣◦▪▫●○■□–·*\uf0a7\uf0b7-]|\(?\d{1,3}[.)]|[（(]?[一二三四五六七八九十]{1,3}[、）)])\s"
)


@dataclass(slots=True)
class Part:
    """A paragraph's lines, or a table's rows of cells, each of them lines."""

    lines: list[Line] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    """Cells side by side. One cell alone is a piece of running text."""

    cells: list[Cell]
    y0: float
    y1: float

    @property
    def lines(self) -> list[Line]:
        return [line for cell in self.cells for line in cell]


@dataclass(slots=True)
class _Piece:
    """What stands together on a page: parts, the box around them, and their place among others in
    the order of writing."""

    parts: list[Part]
    x0: float
    y0: float
    x1: float
    y1: float
    place: int = 0


def parts_of(lines: Sequence[Line], *, is_vertical: bool = False) -> list[Part]:
    """The parts of a page in reading order; what runs up or down the page comes last."""
    upright = [line for line in lines if line.upright]
    parts: list[Part] = []
    if is_vertical:
        parts = [Part(upright)] if upright else []
    elif upright:
        step = _usual_step(upright)
        pieces = list(_pieces(_whole_lines(_rows(upright, step), step), step))
        parts = [part for piece in _in_order(pieces) for part in piece.parts]
    return parts + [Part([line]) for line in lines if not line.upright]


def _usual_step(lines: Sequence[Line]) -> float:
    """From one line to the next, in heights of a line, where text runs on."""
    steps = [
        (b.y0 - a.y0) / a.height
        for a, b in pairwise(lines)
        if a.height > 0 and _overlap(a.x0, a.x1, b.x0, b.x1) > 0
    ]
    usual = [step for step in steps if 0.5 < step < _WIDEST_STEP]
    return median(usual) if len(usual) >= _FEWEST_STEPS else _COMMON_STEP


def _rows(lines: Sequence[Line], step: float) -> list[_Row]:
    rows: list[_Row] = []
    for line in lines:
        if rows and _stands_beside(rows[-1], line, rows[-2].y1 if len(rows) > 1 else 0.0):
            rows += _split_off(rows.pop(), line)
            rows[-1].cells.append([line])
        elif rows and _goes_on(rows[-1], line, step):
            rows[-1].cells[-1].append(line)
        else:
            rows.append(_Row([[line]], line.y0, line.y1))
            continue
        rows[-1].y0, rows[-1].y1 = min(rows[-1].y0, line.y0), max(rows[-1].y1, line.y1)
    return rows


def _split_off(row: _Row, line: Line) -> list[_Row]:
    """The row, or the text before it and the row, where only the end of its one cell, or what
    stands apart from the rest of it, stands beside the line."""
    cell = row.cells[-1]
    if len(row.cells) > 1:
        return [row]
    beside = (i for i, each in enumerate(cell) if each.y1 > line.y0 + line.height / 2)
    k = next(beside, 0)
    if not k or not (k == len(cell) - 1 or cell[k].y0 - cell[k - 1].y1 > line.height / 2):
        return [row]
    return [
        _Row([cell[:k]], row.y0, cell[k - 1].y1),
        _Row([cell[k:]], cell[k].y0, row.y1),
    ]


def _whole_lines(rows: list[_Row], step: float) -> list[_Row]:
    """The rows, where one of several cells that is no table's is a line with a wide gap in it."""
    whole: list[_Row] = []
    i = 0
    while i < len(rows):
        end = _table_end(rows, i)
        for row in rows[i:end]:
            if end == i + 1 and _is_one_line(row):
                row = _Row([[_joined(row.lines)]], row.y0, row.y1)
            above = whole[-1] if whole else None
            if (
                above is not None
                and len(above.cells) == len(row.cells) == 1
                and _goes_on(above, row.cells[0][0], step)
            ):
                above.cells[0] += row.cells[0]
                above.y1 = max(above.y1, row.y1)
            else:
                whole.append(row)
        i = end
    return whole


def _is_one_line(row: _Row) -> bool:
    first = row.cells[0][0]
    return all(
        len(cell) == 1 and _overlap(first.y0, first.y1, cell[0].y0, cell[0].y1) >= first.height / 2
        for cell in row.cells
    )


def _joined(lines: list[Line]) -> Line:
    """Lines side by side as one."""
    if len(lines) == 1:
        return lines[0]
    x0, x1 = _span(lines)
    return replace(
        lines[0],
        text=" ".join(line.text for line in lines),
        x0=x0,
        y0=min(line.y0 for line in lines),
        x1=x1,
        y1=max(line.y1 for line in lines),
        bold=all(line.bold for line in lines),
        is_broken=lines[-1].is_broken,
    )


def _stands_beside(row: _Row, line: Line, top: float) -> bool:
    """Whether a line opens the next cell of a row; ``top`` is where the row above ends. Short cells
    may stand at half the height of a long one, which then begins above them."""
    slack = line.height / 3
    if _overlap(row.y0, row.y1, line.y0, line.y1) < line.height / 2:
        above = row.y0 - line.y0
        if not 0 < above <= _LINES_OF_A_CELL / 2 * line.height or line.y0 < top - slack:
            return False
    cell = row.cells[-1]
    if line.x0 >= max(each.x1 for each in cell) - slack:
        return True
    return line.x1 <= min(each.x0 for each in cell) + slack and is_right_to_left(line.text)


def _goes_on(row: _Row, line: Line, step: float) -> bool:
    """Whether a line stands below the row's last one, as part of the same text."""
    cell = row.cells[-1]
    last = cell[-1]
    if not _same_size(last, line):
        return False
    height = max(last.height, line.height)
    if not 0 < line.y0 - last.y0 <= max(_WIDE_STEP * step, 1 + _NEXT_LINE) * height:
        return False
    left, right = min(each.x0 for each in cell[-9:]), max(each.x1 for each in cell[-9:])
    return _overlap(left, right, line.x0, line.x1) > 0


def _same_size(a: Line, b: Line) -> bool:
    if not a.size or not b.size:
        return True
    return max(a.size, b.size) <= _SAME_SIZE * min(a.size, b.size)


def _pieces(rows: list[_Row], step: float) -> Iterator[_Piece]:
    i = 0
    while i < len(rows):
        end = _table_end(rows, i)
        if end > i + 1 and not _is_running_text(rows[i:end]):
            columns = _columns_of_prose(rows[i:end])
            if columns:
                for column in columns:
                    yield _piece(list(_paragraphs(column, step)))
            else:
                yield _piece([Part(rows=[row.cells for row in rows[i:end]])])
        else:
            for cell in (cell for row in rows[i:end] for cell in row.cells):
                yield _piece(list(_paragraphs(cell, step)))
        i = end


def _table_end(rows: list[_Row], start: int) -> int:
    """Where the rows end whose cells stand below those of the first one."""
    if len(rows[start].cells) < 2:
        return start + 1
    columns = [_span(cell) for cell in rows[start].cells]
    end = start + 1
    while end < len(rows):
        row = rows[end]
        near = row.y0 - rows[end - 1].y1 <= _WIDEST_STEP * row.cells[0][0].height
        if not near or row.y0 < rows[end - 1].y0:
            break
        if len(row.cells) < 2 and (end + 1 >= len(rows) or len(rows[end + 1].cells) < 2):
            break
        grown = _aligned(columns, row)
        if grown is None:
            break
        columns = grown
        end += 1
    return end


def _aligned(columns: list[tuple[float, float]], row: _Row) -> list[tuple[float, float]] | None:
    """The columns, widened by a row's cells; None when a cell belongs to two or two to one."""
    grown = list(columns)
    taken: set[int] = set()
    is_full = len(row.cells) == len(columns)
    found = False
    for number, cell in enumerate(row.cells):
        x0, x1 = _span(cell)
        below = [i for i, span in enumerate(columns) if _overlap(*span, x0, x1) > 0]
        found = found or bool(below)
        if not below and is_full:
            below = [number]  # a centred header stands over none of a narrow column's words
        if len(below) > 1 or taken.intersection(below):
            return None
        if below:
            taken.add(below[0])
            grown[below[0]] = (min(grown[below[0]][0], x0), max(grown[below[0]][1], x1))
        else:
            grown.append((x0, x1))
    return grown if found else None


def _is_running_text(rows: list[_Row]) -> bool:
    """Whether these are columns, each of them written from top to bottom."""
    cells = [cell for row in rows for cell in row.cells]
    return sum(map(len, cells)) > _LINES_OF_A_CELL * len(cells)


def _columns_of_prose(rows: list[_Row]) -> list[list[Line]]:
    """The columns of prose that was written line by line across them; none of a table."""
    if len(rows) < 3 or any(len(cell) > 1 for row in rows for cell in row.cells):
        return []
    columns: list[list[Line]] = []
    spans: list[tuple[float, float]] = []
    for line in (line for row in rows for line in row.lines):
        at = next(
            (i for i, span in enumerate(spans) if _overlap(*span, line.x0, line.x1) > 0), None
        )
        if at is None:
            columns.append([line])
            spans.append((line.x0, line.x1))
        else:
            columns[at].append(line)
            spans[at] = (min(spans[at][0], line.x0), max(spans[at][1], line.x1))
    columns.sort(key=lambda column: column[0].x0)
    return columns if len(columns) > 1 and all(map(_is_prose, columns)) else []


def _is_prose(lines: list[Line]) -> bool:
    left, right = _span(lines)
    full = sum(line.width >= _FULL_LINE * (right - left) for line in lines)
    if full < _FULL_SHARE * len(lines):
        return False
    if median(len(line.text) + sum(c > "\u2e80" for c in line.text) for line in lines) < (
        _PROSE_CHARACTERS
    ):
        return False
    cased = [line for line in lines[1:] if line.text[0].isalpha() and _has_case(line.text[0])]
    lower = sum(line.text[0].islower() for line in cased)
    return lower >= _LOWER_CASE_SHARE * len(cased)


def _has_case(character: str) -> bool:
    return character.lower() != character.upper()


def _paragraphs(lines: list[Line], step: float) -> Iterator[Part]:
    """Running text, cut where a paragraph seems to end."""
    left, right = _span(lines)
    current: list[Line] = []
    for i, line in enumerate(lines):
        if current and _opens(lines, i, left, right, step):
            yield Part(current)
            current = []
        current.append(line)
    if current:
        yield Part(current)


def _opens(lines: list[Line], i: int, left: float, right: float, step: float) -> bool:
    """Whether a paragraph starts with this line."""
    above, line = lines[i - 1], lines[i]
    if line.bold != above.bold or _BULLET.match(line.text + " "):
        return True
    if line.y0 - above.y0 > _PARAGRAPH_STEP * step * max(above.height, line.height):
        return True
    if above.x1 - left < _SHORT_LINE * (right - left) and _SENTENCE_END.search(above.text):
        return True
    indent = _INDENT * line.height
    is_indented = line.x0 > left + indent >= above.x0
    goes_on_indented = i + 1 < len(lines) and lines[i + 1].x0 > left + indent
    return is_indented and not goes_on_indented


def _piece(parts: list[Part]) -> _Piece:
    lines = [
        line
        for part in parts
        for line in (*part.lines, *(each for row in part.rows for cell in row for each in cell))
    ]
    x0, x1 = _span(lines)
    return _Piece(parts, x0, min(line.y0 for line in lines), x1, max(line.y1 for line in lines))


def _in_order(pieces: list[_Piece]) -> list[_Piece]:
    """The pieces as they were written, unless one stands above an earlier one."""
    if len(pieces) > _MOST_PIECES or not any(
        later.y1 <= earlier.y0 + 1 and _overlap(earlier.x0, earlier.x1, later.x0, later.x1) > 0
        for earlier, later in combinations(pieces, 2)
    ):
        return pieces
    for place, piece in enumerate(pieces):
        piece.place = place
    return list(_cut(pieces))


def _cut(pieces: list[_Piece], depth: int = 0) -> Iterator[_Piece]:
    """Pieces in reading order: bands from top to bottom, in each the columns from left to right.

    Neighbouring bands that the same gap parts into columns are one: columns are read to their end.
    """
    if len(pieces) < 2 or depth > _MAX_DEPTH:
        yield from _top_down(pieces)
        return
    bands = _parted(pieces, "y0", "y1")
    groups: list[list[_Piece]] = []
    for band in bands:
        together = [*groups[-1], *band] if groups else []
        if together and len(_parted(together, "x0", "x1")) > 1 and _is_columned(groups[-1], band):
            groups[-1] = together
        else:
            groups.append(band)
    for group in groups:
        columns = _parted(group, "x0", "x1")
        if len(columns) == 1 and len(groups) == 1:
            yield from _top_down(group)
            continue
        for column in columns:
            yield from _cut(column, depth + 1)


_MAX_DEPTH = 20


def _top_down(pieces: list[_Piece]) -> list[_Piece]:
    """The pieces as they were written, but each before those that stand wholly below it."""
    placed: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.place):
        below = (i for i, other in enumerate(placed) if other.y0 >= piece.y1 - 1)
        placed.insert(next(below, len(placed)), piece)
    return placed


def _is_columned(above: list[_Piece], below: list[_Piece]) -> bool:
    """Whether a band goes on with columns that stand above it, or opens them with its own."""
    return max(len(_parted(above, "x0", "x1")), len(_parted(below, "x0", "x1"))) > 1


def _parted(pieces: list[_Piece], start: str, end: str) -> list[list[_Piece]]:
    """Pieces in groups that a gap across all of them parts, along one axis."""
    groups: list[list[_Piece]] = []
    reach = float("-inf")
    for piece in sorted(pieces, key=lambda piece: getattr(piece, start)):
        if getattr(piece, start) >= reach - 1:
            groups.append([])
        groups[-1].append(piece)
        reach = max(reach, getattr(piece, end))
    return groups


def _span(lines: Sequence[Line]) -> tuple[float, float]:
    return min(line.x0 for line in lines), max(line.x1 for line in lines)


def _overlap(a0: float, a1: float, b0: float, b1: float) -> float:
    return min(a1, b1) - max(a0, b0)
