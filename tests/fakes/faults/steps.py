"""Every write step of a command by its name, and the fault that happens at one of them.

A step is a write, a truncation, a sync, a rename, a deletion ... inside the project's ``.rag``:
SQLite's own (``sqlite_files.py``) and those that go through Python's ``os`` and ``io``. Steps are
numbered in their order; a fault is told by its kind and the number of the step that it comes at.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import random
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.faults import sqlite_files

# What the kernel says and what SQLite then gets: a full quota is for SQLite a write that failed.
_SAID = {
    "full": (errno.ENOSPC, sqlite_files.FULL),
    "quota": (errno.EDQUOT, sqlite_files.IOERR_WRITE),
    "io": (errno.EIO, sqlite_files.IOERR_WRITE),
    "sync": (errno.EIO, sqlite_files.IOERR_FSYNC),
    "gone": (errno.ESTALE, sqlite_files.IOERR_WRITE),
    "remounted": (errno.EROFS, sqlite_files.IOERR_WRITE),
}
KINDS = ("kill", "torn", "power", *_SAID, "read")

_WRITES = ("write", "truncate", "make")

# As they were: what the harness itself does is no step.
_pwrite, _ftruncate, _replace = os.pwrite, os.ftruncate, os.replace


@dataclass(frozen=True, slots=True)
class Fault:
    """``kind`` at the step number ``at``, counted from 1; of ``read`` at that read of SQLite.

    ``kill`` ends the process there, ``torn`` in the middle of the write, ``power`` takes back
    what was not synced, too. ``full`` and ``quota`` refuse whatever writes from there on,
    ``remounted`` whatever changes, ``sync`` all syncs, ``io`` that one step, ``gone`` everything,
    ``read`` all reads.
    """

    kind: str
    at: int
    seed: int = 0


class Steps:
    """Counts and names the steps inside ``folder``, a line each to ``log``, and lets the fault
    happen."""

    def __init__(self, folder: Path, log: Path, fault: Fault | None) -> None:
        self._folder = str(folder)
        self._seen = f"{log}.seen"
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._fault = fault
        self._count = self._reads = 0
        self._unsynced: list[tuple[Path, Callable[[], None]]] = []
        self._descriptors: dict[Path, int] = {}

    # ------------------------------------------------------------ a step

    def step(self, action: str, path: Path, half: Callable[[], object] | None = None) -> int | None:
        """None when it may be done; else the kernel's error number. May not come back."""
        self._count += 1
        os.write(self._log, f"{action} {_plain(path.name)}\n".encode())
        fault = self._fault
        if fault is None or fault.kind == "read" or self._count < fault.at:
            return None
        if fault.kind in ("kill", "torn", "power"):
            if half is not None and fault.kind == "torn":
                half()
            self._end()
        if fault.kind == "sync":
            refused = action == "sync"
        elif fault.kind == "io":
            refused = self._count == fault.at
        elif fault.kind == "remounted":
            refused = action != "sync"
        else:
            refused = fault.kind == "gone" or action in _WRITES
        return _SAID[fault.kind][0] if refused else None

    def _end(self) -> None:
        """What a loss of power does to writes that were not synced: each is kept or not."""
        fault = self._fault
        assert fault is not None
        self._tell_committed()
        if fault.kind == "power":
            chance = random.Random(fault.seed)
            share = chance.choice((0.0, 0.5, 1.0))  # of what had reached the disk all the same
            for _, undo in reversed(self._unsynced):
                if chance.random() >= share:
                    undo()
        os.kill(os.getpid(), signal.SIGKILL)

    def _tell_committed(self) -> None:
        """What a reader sees at this moment: none of it may be lost."""
        store = Path(self._folder) / "store.sqlite"
        if not store.exists():
            return
        self._fault = None
        with closing(sqlite3.connect(store)) as reader, suppress(sqlite3.OperationalError):
            rows = reader.execute("SELECT source FROM files WHERE document_id IS NOT NULL")
            seen = json.dumps([source for (source,) in rows])
            Path(self._seen).write_text(seen, encoding="utf-8")

    def _synced(self, path: Path) -> None:
        self._unsynced = [(p, undo) for p, undo in self._unsynced if p != path]

    def _code(self, refused: int | None) -> int:
        if refused is None or self._fault is None:
            return sqlite_files.OK
        return _SAID[self._fault.kind][1]

    # ------------------------------------------------------------ SQLite

    def sqlite_write(self, path: Path, offset: int, size: int, write: Callable[[int], int]) -> int:
        code = self._code(self.step("write", path, lambda: write(size // 2)))
        if code == sqlite_files.OK:
            self._remember(path, offset, size)
        return code

    def _remember(self, path: Path, offset: int, size: int) -> None:
        """What a write replaces. The descriptor stays open: closing it would give up SQLite's
        locks."""
        if self._fault is None or self._fault.kind != "power":
            return
        if path not in self._descriptors:
            self._descriptors[path] = os.open(path, os.O_RDWR)
        descriptor = self._descriptors[path]
        before = os.pread(descriptor, size, offset)
        length = os.fstat(descriptor).st_size

        def undo() -> None:
            _pwrite(descriptor, before, offset)
            if len(before) < size and os.fstat(descriptor).st_size == offset + size:
                _ftruncate(descriptor, max(length, offset + len(before)))

        self._unsynced.append((path, undo))

    def sqlite_truncate(self, path: Path, size: int) -> int:
        return self._code(self.step("truncate", path))

    def sqlite_sync(self, path: Path) -> int:
        code = self._code(self.step("sync", path))
        if code == sqlite_files.OK:
            self._synced(path)
        return code

    def sqlite_read(self, path: Path) -> int:
        self._reads += 1
        fault = self._fault
        if fault is None:
            return sqlite_files.OK
        by_read = fault.kind == "read" and self._reads >= fault.at
        gone = fault.kind == "gone" and self._count >= fault.at
        return sqlite_files.IOERR_READ if by_read or gone else sqlite_files.OK

    @property
    def reads(self) -> int:
        return self._reads

    # ------------------------------------------------------------ Python

    def take_over(self) -> None:
        """From now on, in this process, for what lies in the folder."""
        sqlite_files.take_over(self)
        for name, action in _BY_PATH.items():
            setattr(os, name, self._by_path(getattr(os, name), action))
        for name, action in (("pwrite", "write"), ("ftruncate", "truncate")):
            setattr(os, name, self._by_descriptor(getattr(os, name), action))
        os.fsync = self._fsync(os.fsync)
        os.open = self._make(os.open)
        builtins.open = io.open = self._open(io.open)

    def _holds(self, path: Path) -> bool:
        return str(path).startswith(self._folder)

    def _by_path(self, call: Callable[..., Any], action: str) -> Callable[..., Any]:
        def asked(path: Any, *rest: Any, **named: Any) -> Any:
            # Of a rename the new name counts.
            place = Path(os.fsdecode(rest[0] if action == "rename" else path))
            if self._holds(place):
                _refuse(self.step(action, place), place)
                if action == "rename":
                    self._remember_rename(Path(os.fsdecode(path)), place)
            return call(path, *rest, **named)

        return asked

    def _remember_rename(self, old: Path, new: Path) -> None:
        """Known to the disk once the folder is synced."""
        if self._fault is None or self._fault.kind != "power":
            return
        before = new.read_bytes() if new.exists() else None

        def undo() -> None:
            _replace(new, old)
            if before is not None:
                new.write_bytes(before)

        self._unsynced.append((new.parent, undo))

    def _make(self, call: Callable[..., int]) -> Callable[..., int]:
        def asked(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            place = Path(os.fsdecode(path))
            if flags & os.O_CREAT and self._holds(place) and not place.exists():
                _refuse(self.step("make", place), place)
            return call(path, flags, *rest, **named)

        return asked

    def _by_descriptor(self, call: Callable[..., Any], action: str) -> Callable[..., Any]:
        def asked(descriptor: int, *rest: Any) -> Any:
            place = _path_of(descriptor)
            if self._holds(place):
                _refuse(self.step(action, place), place)
            return call(descriptor, *rest)

        return asked

    def _fsync(self, call: Callable[[int], None]) -> Callable[[int], None]:
        def asked(descriptor: int) -> None:
            place = _path_of(descriptor)
            if self._holds(place):
                _refuse(self.step("sync", place), place)
                self._synced(place)
            call(descriptor)

        return asked

    def _open(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def asked(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            place = _path_of(file) if isinstance(file, int) else Path(os.fsdecode(file))
            if not self._holds(place) or not set(mode) & set("wax+"):
                return call(file, mode, *rest, **named)
            if not isinstance(file, int):
                _refuse(self.step("make", place), place)
            opened = call(file, mode, *rest, **named)
            self._unsynced.append((place, lambda: os.truncate(place, 0)))
            return _Written(opened, place, self)

        return asked


class _Written:
    """An open file whose writes are steps."""

    def __init__(self, opened: Any, path: Path, steps: Steps) -> None:
        self._opened, self._path, self._steps = opened, path, steps

    def write(self, data: Any) -> Any:
        def half() -> None:
            self._opened.write(data[: len(data) // 2])
            self._opened.flush()

        _refuse(self._steps.step("write", self._path, half), self._path)
        return self._opened.write(data)

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *exception: object) -> None:
        self._opened.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)


_BY_PATH = {
    "rename": "rename",
    "replace": "rename",
    "unlink": "delete",
    "remove": "delete",
    "mkdir": "make",
    "chmod": "chmod",
}


def _refuse(refused: int | None, path: Path) -> None:
    if refused is not None:
        raise OSError(refused, os.strerror(refused), str(path))


def _path_of(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def _plain(name: str) -> str:
    """Without generations and process ids: the same step has the same name in every run."""
    return re.sub(r"\d+", "N", name)
