"""A store that leaves its place, or comes to another: what is left behind, and how paths are told.

Paths inside the project's folder are stored relative to it and go with it. Those outside are
absolute: they stay so, or are told relative to the folder (``../manuals/x.pdf``), or are all left
out.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from ragcli.errors import ProjectCorrupt
from ragcli.store import database, keyword, ledger, schema, sets
from ragcli.store.archive import ANEW
from ragcli.store.folder import ProjectFolder, file_of, shown_name
from ragcli.store.store import Store

_UP = b"../"


def leave_behind(store: Store) -> None:
    """Of a copy, what belongs to the place: index files, which are made again from the
    embeddings, sets beside the one that answers, and the disks that folders lie on. Nothing stays
    of what was removed."""
    with store.transaction():
        sets.drop_inactive(store.connection)
        store.connection.execute("DELETE FROM index_files")
        store.connection.execute("DELETE FROM removed_chunks")
        ledger.forget_disks(store.connection)
        ledger.hash_removed(store.connection)
    for (chunk_set_id,) in store.connection.execute("SELECT id FROM chunk_sets").fetchall():
        keyword.merge(store.connection, chunk_set_id)


def pack(store: Store) -> None:
    """Of a copy, one file without a free page, closed."""
    store.connection.execute("VACUUM")
    database.empty_log(store.connection)
    store.close()


# ------------------------------------------------------------------ paths


def tell_relative(store: Store, folder: ProjectFolder) -> dict[str, str]:
    """Absolute paths relative to this project's folder; the old sources with the new."""

    def relative(path: bytes) -> bytes:
        if not path.startswith(b"/"):
            return path
        file = file_of(path)
        return os.path.relpath(file, os.fsencode(folder.root)) + path[len(file) :]

    return _rename(store, folder, relative)


def settle(store: Store, folder: ProjectFolder) -> dict[str, str]:
    """The opposite, at the place that the project has come to."""

    def settled(path: bytes) -> bytes:
        if not path.startswith(_UP):
            return path
        file = file_of(path)
        return folder.key_of(folder.root / os.fsdecode(file)) + path[len(file) :]

    return _rename(store, folder, settled)


def _rename(
    store: Store, folder: ProjectFolder, renamed: Callable[[bytes], bytes]
) -> dict[str, str]:
    """Give roots, files and what was passed over other paths. The last part of a path, which the
    keyword index holds, stays."""
    connection = store.connection
    sources: dict[str, str] = {}
    with store.transaction():
        for table in ("roots", "files"):
            for id_, source, path in connection.execute(
                f"SELECT id, source, path FROM {table}"
            ).fetchall():
                if (fresh := renamed(path)) == path:
                    continue
                old, new = shown_name(file_of(path)), shown_name(file_of(fresh))
                sources[source] = new + source.removeprefix(old)
                # OR IGNORE: a file that has come to lie inside, where its like is known.
                connection.execute(
                    f"UPDATE OR IGNORE {table} SET source = ?, path = ? WHERE id = ?",
                    (sources[source], fresh, id_),
                )
        connection.executemany(
            "UPDATE documents SET indexed_source = ? WHERE indexed_source = ?",
            [(new, old) for old, new in sources.items()],
        )
        # The next ingest tells again what it passes over.
        connection.execute("DELETE FROM skipped")
    return sources


def leave_paths_out(store: Store) -> None:
    """Files are numbered; folders, what was passed over, and what holds no text are left out."""
    connection = store.connection
    with store.transaction():
        connection.execute("DELETE FROM skipped")
        connection.execute("DELETE FROM facts WHERE key GLOB 'fetched:*' OR key GLOB 'purged:*'")
        connection.execute("DELETE FROM problems")
        connection.execute("DELETE FROM files WHERE document_id IS NULL")
        connection.execute("UPDATE files SET root_id = NULL")
        connection.execute("DELETE FROM roots")
        rows = connection.execute(
            "SELECT id, source FROM files ORDER BY document_id, id"
        ).fetchall()
        # First names that no file has, for one may be called like the new name of another.
        connection.execute("UPDATE files SET source = id, path = CAST(id || x'00' AS BLOB)")
        for number, (id_, source) in enumerate(rows, 1):
            name = f"document-{number}{PurePosixPath(source).suffix}"
            connection.execute(
                "UPDATE files SET source = ?, path = ? WHERE id = ?", (name, name.encode(), id_)
            )
        store.rebuild_keyword_index()


# ------------------------------------------------------------------ what comes from elsewhere

_KEYWORD = re.compile(
    r"CREATE VIRTUAL TABLE keyword_\d+(_terms)? USING fts5(vocab)? \(.*", re.DOTALL
)
_STRANGE = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')"
_VIRTUAL = "SELECT 'table', name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'"


def check_foreign(file: Path) -> None:
    """That a store from elsewhere runs nothing of its own, as SQLite would anybody's trigger or
    view, and that its pages are whole. Raises ProjectCorrupt, ProjectIncompatible."""
    connection = database.connect(file)
    try:
        with database.corruption_named(file):
            connection.execute("PRAGMA trusted_schema = OFF")
            strange = list(_strange(connection))
            broken = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    finally:
        connection.close()
    if strange:
        raise ProjectCorrupt(f"the store in the archive has a {strange[0]} of its own", ANEW)
    if broken != "ok":
        raise ProjectCorrupt(f"the store in the archive is damaged: {broken}", ANEW)


def _strange(connection: sqlite3.Connection) -> Iterator[str]:
    """What no store has that ragcli made."""
    own = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.create(own, {})
        ours = {_words(sql) for _, _, sql in own.execute(_STRANGE)}
    finally:
        own.close()
    for kind, name, sql in connection.execute(_STRANGE):
        if _words(sql) not in ours:
            yield f"{kind} `{name}`"
    for _, name, sql in connection.execute(_VIRTUAL):
        if not _KEYWORD.fullmatch(sql):
            yield f"virtual table `{name}`"


def _words(sql: str) -> str:
    return " ".join(sql.split())
