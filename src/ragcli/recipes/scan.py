"""What an ingest has to do: the ledger against what is on the disk now."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ragcli.domain import Problem
from ragcli.errors import UsageError
from ragcli.reading import READER_VERSION
from ragcli.reading.table import PICTURE_SUFFIXES
from ragcli.reading.walk import FoundFile, SkippedFile, walk
from ragcli.store import Store, ledger
from ragcli.store.filesystem import disks_within
from ragcli.store.folder import ProjectFolder, file_of, is_part, is_there, shown_name
from ragcli.store.freshness import holds
from ragcli.store.rows import FileRow, RootRow

# Removals are held back when more files than this, and more than this share, would go at once:
# an unmounted share or a slip of the hand looks just so.
MOST_REMOVED = 50
MOST_REMOVED_SHARE = 0.3
_PICTURE = "picture: its text is read where Tesseract and the extra `ocr` are installed"


@dataclass(slots=True)
class Plan:
    """Files to read, newest first (with the root they belong to), files that are gone, and what
    was passed over: (source, reason) by root. ``left_out`` counts what the ledger knows as empty
    or taken out, by state. ``held_back`` says which removals do not happen, and why;
    ``disks`` are those that roots lie on, where they are others than before; ``refused`` are roots
    that cannot be looked into."""

    to_read: list[tuple[FoundFile, int]] = field(default_factory=list)
    gone: list[FileRow] = field(default_factory=list)
    unchanged: int = 0
    known_problems: int = 0
    skipped: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    held_back: list[str] = field(default_factory=list)
    disks: list[tuple[RootRow, Mapping[str, str]]] = field(default_factory=list)
    refused: list[tuple[RootRow, Problem]] = field(default_factory=list)

    def skipped_counts(self) -> dict[str, int]:
        """How many files and folders were passed over, by reason."""
        every = (detail for rows in self.skipped.values() for _, detail in rows)
        return dict(Counter(detail.split(":")[0] for detail in every) + self.left_out)


Start = tuple[RootRow, Path]  # a remembered root, and where in it to look


def paths_named(paths: Sequence[Path] | None, urls: Sequence[str]) -> Sequence[Path] | None:
    """None stands for all remembered folders: only where nothing at all was named."""
    return () if paths is None and urls else paths


def roots_to_look_through(store: Store, paths: Sequence[Path] | None) -> list[Start]:
    """The roots of these paths, remembered when they are new; all remembered ones for None.

    A path inside a remembered folder is looked through as part of it; a folder above remembered
    ones takes their place. Raises UsageError when nothing is remembered, or when a path is not
    there and was never read.
    """
    if paths is None:
        roots = ledger.roots(store.connection)
        if not roots:
            raise UsageError(
                "nothing to bring up to date: no folder has been ingested yet",
                "name one: rag ingest FOLDER",
            )
        return [(root, store.folder.path_of(root.path)) for root in roots]
    check_there(store, paths)
    starts = [absolute(path) for path in paths]
    return [(_root_above(store, path) or _add_root(store, path), path) for path in starts]


def absolute(path: Path) -> Path:
    """From the current folder; links are kept."""
    return Path(os.path.normpath(Path.cwd() / path))


def check_there(store: Store | None, paths: Sequence[Path]) -> None:
    """Raises UsageError for a path that is not there and was never read."""
    for path in map(absolute, paths):
        if not is_there(path) and not (store and known_files(store, [path])):
            raise UsageError(f"{path} does not exist", "check the path; nothing was changed")


def known_files(store: Store, paths: Sequence[Path]) -> list[FileRow]:
    """The ledger's rows at and below these paths; a path that was never read has none."""
    wanted = [absolute(path) for path in paths]
    return [
        row
        for row in (ledger.files(store.connection) if wanted else ())
        if not row.is_fetched
        and any(store.folder.path_of(row.path).is_relative_to(path) for path in wanted)
    ]


def _root_above(store: Store, path: Path) -> RootRow | None:
    known = ledger.file_at(store.connection, store.folder.key_of(path))
    for root in ledger.roots(store.connection):
        folder = store.folder.path_of(root.path)
        if path == folder or (path.is_dir() and path.is_relative_to(folder)):
            return root
        if known is not None and known.root_id == root.id:
            return root
    return None


def _add_root(store: Store, path: Path) -> RootRow:
    fresh = new_root(store.folder, path)
    root_id = ledger.add_root(store.connection, fresh.source, fresh.path)
    for other in ledger.roots(store.connection):
        inside = store.folder.path_of(other.path).is_relative_to(path)
        # A file that was named is read whatever its folder's rules say: it stays a root.
        named_file = ledger.file_at(store.connection, other.path) is not None
        if other.id != root_id and inside and path.is_dir() and not named_file:
            ledger.replace_root(store.connection, other.id, root_id)
    return RootRow(root_id, fresh.source, fresh.path)


