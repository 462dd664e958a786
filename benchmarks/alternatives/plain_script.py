"""The script that one would write without any toolkit: sentence-transformers and FAISS.

Texts and index lie side by side. It has the faults of its kind: no incremental update (`again`
builds everything again), no keyword search, no offsets, long pieces are cut silently.
"""

from __future__ import annotations

import json
from pathlib import Path

import faiss
import script
from script import Hit, Search
from sentence_transformers import SentenceTransformer


def build(folder: Path, index: Path, model: str) -> int:
    pieces = [[piece.source, piece.text] for piece in script.pieces(folder)]
    embedder = SentenceTransformer(model, device="cpu")
    vectors = embedder.encode([text for _, text in pieces], normalize_embeddings=True)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    index.mkdir(parents=True, exist_ok=True)
    faiss.write_index(flat, str(index / "index.faiss"))
    (index / "pieces.json").write_text(json.dumps(pieces), encoding="utf-8")
    return len(pieces)


def load(index: Path, model: str) -> Search:
    flat = faiss.read_index(str(index / "index.faiss"))
    pieces = json.loads((index / "pieces.json").read_text(encoding="utf-8"))
    embedder = SentenceTransformer(model, device="cpu")

    def search(question: str, k: int) -> list[Hit]:
        scores, places = flat.search(embedder.encode([question], normalize_embeddings=True), k)
        found = zip(scores[0], places[0], strict=True)
        return [Hit(score, *pieces[place]) for score, place in found if place >= 0]

    return search


if __name__ == "__main__":
    script.main(build, build, load)
