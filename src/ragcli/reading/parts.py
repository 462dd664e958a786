"""Files inside files: attachments, the messages of a mailbox, the members of an archive.

A format whose files hold others has, in its module, ``parts(data, path) -> Iterator[Part]``; it may
raise ``errors.Unreadable``. ``unpack.py`` goes through them, reads each with the reader that its
own name or content asks for, and keeps to the limits that stand here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ragcli.domain import Problem
from ragcli.reading.extracted import one_line

# The largest mailing lists have some 100,000 messages in a file of half a GiB.
MAX_PARTS = 100_000
# A report in an archive, attached to a mail, forwarded in a mail, in a mailbox.
MAX_DEPTH = 5
# All that one file unpacks to, level by level: four times the largest file that is read.
MAX_UNPACKED_BYTES = 2 * 1024**3
# One part is held in memory beside the file that it lies in.
MAX_PART_BYTES = 128 * 1024**2
# Logs and tables shrink 10 to 100 times; deflate can do 1,032 times, which only zeros reach.
MAX_RATIO = 200
# Below this nobody is harmed by any ratio.
RATIO_COUNTS_FROM_BYTES = 64 * 1024**2

_NAME_CHARACTERS = 255


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


def clean_name(name: str) -> str:
    """A part's name as it is cited: one line, no way out of its container, not endless."""
    steps = [one_line(step) for step in name.replace("\\", "/").split("/")]
    kept = "/".join(step for step in steps if step not in ("", ".", ".."))
    if len(kept) > _NAME_CHARACTERS:
        suffix = PurePosixPath(kept).suffix[:16]
        kept = kept[: _NAME_CHARACTERS - len(suffix)].rstrip("/ ") + suffix
    return kept or "part"
