"""The reembed recipe: another model, or other chunks, from the stored text.

The new embedding set grows beside the old one, which answers until the last embedding is there
(``growth.py``). Both are compared on the user's questions (``comparison.py``); then one commit
lets the new one answer. The old one is kept, and can come back the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from ragcli.domain import ChunkSettings, Embedder, EmbedderIdentity, Event, Listener
from ragcli.errors import ModelMismatch, ProviderUnavailable, UsageError
from ragcli.recipes import calibrate, guard
from ragcli.recipes.comparison import Comparison, Terms, compare
from ragcli.recipes.growth import Growth
from ragcli.recipes.ingest import settings_for
from ragcli.store import Store, overview, sets
from ragcli.store.overview import KeptSet
from ragcli.store.rows import EmbeddingSet

NAME_QUESTIONS = "name questions: --questions FILE, or --self"


@dataclass(frozen=True, slots=True)
class ReembedOptions:
    """``anew`` computes every embedding again even when nothing else changes. With ``if_better``
    the new set answers only if it is."""

    chunk_tokens: int
    anew: bool = False
    if_better: bool = False
    wait_s: float = 3.0


@dataclass(frozen=True, slots=True)
class Reembedded:
    """``changed`` is false when there was nothing to do; ``switched`` says that the new set answers
    now; ``recut`` says the chunks are new too. ``embedded_chunks`` were computed by this run, the
    others by one that was interrupted. ``kept`` can come back."""

    changed: bool
    switched: bool
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
    kept: KeptSet | None
    comparison: Comparison | None


def reembed(
    store: Store,
    options: ReembedOptions,
    embedder: Embedder,
    listener: Listener,
    terms: Terms | None = None,
) -> Reembedded:
    """Switch the project to this embedder and chunk size; no source file is read.

    Other writers get in between (``growth.py``). With ``terms`` old and new are compared first.
    When the project has all of that already, a switch that was begun and not finished is dropped.

    Raises UsageError (nothing was ingested; with ``if_better`` where old and new could not be
    compared), ProjectLocked, ProviderUnavailable, ProjectCorrupt, and with ``if_better``
    ModelMismatch of the old model.
    """
    started = monotonic()
    wanted = settings_for(embedder, options.chunk_tokens)
    with store.writing(options.wait_s):
        old = guard.active(store)
        if not options.anew and _is_as_wanted(store, old, wanted, embedder):
            with store.transaction():
                sets.drop_unfinished(store.connection)
            return _report(store, old, old, started)
    growth = Growth(
        store,
        lambda: _begin(store, wanted, embedder, anew=options.anew),
        lambda: embedder,
        listener,
    )
    with growth.complete(options.wait_s) as fresh:
        old = guard.active(store)
        found = _compared(store, fresh, terms, listener, needed=options.if_better)
        better = found is not None and found.quality is not None and found.quality.better
        if better or not options.if_better:
            _switch(store, old, fresh, lambda: embedder)
        return _report(store, old, fresh, started, embedded=growth.embedded, comparison=found)


def rollback(
    store: Store,
    embedder: Callable[[EmbedderIdentity], Embedder],
    listener: Listener,
    wait_s: float,
) -> Reembedded:
    """Let the set that is kept answer again; what came since is embedded before. The one that
    answered is then the one that is kept.

    ``embedder`` is asked for when something came, or when documents that came are to be cut.
    Raises UsageError (none is kept), ProjectLocked, ModelMismatch, ProviderUnavailable,
    ProjectCorrupt.
    """
    started = monotonic()
    made: list[Embedder] = []

    def model() -> Embedder:
        if not made:
            made.append(embedder(_kept(store).identity))
        return made[0]

    growth = Growth(store, lambda: _kept(store), model, listener)
    with growth.complete(wait_s) as kept:
        old = guard.active(store)
        _switch(store, old, kept, model)
        return _report(store, old, kept, started, embedded=growth.embedded)


def forget(store: Store, wait_s: float) -> tuple[str, ...]:
    """Delete every set but the one that answers: the one that is kept, and what was begun; the
    models of these. Raises ProjectLocked."""
    with store.writing(wait_s):
        kept = sets.kept(store.connection)
        begun = overview.unfinished_sets(store.connection)
        with store.transaction():
            sets.drop_inactive(store.connection)
        store.sweep()
    return (*([kept.identity.name] if kept else []), *begun)


def _kept(store: Store) -> EmbeddingSet:
    kept = sets.kept(store.connection)
    if kept is None:
        raise UsageError(
            "no earlier model is kept to go back to",
            "switch to it as to any other: rag reembed --model MODEL",
        )
    return kept


def _is_as_wanted(
    store: Store, old: EmbeddingSet, wanted: ChunkSettings, embedder: Embedder
) -> bool:
    kept = sets.chunk_settings(store.connection, old.chunk_set_id)
    return wanted.fingerprint == kept.fingerprint and _is_same(store, old, embedder)


def _is_same(store: Store, old: EmbeddingSet, embedder: Embedder) -> bool:
    """The model that made a set, and still the same behind its name."""
    try:
        guard.check(store, old, embedder)
    except ModelMismatch:
        return False
    return True


def _begin(store: Store, wanted: ChunkSettings, embedder: Embedder, *, anew: bool) -> EmbeddingSet:
    """The set to build: the one that an interrupted run left, or, unless all is to be computed
    anew, the one that is kept or that answers by now; or a new one.

    One whose model changed behind its name since is begun again.
    """
    identity = embedder.identity
    with store.transaction():
        chunk_set_id, _ = sets.ensure_chunk_set(store.connection, wanted)
    begun = sets.unfinished(store.connection, chunk_set_id, identity.fingerprint)
    known = [] if anew else [sets.active(store.connection), sets.kept(store.connection)]
    for one in (begun, *known):
        if one and one.chunk_set_id == chunk_set_id and _is_same(store, one, embedder):
            return one
    with store.transaction():
        if begun is not None:
            sets.discard(store.connection, begun)
        return sets.create(store.connection, chunk_set_id, identity, activate=False)


def _compared(
    store: Store,
    fresh: EmbeddingSet,
    terms: Terms | None,
    listener: Listener,
    *,
    needed: bool,
) -> Comparison | None:
    """The comparison; unless it is ``needed``, none where the old model is gone: a switch must be
    possible all the same."""
    if terms is None:
        return None
    try:
        found = compare(store, fresh, terms, listener)
    except (ModelMismatch, ProviderUnavailable) as error:
        if needed:
            raise
        listener(Event("note", message=f"old and new are not compared: {error.message}"))
        return None
    if needed and found.missing is not None:
        raise UsageError(f"old and new could not be compared: {found.missing}", NAME_QUESTIONS)
    return found


def _switch(
    store: Store, old: EmbeddingSet, fresh: EmbeddingSet, embedder: Callable[[], Embedder]
) -> None:
    """One commit. A set by the same model and cut as the new one is not kept: it has nothing to
    come back for."""
    same = old.identity.fingerprint == fresh.identity.fingerprint
    store.switch_to(fresh, keep=not (same and old.chunk_set_id == fresh.chunk_set_id))
    if calibrate.is_due(store, fresh):
        with suppress(ModelMismatch, ProviderUnavailable):  # the next ingest tries again
            calibrate.calibrate(store, fresh, embedder)


def _report(
    store: Store,
    old: EmbeddingSet,
    fresh: EmbeddingSet,
    started: float,
    *,
    embedded: int = 0,
    comparison: Comparison | None = None,
) -> Reembedded:
    answering = guard.active(store)
    identity = fresh.identity
    return Reembedded(
        changed=fresh != old,
        switched=fresh != old and answering == fresh,
        recut=fresh.chunk_set_id != old.chunk_set_id,
        old_model=old.identity.name,
        model=identity.name,
        dimension=identity.dimension,
        precision=identity.precision,
        fingerprint=identity.fingerprint,
        chunk_tokens=sets.chunk_settings(store.connection, fresh.chunk_set_id).size_tokens,
        documents=store.counts()["documents"],
        chunks=store.chunk_count(fresh.chunk_set_id),
        embedded_chunks=embedded,
        duration_s=monotonic() - started,
        kept=overview.kept_set(store.connection),
        comparison=comparison,
    )
