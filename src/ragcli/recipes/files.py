"""The ls recipe: the files of a project, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from ragcli.domain import State
from ragcli.recipes.naming import files_named
from ragcli.recipes.shown import date_of, is_stale, shown_state
from ragcli.store import Store, overview, sets
from ragcli.store.overview import ListedFile


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file of the project. ``state`` is one of ``domain.State``; ``date`` is the document's own
    where it states one, else the file's; ``stale`` says that the file has changed or gone since it
    was read."""

    source: str
    format: str | None
    language: str | None
    title: str | None
    chunks: int
    size_bytes: int | None
    date: str | None
    date_origin: str | None
    state: State
    stale: bool


def files(store: Store, pattern: str | None = None) -> tuple[ProjectFile, ...]:
    """The files whose source matches a shell pattern (``*`` also matches ``/``), or that have
    this name, or lie in the folder of this name; all without a pattern.

    Empty files and those that were taken out are not in the project.
    """
    with store.snapshot():
        active = sets.active(store.connection)
        listed = overview.listing(store.connection, active.chunk_set_id if active else None)
        named = set() if pattern is None else {f.id for f in files_named(store, pattern)}
    return tuple(
        _project_file(store, one)
        for one in listed
        if one.row.state not in ("empty", "removed")
        and (pattern is None or one.row.id in named or fnmatchcase(one.row.source, pattern))
    )


def _project_file(store: Store, one: ListedFile) -> ProjectFile:
    date, origin = date_of(one.date, one.row)
    return ProjectFile(
        source=one.row.source,
        format=one.format,
        language=one.language,
        title=one.title,
        chunks=one.chunks,
        size_bytes=one.row.size,
        date=date,
        date_origin=origin,
        state=shown_state(one.row.state, one.code),
        stale=is_stale(store, one.row),
    )
