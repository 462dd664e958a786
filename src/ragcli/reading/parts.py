"""Files inside files: attachments, the messages of a mailbox, the members of an archive.

A format whose files hold others has, in its module, ``parts(data, path) -> Iterator[Part]``; it may
raise ``errors.Unreadable``. ``unpack.py`` goes through them, reads each with the reader that its
own name or content asks for, and keeps to the limits that stand here.
"""

from __future__ import annotations

import hashlib
import io
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, cast

from ragcli.domain import Problem
from ragcli.reading.extracted import one_line

# The largest mailing lists have some 100,000 messages in a file of half a GiB.
MAX_PARTS = 100_000
# A report in an archive, attached to a mail, forwarded in a mail, in a mailbox.
MAX_DEPTH = 5
# All that one file unpacks to, level by level; or four times the file, where that is more.
MAX_UNPACKED_BYTES = 2 * 1024**3
# One part is held in memory beside the file that it lies in.
MAX_PART_BYTES = 128 * 1024**2
# Logs and tables shrink 10 to 100 times; deflate can do 1,032 times, which only zeros reach.
MAX_RATIO = 200
# Below this nobody is harmed by any ratio.
RATIO_COUNTS_FROM_BYTES = 64 * 1024**2

_NAME_CHARACTERS = 255

# A file that holds others: a large one is mapped and not held, so that its size costs no memory.
Data = bytes | mmap.mmap
# Of a mapped file no more than this stays in memory.
_MAPPED_AT_ONCE = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside a file. ``load`` gives its bytes, before the next part is asked for, and may
    raise Unreadable. ``mtime_ns`` is None where nothing says how old it is; ``format`` is set
    where that is known whatever name and content say, ``problem`` where nobody can read it."""

    name: str
    load: Callable[[], bytes]
    mtime_ns: int | None = None
    format: str | None = None
    problem: Problem | None = None


def stream_of(data: Data) -> IO[bytes]:
    """The bytes as a file, without a copy of them."""
    if isinstance(data, bytes):
        return io.BytesIO(data)
    return cast(IO[bytes], io.BufferedReader(_Mapped(data)))


def sha256_of(data: Data) -> str:
    """The hash of a file's bytes, in hex."""
    digest = hashlib.sha256()
    for start in range(0, len(data), _MAPPED_AT_ONCE):
        digest.update(memoryview(data)[start : start + _MAPPED_AT_ONCE])
        let_go(data)
    return digest.hexdigest()


def let_go(data: Data) -> None:
    """Take what was read of a mapped file out of memory; it comes back when it is read again."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED)


class _Mapped(io.RawIOBase):
    """A mapped file, read from a position of its own."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._at, len(self._data))[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at


def clean_name(name: str) -> str:
    """A part's name as it is cited: one line, no way out of its container, not endless."""
    steps = [one_line(step) for step in name.replace("\\", "/").split("/")]
    kept = "/".join(step for step in steps if step not in ("", ".", ".."))
    if len(kept) > _NAME_CHARACTERS:
        suffix = PurePosixPath(kept).suffix[:16]
        kept = kept[: _NAME_CHARACTERS - len(suffix)].rstrip("/ ") + suffix
    return kept or "part"
