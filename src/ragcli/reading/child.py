"""What runs in the reader's child process (``python -m ragcli.reading.child``)."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path
from typing import Any, BinaryIO

from ragcli.errors import Unreadable
from ragcli.reading import options
from ragcli.reading.files import NotAFile, open_regular
from ragcli.reading.unpack import Unpacking, problem_of, read_itself
from ragcli.reading.wire import found_to_json, read_message, write_message

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
    write_message(replies, {"ready": True})
    while (request := read_message(requests)) is not None:
        path = Path(os.fsdecode(request["path"].encode("latin-1")))
        try:
            _arm()
            _serve(path, request["skip"], replies)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _arm() -> None:
    late_s = options.current().timeout_s + _ALARM_AFTER_PARENT_S
    signal.setitimer(signal.ITIMER_REAL, late_s)


def _reply(replies: BinaryIO, message: dict[str, Any]) -> None:
    """Without a limit: a parent that is busy lets a full pipe wait."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    write_message(replies, message)
    _arm()


def _serve(path: Path, skip: int, replies: BinaryIO) -> None:
    """What was read of the file; itself; its parts but for the first ``skip``, each announced
    before it is loaded; the end of them."""
    seen: dict[str, Any] = {"content_hash": "", "size": 0, "mtime_ns": 0}
    try:
        data, status = read_bytes(path)
    except Unreadable as error:
        _reply(replies, seen)
        _reply(replies, found_to_json(None, problem_of(error)) | {"parts": False})
        return
    seen["content_hash"] = hashlib.sha256(data).hexdigest()
    _reply(replies, seen | {"size": len(data), "mtime_ns": status.st_mtime_ns})
    document, problem, holds = read_itself(path, data)
    _reply(replies, found_to_json(document, problem) | {"parts": holds is not None})
    del document
    if holds is not None:
        _serve_parts(Unpacking(path, data, holds), skip, replies)


def _serve_parts(unpacking: Unpacking, skip: int, replies: BinaryIO) -> None:
    problem = None
    try:
        for number, opened in enumerate(unpacking.parts()):
            if number < skip:
                continue
            _reply(replies, {"part": opened.name})
            read = opened.read()
            _reply(
                replies,
                found_to_json(read.document, read.problem)
                | {"content_hash": read.content_hash, "size": read.size, "mtime_ns": read.mtime_ns},
            )
    except Unreadable as error:
        problem = problem_of(error)
    _reply(replies, {"end": found_to_json(None, problem)})


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's pipes, put where no library can print into them or read from them."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=0)


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
