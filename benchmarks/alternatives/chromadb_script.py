"""Chroma as its documentation teaches it: a persistent client, a collection, upsert and query.

`again` is `upsert` with stable ids, and `delete` for pieces that are gone. Upsert embeds all that
it is given: Chroma has no documented way to skip what has not changed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import chromadb
import script
from chromadb.api.models.Collection import Collection
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
from script import Hit, Search


def _collection(index: Path, model: str) -> tuple[chromadb.ClientAPI, Collection]:
    client = chromadb.PersistentClient(path=str(index))
    embedder = SentenceTransformerEmbeddingFunction(model_name=model, device="cpu")
    return client, client.get_or_create_collection("docs", embedding_function=embedder)


def again(folder: Path, index: Path, model: str) -> int:
    client, collection = _collection(index, model)
    pieces = script.pieces(folder)
    size = client.get_max_batch_size()
    for start in range(0, len(pieces), size):
        some = pieces[start : start + size]
        collection.upsert(
            ids=[p.id for p in some],
            documents=[p.text for p in some],
            metadatas=[{"source": p.source} for p in some],
        )
    gone = set(collection.get(include=[])["ids"]) - {p.id for p in pieces}
    if gone:
        collection.delete(ids=list(gone))
    return collection.count()


def build(folder: Path, index: Path, model: str) -> int:
    shutil.rmtree(index, ignore_errors=True)
    return again(folder, index, model)


def load(index: Path, model: str) -> Search:
    _, collection = _collection(index, model)

    def search(question: str, k: int) -> list[Hit]:
        found = collection.query(query_texts=[question], n_results=k)
        rows = zip(found["distances"][0], found["metadatas"][0], found["documents"][0], strict=True)
        return [Hit(distance, data["source"], text) for distance, data, text in rows]

    return search


if __name__ == "__main__":
    script.main(build, again, load)
