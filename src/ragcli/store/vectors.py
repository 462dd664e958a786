"""The index file: derived from the embeddings in ``store.sqlite``, rebuilt when in doubt.

An index file is immutable and named by its generation; beside it stands a JSON file that says
what it is. It proposes chunks, and the stored embeddings decide: every score is an exact cosine.
Chunks embedded or removed since it was written are searched exactly beside it, so that a small
change costs a small write.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from hashlib import file_digest, sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli import private
from ragcli.background import Background
from ragcli.store import database, embeddings, index_kinds
from ragcli.store.rows import EmbeddingSet, IndexFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Vector
    from ragcli.store.embeddings import Block

__all__ = ["EmbeddingSet", "IndexFile", "VectorIndex"]

# Up to here (40,000 chunks of 384 dimensions) an index file is hashed when it is opened, 1 ms a
# MB; larger ones by `doctor`: a wrong bit in one may cost a candidate, never give a wrong score.
HASHED_WHEN_OPENED_BYTES = 64 << 20

# A small index is written anew after every change (15 MB at 10,000 chunks of 384 dimensions, well
# under 0.1 s); a large one when a tenth, or this many chunks, would have to be searched beside it.
SMALL_INDEX = 10_000
MOST_BESIDE = 10_000

# An index proposes this many chunks, or twice as many as are wanted.
PROPOSED = 200
# Beyond what is asked for, of an exact index: an embedding that was deleted since (a damaged one,
# by a repair) is proposed and drops out.
SPARE = 20

# Up to here the chunks that a filter selects are all scored from their embeddings.
EXACT_UP_TO = 50_000


class VectorIndex:
    """Search over one embedding set, as one committed state holds it: by the newest index file,
    or through every embedding when there is none that can be trusted."""

    def __init__(
        self, connection: sqlite3.Connection, folder: Path, embedding_set: EmbeddingSet
    ) -> None:
        """The index file is opened in the background: what that takes is only waited for by a
        search that needs it."""
        import numpy as np

        self.file = newest(connection, embedding_set.id)
        self._connection = connection
        self._set = embedding_set
        self._opening: Background[Any] | None = None
        if self.file is None:
            return
        self._path = folder / self.file.name
        file, dimension = self.file, embedding_set.identity.dimension
        self._opening = Background(lambda: _open(folder, file, dimension))
        self._beside = list(embeddings.beside(connection, embedding_set, file))
        # One that was embedded again since stands in both; the later embedding counts.
        self._hidden = np.concatenate([removed_ids(connection), *(ids for ids, _ in self._beside)])

    @cached_property
    def _opened(self) -> tuple[Any, str | None]:
        """(the index of the file, why there is none that can be used)."""
        if self._opening is None:
            return None, None
        try:
            return self._opening.result(), None
        except (OSError, RuntimeError, ValueError) as error:
            return None, str(error).splitlines()[0]

    @property
    def trouble(self) -> str | None:
        """Why the index file cannot be used; None where it can, or where there is none."""
        return self._opened[1]

    @property
    def to_mend(self) -> bool:
        """Its file is missing or cannot be used, and is quickly written anew: by whoever met it."""
        unusable = self.file is None or self.trouble is not None
        return unusable and _embedded(self._connection, self._set) <= index_kinds.FLAT_UP_TO

    def search(
        self, query: Vector, k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """(chunk id, cosine), best first; only ids in ``allowed`` where it is given.

        Raises ProjectCorrupt.
        """
        if allowed is not None and len(allowed) <= EXACT_UP_TO:
            found = embeddings.of_chunks(self._connection, self._set, allowed.tolist())
            return _best(found, query, k)
        index, _ = self._opened
        if index is None:
            found = embeddings.every(self._connection, self._set)
            return _best(found, query, k, allowed)
        if allowed is not None:
            index_kinds.read_ahead(self._path)
        ids = index_kinds.propose(
            index,
            query,
            k + SPARE if self._is_exact else max(PROPOSED, 2 * k),
            self._visible(allowed),
            everywhere=allowed is not None,
        )
        proposed = embeddings.of_chunks(self._connection, self._set, ids.tolist())
        return _best([*proposed, *_among(self._beside, allowed)], query, k)

    @property
    def _is_exact(self) -> bool:
        """Its file holds the embeddings as they are: its best are the best."""
        return self.file is not None and index_kinds.kind_for(self.file.count) == index_kinds.FLAT

    def _visible(self, allowed: NDArray[np.int64] | None) -> NDArray[np.bool_] | None:
        """Of each id in the index whether it may be found; None when all may."""
        import numpy as np

        assert self.file is not None
        if allowed is None and len(self._hidden) == 0:
            return None
        size = self.file.last_chunk_id + 1
        visible = np.full(size, allowed is None)
        if allowed is not None:
            visible[allowed[allowed < size]] = True
        visible[self._hidden[self._hidden < size]] = False
        return visible


def newest(connection: sqlite3.Connection, set_id: int) -> IndexFile | None:
    row = connection.execute(
        "SELECT generation, name, count, last_chunk_id, last_embedding_id, size_bytes, sha256"
        " FROM index_files WHERE set_id = ? ORDER BY generation DESC LIMIT 1",
        (set_id,),
    ).fetchone()
    return None if row is None else IndexFile(*row)


def _best(
    blocks: Iterable[Block], query: Vector, k: int, allowed: NDArray[np.int64] | None = None
) -> list[tuple[int, float]]:
    """(chunk id, cosine) of the k best in all blocks."""
    import numpy as np

    ids, scores = np.empty(0, np.int64), np.empty(0, np.float32)
    for block_ids, matrix in _among(blocks, allowed):
        ids = np.concatenate([ids, block_ids])
        scores = np.concatenate([scores, embeddings.cosines(matrix, query)])
        order = np.lexsort((ids, -scores))[:k]
        ids, scores = ids[order], scores[order]
    return list(zip(ids.tolist(), scores.tolist(), strict=True))


def _among(blocks: Iterable[Block], allowed: NDArray[np.int64] | None) -> Iterator[Block]:
    import numpy as np

    for ids, matrix in blocks:
        keep = slice(None) if allowed is None else np.isin(ids, allowed)
        yield ids[keep], matrix[keep]


def changes_since(connection: sqlite3.Connection, embedding_set: EmbeddingSet) -> int:
    """How many chunks would be searched, or left out, beside the newest index file."""
    file = newest(connection, embedding_set.id)
    if file is None:
        return _embedded(connection, embedding_set)
    removed = connection.execute("SELECT count(*) FROM removed_chunks").fetchone()[0]
    return embeddings.count_beside(connection, embedding_set, file) + int(removed)


def worth_writing(changes: int, count: int) -> bool:
    return changes > 0 and (count <= SMALL_INDEX or changes >= min(count // 10, MOST_BESIDE))


def write(
    connection: sqlite3.Connection,
    folder: Path,
    embedding_set: EmbeddingSet,
    generation: int,
    *,
    anew: bool,
) -> IndexFile:
    """Write the index of everything embedded so far; the caller then commits the row. ``anew``
    takes nothing over from the newest file.

    New file, fsync, rename, fsync of the folder: a crash leaves an unused file, never a
    half-written one under a name that is used.
    """
    last_chunk, last_embedding = connection.execute(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM chunks),"
        " (SELECT COALESCE(MAX(id), 0) FROM embeddings)"
    ).fetchone()
    kind = index_kinds.kind_for(_embedded(connection, embedding_set))
    index = None if anew else _updated(connection, folder, embedding_set, kind)
    if index is None:
        index = index_kinds.build(
            kind,
            embedding_set.identity.dimension,
            lambda count: embeddings.sample(connection, embedding_set, count),
            embeddings.every(connection, embedding_set),
        )
    name = f"vectors-{generation}.faiss"
    fresh = folder / f".{name}.new"
    index_kinds.write_file(index, fresh)
    with fresh.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    file_row = IndexFile(generation, name, index.ntotal, last_chunk, last_embedding, size, digest)
    _put_in_place(fresh, folder / name)
    about = folder / f".vectors-{generation}.json.new"
    private.write_text(about, description(embedding_set, file_row))
    _put_in_place(about, folder / f"vectors-{generation}.json")
    return file_row


def _updated(
    connection: sqlite3.Connection, folder: Path, embedding_set: EmbeddingSet, kind: str
) -> Any:
    """The index of the newest file, brought up to date: at a million chunks 3 s in place of a
    minute. None when it must be built: a small one (as fast), one that has outgrown its kind, or
    one that is not what it was when it was written."""
    import numpy as np

    file = newest(connection, embedding_set.id)
    if file is None or file.count <= index_kinds.FLAT_UP_TO:
        return None
    if index_kinds.kind_for(file.count) != kind:
        return None
    try:
        with (folder / file.name).open("rb") as stream:
            if file_digest(stream, "sha256").hexdigest() != file.sha256:
                return None
        beside = list(embeddings.beside(connection, embedding_set, file))
        gone = np.concatenate([removed_ids(connection), *(ids for ids, _ in beside)])
        index = index_kinds.update(folder / file.name, gone, beside)
    except (OSError, RuntimeError):
        return None
    return index if index.ntotal == _embedded(connection, embedding_set) else None


def name_as_newest(
    connection: sqlite3.Connection, embedding_set: EmbeddingSet, file: IndexFile
) -> None:
    """The row of a file that lies on the disk; the rows that nobody needs then go. Of sets that do
    not answer a file is written again when one is to: it would be out of date."""
    connection.execute(
        "INSERT INTO index_files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            file.generation,
            embedding_set.id,
            file.name,
            file.count,
            file.last_chunk_id,
            file.last_embedding_id,
            file.size_bytes,
            file.sha256,
        ),
    )
    connection.execute(
        "DELETE FROM index_files WHERE generation < ? AND set_id NOT IN"
        " (SELECT id FROM embedding_sets WHERE active = 1 AND id != ?)",
        (file.generation, embedding_set.id),
    )
    # The older file of the set that answers may still hold them.
    connection.execute(
        "DELETE FROM removed_chunks WHERE NOT EXISTS"
        " (SELECT 1 FROM index_files WHERE generation < ?)",
        (file.generation,),
    )


def forget_others(connection: sqlite3.Connection, embedding_set: EmbeddingSet) -> None:
    """The index files of all other sets, once this one answers by a file without removed chunks."""
    connection.execute("DELETE FROM index_files WHERE set_id != ?", (embedding_set.id,))
    connection.execute("DELETE FROM removed_chunks")


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


def description(embedding_set: EmbeddingSet, file: IndexFile) -> str:
    """The JSON beside an index file."""
    identity = embedding_set.identity
    facts = {
        "schema": "ragcli.vectors/1",
        "model": identity.name,
        "fingerprint": identity.fingerprint,
        "dimension": identity.dimension,
        "metric": "inner_product",
        "normalized": identity.normalized,
        "index": index_kinds.kind_for(file.count),
        "id_scheme": "chunks.id in store.sqlite",
        "generation": file.generation,
        "count": file.count,
        "sha256": file.sha256,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _put_in_place(fresh: Path, final: Path) -> None:
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(final)
    database.sync_folder(final.parent)


def _open(folder: Path, file: IndexFile, dimension: int) -> Any:
    """Raises OSError, RuntimeError or ValueError when the file is not what its row says."""
    path = folder / file.name
    if path.stat().st_size != file.size_bytes:
        raise ValueError(f"{file.name} has another size than when it was written")
    if file.size_bytes <= HASHED_WHEN_OPENED_BYTES and _sha256_of_small(path) != file.sha256:
        raise ValueError(f"{file.name} has other contents than when it was written")
    index = index_kinds.open_file(path)
    if index.d != dimension or index.ntotal != file.count:
        raise ValueError(f"{file.name} belongs to another project or state")
    return index


def _sha256_of_small(path: Path) -> str:
    """In one piece: reading in blocks would wait for the interpreter after each of them, while the
    model's libraries are imported."""
    with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
        return sha256(data).hexdigest()


def _embedded(connection: sqlite3.Connection, embedding_set: EmbeddingSet) -> int:
    """How many chunks of a set are embedded."""
    row = connection.execute(
        "SELECT (SELECT chunks FROM chunk_sets WHERE id = ?)"
        " - (SELECT count(*) FROM unembedded WHERE set_id = ?)",
        (embedding_set.chunk_set_id, embedding_set.id),
    )
    return int(row.fetchone()[0])


def removed_ids(connection: sqlite3.Connection) -> NDArray[np.int64]:
    import numpy as np

    return np.array([r[0] for r in connection.execute("SELECT id FROM removed_chunks")], np.int64)
