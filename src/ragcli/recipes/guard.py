"""The same model must embed documents and questions: where that is checked.

The fingerprint says which model a set of embeddings is by; the probe, the embedding of one fixed
sentence, catches a model that changed behind the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragcli.embedding import PROBE, PROBE_COSINE
from ragcli.errors import ModelMismatch, UsageError
from ragcli.store import Store, sets
from ragcli.store.vectors import EmbeddingSet

if TYPE_CHECKING:
    from ragcli.domain import Embedder, EmbedderIdentity, Vector


def active(store: Store) -> EmbeddingSet:
    """The set that answers. Raises UsageError before the first ingest."""
    chosen = sets.active(store.connection)
    if chosen is None:
        raise _nothing_ingested()
    return chosen


def check_not_empty(store: Store) -> None:
    """Raises UsageError where no document is stored."""
    if store.is_empty():
        raise _nothing_ingested()


def _nothing_ingested() -> UsageError:
    return UsageError("nothing has been ingested yet", "begin with: rag ingest FOLDER")


def check(store: Store, chosen: EmbeddingSet, embedder: Embedder) -> None:
    """Both checks. Raises ModelMismatch."""
    check_identity(chosen.identity, embedder.identity)
    check_probe(store, chosen, embedder)


def check_identity(stored: EmbedderIdentity, given: EmbedderIdentity) -> None:
    """Raises ModelMismatch, naming both sides and the cure."""
    if stored.fingerprint == given.fingerprint:
        return
    if stored.name != given.name:
        raise ModelMismatch(
            f"this project was embedded with `{stored.name}`, not with `{given.name}`",
            f"leave `--model` out, or switch the project: rag reembed --model {given.name}",
        )
    if stored.precision != given.precision:
        raise ModelMismatch(
            f"this project was embedded in {stored.precision}, not in {given.precision}",
            "leave `--precision` out, or switch the project:"
            f" rag reembed --precision {given.precision}",
        )
    raise ModelMismatch(
        f"`{given.name}` is not what it was when this project was embedded:"
        f" {_difference(stored, given)}",
        f"put the old one back, or embed anew: rag reembed --model {given.name}",
    )


def _difference(stored: EmbedderIdentity, given: EmbedderIdentity) -> str:
    if stored.weights != given.weights:
        return "its weights or its tokenizer differ"
    for name in (
        "precision",
        "dimension",
        "max_tokens",
        "pooling",
        "query_prompt",
        "document_prompt",
    ):
        before, after = getattr(stored, name), getattr(given, name)
        if before != after:
            return f"its {name.replace('_', ' ')} was {before!r} and is {after!r}"
    return "its settings differ"


def check_probe(store: Store, chosen: EmbeddingSet, embedder: Embedder) -> None:
    """Embed the probe sentence and compare it with the one stored. Raises ModelMismatch."""
    if sets.probe(store.connection, chosen.id) is not None:
        compare_probe(store, chosen, embedder.embed_documents([PROBE])[0])


def compare_probe(store: Store, chosen: EmbeddingSet, given: Vector) -> None:
    """Compare an embedding of the probe sentence with the one stored. Raises ModelMismatch."""
    stored = sets.probe(store.connection, chosen.id)
    assert stored is not None, "a set is compared once it has a probe"
    cosine = float(stored @ given)
    if not cosine >= PROBE_COSINE:
        name = chosen.identity.name
        raise ModelMismatch(
            f"`{name}` embeds differently than when this project was embedded"
            f" (cosine {cosine:.4f} for one and the same sentence)",
            f"put the old model back, or embed anew: rag reembed --model {name}",
        )
