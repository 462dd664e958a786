"""The readers without their child process: the same results, 0.2 s sooner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragcli.errors import Unreadable
from ragcli.reading import options
from ragcli.reading.child import read_bytes
from ragcli.reading.language import with_language
from ragcli.reading.options import ReadOptions
from ragcli.reading.results import ReadResult, with_parts
from ragcli.reading.unpack import Reading, Unpacking, problem_of, read_itself


class InProcessReader:
    """In place of ``reading.worker.ReaderPool``."""

    reads_pictures = False

    def __init__(self, chosen: ReadOptions | None = None) -> None:
        options.use(chosen or ReadOptions())

    def __enter__(self) -> InProcessReader:
        return self

    def __exit__(self, *exception: object) -> None:
        options.use(ReadOptions())

    def begin(self) -> None:
        pass

    def read_all(self, paths: Iterable[Path], below: Iterable[int]) -> Iterator[ReadResult]:
        for path, steps in zip(paths, below, strict=True):
            yield from _read(path, steps, "")

    def read_with_parts(self, path: Path, *, charset: str = "") -> Iterator[ReadResult]:
        return _read(path, 0, charset)


def _read(path: Path, below: int, charset: str) -> Iterator[ReadResult]:
    try:
        data, status = read_bytes(path, below)
    except Unreadable as error:
        yield ReadResult("", 0, 0, problem=problem_of(error))
        return
    document, problem, holds = read_itself(path, data, charset)
    digest = hashlib.sha256(data).hexdigest()
    itself = ReadResult(digest, len(data), status.st_mtime_ns, document, problem)
    if holds:
        parts = 0
        try:
            for opened in Unpacking(path, data, holds).parts():
                parts += 1
                yield _told(ReadResult(**_fields(opened.read()), part=opened.name))
        except Unreadable as error:
            itself = replace(itself, rest=problem_of(error))
        itself = with_parts(itself, parts)
    yield _told(itself)


def _fields(read: Reading) -> dict[str, Any]:
    return {name: getattr(read, name) for name in Reading.__slots__}


def _told(result: ReadResult) -> ReadResult:
    if result.document is None:
        return result
    return replace(result, document=with_language(result.document))
