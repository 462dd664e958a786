"""A store of fewer documents: what is asked when models are compared without embedding a whole
corpus with each."""

from __future__ import annotations

import hashlib
from collections.abc import Set
from dataclasses import dataclass

from ragcli.recipes import guard
from ragcli.store import Store, documents, ledger, overview, sets


@dataclass(frozen=True, slots=True)
class Sample:
    """What is left of how much."""

    documents: int
    chunks: int
    of_documents: int
    of_chunks: int

    @property
    def is_whole(self) -> bool:
        return self.documents == self.of_documents


def thin_out(store: Store, needed: Set[str], most_chunks: int | None, wait_s: float) -> Sample:
    """Take documents out until about ``most_chunks`` are left (None: keep all). Those cited as one
    of ``needed`` stay, however many they are; the others are kept in an order by their content, the
    same each time.

    For a copy of a project only. Raises ProjectLocked, ProjectCorrupt.
    """
    chosen = guard.active(store)
    sizes = overview.chunk_counts(store.connection, chosen.chunk_set_id)
    hashes = {
        row.document_id: hashlib.sha256(str(row.content_hash).encode()).digest()
        for row in ledger.files(store.connection)
        if row.document_id is not None
    }
    kept = {id_ for id_ in hashes if store.cited_as(id_) in needed}
    left = sum(sizes.values()) if most_chunks is None else most_chunks
    left -= sum(sizes.get(id_, 0) for id_ in kept)
    for id_ in sorted(hashes.keys() - kept, key=hashes.__getitem__):
        if most_chunks is None or left > 0:
            kept.add(id_)
            left -= sizes.get(id_, 0)
    if len(kept) < len(hashes):
        with store.writing(wait_s):
            with store.transaction():
                for row in ledger.files(store.connection):
                    if row.document_id is not None and row.document_id not in kept:
                        ledger.forget(store.connection, row.id)
                for id_ in hashes.keys() - kept:
                    documents.delete(store.connection, id_)
                store.rebuild_keyword_index()  # of what is left: quicker than to take terms out
                sets.prune(store.connection)
            store.publish_index(chosen)
    chunks = sum(sizes.get(id_, 0) for id_ in kept)
    return Sample(len(kept), chunks, len(hashes), sum(sizes.values()))
