"""The tables of ``store.sqlite``, and the steps from one format version to the next.

docs/format.md explains each table and numbers the invariants. ``PRAGMA application_id`` marks the
file as ragcli's, ``PRAGMA user_version`` is the format version; both are looked at first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

APPLICATION_ID = 0x52414743  # "RAGC"
FORMAT_VERSION = 3

TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- What was named to `ingest`, and is brought up to date by `ingest` alone.
CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    path BLOB NOT NULL UNIQUE,
    added_at TEXT NOT NULL
);

-- One row for each content: equal files share a document.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content_hash TEXT NOT NULL,
    reader_version INTEGER NOT NULL,
    format TEXT NOT NULL,
    title TEXT,
    language TEXT,
    date TEXT,
    has_lines INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    structure TEXT NOT NULL,
    length INTEGER NOT NULL,
    indexed_source TEXT,
    checksum BLOB NOT NULL,
    UNIQUE (content_hash, format, reader_version)
);
CREATE INDEX documents_length ON documents (length);  -- sums without reading the rows

-- The text of a document in slices of store/texts.py's TEXT_SLICE code points.
CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    slice INTEGER NOT NULL,
    text TEXT NOT NULL,
    checksum BLOB NOT NULL,
    UNIQUE (document_id, slice)
);

-- The ledger: every file that was tried, with what became of it.
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    path BLOB NOT NULL UNIQUE,
    root_id INTEGER REFERENCES roots ON DELETE SET NULL,
    document_id INTEGER REFERENCES documents,
    state TEXT NOT NULL CHECK (state IN ('stored', 'partly', 'failed', 'empty', 'removed')),
    size INTEGER,
    mtime_ns INTEGER,
    content_hash TEXT,
    reader_version INTEGER NOT NULL,
    read_at TEXT NOT NULL
);
CREATE INDEX files_document ON files (document_id);

CREATE TABLE problems (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
    page INTEGER,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT NOT NULL
);
CREATE INDEX problems_file ON problems (file_id);

CREATE TABLE skipped (
    source TEXT PRIMARY KEY,
    root_id INTEGER NOT NULL REFERENCES roots ON DELETE CASCADE,
    reason TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE chunk_sets (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    created_at TEXT NOT NULL,
    chunks INTEGER NOT NULL DEFAULT 0  -- how many it has; kept by triggers
);

-- AUTOINCREMENT: an id is never used again, so an old index file cannot name a new chunk.
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chunk_set_id INTEGER NOT NULL REFERENCES chunk_sets,
    document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
    char_start INTEGER NOT NULL,
    char_end INTEGER NOT NULL,
    size_tokens INTEGER NOT NULL,
    headings TEXT NOT NULL,
    page INTEGER,
    page_end INTEGER,
    line_start INTEGER,
    line_end INTEGER,
    embed_hash BLOB NOT NULL,
    checksum BLOB NOT NULL
);
CREATE INDEX chunks_document ON chunks (document_id, chunk_set_id);
CREATE INDEX chunks_embed_hash ON chunks (embed_hash);

CREATE TABLE embedding_sets (
    id INTEGER PRIMARY KEY,
    chunk_set_id INTEGER NOT NULL REFERENCES chunk_sets,
    fingerprint TEXT NOT NULL,
    identity TEXT NOT NULL,
    probe BLOB,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at TEXT NOT NULL,
    replaced_at TEXT  -- when another took its place, of one that is kept
);
CREATE UNIQUE INDEX one_active_set ON embedding_sets (active) WHERE active = 1;

-- By what was embedded, not by chunk: equal texts share an embedding, wherever they stand.
CREATE TABLE embeddings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_id INTEGER NOT NULL REFERENCES embedding_sets ON DELETE CASCADE,
    embed_hash BLOB NOT NULL,
    vector BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (set_id, embed_hash)
);

CREATE TABLE index_files (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    set_id INTEGER NOT NULL REFERENCES embedding_sets ON DELETE CASCADE,
    name TEXT NOT NULL UNIQUE,
    count INTEGER NOT NULL,
    last_chunk_id INTEGER NOT NULL,
    last_embedding_id INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL
);

-- Chunks that an index file may still hold though they are gone; filled by a trigger.
CREATE TABLE removed_chunks (id INTEGER PRIMARY KEY);
"""

# For every query: which languages there are, and how much of each. Made with a keyword index.
INDEX_OF_LANGUAGES = "CREATE INDEX IF NOT EXISTS documents_language ON documents (language, length)"

