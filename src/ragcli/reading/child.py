"""What runs in the reader's child process (``python -m ragcli.reading.child``)."""

from __future__ import annotations

import hashlib
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ragcli.domain import Problem
from ragcli.errors import Unreadable
from ragcli.reading import limits, options
from ragcli.reading.dispatch import read_document
from ragcli.reading.files import IsLink, NotAFile, open_regular
from ragcli.reading.wire import (
    encoded,
    message_of,
    read_message,
    write_encoded,
    write_message,
    write_text,
)

# The parent kills a child that is late. This alarm ends one whose parent was killed meanwhile.
_ALARM_AFTER_PARENT_S = 10
# A child that has held more than this may never give it back: the next file gets a fresh one,
# which takes 0.1 s. Libraries and small files take about 60 MB.
_SPENT_BYTES = 128 * limits.MB


def main() -> None:
    """Serves requests until the parent closes the pipe; the first message are the options."""
    # The parent hears Ctrl-C too, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = _take_pipes()
    options.use(options.ReadOptions(**(read_message(requests) or {})))
    limits.limit_memory()
    late_s = options.current().timeout_s + _ALARM_AFTER_PARENT_S
    write_message(replies, {"ready": True})
    while (request := read_message(requests)) is not None:
        signal.setitimer(signal.ITIMER_REAL, late_s)
        path = Path(os.fsdecode(request["path"].encode("latin-1")))
        _serve(path, request.get("below", 0), request.get("charset", ""), replies)


def _serve(path: Path, below: int, charset: str, replies: BinaryIO) -> None:
    """Replies twice: what was read of the file, then the document or the problem."""
    limits.begin_file()
    text, seen = "", {"content_hash": "", "size": 0, "mtime_ns": 0}
    try:
        data, status = read_bytes(path, below)
        seen = {
            "content_hash": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "mtime_ns": status.st_mtime_ns,
        }
    except Unreadable as error:
        write_message(replies, seen)
        body = _problem(error)
    else:
        write_message(replies, seen)
        body, text = _document(path, data, charset)
    # From here on it waits for the parent, which takes a large document when it is its turn.
    signal.setitimer(signal.ITIMER_REAL, 0)
    write_encoded(replies, body)
    write_text(replies, text)


def _document(path: Path, data: bytes, charset: str) -> tuple[bytes, str]:
    """The reply, and the text that follows it."""
    try:
        document = read_document(path, data, charset)
        return _reply("document", message_of(document)), document.text
    except Unreadable as error:
        problem = error
    except MemoryError:
        problem = limits.needs_more_memory()
    return _problem(problem), ""


def _problem(error: Unreadable) -> bytes:
    return _reply("problem", asdict(Problem(error.code, error.message, error.hint)))


def _reply(kind: str, content: dict[str, Any]) -> bytes:
    return encoded({kind: content, "spent": limits.peak_memory() > _SPENT_BYTES})


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's pipes, put where no library can print into them or read from them."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=0)


def read_bytes(path: Path, below: int = 0) -> tuple[bytes, os.stat_result]:
    """A file's bytes and its state, which did not change meanwhile; ``below`` as in
    ``open_regular``. Raises Unreadable."""
    try:
        for _ in range(2):
            descriptor, before = open_regular(path, below)
            with os.fdopen(descriptor, "rb") as file:
                if before.st_size > options.current().memory_mb * limits.MB:
                    raise limits.needs_more_memory()
                data = file.read(before.st_size + 1)
                after = os.fstat(file.fileno())
            if (len(data), before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                return data, after
    except NotAFile:
        raise Unreadable("special", "not a file: a pipe, a socket, a device or a folder") from None
    except IsLink:
        hint = "name it, and it is followed"
        raise Unreadable("link", "it is a link by now, or lies in one", hint) from None
    except FileNotFoundError:
        raise Unreadable("missing", "the file is gone") from None
    except PermissionError:
        hint = "let yourself read it: chmod u+r"
        raise Unreadable("unreadable", "permission denied", hint) from None
    except OSError as error:
        raise Unreadable("unreadable", (error.strerror or str(error)).lower()) from None
    except MemoryError:
        raise limits.needs_more_memory() from None
    raise Unreadable("changed", "it changed while it was read", "read it again when it is complete")


if __name__ == "__main__":
    main()
