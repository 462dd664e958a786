"""The rm recipe: files and folders out of the project, and with a purge out of every file of it.
The files on disk are never touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragcli.errors import NotInProject
from ragcli.recipes import purge
from ragcli.recipes.naming import files_named, is_at_or_below, keys_of, unknown
from ragcli.recipes.purge import Purged
from ragcli.store import Store, ledger, sets
from ragcli.store import purge as stored
from ragcli.store.folder import file_of, is_part
from ragcli.store.rows import FileRow, RootRow


@dataclass(frozen=True, slots=True)
class Removed:
    """``files`` and ``roots`` are sources; ``chunks`` are those that can be found no more.
    ``shared`` are those of the files whose text stays, as an equal file holds it, too."""

    files: tuple[str, ...]
    roots: tuple[str, ...]
    chunks: int
    shared: tuple[str, ...]
    purged: Purged | None


def remove(store: Store, names: Sequence[str], wait_s: float, *, purged: bool = False) -> Removed:
    """Take files, or all files of a folder, out of the project, in one commit.

    A file that a remembered folder would bring back stays out until it is named again. A
    remembered folder that is named itself, or lies in a named one, is forgotten. With ``purged``
    no word is left of them, nor of what was removed before; without names, of the latter.

    Raises NotInProject when any name is unknown (nothing is changed then), ProjectLocked.
    """
    with store.writing(wait_s):
        files, roots = _all_named(store, names, removed_too=purged)
        before = store.counts()["chunks"]
        with store.transaction():
            for root in roots:
                ledger.remove_root(store.connection, root.id)
            for row in files:
                if is_part(row.path):
                    _forget(store, row)
                else:
                    _take_out(store, row)
            sets.prune(store.connection)
            if purged:
                stored.begin(store)
        chosen = sets.active(store.connection)
        if chosen is not None:
            store.publish_index(chosen)
        left = store.counts()["chunks"]
        documents = set(store.document_ids())
        done = purge.finish(store) if purged else None
    return Removed(
        files=tuple(r.source for r in files if r.state != "removed" and not is_part(r.path)),
        roots=tuple(root.source for root in roots),
        chunks=before - left,
        shared=tuple(r.source for r in files if r.document_id in documents),
        purged=done,
    )


def _all_named(
    store: Store, names: Sequence[str], *, removed_too: bool
) -> tuple[list[FileRow], list[RootRow]]:
    files: dict[str, FileRow] = {}
    roots: dict[str, RootRow] = {}
    for name in names:
        found, keys = files_named(store, name), keys_of(store, name)
        if found and file_of(found[0].path) not in {r.path for r in found} | set(keys):
            raise NotInProject(*_of_whole(store, found[0]))
        inside = _roots_named(store, name)
        if not found and not inside and not (removed_too and _was_removed(store, name)):
            raise unknown(store, name)
        files |= {row.source: row for row in found}
        roots |= {root.source: root for root in inside}
    # Files of a forgotten folder that were taken out before are forgotten with it.
    ids = {root.id for root in roots.values()}
    for row in ledger.files(store.connection):
        if row.root_id in ids:
            files.setdefault(row.source, row)
    return [files[s] for s in sorted(files)], [roots[s] for s in sorted(roots)]


def _was_removed(store: Store, name: str) -> bool:
    """It, or something in it, was taken out before."""
    removed = [row for row in ledger.files(store.connection) if row.state == "removed"]
    keys, purged = keys_of(store, name), ledger.Purged(store.connection)
    known = any(is_at_or_below(row.path, key) for row in removed for key in keys)
    return known or any(key in purged for key in keys)


def _of_whole(store: Store, part: FileRow) -> tuple[str, str]:
    """Why a part stays: its file, read again, would bring it back."""
    source = store.folder.source_of(store.folder.path_of(part.path))
    return f"{part.source} is a part of a file", f"take that out: rag rm '{source}'"


def _roots_named(store: Store, name: str) -> list[RootRow]:
    """The remembered folders of this name, or in the folder of this name."""
    roots = ledger.roots(store.connection)
    for key in keys_of(store, name):
        found = [root for root in roots if is_at_or_below(root.path, key)]
        if found:
            return found
    return []


def _take_out(store: Store, row: FileRow) -> None:
    """Its remembered roots are gone by now: any folder above it that is left would bring the
    file back, so the ledger keeps it as removed."""
    above = next(
        (r for r in ledger.roots(store.connection) if is_at_or_below(row.path, r.path)), None
    )
    if above is None:
        _forget(store, row)
    else:
        ledger.put_file(
            store.connection,
            source=row.source,
            path=row.path,
            root_id=above.id,
            document_id=None,
            state="removed",
            size=row.size,
            mtime_ns=row.mtime_ns,
            content_hash=row.content_hash,
            reader_version=row.reader_version,
        )
        if row.document_id is not None:
            store.release_document(row.document_id)


def _forget(store: Store, row: FileRow) -> None:
    ledger.forget(store.connection, row.id)
    if row.document_id is not None:
        store.release_document(row.document_id)