# What a query or a small ingest must not count or search for in a million chunks. Triggers keep
# it, so that it is right whoever deletes.
TRACKING = """
-- The work of embedding: chunks whose text has no embedding in a set.
CREATE TABLE unembedded (
    chunk_id INTEGER NOT NULL REFERENCES chunks ON DELETE CASCADE,
    set_id INTEGER NOT NULL REFERENCES embedding_sets ON DELETE CASCADE,
    PRIMARY KEY (chunk_id, set_id)
) WITHOUT ROWID;

-- Texts of removed chunks: their embeddings go unless another chunk has the same text.
CREATE TABLE released_texts (embed_hash BLOB PRIMARY KEY) WITHOUT ROWID;

CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
    UPDATE chunk_sets SET chunks = chunks + 1 WHERE id = new.chunk_set_id;
    INSERT INTO unembedded SELECT new.id, s.id FROM embedding_sets s
        WHERE s.chunk_set_id = new.chunk_set_id AND NOT EXISTS
        (SELECT 1 FROM embeddings WHERE set_id = s.id AND embed_hash = new.embed_hash);
END;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
    UPDATE chunk_sets SET chunks = chunks - 1 WHERE id = old.chunk_set_id;
    INSERT OR IGNORE INTO removed_chunks VALUES (old.id);
    INSERT OR IGNORE INTO released_texts VALUES (old.embed_hash);
END;
CREATE TRIGGER embedding_set_added AFTER INSERT ON embedding_sets BEGIN
    INSERT INTO unembedded SELECT id, new.id FROM chunks WHERE chunk_set_id = new.chunk_set_id;
END;
CREATE TRIGGER embedding_added AFTER INSERT ON embeddings BEGIN
    DELETE FROM unembedded WHERE set_id = new.set_id
        AND chunk_id IN (SELECT id FROM chunks WHERE embed_hash = new.embed_hash);
END;
CREATE TRIGGER embedding_removed AFTER DELETE ON embeddings BEGIN
    INSERT INTO unembedded SELECT c.id, s.id FROM embedding_sets s
        JOIN chunks c ON c.embed_hash = old.embed_hash AND c.chunk_set_id = s.chunk_set_id
        WHERE s.id = old.set_id;
END;
"""


# What the triggers keep, by counting all chunks; `unembedded` is empty before.
COUNTS = (
    "UPDATE chunk_sets SET chunks ="
    " (SELECT count(*) FROM chunks WHERE chunk_set_id = chunk_sets.id)",
    "INSERT INTO unembedded SELECT c.id, s.id FROM embedding_sets s"
    " JOIN chunks c ON c.chunk_set_id = s.chunk_set_id WHERE NOT EXISTS"
    " (SELECT 1 FROM embeddings WHERE set_id = s.id AND embed_hash = c.embed_hash)",
)


def _keep_track(connection: sqlite3.Connection) -> None:
    """Format 1 counted and searched for what TRACKING keeps."""
    connection.execute("CREATE INDEX documents_length ON documents (length)")
    connection.execute("ALTER TABLE chunk_sets ADD COLUMN chunks INTEGER NOT NULL DEFAULT 0")
    connection.execute("DROP TRIGGER chunk_removed")
    # A run that was killed may have left embeddings that no chunk needs.
    connection.execute(
        "DELETE FROM embeddings WHERE embed_hash NOT IN (SELECT embed_hash FROM chunks)"
    )
    for statement in _statements(TRACKING):
        connection.execute(statement)
    for statement in COUNTS:
        connection.execute(statement)


def _keep_replaced(connection: sqlite3.Connection) -> None:
    """Format 2 dropped a set as soon as another took its place."""
    connection.execute("ALTER TABLE embedding_sets ADD COLUMN replaced_at TEXT")


def _statements(script: str) -> Iterator[str]:
    """A script's statements one by one: ``executescript`` would commit what came before."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


# MIGRATIONS[n] turns format n into n + 1, inside the caller's transaction.
MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _keep_track,
    2: _keep_replaced,
}


def create(connection: sqlite3.Connection, facts: dict[str, str]) -> None:
    """Lay out an empty store of the newest format, in one commit."""
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES}{INDEX_OF_LANGUAGES}; {TRACKING}"
        f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};"
    )
    connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
    connection.execute("COMMIT")
