"""The ledger: what was named, what was found there, and what became of each file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from ragcli.errors import ProjectCorrupt
from ragcli.store.database import now
from ragcli.store.folder import key_of_name, parts_range, shown_name
from ragcli.store.rows import FileRow, RootRow

if TYPE_CHECKING:
    from ragcli.domain import Problem

FILE_COLUMNS = (
    "id, source, path, root_id, document_id, state, size, mtime_ns, content_hash, reader_version"
)
# The same where `files` stands as `f` beside other tables.
FILE_COLUMNS_OF_F = "f." + FILE_COLUMNS.replace(", ", ", f.")

_OF_ROOT = "WHERE key = ? OR key GLOB ?"


def roots(connection: sqlite3.Connection) -> list[RootRow]:
    rows = connection.execute("SELECT id, source, path FROM roots ORDER BY source").fetchall()
    return [RootRow(i, source, path, _disks(connection, i, source)) for i, source, path in rows]


def _disks(connection: sqlite3.Connection, root_id: int, source: str) -> dict[str, str]:
    own = f"device_{root_id}"
    found = connection.execute(f"SELECT key, value FROM facts {_OF_ROOT}", (own, f"{own}/*"))
    return {key.removeprefix(f"{own}/") if key != own else source: disk for key, disk in found}


def forget_disks(connection: sqlite3.Connection) -> None:
    """The next ingest takes what it finds for what was there."""
    connection.execute("DELETE FROM facts WHERE key GLOB 'device_*'")


def set_disks(connection: sqlite3.Connection, root: RootRow, disks: Mapping[str, str]) -> None:
    """What a root lies on and what is mounted below it, by source."""
    own = f"device_{root.id}"
    connection.execute(f"DELETE FROM facts {_OF_ROOT}", (own, f"{own}/*"))
    connection.executemany(
        "INSERT INTO facts VALUES (?, ?)",
        [(own if at == root.source else f"{own}/{at}", disk) for at, disk in disks.items()],
    )


def add_root(connection: sqlite3.Connection, source: str, path: bytes) -> int:
    """Remember a folder or file that was named; its id."""
    connection.execute(
        "INSERT OR IGNORE INTO roots (source, path, added_at) VALUES (?, ?, ?)",
        (source, path, now()),
    )
    return int(connection.execute("SELECT id FROM roots WHERE path = ?", (path,)).fetchone()[0])


def remove_root(connection: sqlite3.Connection, root_id: int) -> None:
    own = f"device_{root_id}"
    connection.execute(f"DELETE FROM facts {_OF_ROOT}", (own, f"{own}/*"))
    connection.execute("DELETE FROM roots WHERE id = ?", (root_id,))


def replace_root(connection: sqlite3.Connection, old_id: int, new_id: int) -> None:
    """Forget a root in favour of one above it, which takes its files over."""
    connection.execute("UPDATE files SET root_id = ? WHERE root_id = ?", (new_id, old_id))
    remove_root(connection, old_id)


def remove_root_at(connection: sqlite3.Connection, path: bytes) -> None:
    """Forget the root at this path, if there is one: a file that was named and is gone."""
    connection.execute("DELETE FROM roots WHERE path = ?", (path,))


def holding(connection: sqlite3.Connection, document_id: int) -> list[FileRow]:
    """The files that hold a document, in order of their source, as they stand."""
    rows = connection.execute(
        f"SELECT {FILE_COLUMNS} FROM files WHERE document_id = ? ORDER BY source", (document_id,)
    )
    return [FileRow(*r) for r in rows]


def checked(row: FileRow, content_hash: str) -> FileRow:
    """The row of a file that holds a document of this content, before it is shown: a file that
    could not be read again keeps a document of other content. Raises ProjectCorrupt."""
    same = row.content_hash in (None, content_hash) or row.state not in ("stored", "partly")
    if row.is_whole and same:
        return row
    raise ProjectCorrupt(
        f"what the project says of the file {row.source} is damaged", "mend it: rag doctor --repair"
    )


def files(connection: sqlite3.Connection) -> list[FileRow]:
    rows = connection.execute(f"SELECT {FILE_COLUMNS} FROM files ORDER BY source")
    return [FileRow(*r) for r in rows]


def file_at(connection: sqlite3.Connection, path: bytes) -> FileRow | None:
    row = connection.execute(f"SELECT {FILE_COLUMNS} FROM files WHERE path = ?", (path,)).fetchone()
    return None if row is None else FileRow(*row)


def file_of_source(connection: sqlite3.Connection, source: str) -> FileRow | None:
    """The file that is cited so."""
    row = connection.execute(
        f"SELECT {FILE_COLUMNS} FROM files WHERE source = ?", (source,)
    ).fetchone()
    return None if row is None else FileRow(*row)


def parts_of(connection: sqlite3.Connection, path: bytes) -> list[FileRow]:
    """The parts of the file at this path."""
    rows = connection.execute(
        f"SELECT {FILE_COLUMNS} FROM files WHERE path >= ? AND path < ?", parts_range(path)
    )
    return [FileRow(*r) for r in rows]


def free_source(connection: sqlite3.Connection, source: str, path: bytes) -> str:
    """The source for this path: where another has it already (a file named like a part, bytes that
    are shown alike), one that is like it."""
    while True:
        row = connection.execute("SELECT path FROM files WHERE source = ?", (source,)).fetchone()
        if row is None or row[0] == path:
            return source
        source += "~"


def mark_unread(connection: sqlite3.Connection, path: bytes) -> None:
    """The next ingest reads this file again: no hash says that it is the same."""
    connection.execute("UPDATE files SET content_hash = NULL WHERE path = ?", (path,))


def put_file(
    connection: sqlite3.Connection,
    *,
    source: str,
    path: bytes,
    root_id: int | None,
    document_id: int | None,
    state: str,
    size: int | None,
    mtime_ns: int | None,
    content_hash: str | None,
    reader_version: int,
    problems: Sequence[Problem] = (),
) -> int:
    """Write what became of a file, in place of what was written before; its id. One that was
    purged is known by its name again."""
    connection.execute("DELETE FROM facts WHERE key = ?", (_purged_key(path),))
    connection.execute(
        "INSERT INTO files (source, path, root_id, document_id, state, size, mtime_ns,"
        " content_hash, reader_version, read_at) VALUES (?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (path) DO UPDATE SET source = excluded.source, root_id = excluded.root_id,"
        " document_id = excluded.document_id, state = excluded.state, size = excluded.size,"
        " mtime_ns = excluded.mtime_ns, content_hash = excluded.content_hash,"
        " reader_version = excluded.reader_version, read_at = excluded.read_at",
        (
            source,
            path,
            root_id,
            document_id,
            state,
            size,
            mtime_ns,
            content_hash,
            reader_version,
            now(),
        ),
    )
    file_id = int(connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()[0])
    connection.execute("DELETE FROM problems WHERE file_id = ?", (file_id,))
    connection.executemany(
        "INSERT INTO problems (file_id, page, code, message, hint) VALUES (?, ?, ?, ?, ?)",
        [(file_id, p.page, p.code, p.message, p.hint) for p in problems],
    )
    return file_id


def rename(connection: sqlite3.Connection, file_id: int, source: str) -> None:
    """Give a file this name: both copies of it. One that another file has already is forgotten."""
    path = connection.execute("SELECT path FROM files WHERE id = ?", (file_id,)).fetchone()[0]
    if shown_name(path) != source:
        path = key_of_name(source)
    try:
        connection.execute(
            "UPDATE files SET source = ?, path = ? WHERE id = ?", (source, path, file_id)
        )
    except sqlite3.IntegrityError:
        forget(connection, file_id)


def put_right(connection: sqlite3.Connection, file_id: int, document_id: int | None) -> None:
    """Let a file hold this document until the next ingest reads it again."""
    connection.execute(
        "UPDATE files SET document_id = ?, content_hash = NULL WHERE id = ?", (document_id, file_id)
    )


def put_back(connection: sqlite3.Connection, document_id: int, source: str) -> bool:
    """Write the lost line of a file that held this document; false where the name is taken."""
    path = key_of_name(source)
    known = connection.execute(
        "SELECT id, document_id FROM files WHERE source = ? OR path = ?", (source, path)
    ).fetchone()
    if known is not None:
        if known[1] is None:
            put_right(connection, known[0], document_id)
        return known[1] is None
    put_file(
        connection,
        source=source,
        path=path,
        root_id=_root_above(connection, path),
        document_id=document_id,
        state="stored",
        size=None,
        mtime_ns=None,
        content_hash=None,
        reader_version=0,
    )
    return True


def _root_above(connection: sqlite3.Connection, path: bytes) -> int | None:
    for root in roots(connection):
        whole = root.path == b"." and not path.startswith(b"/")
        if whole or path == root.path or path.startswith(root.path.rstrip(b"/") + b"/"):
            return root.id
    return None


def document_for(
    connection: sqlite3.Connection, content_hash: str | None, source: str
) -> int | None:
    """The document of this content, else the one that is indexed under this name."""
    row = connection.execute(
        "SELECT id FROM documents WHERE content_hash IS :hash OR indexed_source = :source"
        " ORDER BY content_hash IS :hash DESC LIMIT 1",
        {"hash": content_hash, "source": source},
    ).fetchone()
    return None if row is None else int(row[0])


def touch(connection: sqlite3.Connection, file_id: int, size: int, mtime_ns: int) -> None:
    """The file was written again with the same content."""
    connection.execute(
        "UPDATE files SET size = ?, mtime_ns = ? WHERE id = ?", (size, mtime_ns, file_id)
    )


def repoint(
    connection: sqlite3.Connection, file_id: int, document_id: int, content_hash: str
) -> None:
    """The file now holds another document."""
    connection.execute(
        "UPDATE files SET document_id = ?, content_hash = ? WHERE id = ?",
        (document_id, content_hash, file_id),
    )


def unlink(connection: sqlite3.Connection, document_id: int) -> list[int]:
    """Take a document from all files that name it; their ids."""
    rows = connection.execute("SELECT id FROM files WHERE document_id = ?", (document_id,))
    ids = [r[0] for r in rows]
    connection.execute("UPDATE files SET document_id = NULL WHERE document_id = ?", (document_id,))
    return ids


def link(connection: sqlite3.Connection, file_ids: Iterable[int], document_id: int) -> None:
    """Let these files name this document."""
    connection.executemany(
        "UPDATE files SET document_id = ? WHERE id = ?", [(document_id, i) for i in file_ids]
    )


def forget(connection: sqlite3.Connection, file_id: int) -> None:
    connection.execute(
        "DELETE FROM facts WHERE key = (SELECT 'fetched:' || source FROM files WHERE id = ?)",
        (file_id,),
    )
    connection.execute("DELETE FROM files WHERE id = ?", (file_id,))


# A file that was purged, and that a remembered folder would bring back.
_PURGED = "purged:"


def _purged_key(path: bytes) -> str:
    return f"{_PURGED}{sha256(path).hexdigest()}"


def hash_removed(connection: sqlite3.Connection) -> None:
    """Of the files that were taken out and stay out, keep no more than the hash of their path."""
    removed = connection.execute("SELECT id, path FROM files WHERE state = 'removed'").fetchall()
    for file_id, path in removed:
        forget(connection, file_id)
        connection.execute("INSERT OR IGNORE INTO facts VALUES (?, '')", (_purged_key(path),))


class Purged:
    """The files that were purged and stay out until they are named again."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        keys = connection.execute("SELECT key FROM facts WHERE key GLOB ?", (f"{_PURGED}*",))
        self._keys = frozenset(key for (key,) in keys)

    def __contains__(self, path: object) -> bool:
        return bool(self._keys) and isinstance(path, bytes) and _purged_key(path) in self._keys


