"""The FAISS index: derived from the embeddings in ``store.sqlite``, rebuilt when in doubt.

An index file is immutable and named by its generation; beside it stands a JSON file that says
what it is. Chunks embedded or removed since it was written are searched exactly beside it, so
that a small change costs a small write. Ids inside the index are ``chunks.id``; positions mean
nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.domain import EmbedderIdentity
from ragcli.errors import ProjectCorrupt
from ragcli.store import checksums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Matrix, Vector

# Up to here an index file is hashed when it is opened (1 ms a MB); larger ones by `doctor`.
HASHED_WHEN_OPENED_BYTES = 64 << 20

# A small index is written anew after every change (15 MB at 10,000 chunks of 384 dimensions, well
# under 0.1 s); a large one when a tenth, or this many chunks, would have to be searched beside it.
SMALL_INDEX = 10_000
MOST_BESIDE = 20_000

_CHUNKS_WITH_VECTORS = (
    "FROM embeddings e JOIN chunks c ON c.embed_hash = e.embed_hash"
    " WHERE e.set_id = :set AND c.chunk_set_id = :chunks"
)


@dataclass(frozen=True, slots=True)
class EmbeddingSet:
    """One way of embedding the corpus, bound to one way of cutting it."""

    id: int
    chunk_set_id: int
    identity: EmbedderIdentity


@dataclass(frozen=True, slots=True)
class IndexFile:
    generation: int
    name: str
    count: int
    last_chunk_id: int
    last_embedding_id: int
    size_bytes: int
    sha256: str


class VectorIndex:
    """Exact inner-product search over one embedding set, as one committed state holds it."""

    def __init__(
        self, connection: sqlite3.Connection, folder: Path, embedding_set: EmbeddingSet
    ) -> None:
        """Opens the newest index file, or builds an index in memory when there is none that can
        be trusted; ``trouble`` then says why."""
        self.trouble: str | None = None
        self.file = newest(connection, embedding_set.id)
        self._index: Any = None
        if self.file is not None:
            try:
                self._index = _open(folder, self.file, embedding_set.identity.dimension)
            except (OSError, RuntimeError, ValueError) as error:
                self.trouble = str(error).splitlines()[0]
        if self._index is None:
            self._index = _build(_dimension(embedding_set), *_vectors(connection, embedding_set))
            self._extra = None
            self._gone = None
        else:
            self._extra = _vectors(connection, embedding_set, beside=self.file)
            self._gone = _removed(connection)

    @property
    def count(self) -> int:
        """Chunks that can be found by meaning."""
        import faiss
        import numpy as np

        found = int(self._index.ntotal) + (len(self._extra[0]) if self._extra else 0)
        if self._gone is None or len(self._gone) == 0:
            return found
        # Of those removed since, some came after the file, or were of another set.
        return found - int(np.isin(faiss.vector_to_array(self._index.id_map), self._gone).sum())

    def search(
        self, query: Vector, k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """(chunk id, cosine), best first; only ids in ``allowed`` where it is given."""
        import numpy as np

        ids, scores = self._search_index(query, k, allowed)
        if self._extra is not None and len(self._extra[0]):
            extra_ids, matrix = self._extra
            keep = np.isin(extra_ids, allowed) if allowed is not None else slice(None)
            # One that was embedded again since stands in both; the later embedding counts.
            older = ~np.isin(ids, extra_ids)
            ids, scores = ids[older], scores[older]
            ids = np.concatenate([ids, extra_ids[keep]])
            scores = np.concatenate([scores, matrix[keep] @ query])
        order = np.lexsort((ids, -scores))[:k]
        return [(int(ids[i]), float(scores[i])) for i in order]

    def _search_index(
        self, query: Vector, k: int, allowed: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import faiss
        import numpy as np

        # Each selector is kept in a variable: FAISS holds a bare pointer to it.
        options: Any = faiss.SearchParameters()
        if allowed is not None:
            options.sel = among = faiss.IDSelectorBatch(allowed)  # noqa: F841
        elif self._gone is not None and len(self._gone):
            gone = faiss.IDSelectorBatch(self._gone)
            options.sel = others = faiss.IDSelectorNot(gone)  # noqa: F841
        count = min(k, self._index.ntotal)
        if count == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores, ids = self._index.search(query.reshape(1, -1), count, params=options)
        found = ids[0] >= 0  # FAISS fills up with -1 when fewer are left
        return ids[0][found], scores[0][found]


def newest(connection: sqlite3.Connection, set_id: int) -> IndexFile | None:
    row = connection.execute(
        "SELECT generation, name, count, last_chunk_id, last_embedding_id, size_bytes, sha256"
        " FROM index_files WHERE set_id = ? ORDER BY generation DESC LIMIT 1",
        (set_id,),
    ).fetchone()
    return None if row is None else IndexFile(*row)


def scores_of(
    connection: sqlite3.Connection, embedding_set: EmbeddingSet, query: Vector, ids: list[int]
) -> dict[int, float]:
    """The cosine of each of these chunks that is embedded."""
    import numpy as np

    scores = {}
    for chunk_id in ids:
        row = connection.execute(
            f"SELECT e.vector, e.checksum {_CHUNKS_WITH_VECTORS} AND c.id = :id",
            {"set": embedding_set.id, "chunks": embedding_set.chunk_set_id, "id": chunk_id},
        ).fetchone()
        if row is not None:
            _check_vector(row[0], row[1])
            scores[chunk_id] = float(np.frombuffer(row[0], np.float32) @ query)
    return scores


def changes_since(connection: sqlite3.Connection, embedding_set: EmbeddingSet) -> int:
    """How many chunks would be searched, or left out, beside the newest index file."""
    file = newest(connection, embedding_set.id)
    if file is None:
        everything = {"set": embedding_set.id, "chunks": embedding_set.chunk_set_id}
        found = connection.execute(f"SELECT count(*) {_CHUNKS_WITH_VECTORS}", everything)
        return max(1, int(found.fetchone()[0]))
    beside = connection.execute(
        f"SELECT count(*) {_CHUNKS_WITH_VECTORS} AND {_BESIDE}", _parameters(embedding_set, file)
    ).fetchone()[0]
    removed = connection.execute("SELECT count(*) FROM removed_chunks").fetchone()[0]
    return int(beside) + int(removed)


def worth_writing(changes: int, count: int) -> bool:
    return changes > 0 and (count <= SMALL_INDEX or changes >= min(count // 10, MOST_BESIDE))


def write(
    connection: sqlite3.Connection, folder: Path, embedding_set: EmbeddingSet, generation: int
) -> IndexFile:
    """Write the index of everything embedded so far; the caller then commits the row.

    New file, fsync, rename, fsync of the folder: a crash leaves an unused file, never a
    half-written one under a name that is used.
    """
    import faiss

    ids, matrix = _vectors(connection, embedding_set)
    last_chunk, last_embedding = connection.execute(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM chunks),"
        " (SELECT COALESCE(MAX(id), 0) FROM embeddings)"
    ).fetchone()
    index = _build(_dimension(embedding_set), ids, matrix)
    name = f"vectors-{generation}.faiss"
    fresh = folder / f".{name}.new"
    faiss.write_index(index, str(fresh))
    with fresh.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    file_row = IndexFile(generation, name, len(ids), last_chunk, last_embedding, size, digest)
    _put_in_place(fresh, folder / name)
    about = folder / f".vectors-{generation}.json.new"
    about.write_text(_description(embedding_set, file_row), encoding="utf-8")
    _put_in_place(about, folder / f"vectors-{generation}.json")
    return file_row


def sweep(connection: sqlite3.Connection, folder: Path) -> None:
    """Delete index files that no row names. A reader that has one open keeps it."""
    for path in unnamed_files(connection, folder):
        with suppress(FileNotFoundError):
            path.unlink()


def unnamed_files(connection: sqlite3.Connection, folder: Path) -> list[Path]:
    """Index files, finished or not, that no row names."""
    named = {Path(n).stem for (n,) in connection.execute("SELECT name FROM index_files")}
    present = [*folder.glob("vectors-*"), *folder.glob(".vectors-*")]
    return [path for path in present if path.stem not in named]


def read_ids(path: Path) -> tuple[int, NDArray[np.int64]]:
    """(dimension, chunk ids) of an index file. Raises OSError, RuntimeError, AttributeError."""
    import faiss

    index: Any = faiss.read_index(str(path))
    return int(index.d), faiss.vector_to_array(index.id_map)


def ids_in_file(
    connection: sqlite3.Connection, embedding_set: EmbeddingSet, file: IndexFile
) -> NDArray[np.int64]:
    """The stored chunks that an index file must hold."""
    import numpy as np

    rows = connection.execute(
        f"SELECT c.id {_CHUNKS_WITH_VECTORS} AND NOT {_BESIDE}", _parameters(embedding_set, file)
    )
    return np.array([r[0] for r in rows], np.int64)


def _description(embedding_set: EmbeddingSet, file: IndexFile) -> str:
    identity = embedding_set.identity
    facts = {
        "schema": "ragcli.vectors/1",
        "model": identity.name,
        "fingerprint": identity.fingerprint,
        "dimension": identity.dimension,
        "metric": "inner_product",
        "normalized": identity.normalized,
        "index": "IDMap,Flat",
        "id_scheme": "chunks.id in store.sqlite",
        "generation": file.generation,
        "count": file.count,
        "sha256": file.sha256,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _put_in_place(fresh: Path, final: Path) -> None:
    fresh.chmod(0o600)
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(final)
    folder = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _open(folder: Path, file: IndexFile, dimension: int) -> Any:
    """Raises OSError, RuntimeError or ValueError when the file is not what its row says."""
    import faiss

    path = folder / file.name
    if path.stat().st_size != file.size_bytes:
        raise ValueError(f"{file.name} has another size than when it was written")
    if file.size_bytes <= HASHED_WHEN_OPENED_BYTES:
        with path.open("rb") as stream:
            if file_digest(stream, "sha256").hexdigest() != file.sha256:
                raise ValueError(f"{file.name} has other contents than when it was written")
    index = faiss.read_index(str(path))
    if index.d != dimension or index.ntotal != file.count:
        raise ValueError(f"{file.name} belongs to another project or state")
    return index


def _build(dimension: int, ids: NDArray[np.int64], matrix: Matrix) -> Any:
    import faiss

    index = faiss.IndexIDMap(faiss.IndexFlatIP(dimension))
    if len(ids):
        index.add_with_ids(matrix, ids)
    return index


def _dimension(embedding_set: EmbeddingSet) -> int:
    return embedding_set.identity.dimension


_BESIDE = "(c.id > :chunk OR e.id > :embedding)"


def _parameters(embedding_set: EmbeddingSet, file: IndexFile) -> dict[str, int]:
    return {
        "set": embedding_set.id,
        "chunks": embedding_set.chunk_set_id,
        "chunk": file.last_chunk_id,
        "embedding": file.last_embedding_id,
    }


def _vectors(
    connection: sqlite3.Connection, embedding_set: EmbeddingSet, beside: IndexFile | None = None
) -> tuple[NDArray[np.int64], Matrix]:
    """(ids, (n, dimension) float32) of the embedded chunks, or of those an index file lacks."""
    import numpy as np

    whole = {"set": embedding_set.id, "chunks": embedding_set.chunk_set_id}
    parameters = _parameters(embedding_set, beside) if beside else whole
    condition = f" AND {_BESIDE}" if beside else ""
    ids: list[int] = []
    data = bytearray()
    for chunk_id, vector, checksum in connection.execute(
        f"SELECT c.id, e.vector, e.checksum {_CHUNKS_WITH_VECTORS}{condition}", parameters
    ):
        _check_vector(vector, checksum)
        ids.append(chunk_id)
        data += vector
    matrix = np.frombuffer(bytes(data), np.float32).reshape(len(ids), _dimension(embedding_set))
    return np.array(ids, np.int64), matrix


def _removed(connection: sqlite3.Connection) -> NDArray[np.int64]:
    import numpy as np

    return np.array([r[0] for r in connection.execute("SELECT id FROM removed_chunks")], np.int64)


def _check_vector(vector: bytes, checksum: int) -> None:
    if checksums.of_vector(vector) != checksum:
        raise ProjectCorrupt(
            "a stored embedding is damaged: its checksum does not match",
            "compute the embeddings again: rag reembed",
        )
