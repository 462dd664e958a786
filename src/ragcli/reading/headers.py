"""Which row of a table names its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple


class Cell(NamedTuple):
    """What is seen in a cell; ``is_text`` is false for numbers, dates, truth values, errors."""

    text: str
    is_text: bool = True


Cells = Mapping[int, Cell]  # column, from 0, -> what is not empty

# A caption says what a column holds; what is longer is what one holds.
_MAX_NAME_CHARACTERS = 100
_MAX_ABBREVIATION_CHARACTERS = 20
# Above a table stand a title, a source, a date: seldom more rows.
_MAX_TITLE_ROWS = 12
# A column is of numbers where this share of its cells are; the others say "n/a".
_TYPED_SHARE = 0.8
# Data are rows alike; what names them may be half as wide, as some columns have no name.
_WIDTH_SHARE = 0.5
_SENTENCE_END = re.compile(r"[.!?;。！？；]$")
_PERIOD = re.compile(r"(19|20)\d\d(\D.*)?$", re.ASCII)
_DIGIT = re.compile(r"\d")

# Longer is no number, date or word for yes or no.
_MAX_VALUE_CHARACTERS = 40
# Numbers as they are written in many countries, with currency or per cent; dates and times; truth.
_VALUE = re.compile(
    r"[-+(]?\s*[$€£¥￥₹]?\s*[-+]?\d[\d\s.,'’_]*(e[-+]?\d+)?\s*[%‰$€£¥元]?\)?"
    r"|\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?([T ]\d.*)?|\d{1,2}:\d\d(:\d\d([.,]\d+)?)?"
    r"|true|false|yes|no|n/a|nan|null|none|-+|是|否",
    re.IGNORECASE,
)


def plain_cell(text: str) -> Cell:
    """A cell of a file that knows only texts."""
    return Cell(text, len(text) > _MAX_VALUE_CHARACTERS or _VALUE.fullmatch(text) is None)


def header_index(rows: Sequence[Cells]) -> int | None:
    """The index of the row that names the columns; None where none does.

    It is the first row about as wide as those below it, of short texts, that is unlike them: they
    hold numbers or dates where it has a word, or texts that are longer or come again and again.
    Rows above it are titles, and narrower.
    """
    widest_above = 0
    for i, row in enumerate(rows[: _MAX_TITLE_ROWS + 1]):
        below = rows[i + 1 :]
        width = max((len(other) for other in below), default=0)
        is_wide = len(row) >= max(2, _WIDTH_SHARE * width) and len(row) > widest_above
        if below and is_wide and _names(row, below):
            return i
        widest_above = max(widest_above, len(row))
    return None


def _names(row: Cells, below: Sequence[Cells]) -> bool:
    """True for a row of short texts over what is of another kind. A year or a day may name a column
    too; what ends with a colon names the cell beside it, what ends with a full stop says more
    than a name."""
    if not any(cell.is_text for cell in row.values()) or not all(
        (cell.is_text or _PERIOD.match(cell.text)) and not _is_data(cell.text)
        for cell in row.values()
    ):
        return False
    return name_values(row, below) or _are_unlike(row, below)


def _is_data(text: str) -> bool:
    text = text.rstrip()
    is_sentence = text.endswith((".", "。")) and len(text) > _MAX_ABBREVIATION_CHARACTERS
    return len(text) > _MAX_NAME_CHARACTERS or text.endswith((":", "：")) or is_sentence


def name_values(row: Cells, below: Sequence[Cells]) -> bool:
    """True when a word in ``row`` stands over numbers, dates or the like, or a year over numbers
    that are none: it surely is a name."""
    for column, name in row.items():
        cells = [other[column] for other in below if column in other]
        is_name = name.is_text or not any(_PERIOD.match(cell.text) for cell in cells)
        if is_name and _is_typed(cells):
            return True
    return False


def _are_unlike(row: Cells, below: Sequence[Cells]) -> bool:
    """The same for a table of nothing but words, where it is a guess: three names or more are
    believed, of two only those over words that are longer, or the same again and again."""
    columns = [(name.text, [r[c].text for r in below if c in r]) for c, name in row.items()]
    if len({name for name, _ in columns}) < len(columns):
        return False
    if any(_SENTENCE_END.search(name) or _DIGIT.search(name) for name, _ in columns):
        return False
    if any(name in texts for name, texts in columns):
        return False
    return len(columns) > 2 or any(_are_data(name, texts) for name, texts in columns)


def _is_typed(cells: Sequence[Cell]) -> bool:
    typed = sum(not cell.is_text for cell in cells)
    return typed > 0 and (
        typed >= _TYPED_SHARE * len(cells) or (typed > 1 and typed == len(cells) - 1)
    )


def _are_data(name: str, texts: Sequence[str]) -> bool:
    if len(texts) < 2:
        return False
    return (
        all(_DIGIT.search(text) for text in texts)
        or 2 * len(set(texts)) <= len(texts)
        or median(map(len, texts)) > 2 * len(name)
    )
