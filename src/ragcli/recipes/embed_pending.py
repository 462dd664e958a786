"""Embed what has no embedding yet, in batches that are each committed."""

from __future__ import annotations

from collections.abc import Sequence

from ragcli.domain import Embedder, Event, Listener
from ragcli.embedding import PROBE
from ragcli.errors import TextTooLong
from ragcli.recipes import guard
from ragcli.store import Store, sets
from ragcli.store.rows import Pending
from ragcli.store.vectors import EmbeddingSet

# A crash costs the embedding of this many chunks: three seconds on two cores.
BATCH = 128

# A fifth of the text unknown: below it are names and code, above it a language that the model
# was not taught.
UNKNOWN_SHARE_TO_TELL = 0.2
SAMPLE_CHUNKS = 200


def embed_pending(
    store: Store, chosen: EmbeddingSet, embedder: Embedder, listener: Listener
) -> int:
    """How many texts were embedded. Raises ModelMismatch, ProviderUnavailable."""
    pending = sets.pending(store.connection, chosen)
    if not pending:
        return 0
    _tell_unknown(store, pending, embedder, listener)
    done, total = 0, len(pending)
    listener(Event("embedding", done, total))  # before the model is loaded, which takes seconds
    _check_or_set_probe(store, chosen, embedder)
    while pending:
        batch, pending = pending[:BATCH], pending[BATCH:]
        texts = sets.pending_texts(store.connection, batch)
        try:
            vectors = embedder.embed_documents([p.text for p in texts])
        except TextTooLong as error:
            halves = _halve(store, texts[error.index], listener)
            pending = [*batch[: error.index], *batch[error.index + 1 :], *halves, *pending]
            total += 1
            continue
        with store.transaction():
            sets.add_embeddings(store.connection, chosen.id, texts, vectors)
        done += len(batch)
        listener(Event("embedding", done, total))
    return done


def _check_or_set_probe(store: Store, chosen: EmbeddingSet, embedder: Embedder) -> None:
    if sets.probe(store.connection, chosen.id) is not None:
        guard.check_probe(store, chosen, embedder)
        return
    vector = embedder.embed_documents([PROBE])[0]
    with store.transaction():
        sets.set_probe(store.connection, chosen.id, vector)


def _halve(store: Store, entry: Pending, listener: Listener) -> list[int]:
    """A provider whose tokenizer we do not have found a chunk too long: cut it in two."""
    with store.transaction():
        halves = store.halve_chunk(entry.chunk_id)
    message = "a chunk was too long for the model and was cut in two"
    listener(Event("note", message=message))
    return halves


def _tell_unknown(
    store: Store, pending: Sequence[int], embedder: Embedder, listener: Listener
) -> None:
    """Before the first embedding, not after hours of them: does the model know the language?"""
    step = max(1, len(pending) // SAMPLE_CHUNKS)
    sample = sets.pending_texts(store.connection, pending[::step])
    share = sum(embedder.unknown_share(p.text) for p in sample) / len(sample)
    if share >= UNKNOWN_SHARE_TO_TELL:
        listener(
            Event(
                "note",
                message=f"{embedder.identity.name} does not know {share:.0%} of this text:"
                " keyword search carries it. A multilingual model finds it by meaning too:"
                " rag reembed --model BAAI/bge-m3",
            )
        )