def fetched(connection: sqlite3.Connection, source: str) -> dict[str, str]:
    """What the server said of the version of a page that is stored; nothing of a file."""
    row = connection.execute("SELECT value FROM facts WHERE key = ?", (f"fetched:{source}",))
    found = row.fetchone()
    return {} if found is None else dict(json.loads(found[0]))


def set_fetched(connection: sqlite3.Connection, source: str, said: Mapping[str, str]) -> None:
    """Keep it as long as the page is in the ledger."""
    connection.execute(
        "INSERT OR REPLACE INTO facts VALUES (?, ?)",
        (f"fetched:{source}", json.dumps(said, ensure_ascii=False)),
    )


def problems(connection: sqlite3.Connection) -> list[tuple[str, Problem]]:
    """(source, problem) of every file and page that could not be read."""
    rows = connection.execute(
        "SELECT f.source, p.code, p.message, p.hint, p.page FROM problems p"
        " JOIN files f ON f.id = p.file_id WHERE f.state != 'removed' ORDER BY f.source, p.page"
    )
    from ragcli.domain import Problem

    return [(r[0], Problem(*r[1:])) for r in rows]


def set_skipped(
    connection: sqlite3.Connection, root_id: int, skipped: Iterable[tuple[str, str]]
) -> None:
    """(source, reason) of what was passed over under one root, in place of the last time's."""
    connection.execute("DELETE FROM skipped WHERE root_id = ?", (root_id,))
    connection.executemany(
        "INSERT OR REPLACE INTO skipped (source, root_id, reason) VALUES (?, ?, ?)",
        [(source, root_id, reason) for source, reason in skipped],
    )


def skipped(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(source, reason) of all that is not in the project: also empty files, and those that were
    taken out."""
    return connection.execute(f"{_SKIPPED} ORDER BY source").fetchall()


def count_skipped(connection: sqlite3.Connection) -> int:
    return int(connection.execute(f"SELECT count(*) FROM ({_SKIPPED})").fetchone()[0])


_SKIPPED = (
    "SELECT source, reason FROM skipped UNION"
    " SELECT source, state FROM files WHERE state IN ('empty', 'removed')"
)
