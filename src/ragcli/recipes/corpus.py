"""A corpus that is one file of documents (BEIR's) into a store of its own, without any reader."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from time import monotonic

from ragcli.chunking import chunk_document
from ragcli.domain import ChunkSettings, Document, Embedder, Event, Listener
from ragcli.evaluation.beir import Entry
from ragcli.reading import READER_VERSION, text
from ragcli.reading.language import detect_language
from ragcli.recipes.backlog import Backlog
from ragcli.recipes.calibrate import calibrate
from ragcli.recipes.ingest import embedding_set
from ragcli.recipes.intake import COMMIT_EVERY_S
from ragcli.store import Store, ledger, sets
from ragcli.store.vectors import EmbeddingSet

# What a whole corpus is marked with: one that was interrupted goes on.
_FILLED = "corpus_filled"


def is_filled(store: Store) -> bool:
    """Every entry is stored and embedded."""
    return store.fact(_FILLED) is not None


def fill(
    store: Store,
    entries: Sequence[Entry],
    embedder: Embedder,
    chunk_tokens: int,
    wait_s: float,
    listener: Listener,
) -> None:
    """Store, cut and embed every entry that is not stored yet, as a text file under its id.

    Raises ProjectLocked, ProviderUnavailable, UsageError (the corpus cannot be read).
    """
    with store.writing(wait_s):
        with store.transaction():
            chosen = embedding_set(store, lambda: embedder, chunk_tokens, reading=True)
        with Backlog(store, chosen, lambda: embedder, listener) as backlog:
            _store_all(store, chosen, entries, embedder, backlog, listener)
            backlog.finish()
        store.publish_index(chosen)
        calibrate(store, chosen, lambda: embedder)
        with store.transaction():
            store.set_fact(_FILLED, store.now())


def _store_all(
    store: Store,
    chosen: EmbeddingSet,
    entries: Sequence[Entry],
    embedder: Embedder,
    backlog: Backlog,
    listener: Listener,
) -> None:
    """In commits of about a second, as an ingest does."""
    settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
    waiting = iter(enumerate(entries, 1))
    done = 0
    while done < len(entries):
        with store.transaction():
            started = monotonic()
            for done, entry in waiting:
                _store_one(store, chosen.chunk_set_id, settings, entry, embedder, backlog)
                listener(Event("reading", done, len(entries)))
                if monotonic() - started > COMMIT_EVERY_S:
                    break
        backlog.step()


def _store_one(
    store: Store,
    chunk_set_id: int,
    settings: ChunkSettings,
    entry: Entry,
    embedder: Embedder,
    backlog: Backlog,
) -> None:
    source = entry.id.encode("utf-8", "replace").decode()
    if ledger.file_at(store.connection, source.encode()) is not None:
        return
    document = _document(entry)
    content_hash = hashlib.sha256(document.text.encode("utf-8", "replace")).hexdigest()
    document_id = store.find_document(content_hash, document.format, READER_VERSION)
    if document_id is None:
        cut = chunk_document(document, settings, embedder.counter, settings.room_tokens)
        document_id = store.put_document(
            content_hash, READER_VERSION, document, chunk_set_id, cut, source
        )
        backlog.add(document_id, len(cut))
    ledger.put_file(
        store.connection,
        source=source,
        path=source.encode(),
        root_id=None,
        document_id=document_id,
        state="stored",
        size=len(document.text),
        mtime_ns=None,
        content_hash=content_hash,
        reader_version=READER_VERSION,
    )
    store.index_document(document_id)


def _document(entry: Entry) -> Document:
    """As a text file that begins with its title would be read."""
    data = f"{entry.title}\n\n{entry.text}" if entry.title else entry.text
    read = text.read(data.encode("utf-8", "replace"), PurePath(entry.id))
    return replace(read, title=entry.title or None, language=detect_language(read.text))
