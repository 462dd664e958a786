"""What a change of the model would take, told from a sample. Nothing is written, no lock taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragcli.chunking import chunk_document
from ragcli.domain import ChunkSettings, Embedder, ignore
from ragcli.recipes import speed
from ragcli.recipes.ingest import settings_for
from ragcli.store import Store, overview, sets
from ragcli.store.rows import EmbeddingSet, Pending

# Documents that are cut to see how many chunks there would be; their chunks are enough to time.
SAMPLE_DOCUMENTS = 40


@dataclass(frozen=True, slots=True)
class Estimate:
    """``chunks`` there would be (about, when they are ``recut``), of which ``to_embed`` are not
    embedded yet; the ``seconds`` that would take; ``size_bytes`` more on the disk."""

    model: str
    dimension: int
    precision: str
    chunk_tokens: int
    recut: bool
    chunks: int
    to_embed: int
    seconds: float
    size_bytes: int


def estimate(store: Store, old: EmbeddingSet, embedder: Embedder, chunk_tokens: int) -> Estimate:
    """Raises ProviderUnavailable, ProjectCorrupt."""
    connection = store.connection
    wanted = settings_for(embedder, chunk_tokens)
    with store.snapshot():
        now = sets.chunk_settings(connection, old.chunk_set_id)
        recut = wanted.fingerprint != now.fingerprint
        texts, share = _sample(store, old, wanted, embedder)
        chunks = store.chunk_count(old.chunk_set_id)
        chunks = round(chunks * share) if recut else chunks
        to_embed = max(0, chunks - _embedded(store, wanted, embedder))
        beside = overview.size_of(connection, old) - overview.embedding_bytes(
            store.counts()["embedded"], old.identity.dimension
        )
    dimension = embedder.identity.dimension
    vectors = overview.embedding_bytes(to_embed, dimension)
    return Estimate(
        model=embedder.identity.name,
        dimension=dimension,
        precision=embedder.identity.precision,
        chunk_tokens=wanted.size_tokens,
        recut=recut,
        chunks=chunks,
        to_embed=to_embed,
        seconds=to_embed / _pace(embedder, texts) if to_embed else 0.0,
        size_bytes=vectors + (max(0, beside) if recut else 0),
    )


def _sample(
    store: Store, old: EmbeddingSet, wanted: ChunkSettings, embedder: Embedder
) -> tuple[list[str], float]:
    """(texts as they would be embedded, how many chunks there would be for one of now)."""
    ids = store.document_ids()
    texts: list[str] = []
    before = 0
    for document_id in ids[:: max(1, len(ids) // SAMPLE_DOCUMENTS)]:
        document = store.document(document_id)
        cut = chunk_document(document, wanted, embedder.counter, wanted.room_tokens)
        texts += [chunk.embed_text for chunk in cut]
        before += len(store.chunks_of(document_id, old.chunk_set_id))
    share = len(texts) / before if before else 1.0
    return texts[:: max(1, len(texts) // speed.SAMPLE_CHUNKS)], share


def _embedded(store: Store, wanted: ChunkSettings, embedder: Embedder) -> int:
    """How many chunks an interrupted run, or the set that is kept, has embedded already."""
    found = sets.beside(store.connection, wanted.fingerprint, embedder.identity.fingerprint)
    if found is None:
        return 0
    waiting = sets.count_unembedded(store.connection, found.id)
    return store.chunk_count(found.chunk_set_id) - waiting


def _pace(embedder: Embedder, texts: Sequence[str]) -> float:
    """Texts a second, for ten seconds at most."""
    sample = [Pending(number, b"", text, 0) for number, text in enumerate(texts)]
    return speed.measure(lambda: embedder, sample, texts[:1], ignore).chunks_per_s
