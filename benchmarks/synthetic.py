"""Make a project of any size, for what cannot be measured on a few thousand chunks.

    python benchmarks/synthetic.py DIR [--chunks 1000000] [--texts FOLDER] [--embeddings FILE.npy]

DIR gets text files and a project that holds them as `rag ingest` would have left it, under the
default model: queries, changes of single files and `rag doctor` work on it.

* Texts are sentences of the files in FOLDER (default: sample_docs) in a new order, so that terms
  are as frequent as in real texts. A chunk has about 400 characters, a file 100 chunks.
* Vectors come from real embeddings of FOLDER's texts: a point between one of them and one of its
  ten nearest neighbours, moved by a quarter of the way between two others. So they lie where real
  ones lie, spread as real ones spread. What a chunk says and its vector have nothing to do with
  each other.
* Embedding thousands of real texts takes minutes; with --embeddings they are kept in a file, and
  taken from it the next time.

A million chunks take about a quarter of an hour, and 5 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli import Rag, providers
from ragcli.domain import Chunk, Document
from ragcli.embedding import PROBE
from ragcli.reading import READER_VERSION
from ragcli.recipes.ingest import settings_for
from ragcli.store import checksums, documents, keyword, ledger, sets
from ragcli.store.rows import Pending
from ragcli.text.sentences import sentence_spans

if TYPE_CHECKING:
    from ragcli.domain import Embedder, Matrix
    from ragcli.store import Store
    from ragcli.store.rows import EmbeddingSet

ROOT = Path(__file__).resolve().parent.parent
CHUNK_CHARACTERS = 400
CHUNKS_PER_FILE = 100
REAL_TEXTS = 8192
NEIGHBOURS = 10
SEED = 0
TEXT_FILES = ("*.txt", "*.md", "*.rst", "*.py")


def sentences_of(folder: Path) -> list[str]:
    """The sentences of a folder's text files."""
    found = []
    for pattern in TEXT_FILES:
        for path in sorted(folder.rglob(pattern)):
            text = path.read_text(encoding="utf-8", errors="ignore")
            plain = (" ".join(text[start:end].split()) for start, end in sentence_spans(text))
            found += [s[:CHUNK_CHARACTERS] for s in plain if len(s) > 20]
    if len(found) < 2 * NEIGHBOURS:
        sys.exit(f"{folder} holds too little text")
    return found


def text_of_chunk(sentences: list[str], chance: random.Random) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < CHUNK_CHARACTERS * 0.9:
        parts.append(chance.choice(sentences))
    return " ".join(parts)[: CHUNK_CHARACTERS * 2].strip()


def real_embeddings(
    embedder: Embedder, sentences: list[str], kept: Path | None, chance: random.Random
) -> Matrix:
    """(n, dimension): of texts as they stand in the chunks."""
    import numpy as np

    if kept is not None and kept.is_file():
        loaded: Matrix = np.load(kept)
        return loaded
    texts = list(sentences)
    chance.shuffle(texts)
    matrix = embedder.embed_documents(texts[:REAL_TEXTS])
    if kept is not None:
        np.save(kept, matrix)
    return matrix


class Vectors:
    """Endlessly many, distributed like the real ones."""

    def __init__(self, real: Matrix) -> None:
        import numpy as np

        self._real = real
        self._chance = np.random.default_rng(SEED)
        near = [
            np.argpartition(-(real[i : i + 512] @ real.T), NEIGHBOURS + 1, axis=1)
            for i in range(0, len(real), 512)
        ]
        self._near = np.vstack(near)[:, : NEIGHBOURS + 1]

    def some(self, count: int) -> Matrix:
        """(count, dimension), L2-normalised float32."""
        import numpy as np

        real, chance = self._real, self._chance
        one, two, three = chance.integers(0, len(real), (3, count))
        other = self._near[one, chance.integers(0, NEIGHBOURS + 1, count)]
        share = chance.random((count, 1), np.float32)
        made = real[one] * (1 - share) + real[other] * share + 0.25 * (real[two] - real[three])
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return made.astype(np.float32)


