"""Folders and files for their owner only, whatever the umask says; files of lines that grow."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(path: Path) -> None:
    """One that is there keeps its mode (`rag doctor` tells of it). Raises OSError."""
    if not path.is_dir():
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        path.chmod(FOLDER_MODE)


def open_file(path: Path, flags: int) -> int:
    """The descriptor of a file, which is made where there is none. Raises OSError."""
    new = not path.exists()
    descriptor = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    if new:
        os.fchmod(descriptor, FILE_MODE)
    return descriptor


def write_text(path: Path, text: str) -> None:
    """In place of what it held; one that is there keeps its mode. Raises OSError."""
    with os.fdopen(open_file(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(text)


def append_line(descriptor: int, line: bytes) -> None:
    """A line at the end of a file that is open for reading and appending, under its lock, which is
    released when it is closed; on a line of its own, whatever a writer that was killed, or an
    editor, has left. Raises OSError."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    size = os.fstat(descriptor).st_size
    unended = size and os.pread(descriptor, 1, size - 1) != b"\n"
    line = b"\n" * bool(unended) + line + b"\n"
    while line:
        line = line[os.write(descriptor, line) :]
