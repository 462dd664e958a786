"""Whether a file on the disk is still what was read of it."""

from __future__ import annotations

import hashlib
import sqlite3
import stat
from pathlib import Path
from typing import Literal

from ragcli.store.folder import ProjectFolder
from ragcli.store.rows import FileRow

Freshness = Literal["current", "changed", "gone"]

# Of ``files f``; a part is as the file that it lies in.
IS_CURRENT_SQL = (
    "f.state <> 'failed' AND (SELECT is_current(h.path, h.state, h.size, h.mtime_ns) FROM files h"
    " WHERE h.path = CASE instr(f.path, x'00') WHEN 0 THEN f.path"
    " ELSE substr(f.path, 1, instr(f.path, x'00') - 1) END)"
)


def of(folder: ProjectFolder, file: FileRow, *, verify: bool = False) -> Freshness:
    """By its size and mtime or, with ``verify``, by its SHA-256; not for a part. What was fetched
    is not looked after: it counts as changed when the last try to bring it up to date failed, as a
    file does whose new content could not be read."""
    if file.is_fetched:
        return "changed" if file.state == "failed" else "current"
    path = folder.path_of(file.path)
    try:
        status = path.stat()
    except OSError:
        return "gone"
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
        return "changed"
    if verify:
        same = holds(path, file.content_hash)
    else:
        same = (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)
    return "current" if same and file.state != "failed" else "changed"


def holds(path: Path, content_hash: str | None) -> bool:
    """Whether a file's bytes have this SHA-256; one that cannot be read has not."""
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == content_hash
    except OSError:
        return False


def teach(connection: sqlite3.Connection, folder: ProjectFolder) -> None:
    """``IS_CURRENT_SQL`` can be asked of this connection."""

    def is_current(path: bytes, state: str, size: int | None, mtime_ns: int | None) -> bool:
        row = FileRow(0, "", path, None, None, state, size, mtime_ns, None, 0)
        return of(folder, row) == "current"

    connection.create_function("is_current", 4, is_current)
