"""What a disk refuses, and whose fault it is."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ragcli.errors import UsageError

# There is no room, or the disk fails: whatever place was named, it was not wrong.
FAILED = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE)


@contextmanager
def place_named(what: str, hint: str) -> Iterator[None]:
    """What the system refuses inside is told as ``cannot <what>: <why>``. Raises UsageError, for
    the place was named by the user or is not theirs; OSError where the disk is full or fails."""
    try:
        yield
    except OSError as error:
        if error.errno in FAILED:
            raise
        raise UsageError(f"cannot {what}: {error.strerror or error}", hint) from error
