"""Documents and their chunks: written together, removed together, verified when read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ragcli.domain import Chunk, Document
from ragcli.store import checksums, keyword, rows, texts
from ragcli.store.rows import ChunkRow


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
    fields = (
        content_hash,
        reader_version,
        document.format,
        document.title,
        document.language,
        document.date,
        int(document.has_lines),
        json.dumps(dict(document.metadata), ensure_ascii=False, sort_keys=True),
        rows.structure_of(document),
        len(document.text),
    )
    cursor = connection.execute(
        "INSERT INTO documents (content_hash, reader_version, format, title, language, date,"
        " has_lines, metadata, structure, length, checksum) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (*fields, rows.document_checksum(fields)),
    )
    document_id = int(cursor.lastrowid or 0)
    texts.write(connection, document_id, document.text)
    return document_id


def insert_chunks(
    connection: sqlite3.Connection, document_id: int, chunk_set_id: int, chunks: Iterable[Chunk]
) -> None:
    """Store a document's chunks in one chunk set."""
    for chunk in chunks:
        fields = rows.chunk_fields(chunk)
        connection.execute(
            f"INSERT INTO chunks (chunk_set_id, document_id, {rows.CHUNK_COLUMNS}, checksum)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (chunk_set_id, document_id, *fields, checksums.of_row(*fields)),
        )


def remove(connection: sqlite3.Connection, document_id: int) -> None:
    """Take a document out, its keyword entries first (they are found through its chunks)."""
    for (chunk_set_id,) in connection.execute("SELECT id FROM chunk_sets").fetchall():
        keyword.remove(connection, chunk_set_id, document_id)
    connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))


def load(connection: sqlite3.Connection, document_id: int) -> Document:
    """A whole document as it was read. Raises ProjectCorrupt."""
    cursor = connection.execute("SELECT * FROM documents WHERE id = ?", (document_id,))
    names = [d[0] for d in cursor.description]
    row = dict(zip(names, cursor.fetchone(), strict=True))
    fields = [row[n] for n in names if n not in ("id", "indexed_source", "checksum")]
    whole = texts.read(connection, document_id, about=source_of(connection, document_id))
    if rows.document_checksum(fields) != row["checksum"] or len(whole) != row["length"]:
        raise rows.damaged(source_of(connection, document_id))
    return rows.document_of(row, whole)


def chunk_rows(connection: sqlite3.Connection, ids: Sequence[int]) -> list[ChunkRow]:
    """Chunks by id, in the order asked, verified. Raises ProjectCorrupt."""
    found = {}
    columns = rows.CHUNK_COLUMNS.replace(", ", ", c.")
    for chunk_id in ids:
        row = connection.execute(
            f"SELECT c.id, c.document_id, d.content_hash, d.title, d.date, c.checksum, c.{columns}"
            " FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.id = ?",
            (chunk_id,),
        ).fetchone()
        fields = row[6:]
        about = source_of(connection, row[1])
        content = texts.read(connection, row[1], fields[0], fields[1], about)
        chunk = rows.chunk_of(fields, row[5], content, about)
        found[chunk_id] = ChunkRow(row[0], row[1], row[2], row[3], row[4], chunk)
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
