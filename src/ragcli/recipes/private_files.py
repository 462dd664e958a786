"""Files beside the store that a command writes: whole or not at all, for their owner only."""

from __future__ import annotations

import os
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from ragcli import disk, private
from ragcli.errors import UsageError

_WHOSE = "who owns the .rag folder?"


def refused(what: str, file: Path, error: OSError) -> UsageError:
    """A file of the project's folder cannot be read or deleted."""
    return UsageError(f"cannot {what} {file}: {error.strerror}", _WHOSE)


def written(file: Path) -> AbstractContextManager[None]:
    """A file of the project's folder is written to inside. Raises UsageError, OSError."""
    return disk.place_named(f"write {file}", _WHOSE)


def write(file: Path, text: str) -> None:
    """In place of what it held; its folder is made. Raises UsageError, OSError."""
    with written(file):
        private.make_folder(file.parent)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as out:
                os.fchmod(descriptor, private.FILE_MODE)
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
