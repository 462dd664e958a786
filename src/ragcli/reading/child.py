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
from ragcli.reading import options
from ragcli.reading.dispatch import read_document
from ragcli.reading.files import NotAFile, open_regular
from ragcli.reading.wire import document_to_json, read_message, write_message

# A text this long is a thousand novels; its copies on the way would fill a small machine.
MAX_FILE_BYTES = 512 * 1024 * 1024
# The parent kills a child that is late. This alarm ends one whose parent was killed meanwhile.
_ALARM_AFTER_PARENT_S = 10


def main() -> None:
    """Serves requests until the parent closes the pipe; the first message are the options."""
    # The parent hears Ctrl-C too, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = _take_pipes()
    options.use(options.ReadOptions(**(read_message(requests) or {})))
    late_s = options.current().timeout_s + _ALARM_AFTER_PARENT_S
    write_message(replies, {"ready": True})
    while (request := read_message(requests)) is not None:
        signal.setitimer(signal.ITIMER_REAL, late_s)
        path = Path(os.fsdecode(request["path"].encode("latin-1")))
        _serve(path, request.get("charset", ""), replies)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _serve(path: Path, charset: str, replies: BinaryIO) -> None:
    seen: dict[str, Any] = {"content_hash": "", "size": 0, "mtime_ns": 0}
    try:
        data, status = read_bytes(path)
    except Unreadable as error:
        write_message(replies, seen)
        write_message(replies, {"problem": _problem(error)})
        return
    seen["content_hash"] = hashlib.sha256(data).hexdigest()
    write_message(replies, seen | {"size": len(data), "mtime_ns": status.st_mtime_ns})
    try:
        document = read_document(path, data, charset)
    except Unreadable as error:
        write_message(replies, {"problem": _problem(error)})
    else:
        write_message(replies, {"document": document_to_json(document)})


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's pipes, put where no library can print into them or read from them."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=0)


def _problem(error: Unreadable) -> dict[str, Any]:
    return asdict(Problem(error.code, error.message, error.hint))


def read_bytes(path: Path) -> tuple[bytes, os.stat_result]:
    """A file's bytes and its state, which did not change meanwhile. Raises Unreadable."""
    try:
        for _ in range(2):
            descriptor, before = open_regular(path)
            with os.fdopen(descriptor, "rb") as file:
                if before.st_size > MAX_FILE_BYTES:
                    raise _too_large()
                data = file.read(MAX_FILE_BYTES + 1)
                after = os.fstat(file.fileno())
            if len(data) > MAX_FILE_BYTES:
                raise _too_large()
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                return data, after
    except NotAFile:
        raise Unreadable("special", "not a file: a pipe, a socket, a device or a folder") from None
    except FileNotFoundError:
        raise Unreadable("missing", "the file is gone") from None
    except PermissionError:
        hint = "let yourself read it: chmod u+r"
        raise Unreadable("unreadable", "permission denied", hint) from None
    except OSError as error:
        raise Unreadable("unreadable", (error.strerror or str(error)).lower()) from None
    raise Unreadable("changed", "it changed while it was read", "read it again when it is complete")


def _too_large() -> Unreadable:
    return Unreadable(
        "too_large", f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB", "split it into parts"
    )


if __name__ == "__main__":
    main()
