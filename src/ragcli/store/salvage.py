"""A store that is damaged: what can still be read goes into a new one, row by row.

Checksums decide later what of it is sound; indexes and counts are not copied but made anew.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
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
_WITHOUT_ROWID = ("facts", "skipped")
ASIDE = "store.sqlite.damaged"

# Ids in a row that give no row: more than a page of the shortest rows holds.
_GIVEN_UP_AFTER = 10_000

# https://sqlite.org/rescode.html; SQLITE_ERROR is said of a table that the schema has lost.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)

# https://sqlite.org/fileformat2.html, "The Database Header"
_HEADER_BYTES = 100
_PAGES_AT = slice(28, 32)
_PAGE_BYTES = 4096  # as SQLite makes them unless told otherwise


def salvage(connection: sqlite3.Connection, path: Path) -> None:
    """Put a new store with all readable rows in the place of a damaged one, which is closed and
    kept beside it. The caller holds the project's lock. Raises OSError and sqlite3's errors when
    the new one cannot be written, and leaves all as it is."""
    fresh = _empty(path)
    try:
        _fill(fresh, connection)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    connection.close()
    _put_in_place(fresh, path)


def rescue(path: Path) -> bool:
    """The same for a store that cannot be opened, not even to say what is in it; whether there was
    anything to read. Without, the new store is empty."""
    fresh = _empty(path)
    worked_on = path.with_name(f".{path.name}.rescued.new")
    try:
        found = _take(path, fresh)
        for size in (_HEADER_BYTES, _PAGE_BYTES):
            if not found:
                _copy_beginning_as(fresh, size, path, worked_on)
                found = _take(worked_on, fresh)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    finally:
        worked_on.unlink(missing_ok=True)
        database.delete_log(worked_on)
    _put_in_place(fresh, path)
    return found


def _empty(path: Path) -> Path:
    fresh = path.with_name(f".{path.name}.salvaged.new")
    fresh.unlink(missing_ok=True)
    database.create(fresh, {})
    return fresh


def _put_in_place(fresh: Path, path: Path) -> None:
    path.replace(path.with_name(ASIDE))
    database.delete_log(path)
    fresh.replace(path)
    database.sync_folder(path.parent)


# ------------------------------------------------------------ a store that cannot be opened


def _take(path: Path, fresh: Path) -> bool:
    """What can be read of this file, although it is shorter than it says, or tells of tables in a
    way that nobody understands; whether that was anything."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.text_factory = database.readable_text
        # https://sqlite.org/pragma.html#pragma_writable_schema
        connection.execute("PRAGMA writable_schema = ON")
        with _damage_passed_over():
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            return _fill(fresh, connection) > 0
    return False


def _copy_beginning_as(fresh: Path, size: int, path: Path, copy: Path) -> None:
    """A copy whose first bytes are a new store's. The header says nothing that is not the same in
    every store, but for the number of pages; and the rest of the first page tells where the tables
    are told of that every store begins with."""
    shutil.copyfile(path, copy)
    with suppress(FileNotFoundError):
        shutil.copyfile(path.with_name(f"{path.name}-wal"), copy.with_name(f"{copy.name}-wal"))
    with fresh.open("rb") as whole:
        beginning = bytearray(whole.read(size))
    beginning[_PAGES_AT] = (copy.stat().st_size // _PAGE_BYTES).to_bytes(4, "big")
    with copy.open("r+b") as file:
        file.write(beginning)


# ------------------------------------------------------------ row by row


def _fill(fresh: Path, source: sqlite3.Connection) -> int:
    """Copy what is readable into an empty store; how many rows."""
    with closing(sqlite3.connect(fresh, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous = FULL")
        with database.transaction(target):
            copied = sum(_copy(source, target, table) for table in _TABLES)
            for (chunk_set_id,) in target.execute("SELECT id FROM chunk_sets").fetchall():
                keyword.create(target, chunk_set_id)
            _drop_what_points_nowhere(target)
        # Nothing may stay in the log: what is renamed is the file alone.
        target.execute("PRAGMA journal_mode = DELETE")
    return copied


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    known: set[str] = set()
    with _damage_passed_over():
        known = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    # An older store lacks a column; what triggers count is counted anew.
    columns = [
        name
        for _, name, *_ in target.execute(f"PRAGMA table_info({table})")
        if name in known and (table, name) != ("chunk_sets", "chunks")
    ]
    if not columns:
        return 0
    copied = 0
    marks = ",".join("?" * len(columns))
    for row in _readable(source, table, columns):
        # A damaged row may break a rule of the table.
        with suppress(sqlite3.IntegrityError):
            inserted = target.execute(
                f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})", row
            )
            copied += inserted.rowcount
    return copied


def _readable(
    source: sqlite3.Connection, table: str, columns: list[str]
) -> Iterator[tuple[object, ...]]:
    """The rows from the first to the damage, from the last back to it, and those between."""
    selected = f"SELECT {', '.join(columns)} FROM {table}"
    key = columns[0]  # the primary key of each of these tables
    last: object = 0
    for order in ("ASC", "DESC"):
        with _damage_passed_over():
            for row in source.execute(f"{selected} ORDER BY {key} {order}"):
                last = row[0] if order == "ASC" else last
                yield row
            return
    if table in _WITHOUT_ROWID or not isinstance(last, int):
        return
    missed = 0
    while missed < _GIVEN_UP_AFTER:
        last += 1
        missed += 1
        with _damage_passed_over():
            for row in source.execute(f"{selected} WHERE {key} = ?", (last,)):
                missed = 0
                yield row


@contextmanager
def _damage_passed_over() -> Iterator[None]:
    """What SQLite says of damaged pages ends what is inside, and no more. What it says of a disk
    that fails is raised: the rows may be there."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGE:
            raise


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
