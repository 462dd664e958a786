"""Files beside the store that a command writes: whole or not at all, for their owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ragcli import private
from ragcli.errors import UsageError


def refused(what: str, file: Path, error: OSError) -> UsageError:
    """A file of the project's folder cannot be read, written or deleted."""
    return UsageError(f"cannot {what} {file}: {error.strerror}", "who owns the .rag folder?")


def write(file: Path, text: str) -> None:
    """In place of what it held; its folder is made. Raises UsageError."""
    try:
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
    except OSError as error:
        raise UsageError(
            f"cannot write {file}: {error.strerror}", "may you write there? ls -ld its folder"
        ) from error
