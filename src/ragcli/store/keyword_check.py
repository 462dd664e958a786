"""The keyword index against the text that it was made of, entry by entry.

FTS5's own check of an index without content proves that it can be read, not that it says what was
put into it. Here the terms of every chunk are made again and compared: each term with how often
it occurs, where the entries stand (by sums that any one change shows in), how many terms each
chunk has, and the totals that BM25 divides by. About 0.2 milliseconds a chunk.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ragcli.errors import ProjectCorrupt
from ragcli.store import documents, keyword, rows

_COLUMNS = ("body", "context", "characters")
# As FTS5 cuts: what it does not take for a part of a term is cut at, as in "1,078".
_TOKENS = re.compile(rf"[0-9A-Za-z\x80-\U0010ffff{re.escape(keyword.TERM_CHARACTERS)}]+")
_AVERAGES = 1  # the row of the table `data` that holds the totals (fts5_index.c)


@dataclass(slots=True)
class _Summary:
    """``terms``: how often each occurs. ``places``: of each column the number of entries, and the
    sums of their chunks, of their offsets, and of chunk times offset."""

    terms: Counter[str] = field(default_factory=Counter)
    places: list[list[int]] = field(default_factory=lambda: [[0, 0, 0, 0] for _ in _COLUMNS])
    sizes: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def add(self, chunk_id: int, columns: tuple[str, ...]) -> None:
        split = [_TOKENS.findall(column) for column in columns]
        self.sizes[chunk_id] = tuple(map(len, split))
        for place, words in zip(self.places, split, strict=True):
            self.terms.update(words)
            count, offsets = len(words), len(words) * (len(words) - 1) // 2
            for i, value in enumerate((count, chunk_id * count, offsets, chunk_id * offsets)):
                place[i] += value


def trouble(connection: sqlite3.Connection, chunk_set_id: int) -> list[str]:
    """What the index of a chunk set says otherwise than its text. A damaged document is another
    check's. Raises sqlite3.DatabaseError."""
    try:
        made = _made(connection, chunk_set_id)
    except ProjectCorrupt:
        return []
    name = keyword.table_name(chunk_set_id)
    found = []
    if dict(connection.execute(f"SELECT term, cnt FROM {name}_terms")) != made.terms:
        found.append("its terms are not those of the text")
    if _places(connection, name) != made.places:
        found.append("its entries stand elsewhere than in the text")
    if _sizes(connection, name) != made.sizes:
        found.append("its lengths are not those of the chunks")
    if _totals(connection, name) != [len(made.sizes), *(p[0] for p in made.places)]:
        found.append("its totals are not those of the chunks")
    return found


def _made(connection: sqlite3.Connection, chunk_set_id: int) -> _Summary:
    summary = _Summary()
    ids = connection.execute("SELECT id FROM documents ORDER BY id").fetchall()
    for (document_id,) in ids:
        row = documents.row_of(connection, document_id)
        text = documents.load(connection, document_id).text
        chunks = connection.execute(
            f"SELECT id, checksum, {rows.CHUNK_COLUMNS} FROM chunks"
            " WHERE document_id = ? AND chunk_set_id = ?",
            (document_id, chunk_set_id),
        )
        for chunk_id, checksum, *fields in chunks:
            chunk = rows.chunk_of(fields, checksum, text[fields[0] : fields[1]], "")
            summary.add(chunk_id, keyword.columns_of(row, chunk))
    return summary


def _places(connection: sqlite3.Connection, name: str) -> list[list[int]]:
    sums = ", ".join(
        f"COALESCE(sum({value} * (col = '{column}')), 0)"
        for column in _COLUMNS
        for value in ("1", "doc", "offset", "doc * offset")
    )
    connection.execute(
        f"CREATE VIRTUAL TABLE temp.{name}_entries USING fts5vocab (main, {name}, instance)"
    )
    try:
        found = connection.execute(f"SELECT {sums} FROM temp.{name}_entries").fetchone()
    finally:
        connection.execute(f"DROP TABLE temp.{name}_entries")
    return [list(found[start : start + 4]) for start in range(0, len(found), 4)]


def _sizes(connection: sqlite3.Connection, name: str) -> dict[int, tuple[int, ...]]:
    found = connection.execute(f"SELECT id, sz FROM {name}_docsize")
    return {chunk_id: tuple(_numbers(size)) for chunk_id, size in found}


def _totals(connection: sqlite3.Connection, name: str) -> list[int]:
    """The number of chunks, and of entries in each column; all 0 in an index without any."""
    row = connection.execute(f"SELECT block FROM {name}_data WHERE id = {_AVERAGES}").fetchone()
    found = list(_numbers(row[0])) if row else []
    return found + [0] * (1 + len(_COLUMNS) - len(found))


def _numbers(packed: object) -> Iterator[int]:
    """SQLite's variable-length integers (https://sqlite.org/fileformat2.html#varint), none of
    which needs nine bytes here."""
    value = 0
    for byte in packed if isinstance(packed, bytes) else b"":
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            yield value
            value = 0
