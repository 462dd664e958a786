"""Checks of everything that is stored, one by one; nothing is changed here.

Each returns what it found damaged. SQLite's own errors (a damaged page) come out as they are.
"""

from __future__ import annotations

import sqlite3
from hashlib import file_digest
from pathlib import Path

from ragcli.errors import ProjectCorrupt
from ragcli.store import (
    checksums,
    documents,
    embeddings,
    filesystem,
    index_kinds,
    keyword,
    keyword_check,
    ledger,
    rows,
    schema,
    sets,
    vectors,
)
from ragcli.store.rows import EmbeddingSet, FileRow, IndexFile

_FLOAT32_BYTES = 4

# Their numbers are never given again.
_NUMBERED = (
    ("documents", "id"),
    ("chunks", "id"),
    ("embeddings", "id"),
    ("index_files", "generation"),
)


def database_pages(connection: sqlite3.Connection) -> list[str]:
    """SQLite's complaints about its file, its indexes and rows that point nowhere."""
    found = [str(r[0]) for r in connection.execute("PRAGMA integrity_check") if r[0] != "ok"]
    found += [
        f"a row of {table} points to a row of {parent} that is not there"
        for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    return found


def damaged_documents(connection: sqlite3.Connection) -> list[int]:
    """Documents whose text, structure or chunks do not match their checksums."""
    return [
        document_id
        for (document_id,) in connection.execute("SELECT id FROM documents ORDER BY id").fetchall()
        if not _is_intact(connection, document_id)
    ]


def _is_intact(connection: sqlite3.Connection, document_id: int) -> bool:
    chunks = connection.execute(
        f"SELECT checksum, {rows.CHUNK_COLUMNS} FROM chunks WHERE document_id = ?", (document_id,)
    )
    try:
        text = documents.load(connection, document_id).text
        for checksum, *fields in chunks:
            rows.chunk_of(fields, checksum, text[fields[0] : fields[1]], "")
    # A damaged row may hold what is no JSON, or no text.
    except (ProjectCorrupt, ValueError, TypeError, KeyError):
        return False
    return True


def damaged_files(connection: sqlite3.Connection) -> list[FileRow]:
    """Rows of the ledger whose names do not agree, or that name a document of other content."""
    contents = dict(connection.execute("SELECT id, content_hash FROM documents").fetchall())
    found = []
    for row in ledger.files(connection):
        known = None if row.document_id is None else contents.get(row.document_id, "")
        try:
            ledger.checked(row, known if known is not None else row.content_hash or "")
        except ProjectCorrupt:
            found.append(row)
    return found


def unheld_documents(connection: sqlite3.Connection) -> list[int]:
    """Documents that no file holds."""
    found = connection.execute(
        "SELECT id FROM documents WHERE id NOT IN"
        " (SELECT document_id FROM files WHERE document_id IS NOT NULL)"
    )
    return [r[0] for r in found]


def set_trouble(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the sets, and with what is counted of them."""
    found = []
    try:
        if (
            sets.active(connection) is None
            and connection.execute("SELECT 1 FROM embedding_sets").fetchone()
        ):
            found.append("no embedding set is active")
        for (chunk_set_id,) in connection.execute("SELECT id FROM chunk_sets").fetchall():
            sets.chunk_settings(connection, chunk_set_id)
    except (ProjectCorrupt, ValueError, TypeError) as error:
        found.append(str(error))
    return found


def miscounted(connection: sqlite3.Connection) -> list[str]:
    """Counts that are not what counting gives, and numbers that could be given again."""
    wrong = connection.execute(
        "SELECT id FROM chunk_sets s WHERE chunks !="
        " (SELECT count(*) FROM chunks WHERE chunk_set_id = s.id)"
    ).fetchall()
    found = [f"the number of chunks of set {set_id}" for (set_id,) in wrong]
    needed = (
        "SELECT c.id, s.id FROM embedding_sets s JOIN chunks c ON c.chunk_set_id = s.chunk_set_id"
        " WHERE NOT EXISTS (SELECT 1 FROM embeddings"
        " WHERE set_id = s.id AND embed_hash = c.embed_hash)"
    )
    listed = "SELECT chunk_id, set_id FROM unembedded"
    for one, other in ((needed, listed), (listed, needed)):
        if connection.execute(f"{one} EXCEPT {other} LIMIT 1").fetchone():
            found.append("the list of chunks to embed")
            break
    for table, key in _NUMBERED:
        row = connection.execute(
            f"SELECT (SELECT COALESCE(MAX({key}), 0) FROM {table}),"
            f" COALESCE((SELECT max(seq) FROM sqlite_sequence WHERE name = '{table}'), 0)"
        ).fetchone()
        if row[0] > row[1]:
            found.append(f"the last number of {table}")
    return found


def count_anew(connection: sqlite3.Connection) -> None:
    """Make right what ``miscounted`` finds, inside the caller's transaction."""
    connection.execute("DELETE FROM unembedded")
    for statement in schema.COUNTS:
        connection.execute(statement)
    for table, key in _NUMBERED:
        connection.execute(
            f"UPDATE sqlite_sequence SET seq = (SELECT MAX({key}) FROM {table})"
            f" WHERE name = '{table}' AND seq < (SELECT MAX({key}) FROM {table})"
        )


def damaged_embeddings(connection: sqlite3.Connection) -> list[int]:
    """Embeddings that do not match their checksum, or have another dimension than their set."""
    found = connection.execute(
        "SELECT e.id, e.vector, e.checksum, json_extract(s.identity, '$.dimension')"
        " FROM embeddings e JOIN embedding_sets s ON s.id = e.set_id"
    )
    return [
        embedding_id
        for embedding_id, vector, checksum, dimension in found
        if not isinstance(vector, bytes)
        or len(vector) != dimension * _FLOAT32_BYTES
        or checksums.of_vector(vector) != checksum
    ]


def delete_embeddings(connection: sqlite3.Connection, ids: list[int]) -> None:
    """So that the next ingest computes them again."""
    connection.executemany("DELETE FROM embeddings WHERE id = ?", [(i,) for i in ids])


def keyword_trouble(
    connection: sqlite3.Connection, folder: Path, *, words: bool = True
) -> list[str]:
    """What is wrong with the keyword indexes. ``words`` compares every entry with the text."""
    found = []
    for (chunk_set_id,) in connection.execute("SELECT id FROM chunk_sets").fetchall():
        name = keyword.table_name(chunk_set_id)
        try:
            if filesystem.is_writable(folder):  # FTS5 asks for a write, though it makes none
                connection.execute(f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
            missing, beyond = connection.execute(
                "SELECT (SELECT count(*) FROM chunks WHERE chunk_set_id = :set"
                f"  AND id NOT IN (SELECT id FROM {name}_docsize)),"
                f" (SELECT count(*) FROM {name}_docsize WHERE id NOT IN"
                "   (SELECT id FROM chunks WHERE chunk_set_id = :set))",
                {"set": chunk_set_id},
            ).fetchone()
            if missing:
                found.append(f"{missing:,} chunks are not in it")
            if beyond:
                found.append(f"{beyond:,} of its entries are of no chunk")
            if words and not (missing or beyond) and keyword.is_current(connection):
                found += keyword_check.trouble(connection, chunk_set_id)
        except sqlite3.DatabaseError as error:
            found.append(str(error))
    return found


def index_trouble(
    connection: sqlite3.Connection, folder: Path, chosen: EmbeddingSet
) -> tuple[IndexFile | None, str | None]:
    """(the newest index file, what is wrong with it). Whole: also its SHA-256 and every id."""
    import numpy as np

    file = vectors.newest(connection, chosen.id)
    if file is None:
        return None, None
    path = folder / file.name
    try:
        with path.open("rb") as stream:
            if file_digest(stream, "sha256").hexdigest() != file.sha256:
                return file, "it has other contents than when it was written"
        index = index_kinds.open_file(path)
        ids = index_kinds.ids_of(index)
    except FileNotFoundError:
        return file, "it is missing"
    except (OSError, RuntimeError, AttributeError) as error:
        return file, str(error).splitlines()[0]
    if index.d != chosen.identity.dimension or len(ids) != file.count:
        return file, "it belongs to another project or state"
    needless = [r[0] for r in connection.execute("SELECT id FROM removed_chunks")]
    # One that was embedded again since is searched beside the file, which holds it too.
    for newer, _ in embeddings.beside(connection, chosen, file):
        needless += newer.tolist()
    expected = embeddings.stored_ids(connection, chosen, file)
    if len(np.setdiff1d(expected, ids)) or len(
        np.setdiff1d(ids, np.append(expected, np.array(needless, np.int64)))
    ):
        return file, "its chunks are not the stored ones"
    about = path.with_suffix(".json")
    if not about.is_file():
        return file, "the JSON file beside it is missing"
    if about.read_bytes() != vectors.description(chosen, file).encode():
        return file, "the JSON file beside it says something else"
    return file, None


def leftovers(connection: sqlite3.Connection, folder: Path) -> list[str]:
    """Files in the project's folder that no state of it names any more."""
    return sorted(p.name for p in vectors.unnamed_files(connection, folder))
