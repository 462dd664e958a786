"""A store with damaged pages: what can still be read goes into a new one, row by row.

Checksums decide later what of it is sound; indexes and counts are not copied but made anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from ragcli.store import database, keyword

# In an order in which no row comes before the one that it points to. The triggers of the new
# store count what is put into it.
_TABLES = (
    "facts",
    "roots",
    "documents",
    "texts",
    "files",
    "problems",
    "skipped",
    "chunk_sets",
    "embedding_sets",
    "chunks",
    "embeddings",
)
ASIDE = "store.sqlite.damaged"


def salvage(connection: sqlite3.Connection, path: Path) -> None:
    """Put a new store with all readable rows in the place of a damaged one, which is closed and
    kept beside it. The caller holds the project's lock. Raises ProjectCorrupt when nothing can be
    read, and leaves all as it is.
    """
    with database.corruption_named(path):
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    fresh = path.with_name(f".{path.name}.salvaged.new")
    fresh.unlink(missing_ok=True)
    database.create(fresh, {})
    with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous = FULL")
        with database.transaction(target):
            for table in _TABLES:
                _copy(connection, target, table)
            for (chunk_set_id,) in target.execute("SELECT id FROM chunk_sets").fetchall():
                keyword.create(target, chunk_set_id)
            _drop_what_points_nowhere(target)
        # Nothing may stay in the log: what is renamed is the file alone.
        target.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    path.replace(path.with_name(ASIDE))
    database.delete_log(path)
    fresh.replace(path)
    database.sync_folder(path.parent)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
    columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
    marks = ",".join("?" * len(columns))
    for row in _readable(source, table, columns):
        # A damaged row may break a rule of the table.
        with suppress(sqlite3.IntegrityError):
            target.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})", row
            )


def _readable(
    source: sqlite3.Connection, table: str, columns: list[str]
) -> Iterator[tuple[object, ...]]:
    """The rows from the first to the damage, and from the last back to it. What triggers count is
    taken as nothing."""
    named = ", ".join("0" if (table, c) == ("chunk_sets", "chunks") else c for c in columns)
    key = columns[0]  # the primary key of each of these tables
    for order in ("ASC", "DESC"):
        try:
            yield from source.execute(f"SELECT {named} FROM {table} ORDER BY {key} {order}")
        except sqlite3.DatabaseError:
            continue
        return


def _drop_what_points_nowhere(target: sqlite3.Connection) -> None:
    """A file that has lost its document is read again; chunks and texts go with it."""
    documents = "(SELECT id FROM documents)"
    target.execute(
        "UPDATE files SET document_id = NULL, content_hash = NULL"
        f" WHERE document_id NOT IN {documents}"
    )
    target.execute("UPDATE files SET root_id = NULL WHERE root_id NOT IN (SELECT id FROM roots)")
    for table in ("texts", "chunks"):
        target.execute(f"DELETE FROM {table} WHERE document_id NOT IN {documents}")
    target.execute("DELETE FROM chunks WHERE chunk_set_id NOT IN (SELECT id FROM chunk_sets)")
    target.execute("DELETE FROM embeddings WHERE set_id NOT IN (SELECT id FROM embedding_sets)")
    target.execute("DELETE FROM problems WHERE file_id NOT IN (SELECT id FROM files)")
    target.execute("DELETE FROM skipped WHERE root_id NOT IN (SELECT id FROM roots)")


def reindex(connection: sqlite3.Connection) -> None:
    """Make SQLite's own indexes anew from their tables. Raises sqlite3.DatabaseError."""
    with database.transaction(connection):
        connection.execute("REINDEX")
