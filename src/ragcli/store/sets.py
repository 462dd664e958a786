"""Chunk sets and embedding sets: the ways in which the corpus is cut and embedded.

The store holds several; exactly one embedding set, with its chunk set, is active and answers.
Another can be built beside it and take its place in one commit. The one that was replaced is kept,
so that it can come back the same way.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING

from ragcli.domain import ChunkSettings, EmbedderIdentity
from ragcli.errors import ProjectCorrupt
from ragcli.store import checksums, documents, keyword
from ragcli.store.database import now
from ragcli.store.rows import EmbeddingSet, Pending

if TYPE_CHECKING:
    from ragcli.domain import Matrix, Vector

# What is noted of a set, by its number: the background of `calibrate.py`, and which languages
# `languages.py` has told of.
CHANCE = "chance_{}"
LANGUAGES_TOLD = "languages_told_{}"
FACTS_OF_A_SET = (CHANCE, LANGUAGES_TOLD)


def active(connection: sqlite3.Connection) -> EmbeddingSet | None:
    """The set that answers; None until the first ingest. Raises ProjectCorrupt."""
    found = _one(connection, "active = 1", ())
    if found is None and connection.execute("SELECT 1 FROM documents LIMIT 1").fetchone():
        raise _damaged("there are documents, and no embedding set answers")
    return found


def unfinished(
    connection: sqlite3.Connection, chunk_set_id: int, fingerprint: str
) -> EmbeddingSet | None:
    """A set that was begun and never answered."""
    return _one(
        connection,
        "active = 0 AND replaced_at IS NULL AND chunk_set_id = ? AND fingerprint = ?",
        (chunk_set_id, fingerprint),
    )


def kept(connection: sqlite3.Connection) -> EmbeddingSet | None:
    """The set that answered before the active one, where there is such a one."""
    return _one(connection, "active = 0 AND replaced_at IS NOT NULL", ())


def beside(
    connection: sqlite3.Connection, chunk_fingerprint: str, fingerprint: str
) -> EmbeddingSet | None:
    """A set that was begun, or is kept, of these chunk settings and this model."""
    return _one(
        connection,
        "active = 0 AND fingerprint = ? AND chunk_set_id ="
        " (SELECT id FROM chunk_sets WHERE fingerprint = ?) ORDER BY replaced_at IS NOT NULL",
        (fingerprint, chunk_fingerprint),
    )


def with_index(connection: sqlite3.Connection) -> list[EmbeddingSet]:
    """The sets that have an index file."""
    ids = connection.execute("SELECT DISTINCT set_id FROM index_files").fetchall()
    found = (_one(connection, "id = ?", (set_id,)) for (set_id,) in ids)
    return [one for one in found if one is not None]


def _one(
    connection: sqlite3.Connection, condition: str, parameters: tuple[object, ...]
) -> EmbeddingSet | None:
    row = connection.execute(
        f"SELECT id, chunk_set_id, identity, fingerprint FROM embedding_sets WHERE {condition}",
        parameters,
    ).fetchone()
    return None if row is None else EmbeddingSet(row[0], row[1], _identity(row[2], row[3]))


@cache  # every question asks for it several times
def _identity(stored: str, fingerprint: str) -> EmbedderIdentity:
    try:
        identity = EmbedderIdentity(**json.loads(stored))
    except (ValueError, TypeError):
        raise _damaged("the identity of its model cannot be read") from None
    if identity.fingerprint != fingerprint:
        raise _damaged("the identity of its model has changed")
    return identity


def _damaged(what: str) -> ProjectCorrupt:
    return ProjectCorrupt(
        f"the store is damaged: {what}", "restore .rag from a copy, or delete it and ingest anew"
    )


def create(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    identity: EmbedderIdentity,
    *,
    activate: bool,
) -> EmbeddingSet:
    """A new, empty set; its probe is set when its model is loaded for the first time."""
    cursor = connection.execute(
        "INSERT INTO embedding_sets (chunk_set_id, fingerprint, identity, active, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            chunk_set_id,
            identity.fingerprint,
            json.dumps(asdict(identity), ensure_ascii=False),
            int(activate),
            now(),
        ),
    )
    return EmbeddingSet(int(cursor.lastrowid or 0), chunk_set_id, identity)


def probe(connection: sqlite3.Connection, set_id: int) -> Vector | None:
    """The embedding of the probe sentence by the model that made this set."""
    import numpy as np

    row = connection.execute("SELECT probe FROM embedding_sets WHERE id = ?", (set_id,)).fetchone()
    return None if row[0] is None else np.frombuffer(row[0], np.float32)


def set_probe(connection: sqlite3.Connection, set_id: int, vector: Vector) -> None:
    connection.execute(
        "UPDATE embedding_sets SET probe = ? WHERE id = ?", (vector.tobytes(), set_id)
    )


def ensure_chunk_set(connection: sqlite3.Connection, settings: ChunkSettings) -> tuple[int, bool]:
    """(its id, whether it is new). A new one has no chunks and an empty keyword index."""
    row = connection.execute(
        "SELECT id FROM chunk_sets WHERE fingerprint = ?", (settings.fingerprint,)
    ).fetchone()
    if row is not None:
        return int(row[0]), False
    cursor = connection.execute(
        "INSERT INTO chunk_sets (fingerprint, settings, created_at) VALUES (?, ?, ?)",
        (settings.fingerprint, json.dumps(asdict(settings)), now()),
    )
    chunk_set_id = int(cursor.lastrowid or 0)
    keyword.create(connection, chunk_set_id)
    return chunk_set_id, True


def chunk_settings(connection: sqlite3.Connection, chunk_set_id: int) -> ChunkSettings:
    row = connection.execute(
        "SELECT settings, fingerprint FROM chunk_sets WHERE id = ?", (chunk_set_id,)
    ).fetchone()
    try:
        found = ChunkSettings(**json.loads(row[0]))
    except (ValueError, TypeError):
        raise _damaged("its chunk settings cannot be read") from None
    if found.fingerprint != row[1]:
        raise _damaged("its chunk settings have changed")
    return found


def pending(connection: sqlite3.Connection, embedding_set: EmbeddingSet) -> list[int]:
    """Chunks without an embedding: those of the newest file first, in reading order within a
    document; equal texts are named once."""
    rows = connection.execute(
        "SELECT c.embed_hash, c.id FROM unembedded u JOIN chunks c ON c.id = u.chunk_id"
        " WHERE u.set_id = ? ORDER BY"
        " (SELECT MAX(mtime_ns) FROM files WHERE document_id = c.document_id) DESC,"
        " c.document_id, c.char_start",
        (embedding_set.id,),
    )
    first: dict[bytes, int] = {}
    for embed_hash, chunk_id in rows:
        first.setdefault(embed_hash, chunk_id)
    return list(first.values())


def pending_texts(connection: sqlite3.Connection, chunk_ids: Sequence[int]) -> list[Pending]:
    """What is to be embedded for these chunks. Raises ProjectCorrupt."""
    found = [
        (r.id, r.chunk.embed_text, r.chunk.size_tokens)
        for r in documents.chunk_rows(connection, chunk_ids)
    ]
    return [Pending(i, checksums.of_embed_text(t), t, size) for i, t, size in found]


def add_embeddings(
    connection: sqlite3.Connection, set_id: int, batch: Sequence[Pending], vectors: Matrix
) -> None:
    """Store one vector for each text of the batch."""
    for entry, vector in zip(batch, vectors, strict=True):
        data = vector.tobytes()
        connection.execute(
            "INSERT OR IGNORE INTO embeddings (set_id, embed_hash, vector, checksum)"
            " VALUES (?, ?, ?, ?)",
            (set_id, entry.embed_hash, data, checksums.of_vector(data)),
        )


def count_unembedded(connection: sqlite3.Connection, set_id: int) -> int:
    """Chunks that have no embedding in a set."""
    row = connection.execute("SELECT count(*) FROM unembedded WHERE set_id = ?", (set_id,))
    return int(row.fetchone()[0])


def prune(connection: sqlite3.Connection) -> None:
    """Delete embeddings of texts that no document holds any more."""
    connection.execute(
        "DELETE FROM embeddings WHERE id IN (SELECT e.id FROM released_texts r"
        " CROSS JOIN embedding_sets s"
        " CROSS JOIN embeddings e ON e.set_id = s.id AND e.embed_hash = r.embed_hash"
        " WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE embed_hash = r.embed_hash))"
    )
    connection.execute("DELETE FROM released_texts")


def activate(connection: sqlite3.Connection, chosen: EmbeddingSet, *, keep: bool) -> None:
    """Let another set answer. With ``keep`` the one that did takes the place of the one that was
    kept; otherwise it is deleted. So is what was begun."""
    if keep:
        connection.execute("UPDATE embedding_sets SET replaced_at = NULL WHERE active = 0")
        connection.execute(
            "UPDATE embedding_sets SET replaced_at = ? WHERE active = 1 AND id != ?",
            (now(), chosen.id),
        )
    let_answer(connection, chosen)
    connection.execute("UPDATE embedding_sets SET replaced_at = NULL WHERE active = 1")
    drop_unfinished(connection)


def let_answer(connection: sqlite3.Connection, chosen: EmbeddingSet) -> None:
    """Make another set the active one, and leave all of them as they are."""
    connection.execute("UPDATE embedding_sets SET active = 0 WHERE active = 1")
    connection.execute("UPDATE embedding_sets SET active = 1 WHERE id = ?", (chosen.id,))


def discard(connection: sqlite3.Connection, begun: EmbeddingSet) -> None:
    """Delete a set that does not answer; its chunks stay."""
    connection.execute("DELETE FROM embedding_sets WHERE id = ? AND active = 0", (begun.id,))
    _forget_facts(connection)


def drop_unfinished(connection: sqlite3.Connection) -> None:
    """Delete every set that was begun and never answered, with what only it needed."""
    _drop(connection, "active = 0 AND replaced_at IS NULL")


def drop_inactive(connection: sqlite3.Connection) -> None:
    """Delete every set but the active one, with what only they needed."""
    _drop(connection, "active = 0")


def _drop(connection: sqlite3.Connection, condition: str) -> None:
    """Delete sets, with chunks and keyword indexes that nobody needs then."""
    connection.execute(f"DELETE FROM embedding_sets WHERE {condition}")
    _forget_facts(connection)
    for (chunk_set_id,) in connection.execute(
        "SELECT id FROM chunk_sets WHERE id NOT IN (SELECT chunk_set_id FROM embedding_sets)"
    ).fetchall():
        keyword.drop(connection, chunk_set_id)
        connection.execute("DELETE FROM chunks WHERE chunk_set_id = ?", (chunk_set_id,))
        connection.execute("DELETE FROM chunk_sets WHERE id = ?", (chunk_set_id,))
    prune(connection)


def _forget_facts(connection: sqlite3.Connection) -> None:
    """Of sets that are gone: a new one may get the number of an old one."""
    there = {i for (i,) in connection.execute("SELECT id FROM embedding_sets")}
    for fact in FACTS_OF_A_SET:
        for (key,) in connection.execute(
            "SELECT key FROM facts WHERE key GLOB ?", (fact.format("*"),)
        ).fetchall():
            if int(key.rpartition("_")[2]) not in there:
                connection.execute("DELETE FROM facts WHERE key = ?", (key,))
