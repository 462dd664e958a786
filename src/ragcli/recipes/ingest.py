"""The ingest recipe: files to a searchable project, at the cost of what has changed.

Text and keyword index are committed as the files are read, the newest first; embeddings follow,
beside the reading where the model leaves a core free. Killed anywhere, or stopped at its time
limit, the next ingest goes on where this one stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from ragcli.domain import ChunkSettings, Embedder, Event, IngestReport, Listener
from ragcli.errors import ModelMismatch, ProviderUnavailable
from ragcli.recipes import calibrate, dry_run, guard, purge, scan
from ragcli.recipes.backlog import Backlog
from ragcli.recipes.fetched import Page, fetched, take_in
from ragcli.recipes.intake import Intake, Reader
from ragcli.store import Store, ledger, sets
from ragcli.store.vectors import EmbeddingSet

if TYPE_CHECKING:
    from ragcli.fetching.fetch import Fetcher


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """``paths`` of None means all folders ingested before; ``gone`` are files to take out; ``urls``
    are addresses to fetch.

    ``retry`` reads files with known problems again; ``verify`` tells changed files by their hash;
    ``allow_removals`` lets many go at once; ``archives`` are looked for, too.
    ``chunk_tokens`` is for a new project; when it was ``chunk_tokens_asked`` for, a project that
    has another size says so. ``time_limit_s`` ends reading and embedding.
    """

    chunk_tokens: int
    chunk_tokens_asked: bool = False
    paths: Sequence[Path] | None = None
    gone: Sequence[Path] = ()
    urls: Sequence[str] = ()
    retry: bool = False
    verify: bool = False
    allow_removals: bool = False
    archives: bool = False
    time_limit_s: float = float("inf")
    wait_s: float = 3.0


def ingest(
    store: Store,
    options: IngestOptions,
    reader: Reader,
    embedder: Callable[[], Embedder],
    listener: Listener,
    fetcher: Callable[[], Fetcher],
) -> IngestReport:
    """Bring the project up to date. What cannot be read is recorded and never stops the run.

    ``embedder`` is called when there is something to cut or to embed, ``fetcher`` when there is
    something to fetch. Raises ProjectLocked, ModelMismatch, ProviderUnavailable, UsageError
    (nothing was named, or what was named is not there).
    """
    started = monotonic()
    deadline = started + options.time_limit_s
    # Before the project is locked: a slow server holds up no other command.
    with fetched(store, options.urls, fetcher, listener, options.retry, deadline) as pages:
        return _bring_up_to_date(store, options, pages, reader, embedder, listener, started)


def _bring_up_to_date(
    store: Store,
    options: IngestOptions,
    pages: Sequence[Page],
    reader: Reader,
    embedder: Callable[[], Embedder],
    listener: Listener,
    started: float,
) -> IngestReport:
    deadline = started + options.time_limit_s
    bodies = sum(page.path is not None for page in pages)
    with store.writing(options.wait_s):
        purge.finish_begun(store)
        with store.transaction():
            roots = scan.roots_to_look_through(store, scan.paths_named(options.paths, options.urls))
            plan = scan.plan(
                store.folder,
                ledger.files(store.connection),
                roots,
                purged=ledger.Purged(store.connection),
                retry=options.retry,
                verify=options.verify,
                allow_removals=options.allow_removals,
                archives=options.archives,
                pictures=reader.reads_pictures,
            )
            _forget_refused(store, plan)
            for root, disks in plan.disks:
                ledger.set_disks(store.connection, root, disks)
            to_read = len(plan.to_read) + bodies
            chosen = embedding_set(store, embedder, options.chunk_tokens, to_read > 0)
        chunk_settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
        if options.chunk_tokens_asked:
            _tell_chunk_size(chunk_settings, options.chunk_tokens, listener)
        if to_read:
            reader.begin()  # its child starts while the model is imported,
            embedder().prepare(to_read)  # which loads while the first files are read
        intake = Intake(store, chosen.chunk_set_id, chunk_settings, embedder, listener)
        for root, problem in plan.refused:
            intake.tell(root.source, [problem])
        with Backlog(store, chosen, embedder, listener, deadline) as backlog:
            read = intake.read(plan.to_read, reader, backlog, deadline)
            complete = read == len(plan.to_read)
            take_in(store, pages, intake, reader, backlog)
            # What looks gone may have moved to a file that was not read yet.
            if complete:
                intake.remove([*plan.gone, *scan.known_files(store, options.gone)])
            intake.record_skipped(plan.skipped)
            backlog.finish()
        with store.transaction():
            if complete:
                sets.prune(store.connection)
            store.set_fact("last_ingest_at", store.now())
            if backlog.embedded >= dry_run.CHUNKS_TO_TELL_BY:
                dry_run.remember_pace(store, (monotonic() - started) / backlog.embedded)
        store.publish_index(chosen)
        _calibrate(store, chosen, embedder)
        counts = store.counts()
    return IngestReport(
        model=chosen.identity.name,
        dimension=chosen.identity.dimension,
        added=intake.added,
        updated=intake.updated,
        unchanged=plan.unchanged + intake.unchanged,
        moved=intake.moved,
        removed=intake.removed,
        files=counts["files"],
        chunks=counts["chunks"],
        parts=counts["parts"],
        read_files=read + bodies,
        read_parts=intake.parts,
        embedded_chunks=backlog.embedded,
        remaining_files=len(plan.to_read) - read,
        remaining_chunks=counts["chunks"] - counts["embedded"],
        skipped=plan.skipped_counts(),
        new_problems=tuple(intake.problems),
        known_problems=plan.known_problems + intake.known_problems,
        held_back=tuple(plan.held_back),
        duration_s=monotonic() - started,
    )


def _forget_refused(store: Store, plan: scan.Plan) -> None:
    """What is neither a file nor a folder is not looked at again. It may have been a folder: then
    its files keep it. A folder's rights may change."""
    kept = {row.root_id for row in ledger.files(store.connection)} if plan.refused else set()
    for root, problem in plan.refused:
        if problem.code == "special" and root.id not in kept:
            ledger.remove_root(store.connection, root.id)


