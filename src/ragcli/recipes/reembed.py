"""The reembed recipe: another model, or other chunks, from the stored text.

The new embedding set is built beside the old one, which answers until the last embedding is
there; then one commit lets the new one answer and drops the old. Killed anywhere, the same
command goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from ragcli.chunking import chunk_document
from ragcli.domain import ChunkSettings, Embedder, Event, Listener
from ragcli.errors import ModelMismatch, UsageError
from ragcli.recipes import guard
from ragcli.recipes.backlog import Backlog
from ragcli.recipes.calibrate import calibrate
from ragcli.recipes.ingest import settings_for
from ragcli.recipes.intake import COMMIT_EVERY_S
from ragcli.store import Store, overview, sets
from ragcli.store.vectors import EmbeddingSet


@dataclass(frozen=True, slots=True)
class ReembedOptions:
    """``anew`` computes every embedding again even when nothing else changes."""

    chunk_tokens: int
    anew: bool = False
    wait_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Reembedded:
    """``changed`` is false when there was nothing to do; ``recut`` says the chunks are new too.
    ``embedded_chunks`` were computed by this run, the others by one that was interrupted."""

    changed: bool
    recut: bool
    old_model: str
    model: str
    dimension: int
    precision: str
    fingerprint: str
    chunk_tokens: int
    documents: int
    chunks: int
    embedded_chunks: int
    duration_s: float


def reembed(
    store: Store, options: ReembedOptions, embedder: Embedder, listener: Listener
) -> Reembedded:
    """Switch the project to this embedder and chunk size; no source file is read.

    When that is what the project has, a switch that was begun and not finished is dropped.

    Raises UsageError (nothing was ingested), ProjectLocked, ProviderUnavailable, ProjectCorrupt.
    """
    started = monotonic()
    with store.writing(options.wait_s):
        old = sets.active(store.connection)
        if old is None:
            raise UsageError("nothing has been ingested yet", "begin with: rag ingest FOLDER")
        wanted = settings_for(embedder, options.chunk_tokens)
        kept = sets.chunk_settings(store.connection, old.chunk_set_id)
        recut = wanted.fingerprint != kept.fingerprint
        changed = recut or options.anew or not _is_same(store, old, embedder)
        embedded = 0
        if changed:
            fresh = _begin(store, wanted, embedder)
            with Backlog(store, fresh, lambda: embedder, listener) as backlog:
                _cut(store, fresh, wanted, embedder, listener, backlog)
                backlog.finish()
            embedded = backlog.embedded
            store.switch_to(fresh)
            calibrate(store, fresh, lambda: embedder)
        else:
            # A switch that was begun is not wanted any more.
            with store.transaction():
                sets.drop_inactive(store.connection)
        counts = store.counts()
    return Reembedded(
        changed=changed,
        recut=recut,
        old_model=old.identity.name,
        model=embedder.identity.name,
        dimension=embedder.identity.dimension,
        precision=embedder.identity.precision,
        fingerprint=embedder.identity.fingerprint,
        chunk_tokens=wanted.size_tokens,
        documents=counts["documents"],
        chunks=counts["chunks"],
        embedded_chunks=embedded,
        duration_s=monotonic() - started,
    )


def _is_same(store: Store, old: EmbeddingSet, embedder: Embedder) -> bool:
    """The model that made the active set, and still the same behind its name."""
    try:
        guard.check(store, old, embedder)
    except ModelMismatch:
        return False
    return True


def _begin(store: Store, wanted: ChunkSettings, embedder: Embedder) -> EmbeddingSet:
    """The set to build: the one that an interrupted run left, or a new one.

    One whose model changed behind its name since is begun again.
    """
    identity = embedder.identity
    with store.transaction():
        chunk_set_id, _ = sets.ensure_chunk_set(store.connection, wanted)
        begun = sets.unfinished(store.connection, chunk_set_id, identity.fingerprint)
    if begun is not None and _is_same(store, begun, embedder):
        return begun
    with store.transaction():
        if begun is not None:
            sets.discard(store.connection, begun)
        return sets.create(store.connection, chunk_set_id, identity, activate=False)


def _cut(
    store: Store,
    fresh: EmbeddingSet,
    wanted: ChunkSettings,
    embedder: Embedder,
    listener: Listener,
    backlog: Backlog,
) -> None:
    """Cut the documents that this chunk set lacks, committed now and then."""
    missing = overview.uncut_documents(store.connection, fresh.chunk_set_id)
    waiting = iter(enumerate(missing, 1))
    done = 0
    while done < len(missing):
        with store.transaction():
            started = monotonic()
            for done, document_id in waiting:
                document = store.document(document_id)
                cut = chunk_document(document, wanted, embedder.counter, embedder.room_tokens)
                store.add_chunks(document_id, fresh.chunk_set_id, cut)
                backlog.add(document_id, len(cut))
                listener(Event("cutting", done, len(missing)))
                if monotonic() - started > COMMIT_EVERY_S:
                    break
        backlog.step()
