"""The extract recipe: one file as the readers see it. Needs no project and stores nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ragcli.domain import Document
from ragcli.errors import Unreadable, UsageError
from ragcli.reading.options import ReadOptions
from ragcli.reading.results import ReadResult
from ragcli.reading.worker import ReaderProcess
from ragcli.store.folder import PART_MARK, is_there

_SHOWN = 3


def extract(path: Path, options: ReadOptions) -> Document:
    """The document in a file, or in a part of one (``mail.eml#part=2/report.pdf``), read as an
    ingest reads it: in a child process, within its limits.

    Raises UsageError (nothing there, or a folder), Unreadable.
    """
    file, mark, part = str(path).partition(PART_MARK)
    if mark and not is_there(path):
        path, options = Path(file), replace(options, archives=True)
    else:
        part = ""
    if not is_there(path):
        raise UsageError(f"{path} does not exist", "check the path")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", "name one file in it")
    process = ReaderProcess(options)
    try:
        result, inside = _read(process, path, part)
    finally:
        process.close()
    if result is None:
        raise UsageError(f"{path} has no part {part}", f"see its parts: {_some(path, inside)}")
    if result.problem is not None:
        raise Unreadable(
            result.problem.code, f"{path}: {result.problem.message}", result.problem.hint
        )
    if result.document is None:
        raise Unreadable(
            "unsupported",
            f"{path}: it has no text of its own, it holds {len(inside):,} files",
            f"name one: {_some(path, inside)}",
        )
    return result.document


def _read(process: ReaderProcess, path: Path, wanted: str) -> tuple[ReadResult | None, list[str]]:
    """What was made of the file, or of the part that is wanted; and the names of its parts."""
    found, inside = None, []
    for result in process.read_with_parts(path):
        if result.part == wanted:
            found = result
            if wanted:
                break
        inside.append(result.part)
    return found, [name for name in inside if name]


def _some(path: Path, names: list[str]) -> str:
    return ", ".join(f"{path}{PART_MARK}{name}" for name in names[:_SHOWN]) or "there are none"