def roots_unchanged(store: Store, paths: Sequence[Path]) -> list[Start]:
    """What ``roots_to_look_through`` would give, and nothing is remembered: a new root has id 0.

    The remembered ones below it come first, so that what vanished from them is seen.
    """
    starts: list[Start] = []
    for path in map(absolute, paths):
        root = _root_above(store, path)
        if root is None:
            below = [(r, store.folder.path_of(r.path)) for r in ledger.roots(store.connection)]
            starts += [(r, place) for r, place in below if place.is_relative_to(path)]
            root = new_root(store.folder, path)
        starts.append((root, path))
    return starts


def new_root(folder: ProjectFolder, path: Path) -> RootRow:
    """A root that is not remembered yet."""
    return RootRow(0, folder.source_of(path), folder.key_of(path))


def plan(
    folder: ProjectFolder,
    ledger_rows: Sequence[FileRow],
    roots: Sequence[Start],
    *,
    purged: Container[object] = (),
    retry: bool = False,
    verify: bool = False,
    allow_removals: bool = False,
    archives: bool = False,
    pictures: bool = False,
) -> Plan:
    """Compare; nothing is read or written. ``purged`` are paths that stay out. ``retry`` reads
    known problems again, ``verify`` looks at every byte; ``archives`` are looked at, too, and
    ``pictures`` also those that nobody named."""
    result = Plan()
    known = _Known(ledger_rows, purged)
    seen: set[bytes] = set()
    look = partial(_look, folder, archives=archives, pictures=pictures, retry=retry, verify=verify)
    for root, start in roots:
        gone_before = len(result.gone)
        found, unreadable = look(root, start, known, seen, result)
        vanished, hidden = _vanished(folder, root, start, known, seen, unreadable)
        result.gone += vanished
        candidates = {file_of(row.path) for row in vanished}
        whole = folder.path_of(root.path)
        disks = {folder.source_of(at): disk for at, disk in disks_within(whole).items()}
        reason = _hidden_in(folder, unreadable) if hidden else ""
        name = folder.source_of(start)
        reason = reason or _reason_to_hold(name, root, start, found, candidates)
        reason = reason or _disk_that_hides(root, disks, vanished, seen)
        if reason and not allow_removals:
            result.held_back.append(reason)
            del result.gone[gone_before:]
        elif disks != root.disks and start == whole and is_there(start):
            result.disks.append((root, disks))
    # What was changed last is what is asked about first.
    result.to_read.sort(key=lambda item: (-item[0].mtime_ns, os.fspath(item[0].path)))
    return result


class _Known:
    """The ledger's rows: ``files`` by path, and the parts of each; a part is as its file is."""

    def __init__(self, rows: Sequence[FileRow], purged: Container[object]) -> None:
        self.files = {row.path: row for row in rows if not is_part(row.path)}
        self.parts = [row for row in rows if is_part(row.path)]
        self._purged = purged
        self._problems = Counter(file_of(row.path) for row in self.parts if _has_problem(row))

    def is_taken_out(self, path: bytes) -> bool:
        """It stays out until it is named."""
        row = self.files.get(path)
        return path in self._purged if row is None else row.state == "removed"

    def problems(self, row: FileRow) -> int:
        """How many problems this file and its parts have."""
        return _has_problem(row) + self._problems[row.path]


def _look(
    folder: ProjectFolder,
    root: RootRow,
    start: Path,
    known: _Known,
    seen: set[bytes],
    result: Plan,
    *,
    archives: bool,
    pictures: bool,
    retry: bool,
    verify: bool,
) -> tuple[int, list[Path]]:
    """Sort what is found under one root into the plan; how many files there were, and the
    folders that could not be looked into."""
    found, unreadable = 0, list[Path]()
    # What was passed over is told for the whole root, or not at all.
    whole = start == folder.path_of(root.path)
    skipped = result.skipped.setdefault(root.id, []) if whole else []
    for entry in walk(start, archives=archives):
        key = folder.key_of(entry.path)
        if isinstance(entry, SkippedFile):
            row = known.files.get(key)
            if entry.reason == "archive" and row and row.state != "removed":
                # It was asked for once: what was read of it stays, until it is asked for again.
                found += 1
                seen.add(key)
                result.unchanged += 1
                result.known_problems += known.problems(row)
                continue
            if entry.reason == "unreadable":
                unreadable.append(entry.path)
            if entry.path != start:
                reason = f"{entry.reason}: {entry.detail}" if entry.detail else entry.reason
                skipped.append((folder.source_of(entry.path), reason))
            elif entry.reason != "missing":
                result.refused.append((root, _refusal(entry)))
            continue
        # What was read once stays, also where nothing reads it today.
        if entry.path.suffix.lower() in PICTURE_SUFFIXES and not (
            pictures or key in known.files or entry.path == start
        ):
            skipped.append((folder.source_of(entry.path), _PICTURE))
            continue
        found += 1
        if key in seen:
            continue
        seen.add(key)
        row = known.files.get(key)
        named = not whole or entry.path == start
        if known.is_taken_out(key) and not named:
            result.left_out["removed"] += 1
        elif row and _is_same(row, entry, verify=verify) and not (retry and known.problems(row)):
            result.unchanged += 1
            result.known_problems += known.problems(row)
            if whole and row.state == "empty":
                result.left_out[row.state] += 1
        else:
            result.to_read.append((entry, root.id))
    return found, unreadable


