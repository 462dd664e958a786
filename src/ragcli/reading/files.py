"""Opening files without being caught by what only looks like one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

# What `file` and git look at to tell text from binary.
HEAD_BYTES = 8192


class NotAFile(OSError):
    """The path names a FIFO, a socket or a device: reading it may never end."""


def open_regular(path: Path) -> tuple[int, os.stat_result]:
    """A descriptor of a regular file, and its state. Raises NotAFile and OSError.

    Which links to follow is decided by ``walk``; here they are followed.
    """
    # Looked at before it is opened, because opening a device may already do something (a tape
    # rewinds); O_NONBLOCK, because it may have become a FIFO since, whose opening would wait.
    if not stat.S_ISREG(path.stat().st_mode):
        raise NotAFile(f"not a regular file: {path}")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotAFile(f"not a regular file: {path}")
    return descriptor, status


def read_head(path: Path) -> bytes:
    """The first ``HEAD_BYTES`` of a file. Raises NotAFile and OSError."""
    descriptor, _ = open_regular(path)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)
