"""Documents and their chunks: written together, removed together, verified when read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ragcli.errors import ProjectCorrupt
from ragcli.store import checksums, keyword, rows, texts
from ragcli.store.rows import ChunkRow

if TYPE_CHECKING:
    import random

    from ragcli.domain import Chunk, Document


def find(
    connection: sqlite3.Connection, content_hash: str, format_: str, reader_version: int
) -> int | None:
    """The document of this content as this reader reads it, if it is stored."""
    row = connection.execute(
        "SELECT id FROM documents WHERE content_hash = ? AND format = ? AND reader_version = ?",
        (content_hash, format_, reader_version),
    ).fetchone()
    return None if row is None else int(row[0])


def insert(
    connection: sqlite3.Connection, content_hash: str, reader_version: int, document: Document
) -> int:
    """Store a document's text and structure, without chunks. Returns its id."""
    fields = (content_hash, reader_version, *_facts(document))
    cursor = connection.execute(
        "INSERT INTO documents (content_hash, reader_version, format, title, language, date,"
        " has_lines, metadata, structure, length, checksum) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (*fields, rows.document_checksum(fields)),
    )
    document_id = int(cursor.lastrowid or 0)
    texts.write(connection, document_id, document.text)
    return document_id


def _facts(document: Document) -> tuple[Any, ...]:
    """What a document's row holds of it, in the table's order."""
    return (
        document.format,
        document.title,
        document.language,
        document.date,
        int(document.has_lines),
        json.dumps(dict(document.metadata), ensure_ascii=False, sort_keys=True),
        rows.structure_of(document),
        len(document.text),
    )


def is_same(connection: sqlite3.Connection, document_id: int, document: Document) -> bool:
    """Whether this is the stored document, word for word. Raises ProjectCorrupt."""
    row = row_of(connection, document_id)
    stored = tuple(row.values())[3:11]  # after id, content_hash and reader_version
    return stored == _facts(document) and texts.read(connection, document_id) == document.text


def insert_chunks(
    connection: sqlite3.Connection, document_id: int, chunk_set_id: int, chunks: Iterable[Chunk]
) -> list[tuple[int, Chunk]]:
    """Store a document's chunks in one chunk set; each with its id."""
    stored = []
    for chunk in chunks:
        fields = rows.chunk_fields(chunk)
        cursor = connection.execute(
            f"INSERT INTO chunks (chunk_set_id, document_id, {rows.CHUNK_COLUMNS}, checksum)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (chunk_set_id, document_id, *fields, checksums.of_row(*fields)),
        )
        stored.append((int(cursor.lastrowid or 0), chunk))
    return stored


def remove(connection: sqlite3.Connection, document_id: int) -> None:
    """Take a document out, its keyword entries first (they are found through its chunks).

    Raises ProjectCorrupt when it is damaged: its terms are made from it.
    """
    row_of(connection, document_id)
    for (chunk_set_id,) in connection.execute("SELECT id FROM chunk_sets").fetchall():
        keyword.remove(connection, chunk_set_id, document_id)
    delete(connection, document_id)


def delete(connection: sqlite3.Connection, document_id: int) -> None:
    """Take a document out; its keyword entries are the caller's care."""
    connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))


def load(connection: sqlite3.Connection, document_id: int) -> Document:
    """A whole document as it was read. Raises ProjectCorrupt."""
    row = row_of(connection, document_id)
    whole = texts.read(connection, document_id, about=source_of(connection, document_id))
    if len(whole) != row["length"]:
        raise rows.damaged(source_of(connection, document_id))
    return rows.document_of(row, whole)


def row_of(connection: sqlite3.Connection, document_id: int) -> dict[str, Any]:
    """A document's row, without its text, verified. Raises ProjectCorrupt."""
    cursor = connection.execute("SELECT * FROM documents WHERE id = ?", (document_id,))
    names = [d[0] for d in cursor.description]
    found = cursor.fetchone()
    if found is None:
        raise rows.damaged(source_of(connection, document_id))
    row = dict(zip(names, found, strict=True))
    fields = [row[n] for n in names if n not in ("id", "indexed_source", "checksum")]
    if rows.document_checksum(fields) != row["checksum"]:
        raise rows.damaged(source_of(connection, document_id))
    return row


def chunk_rows(connection: sqlite3.Connection, ids: Sequence[int]) -> list[ChunkRow]:
    """Chunks by id, in the order asked, verified. Raises ProjectCorrupt."""
    found = {}
    columns = rows.CHUNK_COLUMNS.replace(", ", ", c.")
    for chunk_id in ids:
        row = connection.execute(
            "SELECT c.id, c.document_id, d.content_hash, d.format, d.language, d.title, d.date,"
            f" c.checksum, c.{columns}"
            " FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id = ?",
            (chunk_id,),
        ).fetchone()
        if row is None:
            raise ProjectCorrupt(
                f"an index names chunk {chunk_id}, which is not stored",
                "make the indexes anew: rag doctor --repair",
            )
        checksum, *fields = row[7:]
        about = source_of(connection, row[1])
        content = texts.read(connection, row[1], fields[0], fields[1], about)
        chunk = rows.chunk_of(fields, checksum, content, about)
        found[chunk_id] = ChunkRow._make((*row[:7], chunk))
    return [found[i] for i in ids]


