"""Which files to read, and why not the others. Finds them as ripgrep does.

Hidden, ignored and binary files are passed over, links are not followed, and a file that the user
names is always taken. Whatever vanishes while we look was not there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ragcli.reading.files import read_head
from ragcli.reading.ignoring import Scope, outer_scope
from ragcli.reading.table import (
    ARCHIVE,
    BINARY_SUFFIXES,
    DOCUMENT_SUFFIXES,
    FORMAT_OF_SUFFIX,
    is_binary,
    suffix_of,
)

Reason = Literal[
    "ignored",
    "hidden",
    "binary",
    "archive",
    "symlink",
    "special",
    "unreadable",
    "missing",
    "project",
]

_PROJECT_FOLDER = ".rag"
_UNPACKED_BY = "unpacked by rag ingest --archives"
_Entry = os.DirEntry[str]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read. The last ``below`` parts of its path were found by looking into folders: no
    link among them is followed. It is 0 for a file that was named."""

    path: Path
    size: int
    mtime_ns: int
    below: int = 0


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file or a whole folder that is not read. ``detail`` names the rule or the error."""

    path: Path
    reason: Reason
    detail: str = ""


def walk(root: Path, *, archives: bool = False) -> Iterator[FoundFile | SkippedFile]:
    """The files at and below ``root``, sorted by name, folder by folder; ``archives`` too, or not.

    A root that is a file is found whatever its name, and a root that is a link is followed. A
    folder that is passed over is told once, not file by file. Raises nothing for what is on disk:
    a root that is not there is ``missing``.
    """
    try:
        status = root.stat()
    except (FileNotFoundError, NotADirectoryError):
        yield SkippedFile(root, "missing")
    except OSError as error:
        yield SkippedFile(root, "unreadable", _sentence(error))
    else:
        if stat.S_ISREG(status.st_mode):
            yield FoundFile(root, status.st_size, status.st_mtime_ns)
        elif not stat.S_ISDIR(status.st_mode):
            yield SkippedFile(root, "special")
        elif _PROJECT_FOLDER in root.resolve().parts:
            yield SkippedFile(root, "project")
        else:
            yield from _walk_folder(root, archives)


def _walk_folder(root: Path, archives: bool) -> Iterator[FoundFile | SkippedFile]:
    # A stack of our own: folders may be nested deeper than Python recurses.
    stack: list[tuple[Iterator[_Entry], Scope]] = []
    folder, scope = root, outer_scope(root)
    while True:
        try:
            entries = _entries(folder)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            yield SkippedFile(folder, "unreadable", _sentence(error))
        else:
            stack.append((iter(entries), scope.entered(folder, {e.name for e in entries})))
        below: _Entry | None = None
        while stack and below is None:
            entries_left, scope = stack[-1]
            for entry in entries_left:
                verdict = _judge(entry, scope, len(stack), archives)
                if verdict is entry:
                    below = entry
                    break
                if isinstance(verdict, FoundFile | SkippedFile):
                    yield verdict
            else:
                stack.pop()
        if below is None:
            return
        folder, scope = Path(below.path), scope.below(below.name)


def _entries(folder: Path) -> list[_Entry]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _judge(
    entry: _Entry, scope: Scope, below: int, archives: bool
) -> FoundFile | SkippedFile | _Entry | None:
    """A file to read, a reason not to, the entry itself for a folder to enter, or nothing."""
    name = entry.name
    if name == _PROJECT_FOLDER:
        return None
    try:
        is_folder = entry.is_dir(follow_symlinks=False)
        rule = scope.decide(name, is_folder)
        if rule and rule.ignores:
            return SkippedFile(Path(entry.path), "ignored", str(rule))
        # A rule like `!.github` brings back what is hidden, as in ripgrep; never git's own folder.
        if name.startswith(".") and (rule is None or name == ".git"):
            return SkippedFile(Path(entry.path), "hidden")
        if is_folder:
            return entry
        if entry.is_symlink():
            return SkippedFile(Path(entry.path), "symlink")
        return _judge_file(entry, below, archives)
    except FileNotFoundError:
        return None
    except OSError as error:
        return SkippedFile(Path(entry.path), "unreadable", _sentence(error))


def _judge_file(entry: _Entry, below: int, archives: bool) -> FoundFile | SkippedFile:
    path = Path(entry.path)
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path, "special")
    suffix = suffix_of(path)
    if suffix in BINARY_SUFFIXES:
        return SkippedFile(path, "binary", suffix)
    if not archives and FORMAT_OF_SUFFIX.get(suffix) == ARCHIVE:
        return SkippedFile(path, "archive", _UNPACKED_BY)
    known = suffix in FORMAT_OF_SUFFIX or suffix in DOCUMENT_SUFFIXES
    if not known and _has_binary_head(path, below):
        return SkippedFile(path, "binary")
    return FoundFile(path, status.st_size, status.st_mtime_ns, below)


def _has_binary_head(path: Path, below: int) -> bool:
    """Raises FileNotFoundError for a file that has gone."""
    try:
        head = read_head(path, below)
    except PermissionError:
        return False  # found, and reported when it cannot be read
    # A reader may know it by its content: a PDF without a suffix.
    return is_binary(head) and not head.startswith((b"%PDF-", b"PK\x03\x04"))


def _sentence(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
