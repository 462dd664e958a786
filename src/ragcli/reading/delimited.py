"""Tables as text: values between commas, semicolons, tabs or bars (RFC 4180 and its kin).

The text is the file itself. Its header is a heading, so that each chunk of rows is embedded, found
and shown under the names of the columns. A file that is no table is read as plain text.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading import text as plain
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import one_line
from ragcli.reading.headers import Cells, header_index, plain_cell

# The first in this order where several fit equally: a comma or a bar may stand in prose.
_DELIMITERS = "\t;,|"
# Rows and characters that are looked at to tell how a table is written.
_SAMPLE_ROWS = 50
_SAMPLE_CHARACTERS = 1 << 16
# Of a table's rows, this share has as many values as most have; titles and totals have not.
_EVEN_SHARE = 0.7
# A quote that is not closed within so many lines was none: an inch, a slip of the pen.
_MAX_QUOTED_LINES = 200
# Rows are blocks of about this size, so that none who cuts them holds a table of millions at once.
_BLOCK_CHARACTERS = 1 << 16

_LINE_END = re.compile(r"\r\n|\n|\r")
# What Excel reads as the choice of the delimiter, before the first row.
_SEP = re.compile(r"\ufeff?sep=([;,|:\t])(?:\r\n|\n|\r)", re.IGNORECASE)

Span = tuple[int, int]


def read(data: bytes, path: PurePath) -> Document:
    """The document of a table, or of the text it is. Raises Unreadable when there is no text."""
    text = decode(data)
    sep = _SEP.match(text)
    start = sep.end() if sep else int(text.startswith("\ufeff"))
    sample = list(islice(_records(text, start), _SAMPLE_ROWS))
    sample = [span for span in sample if span[1] - start <= _SAMPLE_CHARACTERS]
    delimiter = sep[1] if sep else _delimiter(text, sample)
    if delimiter is None or not sample:
        return replace(plain.read(data, path), format="csv", title=None)
    header = header_index([_cells(text, span, delimiter) for span in sample])
    blocks: list[Block] = []
    if header is not None:
        blocks += (Block("paragraph", *span) for span in sample[:header])
        names = _cells(text, sample[header], delimiter)
        title = " | ".join(one_line(name.text) for name in names.values())
        blocks.append(Block("heading", *sample[header], 1, title))
        start = sample[header][1]
    blocks += (Block("table", *span) for span in _row_blocks(text, start))
    return Document(text=text, format="csv", blocks=tuple(blocks), has_lines=True)


def _records(text: str, start: int) -> Iterator[Span]:
    """(start, end) of each row that is not blank, without its line end. A quoted value may go on
    over several lines."""
    record = line = start
    quoted_lines = 0
    while line < len(text):
        match = _LINE_END.search(text, line)
        end, after = match.span() if match else (len(text), len(text))
        is_odd = text.count('"', line, end) % 2 == 1
        if quoted_lines:
            quoted_lines = 0 if is_odd else quoted_lines + 1
        elif is_odd:
            quoted_lines = 1
        if quoted_lines > _MAX_QUOTED_LINES:
            match = _LINE_END.search(text, record)
            end, after = match.span() if match else (len(text), len(text))
            quoted_lines = 0
        line = after
        if not quoted_lines or line >= len(text):
            stop = record + len(text[record:end].rstrip())
            if stop > record:
                yield record, stop
            record = line


def _row_blocks(text: str, start: int) -> Iterator[Span]:
    """The rows from ``start`` on. One that is of several lines stands alone, so that it is not cut
    where others are, unless it is one of very many."""
    least = len(text) // 100_000
    first, last = -1, -1
    for begin, end in _records(text, start):
        is_long = end - begin > least and _LINE_END.search(text, begin, end) is not None
        if first >= 0 and (is_long or end - first > _BLOCK_CHARACTERS):
            yield first, last
            first = -1
        if is_long:
            yield begin, end
        else:
            first, last = begin if first < 0 else first, end
    if first >= 0:
        yield first, last


def _delimiter(text: str, sample: Sequence[Span]) -> str | None:
    """What parts the values; None where no character makes a table of the rows."""
    best, most = None, 0.0
    for delimiter in _DELIMITERS:
        widths = Counter(len(_values(text, span, delimiter)) for span in sample)
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        even = count / max(1, len(sample))
        if width > 1 and even >= _EVEN_SHARE and even * min(width, 3) > most:
            best, most = delimiter, even * min(width, 3)
    return best


def _values(text: str, span: Span, delimiter: str) -> list[str]:
    end = _LINE_END.search(text, span[1])  # empty values at the end of a row are white space
    row = io.StringIO(text[span[0] : end.start() if end else len(text)], newline="")
    try:
        return next(csv.reader(row, delimiter=delimiter), [])
    except csv.Error:  # a value longer than it takes
        return []


def _cells(text: str, span: Span, delimiter: str) -> Cells:
    values = (value.strip() for value in _values(text, span, delimiter))
    return {column: plain_cell(value) for column, value in enumerate(values) if value}
