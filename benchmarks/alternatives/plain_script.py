"""The script that one would write without ragcli: sentence-transformers and FAISS, nothing else.

    python plain_script.py build FOLDER INDEX_DIR --model MODEL
    python plain_script.py query INDEX_DIR QUESTION --model MODEL [-k 5]

It reads .md and .txt files as UTF-8, cuts them every 1,000 characters, and keeps texts and index
side by side. It is here to be compared with, and has the faults of its kind: no incremental
update, no keyword search, no offsets, other encodings fail, long pieces are cut silently.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import faiss
from sentence_transformers import SentenceTransformer

CHARACTERS = 1000


def build(folder: Path, index_dir: Path, model: str) -> None:
    pieces = []
    for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.txt")]):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        starts = range(0, len(text), CHARACTERS)
        pieces += [[str(path), text[start : start + CHARACTERS]] for start in starts]
    embedder = SentenceTransformer(model, device="cpu")
    vectors = embedder.encode([text for _, text in pieces], normalize_embeddings=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    index_dir.mkdir(parents=True, exist_ok=True)
    faiss.write_index(index, str(index_dir / "index.faiss"))
    (index_dir / "pieces.json").write_text(json.dumps(pieces), encoding="utf-8")


def query(index_dir: Path, question: str, model: str, k: int) -> None:
    index = faiss.read_index(str(index_dir / "index.faiss"))
    pieces = json.loads((index_dir / "pieces.json").read_text(encoding="utf-8"))
    embedder = SentenceTransformer(model, device="cpu")
    scores, places = index.search(embedder.encode([question], normalize_embeddings=True), k)
    for score, place in zip(scores[0], places[0], strict=True):
        if place >= 0:
            source, text = pieces[place]
            print(f"{score:.3f} {source}: {' '.join(text.split())}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=("build", "query"))
    parser.add_argument("first", type=Path, help="FOLDER, or INDEX_DIR for query")
    parser.add_argument("second", help="INDEX_DIR, or QUESTION for query")
    parser.add_argument("--model", required=True)
    parser.add_argument("-k", type=int, default=5)
    given = parser.parse_args()
    if given.action == "build":
        build(given.first, Path(given.second), given.model)
    else:
        query(given.first, given.second, given.model, given.k)


if __name__ == "__main__":
    main()
