"""The chunks recipe: how a file was cut."""

from __future__ import annotations

from dataclasses import dataclass

from ragcli.domain import Chunk
from ragcli.recipes.naming import document_named
from ragcli.recipes.shown import chunk_key
from ragcli.store import Store, overview, sets


@dataclass(frozen=True, slots=True)
class CutChunk:
    """``number`` counts from 1 in reading order; ``embedded`` says it is found by meaning too."""

    number: int
    chunk_id: str
    chunk: Chunk
    embedded: bool


@dataclass(frozen=True, slots=True)
class CutFile:
    """``chunk_tokens`` is the size aimed at, in tokens of ``model``."""

    source: str
    model: str
    chunk_tokens: int
    chunks: tuple[CutChunk, ...]


def chunks(store: Store, name: str) -> CutFile:
    """The chunks of a file as they are searched. Raises NotInProject, ProjectCorrupt."""
    with store.snapshot():
        row = document_named(store, name)
        chosen = sets.active(store.connection)
        assert chosen is not None and row.document_id is not None, "a document is stored in a set"
        missing = overview.unembedded(store.connection, chosen, row.document_id)
        found = store.chunks_of(row.document_id, chosen.chunk_set_id)
        settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
    cut = [
        CutChunk(number, chunk_key(one), one.chunk, one.id not in missing)
        for number, one in enumerate(found, 1)
    ]
    return CutFile(row.source, chosen.identity.name, settings.size_tokens, tuple(cut))
