"""What is in the store, counted and listed by SQL alone: no text and no embedding is read."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from ragcli.store import keyword, ledger, sets
from ragcli.store.rows import EmbeddingSet, FileRow

_FLOAT32_BYTES = 4
# Of the sample documents, by SQLite's own count (dbstat): what a row of embeddings holds beside its
# vector, with its entry in the index; a chunk's row with its entries.
_ROW_BYTES = 50
_CHUNK_BYTES = 120


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file with what its document says; ``chunks`` are those of one chunk set, ``code`` is that
    of the problem for which the file as a whole could not be read."""

    row: FileRow
    format: str | None
    language: str | None
    title: str | None
    date: str | None
    chunks: int
    code: str | None


def listing(connection: sqlite3.Connection, chunk_set_id: int | None) -> list[ListedFile]:
    """Every file of the ledger, in order of its source."""
    width = ledger.FILE_COLUMNS_OF_F.count(",") + 1
    found = connection.execute(
        f"SELECT {ledger.FILE_COLUMNS_OF_F}, d.format, d.language, d.title, d.date,"
        " (SELECT count(*) FROM chunks c WHERE c.document_id = d.id AND c.chunk_set_id = ?),"
        f" {_CODE}"
        " FROM files f LEFT JOIN documents d ON d.id = f.document_id ORDER BY f.source",
        (chunk_set_id or 0,),
    )
    return [ListedFile(FileRow(*r[:width]), *r[width:]) for r in found]


# Why a file failed: what is told of the file, not of a page.
_CODE = "(SELECT code FROM problems WHERE file_id = f.id AND page IS NULL ORDER BY id LIMIT 1)"


def states(connection: sqlite3.Connection) -> dict[tuple[str, str | None], int]:
    """How many files there are by the ledger's state and, of those that failed, by the code of
    their problem; parts of files are not counted."""
    rows = connection.execute(
        f"SELECT state, CASE state WHEN 'failed' THEN {_CODE} END AS code, count(*)"
        " FROM files f WHERE instr(path, x'00') = 0 GROUP BY 1, 2"
    )
    return {(state, code): count for state, code, count in rows}


def formats(connection: sqlite3.Connection) -> dict[str, int]:
    """How many documents there are of each format, the most frequent first."""
    return _shares(connection, "format")


def languages(connection: sqlite3.Connection) -> dict[str, int]:
    """How many documents there are in each language; those too short to tell are left out."""
    return _shares(connection, "language")


def language_shares(connection: sqlite3.Connection) -> dict[str, float]:
    """The share of the text in each language that was told, by characters, the largest first.
    Quick enough for every query: an index holds both columns."""
    rows = connection.execute(
        "SELECT language, sum(length) AS n FROM documents GROUP BY language ORDER BY n DESC"
    ).fetchall()
    total = sum(n for _, n in rows) or 1
    return {language: n / total for language, n in rows if language}


def _shares(connection: sqlite3.Connection, column: str) -> dict[str, int]:
    rows = connection.execute(
        f"SELECT {column}, count(*) AS n FROM documents WHERE {column} IS NOT NULL"
        f" GROUP BY {column} ORDER BY n DESC, {column}"
    )
    return dict(rows.fetchall())


def unfinished_sets(connection: sqlite3.Connection) -> list[str]:
    """The models of embedding sets that were begun and never answered."""
    rows = connection.execute(
        "SELECT json_extract(identity, '$.name') FROM embedding_sets"
        " WHERE active = 0 AND replaced_at IS NULL ORDER BY id"
    )
    return [r[0] for r in rows]


class KeptSet(NamedTuple):
    """The set that answered before, as long as it can come back; ``size_bytes`` is about what it
    takes on the disk, ``replaced_at`` when it stopped answering."""

    model: str
    dimension: int
    precision: str
    chunk_tokens: int
    size_bytes: int
    replaced_at: str

    @property
    def told(self) -> str:
        """What it is, in words."""
        precision = "" if self.precision == "fp32" else f", {self.precision}"
        cut = f"{self.chunk_tokens}-token chunks"
        return f"{self.model}, {self.dimension} dimensions{precision}, {cut}"


