"""The status recipe: a project at a glance, counted without loading a model or an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ragcli.domain import ChunkSettings, EmbedderIdentity, Problem, State
from ragcli.recipes.languages import by_words
from ragcli.recipes.shown import files_held, is_stale, shown_state
from ragcli.store import Store, ledger, overview, sets, vectors
from ragcli.store.folder import is_there
from ragcli.store.overview import KeptSet
from ragcli.store.rows import RootRow


@dataclass(frozen=True, slots=True)
class Model:
    """What embedded the project, and how it was cut. Sizes count the model's tokens. ``engine``
    says what runs the model on this machine; None where a server does, or the model is not here."""

    name: str
    dimension: int
    precision: str
    engine: str | None
    fingerprint: str
    max_tokens: int
    chunk_tokens: int
    chunk_fingerprint: str


@dataclass(frozen=True, slots=True)
class Reranker:
    """What the settings name to reorder passages. ``engine`` says what runs it on this machine, or
    why nothing does; None for another package's."""

    name: str
    engine: str | None


@dataclass(frozen=True, slots=True)
class IndexState:
    """The index file: ``chunks`` in it when it was written."""

    file: str
    generation: int
    chunks: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Root:
    """A file or folder that ``ingest`` brings up to date; ``present`` says it is there now."""

    source: str
    present: bool


@dataclass(frozen=True, slots=True)
class Status:
    """``files`` counts by the ledger's state: stored, partly, failed, empty, removed; ``states``
    those in the project by ``domain.State``, which says why one failed; ``parts`` are files inside
    them that have a text: attachments, messages, members. ``formats`` and
    ``languages`` count documents. ``by_words`` are those languages that the model was not taught,
    with their share of the text: they are found by words, not by meaning. ``stale`` files have
    changed or gone since they were read. ``kept`` is what `rag reembed --rollback` goes back to.
    ``problems`` and ``skipped`` are None unless they were asked for."""

    folder: str
    created: str | None
    last_ingest: str | None
    files: Mapping[str, int]
    states: Mapping[State, int]
    parts: int
    documents: int
    chunks: int
    embedded_chunks: int
    embedded_share: float
    characters: int
    formats: Mapping[str, int]
    languages: Mapping[str, int]
    by_words: Mapping[str, float]
    model: Model | None
    index: IndexState | None
    size_bytes: Mapping[str, int]
    roots: tuple[Root, ...]
    stale: int
    problem_count: int
    skipped_count: int
    unfinished: tuple[str, ...]
    kept: KeptSet | None
    notes: tuple[str, ...]
    reranker: Reranker | None = None
    problems: tuple[tuple[str, Problem], ...] | None = None
    skipped: tuple[tuple[str, str], ...] | None = None


STATES = ("stored", "partly", "failed", "empty", "removed")


def status(
    store: Store,
    chunk_tokens: int | None,
    engine: Callable[[EmbedderIdentity], str | None],
    taught: Callable[[EmbedderIdentity], frozenset[str] | None],
    notes: tuple[str, ...] = (),
    reranker: Reranker | None = None,
    *,
    problems: bool = False,
    skipped: bool = False,
) -> Status:
    """The project at a glance. ``chunk_tokens`` is the size asked for by a setting, if any was;
    ``engine`` says what runs a model, ``taught`` which languages it knows, ``reranker`` is the
    settings'."""
    connection = store.connection
    with store.snapshot():
        counts = store.counts()
        counted = overview.states(connection)
        told = tuple(ledger.problems(connection))
        rows = files_held(ledger.files(connection))
        return Status(
            folder=str(store.folder.root),
            created=store.fact("created_at"),
            last_ingest=store.fact("last_ingest_at"),
            files={
                state: sum(n for (s, _), n in counted.items() if s == state) for state in STATES
            },
            states=_shown_states(counted),
            parts=counts["parts"],
            documents=counts["documents"],
            chunks=counts["chunks"],
            embedded_chunks=counts["embedded"],
            embedded_share=store.embedded_share(),
            characters=counts["characters"],
            formats=overview.formats(connection),
            languages=overview.languages(connection),
            by_words=_by_words(store, taught),
            model=_model(store, engine),
            index=_index(store),
            size_bytes=sizes(store.folder.rag),
            roots=tuple(_root(store, root) for root in ledger.roots(connection)),
            stale=sum(is_stale(store, row) for row in rows),
            problem_count=len(told),
            skipped_count=ledger.count_skipped(connection),
            unfinished=tuple(overview.unfinished_sets(connection)),
            kept=overview.kept_set(connection),
            notes=(*notes, *_note_on_chunks(store, chunk_tokens)),
            reranker=reranker,
            problems=told if problems else None,
            skipped=tuple(ledger.skipped(connection)) if skipped else None,
        )


def _shown_states(counted: Mapping[tuple[str, str | None], int]) -> Mapping[State, int]:
    found: Counter[State] = Counter()
    for (state, code), count in counted.items():
        found[shown_state(state, code)] += count
    return {state: count for state, count in found.items() if state != "skipped"}


def _model(store: Store, engine: Callable[[EmbedderIdentity], str | None]) -> Model | None:
    chosen = sets.active(store.connection)
    if chosen is None:
        return None
    cut = sets.chunk_settings(store.connection, chosen.chunk_set_id)
    identity = chosen.identity
    return Model(
        name=identity.name,
        dimension=identity.dimension,
        precision=identity.precision,
        engine=engine(identity),
        fingerprint=identity.fingerprint,
        max_tokens=identity.max_tokens,
        chunk_tokens=cut.size_tokens,
        chunk_fingerprint=cut.fingerprint,
    )


def _by_words(
    store: Store, taught: Callable[[EmbedderIdentity], frozenset[str] | None]
) -> Mapping[str, float]:
    chosen = sets.active(store.connection)
    return {} if chosen is None else by_words(store, taught(chosen.identity))


def _index(store: Store) -> IndexState | None:
    chosen = sets.active(store.connection)
    file = vectors.newest(store.connection, chosen.id) if chosen else None
    if file is None:
        return None
    return IndexState(file.name, file.generation, file.count, file.size_bytes)


def _root(store: Store, root: RootRow) -> Root:
    return Root(root.source, is_there(store.folder.path_of(root.path)))


def _note_on_chunks(store: Store, chunk_tokens: int | None) -> list[str]:
    chosen = sets.active(store.connection)
    if chosen is None or chunk_tokens is None:
        return []
    cut = sets.chunk_settings(store.connection, chosen.chunk_set_id)
    if wanted_size(chunk_tokens, cut) == cut.size_tokens:
        return []
    return [
        f"chunks have {cut.size_tokens} tokens, the settings ask for {chunk_tokens}:"
        " to cut anew: rag reembed"
    ]


def wanted_size(chunk_tokens: int, cut: ChunkSettings) -> int:
    """The size that a setting gives under the same model."""
    return min(chunk_tokens, cut.room_tokens)


def sizes(folder: Path) -> dict[str, int]:
    """Bytes on the disk: ``store`` (with what is not checkpointed yet), ``vectors``, ``other``."""
    found = {"store": 0, "vectors": 0, "other": 0}
    for path in folder.iterdir():
        if path.is_file():
            part = next((p for p in ("store", "vectors") if path.name.startswith(p)), "other")
            found[part] += path.stat().st_size
    return found