def embedding_set(
    store: Store, embedder: Callable[[], Embedder], chunk_tokens: int, reading: bool
) -> EmbeddingSet:
    """The set to ingest into: the active one, or, while nothing is stored, one of this model."""
    chosen = sets.active(store.connection)
    if chosen is not None and not store.is_empty():
        if reading:
            guard.check_identity(chosen.identity, embedder().identity)
        return chosen
    model = embedder()
    chunk_set_id, _ = sets.ensure_chunk_set(store.connection, settings_for(model, chunk_tokens))
    fresh = sets.create(store.connection, chunk_set_id, model.identity, activate=False)
    sets.activate(store.connection, fresh, keep=False)
    sets.drop_inactive(store.connection)
    return fresh


def _calibrate(store: Store, chosen: EmbeddingSet, embedder: Callable[[], Embedder]) -> None:
    """Once all is embedded. Where the model is not to be had, which a run that only removes does
    without, the next ingest tries again."""
    if store.embedded_share() < 1 or not calibrate.is_due(store, chosen):
        return
    with suppress(ModelMismatch, ProviderUnavailable):
        guard.check_identity(chosen.identity, embedder().identity)
        calibrate.calibrate(store, chosen, embedder)


def _tell_chunk_size(kept: ChunkSettings, chunk_tokens: int, listener: Listener) -> None:
    wanted = min(chunk_tokens, kept.room_tokens)
    if wanted != kept.size_tokens:
        listener(
            Event(
                "note",
                message=f"this project's chunks have {kept.size_tokens} tokens; chunk_tokens ="
                f" {wanted} counts for new projects and for rag reembed",
            )
        )


def settings_for(embedder: Embedder, chunk_tokens: int) -> ChunkSettings:
    """The chunk settings that fit a model."""
    room = embedder.room_tokens
    return ChunkSettings(min(chunk_tokens, room), room, embedder.identity.weights)