def chunk_ids(connection: sqlite3.Connection, document_id: int, chunk_set_id: int) -> list[int]:
    """A document's chunks in reading order."""
    return [
        r[0]
        for r in connection.execute(
            "SELECT id FROM chunks WHERE document_id = ? AND chunk_set_id = ? ORDER BY char_start",
            (document_id, chunk_set_id),
        )
    ]


def sample(
    connection: sqlite3.Connection, chunk_set_id: int, count: int, choose: random.Random
) -> list[int]:
    """The ids of so many chunks chosen at random, any of them perhaps twice; none of no chunks."""
    of_set = "SELECT id FROM chunks WHERE chunk_set_id = ?"
    # One by one: for both at once SQLite goes through all chunks.
    first = connection.execute(f"{of_set} ORDER BY id LIMIT 1", (chunk_set_id,)).fetchone()
    last = connection.execute(f"{of_set} ORDER BY id DESC LIMIT 1", (chunk_set_id,)).fetchone()
    if first is None:
        return []
    return [
        connection.execute(
            f"{of_set} AND id >= ? ORDER BY id LIMIT 1",
            (chunk_set_id, choose.randint(first[0], last[0])),
        ).fetchone()[0]
        for _ in range(count)
    ]


def neighbours(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, list[int]]:
    """For each chunk those right before and after it in its document.

    The chunks of a document have consecutive ids; where one was halved later, its halves have
    none, which costs them a little evidence and nothing else.
    """
    found: dict[int, list[int]] = {i: [] for i in ids}
    if not ids:
        return found
    wanted = ",".join(str(int(i)) for i in ids)  # parameters are limited to 32,766
    for chunk_id, other in connection.execute(
        "SELECT c.id, o.id FROM chunks c JOIN chunks o ON o.id IN (c.id - 1, c.id + 1)"
        " AND o.document_id = c.document_id AND o.chunk_set_id = c.chunk_set_id"
        f" WHERE c.id IN ({wanted})"
    ):
        found[chunk_id].append(other)
    return found


def halve_chunk(connection: sqlite3.Connection, chunk_id: int) -> list[int]:
    """Cut a chunk in two near its middle, at white space where there is some; the new ids."""
    row = chunk_rows(connection, [chunk_id])[0]
    chunk_set_id, source = connection.execute(
        "SELECT c.chunk_set_id, d.indexed_source FROM chunks c"
        " JOIN documents d ON d.id = c.document_id WHERE c.id = ?",
        (chunk_id,),
    ).fetchone()
    keyword.remove_chunks(connection, chunk_set_id, row.document_id, [chunk_id])
    connection.execute("DELETE FROM chunks WHERE id = ?", (chunk_id,))
    before = set(chunk_ids(connection, row.document_id, chunk_set_id))
    insert_chunks(connection, row.document_id, chunk_set_id, _halves(row.chunk))
    fresh = [i for i in chunk_ids(connection, row.document_id, chunk_set_id) if i not in before]
    chunks = [(r.id, r.chunk) for r in chunk_rows(connection, fresh)]
    keyword.add(connection, chunk_set_id, row.document_id, source, chunks)
    return fresh


def _halves(chunk: Chunk) -> list[Chunk]:
    """Both keep the page and line range of the whole: it is the range that holds them."""
    text = chunk.text
    middle = len(text) // 2
    spaces = [i for i, c in enumerate(text) if c.isspace() and 0 < i < len(text) - 1]
    cut = min(spaces, key=lambda i: abs(i - middle), default=middle)
    parts = []
    for start, end in ((0, cut), (cut, len(text))):
        inner = text[start:end]
        start += len(inner) - len(inner.lstrip())
        end -= len(inner) - len(inner.rstrip())
        if start < end:
            parts.append(
                replace(
                    chunk,
                    text=text[start:end],
                    char_start=chunk.char_start + start,
                    char_end=chunk.char_start + end,
                    size_tokens=-(-chunk.size_tokens // 2),
                )
            )
    return parts


def source_of(connection: sqlite3.Connection, document_id: int) -> str:
    """The first, in order, of the files that hold this document."""
    row = connection.execute(
        "SELECT source FROM files WHERE document_id = ? ORDER BY source LIMIT 1", (document_id,)
    ).fetchone()
    return str(row[0]) if row else f"document {document_id}"
