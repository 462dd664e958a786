"""What ``doctor --repair`` does: only what loses nothing that is not damaged already."""

from __future__ import annotations

import shutil
from pathlib import Path

from ragcli.domain import Filter
from ragcli.recipes import checkup
from ragcli.store import Store, sets, verify
from ragcli.store.folder import ProjectFolder
from ragcli.store.rows import FileRow


def close_to_others(folder: ProjectFolder) -> list[str]:
    """Permissions as they were made: 0700 for the folder, 0600 for what is in it."""
    done = []
    for path in filter(checkup.is_open, checkup.private_paths(folder)):
        path.chmod(0o700 if path.is_dir() else 0o600)
        done.append(f"closed {path.name} to others")
    return done


def delete_exports(folders: list[Path]) -> list[str]:
    """Prepared models that are damaged: they are made again by the next command that embeds."""
    for folder in folders:
        shutil.rmtree(folder)
    return [f"deleted the damaged prepared model in {folder}" for folder in folders]


def repair(store: Store, wait_s: float) -> list[str]:
    """What was done, a sentence each. Raises ProjectLocked."""
    with store.writing(wait_s):
        done = _forget_damaged_documents(store)
        done += _delete_damaged_embeddings(store)
        # An index file may still hold the vectors of what went.
        done += _rebuild_vector_index(store, force=bool(done))
        done += _rebuild_keyword_index(store)
        done += _sweep(store)
    return done


def _forget_damaged_documents(store: Store) -> list[str]:
    """Their files are read again by the next ingest. One whose file is gone is kept as it is:
    a text with a wrong letter is better than none."""
    done = []
    with store.transaction():
        for document_id in verify.damaged_documents(store.connection):
            files = store.files_of(document_id, Filter())
            if not any(store.folder.path_of(f.path).is_file() for f in files):
                continue
            store.forget_document(document_id)
            done += [f"forgot {f.source}: rag ingest{_named(f)} reads it again" for f in files]
        if done:
            store.rebuild_keyword_index()
    return done


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


def _rebuild_keyword_index(store: Store) -> list[str]:
    if not verify.keyword_trouble(store.connection, store.folder.rag):
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
