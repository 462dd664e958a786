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
    vectors,
)
from ragcli.store.rows import EmbeddingSet, IndexFile

_FLOAT32_BYTES = 4


def database_pages(connection: sqlite3.Connection) -> list[str]:
    """SQLite's complaints about its file and about rows that point nowhere."""
    found = [str(r[0]) for r in connection.execute("PRAGMA quick_check") if r[0] != "ok"]
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
    ids = connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document_id,))
    try:
        documents.load(connection, document_id)
        documents.chunk_rows(connection, [i for (i,) in ids.fetchall()])
    # A damaged row may hold what is no JSON, or no text.
    except (ProjectCorrupt, ValueError, TypeError, KeyError):
        return False
    return True


def damaged_embeddings(connection: sqlite3.Connection) -> list[int]:
    """Embeddings that do not match their checksum, or have another dimension than their set."""
    rows = connection.execute(
        "SELECT e.id, e.vector, e.checksum, json_extract(s.identity, '$.dimension')"
        " FROM embeddings e JOIN embedding_sets s ON s.id = e.set_id"
    )
    return [
        embedding_id
        for embedding_id, vector, checksum, dimension in rows
        if len(vector) != dimension * _FLOAT32_BYTES or checksums.of_vector(vector) != checksum
    ]


def delete_embeddings(connection: sqlite3.Connection, ids: list[int]) -> None:
    """So that the next ingest computes them again."""
    connection.executemany("DELETE FROM embeddings WHERE id = ?", [(i,) for i in ids])


def keyword_trouble(connection: sqlite3.Connection, folder: Path) -> list[str]:
    """What is wrong with the keyword indexes."""
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
        except sqlite3.DatabaseError as error:
            found.append(str(error))
            continue
        if missing:
            found.append(f"{missing:,} chunks are not in it")
        if beyond:
            found.append(f"{beyond:,} of its entries are of no chunk")
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
    if not path.with_suffix(".json").is_file():
        return file, "the JSON file beside it is missing"
    return file, None


def leftovers(connection: sqlite3.Connection, folder: Path) -> list[str]:
    """Files in the project's folder that no state of it names any more."""
    return sorted(p.name for p in vectors.unnamed_files(connection, folder))
