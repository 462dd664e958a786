"""Conversations that are kept, and the lines typed into one: all in the project's folder
``sessions``, readable by its owner only. Nobody else writes there.

A session is a file of lines to which turns are appended, each by one write under the file's lock:
nothing is lost when two commands answer at once.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli import private
from ragcli.domain import Citation, Inference, Turn
from ragcli.errors import NotInProject, UsageError
from ragcli.recipes.private_files import refused, written

if TYPE_CHECKING:
    from ragcli.store.folder import ProjectFolder

# With four bytes a character still a file name.
_NAME = re.compile(r"[^\W_][\w.-]{0,39}")
_SUFFIX = ".jsonl"
_HISTORY = "typed"  # no session's: it has no suffix


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that is kept. ``last_at`` is when its last question was asked."""

    name: str
    turns: int
    last_at: str


def read(folder: ProjectFolder, name: str) -> list[Turn]:
    """The turns so far; none of a session that is new. Raises UsageError (no name for one, or it
    cannot be read)."""
    file = _file(folder, name)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise refused("read", file, error) from error
    return [turn for line in data.split(b"\n") if (turn := _turn(line)) is not None]


def begin(folder: ProjectFolder, name: str) -> list[Turn]:
    """The same, once it is sure that turns can be added: nobody waits for an answer that cannot be
    kept. Raises UsageError."""
    with _opened(_file(folder, name), os.O_RDWR):
        return read(folder, name)


def append(folder: ProjectFolder, name: str, turn: Turn) -> None:
    """Add a turn. Raises UsageError, OSError (the disk is full or fails)."""
    line = json.dumps(asdict(turn), ensure_ascii=False).encode("utf-8", "replace")
    with _opened(_file(folder, name), os.O_RDWR | os.O_APPEND) as descriptor:
        private.append_line(descriptor, line)
        os.fsync(descriptor)


def kept(folder: ProjectFolder) -> list[Session]:
    """All sessions that have a turn, by name."""
    found = []
    for file in sorted(folder.sessions.glob(f"*{_SUFFIX}")):
        name = file.name.removesuffix(_SUFFIX)
        if _NAME.fullmatch(name):
            turns = read(folder, name)
            if turns:
                found.append(Session(name, len(turns), turns[-1].asked_at))
    return found


def forget(folder: ProjectFolder, name: str) -> None:
    """Delete a session. Raises NotInProject, UsageError."""
    file = _file(folder, name)
    try:
        file.unlink()
    except FileNotFoundError:
        raise NotInProject(
            f"there is no session `{name}`", "see what there is: rag chat --sessions"
        ) from None
    except OSError as error:
        raise refused("delete", file, error) from error


def forget_all(folder: ProjectFolder) -> int:
    """Delete all sessions and the lines that were typed; how many sessions there were. Raises
    UsageError."""
    files = list(folder.sessions.glob("*")) if folder.sessions.is_dir() else []
    for file in files:
        try:
            file.unlink()
        except OSError as error:
            raise refused("delete", file, error) from error
    return sum(file.name.endswith(_SUFFIX) for file in files)


def typed_lines(folder: ProjectFolder) -> Path:
    """The file of the lines typed into ``rag chat``; made where it is missing. Raises
    UsageError."""
    file = folder.sessions / _HISTORY
    with _opened(file, os.O_RDWR):
        return file


# ------------------------------------------------------------------ files


def _file(folder: ProjectFolder, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name for a session",
            "use up to 40 letters, digits, dots and dashes: --session contract",
        )
    return folder.sessions / f"{name}{_SUFFIX}"


@contextmanager
def _opened(file: Path, flags: int) -> Iterator[int]:
    """Made where it is missing; never through a link, which somebody else could have laid."""
    with written(file):
        private.make_folder(file.parent)
        descriptor = private.open_file(file, flags | os.O_NOFOLLOW)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _turn(line: bytes) -> Turn | None:
    """None for an empty line, and for what is no turn: the rest of one that was killed at it."""
    try:
        held: dict[str, Any] = json.loads(line)
        citations = tuple(map(_citation, held["citations"]))
        uncited = tuple(held.get("uncited", ()))  # which older ones have not
        return Turn(**{**held, "citations": citations, "uncited": uncited})
    except (ValueError, TypeError, KeyError):
        return None


def _citation(held: dict[str, Any]) -> Citation:
    inference = held.get("inference")  # which older ones have not
    return Citation(**{**held, "inference": inference and Inference(*inference)})