def files(count: int, sentences: list[str], chance: random.Random) -> Iterator[list[str]]:
    """The texts of each file's chunks."""
    for start in range(0, count, CHUNKS_PER_FILE):
        wanted = min(CHUNKS_PER_FILE, count - start)
        yield [text_of_chunk(sentences, chance) for _ in range(wanted)]


def write_file(
    store: Store, path: Path, texts: list[str], chosen: EmbeddingSet, root: int
) -> list[Pending]:
    """A file on the disk, and all of it in the store but the embeddings; what is to embed."""
    chunks, start, line = [], 0, 1
    for text in texts:
        chunks.append(Chunk(text, start, start + len(text), len(text) // 4, (), None, None,
                            line, line))  # fmt: skip
        start, line = start + len(text) + 2, line + 2
    whole = "\n\n".join(texts)
    data = whole.encode()
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    document = Document(whole, "text", has_lines=True, language="en")
    document_id = store.put_document(digest, READER_VERSION, document, chosen.chunk_set_id, chunks)
    source = store.folder.source_of(path)
    ledger.put_file(
        store.connection,
        source=source,
        path=store.folder.key_of(path),
        root_id=root,
        document_id=document_id,
        state="stored",
        size=len(data),
        mtime_ns=path.stat().st_mtime_ns,
        content_hash=digest,
        reader_version=READER_VERSION,
    )
    ids = documents.chunk_ids(store.connection, document_id, chosen.chunk_set_id)
    indexed = list(zip(ids, chunks, strict=True))
    keyword.add(store.connection, chosen.chunk_set_id, document_id, source, indexed)
    return [Pending(i, checksums.of_embed_text(c.text), c.text) for i, c in indexed]


def build(folder: Path, count: int, texts: Path, kept: Path | None) -> None:
    """Make the project. Raises FileExistsError where there is one."""
    chance = random.Random(SEED)
    sentences = sentences_of(texts)
    docs = folder / "docs"
    docs.mkdir(parents=True)
    with Rag.create(folder) as rag, rag.store.writing(wait_s=0):
        store = rag.store
        embedder = providers.embedder(rag.settings.model, rag.settings)
        vectors = Vectors(real_embeddings(embedder, sentences, kept, chance))
        with store.transaction():
            settings = settings_for(embedder, rag.settings.chunk_tokens)
            chunk_set_id, _ = sets.ensure_chunk_set(store.connection, settings)
            chosen = sets.create(store.connection, chunk_set_id, embedder.identity, activate=True)
            sets.set_probe(store.connection, chosen.id, embedder.embed_documents([PROBE])[0])
            root = ledger.add_root(
                store.connection, store.folder.source_of(docs), store.folder.key_of(docs)
            )
        waiting = enumerate(files(count, sentences, chance))
        done, started = 0, time.monotonic()
        while done < count:
            batch: list[Pending] = []
            with store.transaction():
                for number, some in waiting:
                    place = docs / f"{number // 500:03}"
                    place.mkdir(exist_ok=True)
                    batch += write_file(store, place / f"{number:06}.txt", some, chosen, root)
                    done += len(some)
                    if number % 100 == 99:
                        break
                sets.add_embeddings(store.connection, chosen.id, batch, vectors.some(len(batch)))
            tell(
                f"{done:,} of {count:,} chunks, {done / (time.monotonic() - started):,.0f} a second"
            )
        started = time.monotonic()
        store.publish_index(chosen, force=True)
        tell(f"index written in {time.monotonic() - started:.1f} s")
        with store.transaction():
            store.set_fact("last_ingest_at", store.now())
        print(json.dumps({**store.counts(), "seconds_index": time.monotonic() - started}))


def tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that is not there yet")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--texts", type=Path, default=ROOT / "sample_docs", metavar="FOLDER")
    parser.add_argument("--embeddings", type=Path, metavar="FILE.npy")
    given = parser.parse_args()
    build(given.folder.resolve(), given.chunks, given.texts.resolve(), given.embeddings)


if __name__ == "__main__":
    main()
