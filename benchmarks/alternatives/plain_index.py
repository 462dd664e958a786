"""An index of any size for plain_script.py, without hours of embedding.

    python plain_index.py INDEX --chunks 100000 --texts FOLDER

The vectors are random and the texts those of FOLDER over and over: what is found means nothing,
what it costs to load and search is the same. They have 384 dimensions, as the default model's.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import faiss
import numpy as np
import script

DIMENSIONS = 384
# Vectors made at a time: 150 MB.
BATCH = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("index", type=Path)
    parser.add_argument("--chunks", type=int, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    given = parser.parse_args()
    chance = np.random.default_rng(0)
    flat = faiss.IndexFlatIP(DIMENSIONS)
    for start in range(0, given.chunks, BATCH):
        count = min(BATCH, given.chunks - start)
        vectors = chance.standard_normal((count, DIMENSIONS), dtype=np.float32)
        faiss.normalize_L2(vectors)
        flat.add(vectors)
    endless = itertools.cycle([[p.source, p.text] for p in script.pieces(given.texts)])
    given.index.mkdir(parents=True, exist_ok=True)
    faiss.write_index(flat, str(given.index / "index.faiss"))
    pieces = list(itertools.islice(endless, given.chunks))
    (given.index / "pieces.json").write_text(json.dumps(pieces), encoding="utf-8")


if __name__ == "__main__":
    main()
