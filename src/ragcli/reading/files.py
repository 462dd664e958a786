"""Opening files without being caught by what only looks like one."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

# What `file` and git look at to tell text from binary.
HEAD_BYTES = 8192


class NotAFile(OSError):
    """The path names a FIFO, a socket or a device: reading it may never end."""


class IsLink(OSError):
    """A part of the path that was found in a folder is a link by now."""


def open_regular(path: Path, below: int = 0) -> tuple[int, os.stat_result]:
    """A descriptor of a regular file, and its state. Raises NotAFile, IsLink and OSError.

    The last ``below`` parts of the path were found by looking into folders, not named by a user:
    none of them may be a link. They are opened one in the other, so that a link that is put in
    their place meanwhile leads nowhere, and however long the path is.
    """
    if not below:
        return _opened(path, None, follow=True)
    folder = os.open(Path(*path.parts[:-below]), _FOLDER)
    try:
        for name in path.parts[-below:-1]:
            inner = _open(name, _FOLDER | os.O_NOFOLLOW, folder)
            os.close(folder)
            folder = inner
        return _opened(path.name, folder, follow=False)
    finally:
        os.close(folder)


_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def _opened(name: str | Path, folder: int | None, *, follow: bool) -> tuple[int, os.stat_result]:
    # Looked at before it is opened, because opening a device may already do something (a tape
    # rewinds); O_NONBLOCK, because it may have become a FIFO since, whose opening would wait.
    mode = os.stat(name, dir_fd=folder, follow_symlinks=follow).st_mode
    if stat.S_ISLNK(mode):
        raise IsLink(errno.ELOOP, "a link by now")
    if not stat.S_ISREG(mode):
        raise NotAFile(f"not a regular file: {name}")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = _open(name, flags, folder)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotAFile(f"not a regular file: {name}")
    return descriptor, status


def _open(name: str | Path, flags: int, folder: int | None) -> int:
    """Raises IsLink for a link that is not to be followed: kernels say so in two ways."""
    try:
        return os.open(name, flags, dir_fd=folder)
    except OSError as error:
        if flags & os.O_NOFOLLOW and error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise IsLink(errno.ELOOP, "a link by now") from None
        raise


def read_head(path: Path, below: int = 0) -> bytes:
    """The first ``HEAD_BYTES`` of a file. Raises what ``open_regular`` raises."""
    descriptor, _ = open_regular(path, below)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)