def kept_set(connection: sqlite3.Connection) -> KeptSet | None:
    """None where there is none."""
    chosen = sets.kept(connection)
    if chosen is None:
        return None
    (replaced_at,) = connection.execute(
        "SELECT replaced_at FROM embedding_sets WHERE id = ?", (chosen.id,)
    ).fetchone()
    return KeptSet(
        chosen.identity.name,
        chosen.identity.dimension,
        chosen.identity.precision,
        sets.chunk_settings(connection, chosen.chunk_set_id).size_tokens,
        size_of(connection, chosen),
        replaced_at,
    )


def size_of(connection: sqlite3.Connection, chosen: EmbeddingSet) -> int:
    """About how many bytes a set takes in the store: embeddings, chunks and keyword index. What
    lies beside it, or between the rows, is not counted."""
    (embedded,) = connection.execute(
        "SELECT count(*) FROM embeddings WHERE set_id = ?", (chosen.id,)
    ).fetchone()
    (chunks,) = connection.execute(
        "SELECT chunks FROM chunk_sets WHERE id = ?", (chosen.chunk_set_id,)
    ).fetchone()
    vectors = embedding_bytes(embedded, chosen.identity.dimension)
    return int(vectors + chunks * _CHUNK_BYTES + keyword.size_of(connection, chosen.chunk_set_id))


def embedding_bytes(count: int, dimension: int) -> int:
    """About what so many embeddings take in the store."""
    return count * (dimension * _FLOAT32_BYTES + _ROW_BYTES)


def unembedded(connection: sqlite3.Connection, chosen: EmbeddingSet, document_id: int) -> set[int]:
    """The ids of a document's chunks that have no embedding in this set."""
    rows = connection.execute(
        "SELECT c.id FROM chunks c LEFT JOIN embeddings e"
        " ON e.set_id = ? AND e.embed_hash = c.embed_hash"
        " WHERE c.document_id = ? AND c.chunk_set_id = ? AND e.id IS NULL",
        (chosen.id, document_id, chosen.chunk_set_id),
    )
    return {r[0] for r in rows}


def chunk_counts(connection: sqlite3.Connection, chunk_set_id: int) -> dict[int, int]:
    """How many chunks each document has in this chunk set."""
    rows = connection.execute(
        "SELECT document_id, count(*) FROM chunks WHERE chunk_set_id = ? GROUP BY document_id",
        (chunk_set_id,),
    )
    return dict(rows.fetchall())


def uncut_documents(connection: sqlite3.Connection, chunk_set_id: int) -> list[int]:
    """Documents that have no chunk in this chunk set yet."""
    rows = connection.execute(
        "SELECT id FROM documents d WHERE NOT EXISTS (SELECT 1 FROM chunks c"
        " WHERE c.document_id = d.id AND c.chunk_set_id = ?) ORDER BY id",
        (chunk_set_id,),
    )
    return [r[0] for r in rows]


def chunks_per_byte(connection: sqlite3.Connection, chunk_set_id: int) -> dict[str, float]:
    """How many chunks a byte of a file gave, by the format of its document."""
    rows = connection.execute(
        "SELECT d.format, sum(n), sum(size) FROM (SELECT document_id, max(size) AS size FROM files"
        " WHERE document_id IS NOT NULL GROUP BY document_id) f"
        " JOIN documents d ON d.id = f.document_id"
        " JOIN (SELECT document_id, count(*) AS n FROM chunks WHERE chunk_set_id = ?"
        " GROUP BY document_id) c ON c.document_id = d.id GROUP BY d.format",
        (chunk_set_id,),
    )
    return {format_: chunks / size for format_, chunks, size in rows if size}