def _refusal(named: SkippedFile) -> Problem:
    """Why what was named itself is not looked into."""
    if named.reason == "unreadable":
        return Problem("unreadable", named.detail, "let yourself read it: chmod u+rx")
    if named.reason == "project":
        return Problem("special", "a project's own folder is not read")
    return Problem("special", "neither a file nor a folder: a pipe, a socket or a device")


def _is_same(row: FileRow, file: FoundFile, *, verify: bool) -> bool:
    if row.state == "removed":
        return False
    # Without a hash not a byte could be read: permissions change without a trace in the mtime.
    tried = row.content_hash is not None
    same = (row.size, row.mtime_ns) == (file.size, file.mtime_ns)
    same = same and (not verify or holds(file.path, row.content_hash))
    return tried and same and row.reader_version == READER_VERSION


def _has_problem(row: FileRow) -> bool:
    return row.state in ("partly", "failed")


def _vanished(
    folder: ProjectFolder,
    root: RootRow,
    start: Path,
    known: _Known,
    seen: set[bytes],
    unreadable: Sequence[Path],
) -> tuple[list[FileRow], bool]:
    """The ledger's files that should be there and are not; and whether others are hidden in a
    folder that cannot be looked into, where nobody knows."""
    whole = start == folder.path_of(root.path)
    unseen = [row for path, row in known.files.items() if path not in seen]
    unseen += [row for row in known.parts if file_of(row.path) not in seen]
    gone = [
        row
        for row in unseen
        if row.root_id == root.id
        and (whole or folder.path_of(row.path).is_relative_to(start))
        and not (row.state == "removed" and is_there(folder.path_of(row.path)))
    ]
    if not unreadable:
        return gone, False
    places = [(row, folder.path_of(row.path)) for row in gone]
    shown = [row for row, place in places if not any(map(place.is_relative_to, unreadable))]
    return shown, len(shown) < len(gone)


def _hidden_in(folder: ProjectFolder, unreadable: Sequence[Path]) -> str:
    return f"{folder.source_of(unreadable[0])} cannot be read: nothing is removed, there and beside"


def _reason_to_hold(
    name: str, root: RootRow, start: Path, found: int, gone: Collection[bytes]
) -> str:
    """``name`` is the source of ``start``."""
    if not gone:
        return ""
    if not is_there(start) and not _is_deleted_file(root, gone, start):
        return f"{name} is missing; its {len(gone):,} files are kept"
    if start.is_dir() and not os.access(start, os.R_OK | os.X_OK):
        return f"{name} cannot be read; its {len(gone):,} files are kept"
    if start.is_dir() and found == 0:
        return f"{name} is empty; its {len(gone):,} files are kept"
    total = len(gone) + found
    if len(gone) > MOST_REMOVED and len(gone) > MOST_REMOVED_SHARE * total:
        return f"{len(gone):,} of {total:,} files of {name} are gone; they are kept"
    return ""


def _disk_that_hides(
    root: RootRow, now: Mapping[str, str], gone: Sequence[FileRow], seen: Collection[bytes]
) -> str:
    """Of the files that are gone, some lay on a disk that is not mounted any more, that another is
    mounted over, or that is empty."""
    for row in gone:
        before, after = (_place_on_disk(disks, row.source) for disks in (root.disks, now))
        if before is None or after is None:
            continue
        if root.disks[before] != now[after]:
            deepest = max(before, after, key=len)
            return f"{deepest} is on another disk than before; what is gone from it is kept"
        if after != root.source and not any(_is_below(shown_name(key), after) for key in seen):
            return f"{after} is empty; its files are kept"
    return ""


def _place_on_disk(disks: Mapping[str, str], source: str) -> str | None:
    """Where the disk is mounted that holds a file."""
    holding = [at for at in disks if _is_below(source, at)]
    return max(holding, key=len, default=None)


def _is_below(source: str, place: str) -> bool:
    if place == ".":
        return not source.startswith("/")
    return f"{source}/".startswith(f"{place.rstrip('/')}/")


def _is_deleted_file(root: RootRow, gone: Collection[bytes], start: Path) -> bool:
    """A file that was named itself and is gone from a folder that is there and not empty."""
    try:
        return root.path in gone and any(start.parent.iterdir())
    except OSError:
        return False
