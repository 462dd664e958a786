"""What ``doctor --repair`` does: only what loses nothing that is not damaged already."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ragcli import private
from ragcli.recipes import checkup
from ragcli.store import Store, ledger, lock, salvage, sets, verify
from ragcli.store.database import EngineError
from ragcli.store.folder import ProjectFolder, is_there, lay_out, shown_name
from ragcli.store.rows import FileRow

_SAVED = "saved what could be read of store.sqlite"
_DAMAGED_IS_KEPT = (
    f"the damaged one is {salvage.ASIDE}:"
    " delete it when `rag ingest` has run and nothing is missing"
)


def close_to_others(folder: ProjectFolder) -> list[str]:
    """Permissions as they were made: 0700 for the folder, 0600 for what is in it."""
    done = []
    for path in filter(checkup.is_open, checkup.private_paths(folder)):
        path.chmod(private.FOLDER_MODE if path.is_dir() else private.FILE_MODE)
        done.append(f"closed {path.name} to others")
    return done


def write_notices(folder: ProjectFolder) -> list[str]:
    """README and .gitignore as they were made."""
    missing = checkup.missing_notices(folder)
    if missing:
        lay_out(folder)
    return [f"wrote {name} anew" for name in missing]


def delete_exports(folders: list[Path]) -> list[str]:
    """Prepared models that are damaged: they are made again by the next command that embeds."""
    for folder in folders:
        shutil.rmtree(folder)
    return [f"deleted the damaged prepared model in {folder}" for folder in folders]


def save_rows(store: Store, wait_s: float, reopen: Callable[[], Store]) -> tuple[Store, list[str]]:
    """A store with damaged pages: SQLite's indexes are made anew from their tables; where that
    does not help, every readable row goes into a new store. The store to go on with, and what was
    done. Raises ProjectLocked."""
    if checkup.is_whole(store):
        return store, []
    with lock.writing(store.folder.lock, wait_s):
        try:
            salvage.reindex(store.connection)
            if checkup.is_whole(store):
                return store, ["made the indexes inside store.sqlite anew"]
        except EngineError:
            pass
        salvage.salvage(store.connection, store.folder.database)
    saved = reopen()
    return saved, [f"{_SAVED}; {_DAMAGED_IS_KEPT}"]


def rescue(folder: ProjectFolder, wait_s: float) -> list[str]:
    """Of a store that cannot be opened every readable row goes into a new one, with which the
    project goes on; what was done. Raises ProjectLocked."""
    with lock.writing(folder.lock, wait_s):
        found = salvage.rescue(folder.database)
    told = _SAVED if found else "nothing could be read of store.sqlite: rag ingest FOLDER reads all"
    return [f"{told}; {_DAMAGED_IS_KEPT}"]


def repair(store: Store, wait_s: float, *, deep: bool, rows_lost: bool) -> list[str]:
    """What was done, a sentence each. Raises ProjectLocked."""
    with store.writing(wait_s):
        done = _mend_ledger(store)
        if rows_lost or verify.miscounted(store.connection):
            done += _read_all_again(store)
        done += _forget_damaged_documents(store)
        done += _delete_damaged_embeddings(store)
        done += _count_anew(store)
        # An index file may still hold the vectors of what went.
        done += _rebuild_vector_index(store, force=bool(done))
        done += _rebuild_keyword_index(store, deep)
        done += _sweep(store)
    return done


# ------------------------------------------------------------ the ledger


def _mend_ledger(store: Store) -> list[str]:
    """Rows with a damaged name or a wrong document, and documents that no file holds."""
    done = []
    with store.transaction():
        for row in verify.damaged_files(store.connection):
            name = row.source if row.is_whole else _mend_name(store, row)
            # The document of its content, else the one that was indexed under its name.
            right = ledger.document_for(store.connection, row.content_hash, name)
            ledger.put_right(store.connection, row.id, right)
            done.append(f"put the ledger's line for {name} right: rag ingest reads it again")
        for document_id in verify.unheld_documents(store.connection):
            lost = store.indexed_source(document_id)
            if lost is None or not ledger.put_back(store.connection, document_id, lost):
                store.drop_document(document_id)
                done.append("removed a document that no file holds")
            else:
                done.append(f"put the ledger's line for {lost} back: rag ingest reads it again")
    return done


def _mend_name(store: Store, row: FileRow) -> str:
    """The document remembers a third copy of the name; without it the disk decides."""
    known = store.indexed_source(row.document_id)
    by_path = shown_name(row.path)
    by_source = row.source == known or not is_there(store.folder.path_of(row.path))
    right = row.source if known != by_path and by_source else by_path
    ledger.rename(store.connection, row.id, right)
    return right


# ------------------------------------------------------------ texts and embeddings


def _forget_damaged_documents(store: Store) -> list[str]:
    """Their files are read again by the next ingest. One whose file is gone is kept as it is:
    a text with a wrong letter is better than none."""
    with store.transaction():
        forgotten = _forget(store, verify.damaged_documents(store.connection))
    return [f"forgot {f.source}: rag ingest{_named(f)} reads it again" for f in forgotten]


def _read_all_again(store: Store) -> list[str]:
    """Where rows are lost, nobody knows which: a document without one of its chunks is sound by
    every checksum. Embeddings are kept by their text, and not computed again."""
    with store.transaction():
        forgotten = _forget(store, store.document_ids())
    if not forgotten:
        return []
    return [f"rows may be lost: rag ingest reads {len(forgotten):,} files again"]


def _forget(store: Store, document_ids: list[int]) -> list[FileRow]:
    """Take out those documents of which a file is there; their files."""
    forgotten = []
    for document_id in document_ids:
        files = ledger.holding(store.connection, document_id)
        if any(is_there(store.folder.path_of(f.path)) for f in files):
            store.forget_document(document_id)
            forgotten += files
    if forgotten:
        store.rebuild_keyword_index()
    return forgotten


def _named(file: FileRow) -> str:
    """What was fetched is fetched again only when it is named."""
    return f" {file.source}" if file.is_fetched else ""


def _delete_damaged_embeddings(store: Store) -> list[str]:
    damaged = verify.damaged_embeddings(store.connection)
    if not damaged:
        return []
    with store.transaction():
        verify.delete_embeddings(store.connection, damaged)
    return [f"deleted {len(damaged):,} damaged embeddings: rag ingest computes them again"]


def _count_anew(store: Store) -> list[str]:
    wrong = verify.miscounted(store.connection)
    if not wrong:
        return []
    with store.transaction():
        verify.count_anew(store.connection)
    return [f"counted anew: {', '.join(wrong)}"]


# ------------------------------------------------------------ indexes


def _rebuild_keyword_index(store: Store, deep: bool) -> list[str]:
    words = checkup.compares_words(store, deep)
    if not verify.keyword_trouble(store.connection, store.folder.rag, words=words):
        return []
    with store.transaction():
        store.rebuild_keyword_index()
    return ["made the keyword index anew"]


def _rebuild_vector_index(store: Store, force: bool) -> list[str]:
    chosen = sets.active(store.connection)
    if chosen is None:
        return []
    file, trouble = verify.index_trouble(store.connection, store.folder.rag, chosen)
    if not (force or trouble or (file is None and store.counts()["embedded"])):
        return []
    store.publish_index(chosen, force=True)
    return ["wrote the vector index anew"]


def _sweep(store: Store) -> list[str]:
    left = verify.leftovers(store.connection, store.folder.rag)
    store.sweep()
    return [f"deleted {name}" for name in left]
