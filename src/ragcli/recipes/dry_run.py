"""The dry run: what an ingest would do, and how long it might take. Nothing is written.

It takes no lock, makes no project, and loads no model. A file that moved is told as new and as
removed: only reading it would show that it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ragcli.fetching.address import normal
from ragcli.reading.table import FORMAT_OF_SUFFIX, suffix_of
from ragcli.reading.walk import FoundFile
from ragcli.recipes import scan
from ragcli.store import Store, ledger, overview, sets
from ragcli.store.folder import ProjectFolder, is_part

# An ingest that embedded fewer was mostly loading the model: it says nothing about many.
CHUNKS_TO_TELL_BY = 100

_PACE = "seconds_per_chunk"


@dataclass(frozen=True, slots=True)
class DryRun:
    """Sources by what would become of them; ``fetched`` are addresses that would be asked for;
    ``skipped`` are (source, reason), ``skipped_counts`` counts them by reason. ``chunks`` and
    ``seconds`` are estimates of what would be cut and embedded, from what this project has seen of
    each format; None where it has seen too little.
    """

    project: str
    created: bool
    new: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    size_bytes: int
    skipped_counts: dict[str, int]
    skipped: tuple[tuple[str, str], ...]
    held_back: tuple[str, ...]
    fetched: tuple[str, ...] = ()
    chunks: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DryRunOptions:
    """As ``IngestOptions``."""

    paths: Sequence[Path] | None = None
    gone: Sequence[Path] = field(default=())
    retry: bool = False
    allow_removals: bool = False
    archives: bool = False
    urls: Sequence[str] = ()
    pictures: bool = False
    verify: bool = False


def dry_run(folder: ProjectFolder, store: Store | None, options: DryRunOptions) -> DryRun:
    """``store`` is None where there is no project yet. Raises UsageError as an ingest would."""
    rows = ledger.files(store.connection) if store else []
    plan = scan.plan(
        folder,
        rows,
        _roots(folder, store, scan.paths_named(options.paths, options.urls)),
        purged=ledger.Purged(store.connection) if store else (),
        retry=options.retry,
        verify=options.verify,
        allow_removals=options.allow_removals,
        archives=options.archives,
        pictures=options.pictures,
    )
    gone = scan.known_files(store, options.gone) if store else []
    known = {row.path for row in rows if row.state != "removed"}
    files = [file for file, _ in plan.to_read]
    changed = {f.path: folder.key_of(f.path) in known for f in files}
    chunks = _chunks_of(store, files) if store else None
    pace = store.fact(_PACE) if store else None
    return DryRun(
        project=str(folder.root),
        created=store is None,
        new=tuple(folder.source_of(f.path) for f in files if not changed[f.path]),
        changed=tuple(folder.source_of(f.path) for f in files if changed[f.path]),
        removed=tuple(
            dict.fromkeys(row.source for row in (*plan.gone, *gone) if not is_part(row.path))
        ),
        unchanged=plan.unchanged,
        size_bytes=sum(f.size for f in files),
        skipped_counts=plan.skipped_counts(),
        skipped=tuple(entry for entries in plan.skipped.values() for entry in entries),
        held_back=tuple(plan.held_back),
        fetched=tuple(dict.fromkeys(map(normal, options.urls))),
        chunks=chunks,
        seconds=None if chunks is None or pace is None else chunks * float(pace),
    )


def _roots(
    folder: ProjectFolder, store: Store | None, paths: Sequence[Path] | None
) -> list[scan.Start]:
    if store is not None and paths is None:
        return scan.roots_to_look_through(store, None)
    scan.check_there(store, paths or ())
    if store is not None:
        return scan.roots_unchanged(store, paths or ())
    return [(scan.new_root(folder, path), path) for path in map(scan.absolute, paths or ())]


def _chunks_of(store: Store, files: Sequence[FoundFile]) -> int | None:
    """By the bytes of each format that gave a chunk in this project; None when it holds nothing
    of some format."""
    chosen = sets.active(store.connection)
    density = overview.chunks_per_byte(store.connection, chosen.chunk_set_id) if chosen else {}
    total = 0.0
    for file in files:
        format_ = FORMAT_OF_SUFFIX.get(suffix_of(file.path), "text")
        if format_ not in density:
            return None
        total += max(1.0, file.size * density[format_])
    return round(total)


def remember_pace(store: Store, seconds_per_chunk: float) -> None:
    """Of an ingest that embedded enough to tell: all of its time, by chunk."""
    store.set_fact(_PACE, f"{seconds_per_chunk:.6f}")
