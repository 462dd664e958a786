"""The ingest recipe: files to a searchable project, at the cost of what has changed.

Text and keyword index are committed as the files are read; embeddings follow in batches, each
committed. Killed anywhere, the next ingest goes on where this one stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ragcli.domain import ChunkSettings, Embedder, Event, IngestReport, Listener
from ragcli.recipes import guard, scan
from ragcli.recipes.embed_pending import embed_pending
from ragcli.recipes.intake import Intake, Reader
from ragcli.store import Store, sets
from ragcli.store.vectors import EmbeddingSet


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """``paths`` of None means all folders ingested before; ``gone`` are files to take out.

    ``retry`` reads files with known problems again; ``allow_removals`` lets many go at once.
    ``chunk_tokens`` is for a new project; when it was ``chunk_tokens_asked`` for, a project that
    has another size says so.
    """

    chunk_tokens: int
    chunk_tokens_asked: bool = False
    paths: Sequence[Path] | None = None
    gone: Sequence[Path] = ()
    retry: bool = False
    allow_removals: bool = False
    wait_s: float = 3.0


def ingest(
    store: Store, options: IngestOptions, reader: Reader, embedder: Embedder, listener: Listener
) -> IngestReport:
    """Bring the project up to date. What cannot be read is recorded and never stops the run.

    Raises ProjectLocked, ModelMismatch, ProviderUnavailable, UsageError (nothing was named, or
    what was named is not there).
    """
    started = monotonic()
    with store.writing(options.wait_s):
        wanted = settings_for(embedder, options.chunk_tokens)
        with store.transaction():
            roots = scan.roots_to_look_through(store, options.paths)
            chosen = _embedding_set(store, embedder, wanted)
        chunk_settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
        if options.chunk_tokens_asked and chunk_settings.size_tokens != wanted.size_tokens:
            _tell_chunk_size(chunk_settings, wanted, listener)
        plan = scan.plan(store, roots, retry=options.retry, allow_removals=options.allow_removals)
        intake = Intake(store, chosen.chunk_set_id, chunk_settings, embedder, listener)
        intake.read(plan.to_read, reader)
        intake.remove([*plan.gone, *scan.known_files(store, options.gone)])
        intake.record_skipped(plan.skipped)
        embedded = embed_pending(store, chosen, embedder, listener)
        with store.transaction():
            sets.prune(store.connection)
            store.set_fact("last_ingest_at", store.now())
        store.publish_index(chosen)
        counts = store.counts()
    return IngestReport(
        added=intake.added,
        updated=intake.updated,
        unchanged=plan.unchanged + intake.unchanged,
        moved=intake.moved,
        removed=intake.removed,
        files=counts["files"],
        chunks=counts["chunks"],
        embedded_chunks=embedded,
        skipped=plan.skipped_counts(),
        new_problems=tuple(intake.problems),
        known_problems=plan.known_problems + intake.known_problems,
        held_back=tuple(plan.held_back),
        duration_s=monotonic() - started,
    )


def _embedding_set(store: Store, embedder: Embedder, wanted: ChunkSettings) -> EmbeddingSet:
    """The set to ingest into: the active one, or, while nothing is stored, one of this model."""
    chosen = sets.active(store.connection)
    if chosen is not None and not store.is_empty():
        guard.check_identity(chosen.identity, embedder.identity)
        return chosen
    chunk_set_id, _ = sets.ensure_chunk_set(store.connection, wanted)
    fresh = sets.create(store.connection, chunk_set_id, embedder.identity, activate=False)
    sets.activate(store.connection, fresh)
    return fresh


def _tell_chunk_size(kept: ChunkSettings, wanted: ChunkSettings, listener: Listener) -> None:
    listener(
        Event(
            "note",
            message=f"this project's chunks have {kept.size_tokens} tokens; chunk_tokens ="
            f" {wanted.size_tokens} counts for new projects and for rag reembed",
        )
    )


def settings_for(embedder: Embedder, chunk_tokens: int) -> ChunkSettings:
    """The chunk settings that fit a model."""
    room = embedder.room_tokens
    return ChunkSettings(min(chunk_tokens, room), room, embedder.identity.weights)
