"""The stored embeddings, read in blocks: each is checked, and never are all in memory at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ragcli.errors import ProjectCorrupt
from ragcli.store import checksums
from ragcli.store.rows import EmbeddingSet, IndexFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Matrix, Vector

    Block = tuple[NDArray[np.int64], Matrix]  # chunk ids, and (n, dimension) float32

# 6 MB of 384 dimensions.
BLOCK = 4096

# The order of the tables is written down (CROSS JOIN, and a plus before what must not be looked
# up by): SQLite would go through a million embeddings in the order of their hashes.
_OF_ALL = (
    "SELECT c.id, e.vector, e.checksum FROM embeddings e"
    " CROSS JOIN chunks c ON c.embed_hash = e.embed_hash AND c.chunk_set_id = :chunks"
    " WHERE +e.set_id = :set"
)
_OF_NEW_CHUNKS = (
    "SELECT c.id, e.vector, e.checksum FROM chunks c"
    " CROSS JOIN embeddings e ON e.set_id = :set AND e.embed_hash = c.embed_hash"
    " WHERE c.id > :chunk AND +c.chunk_set_id = :chunks"
)
_NEW_OF_OLD_CHUNKS = f"{_OF_ALL} AND e.id > :embedding AND c.id <= :chunk"


def every(connection: sqlite3.Connection, chosen: EmbeddingSet) -> Iterator[Block]:
    """Those of all chunks. Raises ProjectCorrupt."""
    return _blocks(connection, chosen, _OF_ALL, {})


def beside(
    connection: sqlite3.Connection, chosen: EmbeddingSet, file: IndexFile
) -> Iterator[Block]:
    """Those that an index file lacks. Raises ProjectCorrupt."""
    sql = f"{_OF_NEW_CHUNKS} UNION ALL {_NEW_OF_OLD_CHUNKS}"
    return _blocks(connection, chosen, sql, _covered_by(file))


def count_beside(connection: sqlite3.Connection, chosen: EmbeddingSet, file: IndexFile) -> int:
    """How many an index file lacks."""
    total = 0
    for sql in (_OF_NEW_CHUNKS, _NEW_OF_OLD_CHUNKS):
        counting = sql.replace("c.id, e.vector, e.checksum", "count(*)", 1)
        row = connection.execute(counting, _parameters(chosen) | _covered_by(file)).fetchone()
        total += int(row[0])
    return total


def of_chunks(
    connection: sqlite3.Connection, chosen: EmbeddingSet, chunk_ids: Sequence[int]
) -> Iterator[Block]:
    """Those of some chunks, in no order; chunks without one are left out. Raises ProjectCorrupt."""
    for start in range(0, len(chunk_ids), BLOCK):
        # In the text of the statement: parameters are limited to 32,766.
        wanted = ",".join(str(int(i)) for i in chunk_ids[start : start + BLOCK])
        sql = f"{_OF_NEW_CHUNKS} AND c.id IN ({wanted})"
        yield from _blocks(connection, chosen, sql, {"chunk": 0})


def sample(connection: sqlite3.Connection, chosen: EmbeddingSet, count: int) -> Matrix:
    """So many of a set's, taken at random: in the order of their hashes. Raises ProjectCorrupt."""
    rows = connection.execute(
        "SELECT vector, checksum FROM embeddings WHERE set_id = ? ORDER BY embed_hash LIMIT ?",
        (chosen.id, count),
    )
    return _matrix(rows.fetchall(), chosen)


def scores(
    connection: sqlite3.Connection, chosen: EmbeddingSet, query: Vector, chunk_ids: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(ids, cosines) of those of these chunks that are embedded. Raises ProjectCorrupt."""
    import numpy as np

    found = [
        (ids, cosines(matrix, query)) for ids, matrix in of_chunks(connection, chosen, chunk_ids)
    ]
    empty = (np.empty(0, np.int64), np.empty(0, np.float32))
    ids, scored = zip(empty, *found, strict=True)
    return np.concatenate(ids), np.concatenate(scored)


def ranks(blocks: Iterable[Block], query: Vector, scored: Sequence[float]) -> tuple[list[int], int]:
    """The rank of each of these cosines among the blocks', and how many chunks those have. Goes
    through all of them. Raises ProjectCorrupt."""
    import numpy as np

    above, count = np.zeros(len(scored), np.int64), 0
    for ids, matrix in blocks:
        near = cosines(matrix, query)
        above += (near[:, None] > np.array(scored, np.float32)).sum(axis=0)
        count += len(ids)
    return (1 + above).tolist(), count


def cosines(matrix: Matrix, query: Vector) -> NDArray[np.float32]:
    """(n,) of the rows with the query. Not by BLAS: there a row's last digit depends on the rows
    around it, and equal texts would not be equally near."""
    import numpy as np

    scored: NDArray[np.float32] = np.einsum("ij,j->i", matrix, query)
    return scored


def stored_ids(
    connection: sqlite3.Connection, chosen: EmbeddingSet, file: IndexFile
) -> NDArray[np.int64]:
    """The ids of the stored chunks that an index file must hold."""
    import numpy as np

    sql = _OF_ALL.replace(", e.vector, e.checksum", "", 1)
    rows = connection.execute(
        f"{sql} AND c.id <= :chunk AND e.id <= :embedding", _parameters(chosen) | _covered_by(file)
    )
    return np.fromiter((r[0] for r in rows), np.int64)


def _parameters(chosen: EmbeddingSet) -> dict[str, int]:
    return {"set": chosen.id, "chunks": chosen.chunk_set_id}


def _covered_by(file: IndexFile) -> dict[str, int]:
    return {"chunk": file.last_chunk_id, "embedding": file.last_embedding_id}


def _blocks(
    connection: sqlite3.Connection, chosen: EmbeddingSet, sql: str, more: dict[str, int]
) -> Iterator[Block]:
    import numpy as np

    cursor = connection.execute(sql, _parameters(chosen) | more)
    while rows := cursor.fetchmany(BLOCK):
        ids = np.array([r[0] for r in rows], np.int64)
        yield ids, _matrix([r[1:] for r in rows], chosen)


def _matrix(rows: Sequence[tuple[bytes, int]], chosen: EmbeddingSet) -> Matrix:
    import numpy as np

    for vector, checksum in rows:
        if checksums.of_vector(vector) != checksum:
            raise ProjectCorrupt(
                "a stored embedding is damaged: its checksum does not match",
                "compute the embeddings again: rag reembed",
            )
    joined = b"".join(vector for vector, _ in rows)
    return np.frombuffer(joined, np.float32).reshape(len(rows), chosen.identity.dimension)
