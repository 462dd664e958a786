-- The tables of format 1, as its last ragcli made them.
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
    created_at TEXT NOT NULL
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
    created_at TEXT NOT NULL
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

-- Chunks that an index file may still hold though they are gone.
CREATE TABLE removed_chunks (id INTEGER PRIMARY KEY);
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks
    BEGIN INSERT OR IGNORE INTO removed_chunks VALUES (old.id); END;
