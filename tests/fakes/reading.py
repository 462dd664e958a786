"""The readers without their child process: the same results, 0.2 s sooner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from ragcli.domain import Problem
from ragcli.errors import Unreadable
from ragcli.reading.child import read_bytes
from ragcli.reading.dispatch import read_document
from ragcli.reading.language import with_language
from ragcli.reading.worker import ReadResult


class InProcessReader:
    """In place of ``reading.worker.ReaderPool``."""

    reads_pictures = False

    def __init__(self, options: object = None) -> None:
        pass

    def __enter__(self) -> InProcessReader:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def begin(self) -> None:
        pass

    def read_all(self, paths: Iterable[Path], below: Iterable[int]) -> Iterator[ReadResult]:
        for path, parts in zip(paths, below, strict=True):
            yield _read(path, parts, "")

    def read(self, path: Path, *, charset: str = "") -> ReadResult:
        return _read(path, 0, charset)


def _read(path: Path, below: int, charset: str) -> ReadResult:
    data, size, mtime_ns = b"", 0, 0
    try:
        data, status = read_bytes(path, below)
        size, mtime_ns = len(data), status.st_mtime_ns
        document = with_language(read_document(path, data, charset))
    except Unreadable as error:
        problem = Problem(error.code, error.message, error.hint)
        content_hash = hashlib.sha256(data).hexdigest() if mtime_ns else ""
        return ReadResult(content_hash, size, mtime_ns, problem=problem)
    return ReadResult(hashlib.sha256(data).hexdigest(), size, mtime_ns, document)
