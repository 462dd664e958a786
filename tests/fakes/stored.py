"""An empty store, a set to fill, and documents for it, without readers and without a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ragcli.domain import Chunk, ChunkSettings, Document, EmbedderIdentity, Filter
from ragcli.store import Store, ledger, sets
from ragcli.store.folder import ProjectFolder, create
from ragcli.store.vectors import EmbeddingSet
from ragcli.text.terms import question_terms

DIMENSION = 16
IDENTITY = EmbedderIdentity("fake:16", "w", DIMENSION, 256, "sum")


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    made = create(tmp_path)
    Store.create(made)
    return made


@pytest.fixture
def store(folder: ProjectFolder) -> Iterator[Store]:
    opened = Store(folder)
    yield opened
    opened.close()


@pytest.fixture
def chosen(store: Store) -> EmbeddingSet:
    with store.transaction():
        chunk_set_id, _ = sets.ensure_chunk_set(store.connection, ChunkSettings(50))
        return sets.create(store.connection, chunk_set_id, IDENTITY, activate=True)


def cut(text: str) -> list[Chunk]:
    """A chunk for each paragraph."""
    chunks, start = [], 0
    for part in text.split("\n\n"):
        chunks.append(Chunk(part, start, start + len(part), len(part.split())))
        start += len(part) + 2
    return chunks


def put(store: Store, chosen: EmbeddingSet, source: str, text: str, **facts: object) -> int:
    """Store a file as an ingest does; its document."""
    mtime_ns = int(facts.pop("mtime_ns", 10**18))  # type: ignore[call-overload]
    document = replace(Document(text, "text"), **facts)  # type: ignore[arg-type]
    content_hash = f"hash of {text}"
    with store.transaction():
        found = store.find_document(content_hash, document.format, 1)
        if found is None:
            found = store.put_document(
                content_hash, 1, document, chosen.chunk_set_id, cut(text), source
            )
        ledger.put_file(
            store.connection,
            source=source,
            path=source.encode(),
            root_id=None,
            document_id=found,
            state="stored",
            size=len(text),
            mtime_ns=mtime_ns,
            content_hash=content_hash,
            reader_version=1,
        )
        store.index_document(found)
    return found


def drop(store: Store, source: str) -> bool:
    row = ledger.file_at(store.connection, source.encode())
    assert row is not None and row.document_id is not None
    with store.transaction():
        ledger.forget(store.connection, row.id)
        return store.release_document(row.document_id)


def found_by(store: Store, chosen: EmbeddingSet, question: str, only: Filter | None = None):
    """The sources that keyword search finds."""
    terms = list(store.question_terms(chosen.chunk_set_id, question_terms(question)))
    ids = [i for i, _ in store.search_keyword(chosen.chunk_set_id, terms, 10, only or Filter())]
    rows = store.passages(ids)
    return [store.files_of(r.document_id, only or Filter())[0].source for r in rows]


def embed(store: Store, chosen: EmbeddingSet, seed: int = 0) -> None:
    """Random directions for all that is pending."""
    ids = sets.pending(store.connection, chosen)
    matrix = np.random.default_rng(seed).normal(size=(len(ids), DIMENSION)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    with store.transaction():
        batch = sets.pending_texts(store.connection, ids)
        sets.add_embeddings(store.connection, chosen.id, batch, matrix)


def verify_keyword(store: Store) -> list[str]:
    from ragcli.store import verify

    return verify.keyword_trouble(store.connection, store.folder.rag)


def fill(store: Store, chosen: EmbeddingSet, first: int, last: int) -> None:
    for number in range(first, last):
        kind = "markdown" if number % 3 == 0 else "text"
        put(store, chosen, f"{number:03}.txt", f"text {number}\n\nmore {number}", format=kind)
    embed(store, chosen, seed=first)


def exact(store: Store, chosen: EmbeddingSet, query: np.ndarray, only: Filter) -> list[int]:
    """The ten nearest, by plain numpy over the truth."""
    rows = store.connection.execute(
        "SELECT c.id, e.vector, c.document_id FROM chunks c JOIN embeddings e"
        " ON e.embed_hash = c.embed_hash WHERE e.set_id = ?",
        (chosen.id,),
    ).fetchall()
    rows = [r for r in rows if store.files_of(r[2], only)]
    scores = [float(np.frombuffer(v, np.float32) @ query) for _, v, _ in rows]
    order = sorted(range(len(rows)), key=lambda i: (-scores[i], rows[i][0]))
    return [rows[i][0] for i in order[:10]]


def check_exact(store: Store, chosen: EmbeddingSet) -> None:
    generator = np.random.default_rng(7)
    for only in (Filter(), Filter(format="markdown"), Filter(path="00*")):
        for _ in range(5):
            query = generator.normal(size=DIMENSION).astype(np.float32)
            found = [i for i, _ in store.search_dense(query, 10, only)]
            assert found == exact(store, chosen, query, only)
