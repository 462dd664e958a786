"""What is reported of an ingest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragcli.domain.read import Problem


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did, and with which model. Counts are files, unless named otherwise.

    ``parts`` are files inside them: attachments, messages of a mailbox, members of an archive.
    ``read_files`` and ``read_parts`` were read by this run; ``remaining_files`` and
    ``remaining_chunks`` are left to the next one, after a time limit.
    """

    model: str
    dimension: int

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    removed: int = 0
    files: int = 0
    parts: int = 0
    chunks: int = 0
    read_files: int = 0
    read_parts: int = 0
    embedded_chunks: int = 0
    remaining_files: int = 0
    remaining_chunks: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    new_problems: tuple[tuple[str, Problem], ...] = ()
    known_problems: int = 0
    held_back: tuple[str, ...] = ()
    duration_s: float = 0.0
