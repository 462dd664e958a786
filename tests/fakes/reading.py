"""The readers without their child process: the same results, 0.2 s sooner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ragcli.errors import Unreadable
from ragcli.reading import options
from ragcli.reading.child import read_bytes
from ragcli.reading.options import ReadOptions
from ragcli.reading.unpack import Unpacking, problem_of, read_itself
from ragcli.reading.worker import ReadResult, with_parts


class InProcessReader:
    """In place of ``reading.worker.ReaderPool``."""

    def __init__(self, chosen: ReadOptions | None = None) -> None:
        options.use(chosen or ReadOptions())

    def __enter__(self) -> InProcessReader:
        return self

    def __exit__(self, *exception: object) -> None:
        options.use(ReadOptions())

    def begin(self) -> None:
        pass

    def read_all(self, paths: Iterable[Path]) -> Iterator[ReadResult]:
        for path in paths:
            yield from _read(path)


def _read(path: Path) -> Iterator[ReadResult]:
    try:
        data, status = read_bytes(path)
    except Unreadable as error:
        yield ReadResult("", 0, 0, problem=problem_of(error))
        return
    document, problem, holds = read_itself(path, data)
    digest = hashlib.sha256(data).hexdigest()
    itself = ReadResult(digest, len(data), status.st_mtime_ns, document, problem)
    if holds:
        parts = 0
        try:
            for opened in Unpacking(path, data, holds).parts():
                parts += 1
                read = opened.read()
                yield ReadResult(
                    read.content_hash,
                    read.size,
                    read.mtime_ns,
                    read.document,
                    read.problem,
                    part=opened.name,
                )
        except Unreadable as error:
            itself = replace(itself, rest=problem_of(error))
        itself = with_parts(itself, parts)
    yield itself
