"""The extract recipe: one file as the readers see it. Needs no project and stores nothing."""

from __future__ import annotations

from pathlib import Path

from ragcli.domain import Document
from ragcli.errors import Unreadable, UsageError
from ragcli.reading.options import ReadOptions
from ragcli.reading.worker import ReaderProcess
from ragcli.store.folder import is_there


def extract(path: Path, options: ReadOptions) -> Document:
    """The document in a file, read as an ingest reads it: in a child process, within its limits.

    Raises UsageError (nothing there, or a folder), Unreadable.
    """
    if not is_there(path):
        raise UsageError(f"{path} does not exist", "check the path")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name one file in it")
    process = ReaderProcess(options)
    try:
        result = process.read(path)
    finally:
        process.close()
    if result.document is None:
        assert result.problem is not None, "a file is a document or a problem"
        raise Unreadable(
            result.problem.code, f"{path}: {result.problem.message}", result.problem.hint
        )
    return result.document
