"""SQLite's own writes, under the harness's control: what it writes, cuts and syncs are steps.

SQLite reaches its files through a table of functions (its VFS, https://sqlite.org/vfs.html). The
functions that open, write, truncate, sync and read are replaced by ones that ask ``Steps`` first;
no part of ragcli knows of it.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any, Protocol

# https://sqlite.org/rescode.html
OK, FULL, IOERR_READ, IOERR_WRITE, IOERR_FSYNC, CANTOPEN = 0, 13, 266, 778, 1034, 14
_MAIN_DATABASE, _WAL, _JOURNAL = 0x100, 0x80000, 0x800


# The name as a bare pointer: SQLite keeps it, and more stands behind it.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_Move = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class _Methods(ctypes.Structure):
    """sqlite3_io_methods; what is not replaced is copied as it is."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", _Move),
        ("write", _Move),
        ("truncate", _Truncate),
        ("sync", _Sync),
        ("others", c_void_p * 13),
    )


class _Vfs(ctypes.Structure):
    """The first fields of sqlite3_vfs."""

    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _Open),
    )


class Gate(Protocol):
    """Asked before each step of SQLite; a code other than OK is what SQLite gets."""

    def sqlite_write(self, path: Path, offset: int, size: int, write: Callable[[int], int]) -> int:
        """``write(n)`` writes the first n bytes."""

    def sqlite_truncate(self, path: Path, size: int) -> int: ...

    def sqlite_sync(self, path: Path) -> int: ...

    def sqlite_read(self, path: Path) -> int: ...


_kept: list[Any] = []  # ctypes keeps no reference to what C points to


def take_over(gate: Gate) -> None:
    """From now on every database that this process opens is under control."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = [c_char_p]
    vfs = library.sqlite3_vfs_find(None).contents
    original = ctypes.cast(vfs.open, c_void_p).value
    call = _Open(original or 0)

    def opened(own: int, name: int, file: int, flags: int, out: int) -> int:
        code = call(own, name, file, flags, out)
        if code == OK and flags & (_MAIN_DATABASE | _WAL | _JOURNAL):
            _replace_methods(file, Path(os.fsdecode(ctypes.string_at(name))), gate)
        return int(code)

    replaced = _Open(opened)
    _kept.extend([vfs, call, replaced])
    vfs.open = replaced


def _replace_methods(file: int, path: Path, gate: Gate) -> None:
    """``file`` begins with a pointer to its methods."""
    slot = ctypes.cast(file, POINTER(POINTER(_Methods)))
    theirs = slot[0].contents
    mine = _Methods.from_buffer_copy(theirs)
    read, write = theirs.read, theirs.write
    truncate, sync = theirs.truncate, theirs.sync

    def on_read(own: int, into: int, size: int, offset: int) -> int:
        return gate.sqlite_read(path) or int(read(own, into, size, offset))

    def on_write(own: int, data: int, size: int, offset: int) -> int:
        def some(count: int) -> int:
            return int(write(own, data, count, offset))

        return gate.sqlite_write(path, offset, size, some) or some(size)

    def on_truncate(own: int, size: int) -> int:
        return gate.sqlite_truncate(path, size) or int(truncate(own, size))

    def on_sync(own: int, flags: int) -> int:
        code = gate.sqlite_sync(path)
        return code or int(sync(own, flags))

    mine.read, mine.write = _Move(on_read), _Move(on_write)
    mine.truncate, mine.sync = _Truncate(on_truncate), _Sync(on_sync)
    _kept.extend([mine, theirs, read, write, truncate, sync])
    slot[0] = ctypes.pointer(mine)
