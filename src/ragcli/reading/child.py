"""What runs in the reader's child process (``python -m ragcli.reading.child``)."""

from __future__ import annotations

import mmap
import os
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading import limits, options
from ragcli.reading.beginnings import CUT_FORMATS
from ragcli.reading.files import HEAD_BYTES, IsLink, NotAFile, open_regular
from ragcli.reading.parts import Data, sha256_of
from ragcli.reading.results import ITSELF
from ragcli.reading.table import WITHOUT_TEXT, format_of
from ragcli.reading.unpack import Unpacking, problem_of, read_itself
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
# What is smaller is read faster than mapped, and costs little.
_MAPPED_FROM_BYTES = 16 * limits.MB


def main() -> None:
    """Serves requests until the parent closes the pipe; the first message are the options."""
    # The parent hears Ctrl-C too, and decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = _take_pipes()
    options.use(options.ReadOptions(**(read_message(requests) or {})))
    limits.limit_memory()
    write_message(replies, {"ready": True})
    while (request := read_message(requests)) is not None:
        _arm()
        path = Path(os.fsdecode(request["path"].encode("latin-1")))
        _serve(path, request, replies)


def _arm() -> None:
    late_s = options.current().timeout_s + _ALARM_AFTER_PARENT_S
    signal.setitimer(signal.ITIMER_REAL, late_s)


def _serve(path: Path, request: dict[str, Any], replies: BinaryIO) -> None:
    """Replies: what was read of the file; itself; its parts but for those to skip, each
    announced before it is loaded; the end of them."""
    options.begin_file(careful=request["careful"] == ITSELF)
    limits.begin_file()
    seen: dict[str, Any] = {"content_hash": "", "size": 0, "mtime_ns": 0}
    try:
        data, status = read_bytes(path, request["below"])
        seen = {
            "content_hash": sha256_of(data),
            "size": len(data),
            "mtime_ns": status.st_mtime_ns,
        }
    except Unreadable as error:
        write_message(replies, seen)
        _reply(replies, None, problem_of(error), parts=False)
        return
    write_message(replies, seen)
    try:
        document, problem, holds = read_itself(path, data, request["charset"])
    except MemoryError:
        document, problem, holds = None, problem_of(limits.needs_more_memory()), None
    _reply(replies, document, problem, parts=holds is not None)
    del document
    if holds is not None:
        _serve_parts(Unpacking(path, data, holds), request, replies)


def _serve_parts(unpacking: Unpacking, request: dict[str, Any], replies: BinaryIO) -> None:
    problem = None
    _arm()
    try:
        for number, opened in enumerate(unpacking.parts()):
            if number < request["skip"]:
                continue
            write_message(replies, {"part": opened.name})
            options.begin_file(careful=request["careful"] == number)
            limits.begin_file()
            read = opened.read()
            seen = {"content_hash": read.content_hash, "size": read.size, "mtime_ns": read.mtime_ns}
            _reply(replies, read.document, read.problem, **seen)
            del read
            _arm()
    except Unreadable as error:
        problem = problem_of(error)
    _reply(replies, None, problem, end=True)


def _reply(
    replies: BinaryIO, document: Document | None, problem: Problem | None, **more: Any
) -> None:
    """The document and its text, or the problem."""
    message = {
        "document": message_of(document) if document else None,
        "problem": asdict(problem) if problem else None,
        "spent": limits.peak_memory() > _SPENT_BYTES,
        **more,
    }
    body = encoded(message)
    # It waits for the parent, which takes a large document when it is its turn.
    signal.setitimer(signal.ITIMER_REAL, 0)
    write_encoded(replies, body)
    if document:
        write_text(replies, document.text)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's pipes, put where no library can print into them or read from them."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb", buffering=0)


def read_bytes(path: Path, below: int = 0) -> tuple[Data, os.stat_result]:
    """A file's bytes and its state, which did not change meanwhile. A large mailbox or archive is
    mapped, and so is a text of which only the beginning is kept. ``below`` as in ``open_regular``.
    Raises Unreadable."""
    try:
        for _ in range(2):
            descriptor, before = open_regular(path, below)
            with os.fdopen(descriptor, "rb") as file:
                if before.st_size > _MAPPED_FROM_BYTES and _is_mapped(path, file, before.st_size):
                    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), before
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


def _is_mapped(path: Path, file: BinaryIO, size: int) -> bool:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    format_ = format_of(path, head)
    is_cut = format_ in CUT_FORMATS and size > options.current().output_mb * limits.MB
    return is_cut or format_ in WITHOUT_TEXT


if __name__ == "__main__":
    main()
