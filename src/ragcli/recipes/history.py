"""The questions that were asked, where the user has switched ``history`` on; no answers.

A file of lines to which lines are appended, readable by its owner only.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from ragcli import private
from ragcli.recipes.private_files import refused
from ragcli.store.database import now
from ragcli.store.folder import ProjectFolder


class Asked(NamedTuple):
    """A question, and when it was asked: UTC, ISO 8601."""

    at: str
    question: str


def keep(folder: ProjectFolder, question: str) -> None:
    """Append a question. Raises OSError."""
    text = " ".join(question.split())
    line = json.dumps({"at": now(), "question": text}, ensure_ascii=False)
    file = private.open_file(folder.history, os.O_RDWR | os.O_APPEND)
    with os.fdopen(file, "r+b", buffering=0):
        private.append_line(file, line.encode("utf-8", "replace"))


def read(folder: ProjectFolder) -> list[Asked]:
    """In the order in which they were asked; lines that are none (of a disk that was full) are
    left out. Raises UsageError."""
    try:
        lines = folder.history.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise refused("read", folder.history, error) from error
    found = []
    for line in lines:
        try:
            asked = json.loads(line)
            found.append(Asked(str(asked["at"]), str(asked["question"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def forget(folder: ProjectFolder) -> int:
    """Delete all of them; how many there were. Raises UsageError."""
    count = len(read(folder))
    try:
        folder.history.unlink(missing_ok=True)
    except OSError as error:
        raise refused("delete", folder.history, error) from error
    return count
