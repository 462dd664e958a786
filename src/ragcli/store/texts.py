"""The text of documents, in slices with a checksum each."""

from __future__ import annotations

import sqlite3

from ragcli.store import checksums, rows

# In code points: a passage costs the reading of one or two slices, not of a whole book.
TEXT_SLICE = 65_536


def write(connection: sqlite3.Connection, document_id: int, text: str) -> None:
    for number, start in enumerate(range(0, len(text), TEXT_SLICE)):
        part = text[start : start + TEXT_SLICE]
        connection.execute(
            "INSERT INTO texts (document_id, slice, text, checksum) VALUES (?, ?, ?, ?)",
            (document_id, number, part, checksums.of_row(part)),
        )


def read(
    connection: sqlite3.Connection,
    document_id: int,
    start: int = 0,
    end: int | None = None,
    about: str = "",
) -> str:
    """``text[start:end]`` of a document, verified.

    Raises ProjectCorrupt, which names the document by ``about``.
    """
    first = start // TEXT_SLICE
    last = 1 << 40 if end is None else max(end - 1, start) // TEXT_SLICE
    parts = connection.execute(
        "SELECT text, checksum FROM texts WHERE document_id = ? AND slice BETWEEN ? AND ?"
        " ORDER BY slice",
        (document_id, first, last),
    ).fetchall()
    for part, checksum in parts:
        if checksums.of_row(part) != checksum:
            raise rows.damaged(about or f"document {document_id}")
    joined = "".join(part for part, _ in parts)
    offset = first * TEXT_SLICE
    return joined[start - offset : None if end is None else end - offset]
