"""Store: the one door to a project's data.

Readers open it, take a `snapshot()`, and see one committed state. Writers hold the project's lock
(`writing()`) and make each change whole in a `transaction()`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from ragcli.domain import Filter
from ragcli.errors import ProjectCorrupt
from ragcli.store import (
    database,
    documents,
    embeddings,
    filters,
    freshness,
    keyword,
    ledger,
    lock,
    rows,
    sets,
    texts,
    vectors,
)
from ragcli.store.folder import ProjectFolder, file_of
from ragcli.store.rows import ChunkRow, EmbeddingSet, FileRow
from ragcli.store.schema import INDEX_OF_LANGUAGES
from ragcli.store.vectors import VectorIndex
from ragcli.text.terms import terms_version

if TYPE_CHECKING:
    import random

    from ragcli.domain import Chunk, Document, Vector


# Another command of this version may be at the migration: a minute for a million chunks.
MIGRATION_WAIT_S = 120.0


class Store:
    """An open project. Raises sqlite3's errors only as ProjectCorrupt."""

    def __init__(self, folder: ProjectFolder) -> None:
        """One of an older format is migrated.

        Raises ProjectCorrupt, ProjectIncompatible, ProjectLocked (when it must be migrated)."""
        self.folder = folder
        self.connection = database.connect(folder.database)
        freshness.teach(self.connection, folder)
        if database.is_outdated(self.connection):
            self._migrate()
        self._index: tuple[tuple[int, int], VectorIndex] | None = None
        self._holds_lock = False
        self._rehearses = False

    def _migrate(self) -> None:
        try:
            with lock.writing(self.folder.lock, wait_s=MIGRATION_WAIT_S):
                database.migrate(self.connection)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def create(folder: ProjectFolder) -> None:
        """Lay out an empty store where there is none."""
        if not folder.database.exists():
            with lock.writing(folder.lock, wait_s=3.0):
                if not folder.database.exists():
                    facts = {"created_at": database.now(), "terms_version": terms_version()}
                    database.create(folder.database, facts)

    def copy_to(self, folder: ProjectFolder) -> None:
        """All that is stored, of one committed state, into a project folder that has no store."""
        database.copy(self.connection, folder.database)
        for file in self.folder.rag.glob("vectors-*"):
            # One that is replaced meanwhile is missed: the copy then writes its own.
            with suppress(FileNotFoundError):
                shutil.copy2(file, folder.rag)

    def close(self) -> None:
        self.connection.close()

    # ------------------------------------------------------------ reading and writing as a whole

    def snapshot(self) -> AbstractContextManager[None]:
        """Everything read inside is of one committed state."""
        return database.snapshot(self.connection)

    def transaction(self) -> AbstractContextManager[None]:
        """Everything written inside is committed together, or not at all."""
        if self._rehearses:
            return database.savepoint(self.connection)
        return database.transaction(self.connection)

    @contextmanager
    def writing(self, wait_s: float) -> Iterator[None]:
        """Hold the project's lock, which may be held already. Raises ProjectLocked."""
        if self._holds_lock:
            yield
            return
        with lock.writing(self.folder.lock, wait_s):
            self._holds_lock = True
            try:
                if not keyword.is_current(self.connection):
                    with self.transaction():
                        self.rebuild_keyword_index()
                yield
            finally:
                self._holds_lock = False

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Everything written inside is seen inside only, and undone in the end; index files are
        left as they are. The caller holds the lock."""
        self._rehearses = True
        try:
            with database.rehearsal(self.connection):
                yield
        finally:
            self._rehearses = False
            self._index = None

    # ------------------------------------------------------------ facts

    @staticmethod
    def now() -> str:
        """This moment as the store writes it."""
        return database.now()

    def fact(self, key: str) -> str | None:
        row = self.connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))

    def counts(self) -> Mapping[str, int]:
        """files (with a document, or holding parts), parts (with a document), documents, chunks,
        embedded (chunks), characters: of what answers now."""
        files, parts, documents_, characters = self.connection.execute(
            "SELECT (SELECT count(*) FROM files WHERE instr(path, x'00') = 0"
            " AND (document_id IS NOT NULL OR state IN ('stored', 'partly'))),"
            " (SELECT count(*) FROM files WHERE instr(path, x'00') AND document_id IS NOT NULL),"
            " (SELECT count(*) FROM documents),"
            " (SELECT COALESCE(SUM(length), 0) FROM documents)"
        ).fetchone()
        chunks, embedded = self._chunks_and_embedded()
        return {
            "files": files,
            "parts": parts,
            "documents": documents_,
            "chunks": chunks,
            "embedded": embedded,
            "characters": characters,
        }

    def embedded_share(self) -> float:
        """The share, 0 to 1, of the chunks that can be found by meaning; 1 when there are none.
        Quick enough for every query."""
        chunks, embedded = self._chunks_and_embedded()
        return embedded / chunks if chunks else 1.0

    def _chunks_and_embedded(self) -> tuple[int, int]:
        chosen = sets.active(self.connection)
        if chosen is None:
            return 0, 0
        chunks = self.chunk_count(chosen.chunk_set_id)
        return chunks, chunks - sets.count_unembedded(self.connection, chosen.id)

    def chunk_count(self, chunk_set_id: int) -> int:
        """How many chunks a set has."""
        row = self.connection.execute("SELECT chunks FROM chunk_sets WHERE id = ?", (chunk_set_id,))
        return int(row.fetchone()[0])

    def is_empty(self) -> bool:
        """No document is stored, nor an embedding that waits for its document to be read again:
        nothing binds the project to a model yet."""
        stored = "SELECT 1 FROM documents UNION ALL SELECT 1 FROM embeddings LIMIT 1"
        return self.connection.execute(stored).fetchone() is None

    # ------------------------------------------------------------ documents

    def put_document(
        self,
        content_hash: str,
        reader_version: int,
        document: Document,
        chunk_set_id: int,
        chunks: Sequence[Chunk],
        source: str,
    ) -> int:
        """Store a document with its chunks, and index them under the file that it came from; the
        id. Call `index_document` once that file is in the ledger."""
        document_id = documents.insert(self.connection, content_hash, reader_version, document)
        stored = documents.insert_chunks(self.connection, document_id, chunk_set_id, chunks)
        keyword.add(self.connection, chunk_set_id, document_id, source, stored)
        return document_id

    def find_document(self, content_hash: str, format_: str, reader_version: int) -> int | None:
        return documents.find(self.connection, content_hash, format_, reader_version)

    def holds(self, document_id: int, document: Document) -> bool:
        """Whether a stored document is this one, text and structure. A damaged one is not."""
        try:
            return documents.is_same(self.connection, document_id, document)
        except ProjectCorrupt:
            return False

    def index_document(self, document_id: int) -> None:
        """Bring the keyword index in line with the name the document is cited by now."""
        source = documents.source_of(self.connection, document_id)
        row = self.connection.execute(
            "SELECT indexed_source FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        if row[0] == source:
            return
        for (chunk_set_id,) in self.connection.execute("SELECT id FROM chunk_sets").fetchall():
            keyword.remove(self.connection, chunk_set_id, document_id)
        for (chunk_set_id,) in self.connection.execute("SELECT id FROM chunk_sets").fetchall():
            self._index_chunks(document_id, chunk_set_id, source)

    def release_document(self, document_id: int) -> bool:
        """A file no longer names this document: remove it (true), or cite it under another
        file's name (false)."""
        named = self.connection.execute(
            "SELECT count(*) FROM files WHERE document_id = ?", (document_id,)
        ).fetchone()[0]
        if named:
            self.index_document(document_id)
            return False
        try:
            documents.remove(self.connection, document_id)
        except ProjectCorrupt:
            # Its terms cannot be taken out one by one: they are made from the damaged text.
            documents.delete(self.connection, document_id)
            self.rebuild_keyword_index()
        return True

    def forget_document(self, document_id: int) -> None:
        """Take a damaged document out, and its files out of the ledger, so that the next ingest
        reads them again. The keyword index is then to be rebuilt."""
        for row in ledger.holding(self.connection, document_id):
            ledger.forget(self.connection, row.id)
            ledger.mark_unread(self.connection, file_of(row.path))
        documents.delete(self.connection, document_id)

    def drop_document(self, document_id: int) -> None:
        """Take out a document that no file holds. The keyword index is then to be rebuilt."""
        documents.delete(self.connection, document_id)

    def indexed_source(self, document_id: int | None) -> str | None:
        """The name that the keyword index holds a document under."""
        row = self.connection.execute(
            "SELECT indexed_source FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return None if row is None else row[0]

    def cited_as(self, document_id: int) -> str:
        """The source under which a document is cited."""
        return documents.source_of(self.connection, document_id)

    def document(self, document_id: int) -> Document:
        """A whole document as it was read. Raises ProjectCorrupt."""
        return documents.load(self.connection, document_id)

    def document_ids(self) -> list[int]:
        return [r[0] for r in self.connection.execute("SELECT id FROM documents ORDER BY id")]

    def chunks_of(self, document_id: int, chunk_set_id: int) -> list[ChunkRow]:
        """A document's chunks in reading order."""
        ids = documents.chunk_ids(self.connection, document_id, chunk_set_id)
        return documents.chunk_rows(self.connection, ids)

    def add_chunks(self, document_id: int, chunk_set_id: int, chunks: Sequence[Chunk]) -> None:
        """Cut a stored document anew, for another chunk set, and index the chunks."""
        documents.insert_chunks(self.connection, document_id, chunk_set_id, chunks)
        source = documents.source_of(self.connection, document_id)
        self._index_chunks(document_id, chunk_set_id, source)

    def sample(self, chunk_set_id: int, count: int, choose: random.Random) -> list[int]:
        """The ids of so many chunks, or fewer, chosen at random; any may be there twice."""
        return documents.sample(self.connection, chunk_set_id, count, choose)

    def has_chunk(self, chunk_id: int) -> bool:
        row = self.connection.execute("SELECT 1 FROM chunks WHERE id = ?", (chunk_id,)).fetchone()
        return row is not None

    def halve_chunk(self, chunk_id: int) -> list[int]:
        """Cut a chunk in two near its middle, at white space where there is some; the new ids."""
        return documents.halve_chunk(self.connection, chunk_id)

    def _index_chunks(self, document_id: int, chunk_set_id: int, source: str) -> None:
        found = [(r.id, r.chunk) for r in self.chunks_of(document_id, chunk_set_id)]
        keyword.add(self.connection, chunk_set_id, document_id, source, found)

    def rebuild_keyword_index(self) -> None:
        """Make it anew from the stored text, inside the caller's transaction.

        A damaged document is left out: it must not keep the others from being found, nor its own
        removal from happening.
        """
        self.connection.execute(INDEX_OF_LANGUAGES)
        for (chunk_set_id,) in self.connection.execute("SELECT id FROM chunk_sets").fetchall():
            keyword.drop(self.connection, chunk_set_id)
            keyword.create(self.connection, chunk_set_id)
            for document_id in self.document_ids():
                source = documents.source_of(self.connection, document_id)
                with suppress(ProjectCorrupt):
                    self._index_chunks(document_id, chunk_set_id, source)
        self.set_fact("terms_version", terms_version())

    # ------------------------------------------------------------ searching

    def passages(self, chunk_ids: Sequence[int]) -> list[ChunkRow]:
        """Chunks by id, in the order asked, verified. Raises ProjectCorrupt."""
        return documents.chunk_rows(self.connection, chunk_ids)

    def files_of(self, document_id: int, chosen: Filter) -> list[FileRow]:
        """The files that hold a document and pass the filter, in order of their source, verified.
        Raises ProjectCorrupt."""
        conditions, parameters = filters.file_conditions(chosen)
        rows = self.connection.execute(
            f"SELECT d.content_hash, {ledger.FILE_COLUMNS_OF_F} FROM files f"
            " JOIN documents d ON d.id = f.document_id"
            f" WHERE f.document_id = ? AND {conditions} ORDER BY f.source",
            (document_id, *parameters),
        )
        return [ledger.checked(FileRow(*r), content_hash) for content_hash, *r in rows]

    def vocabulary(self, chunk_set_id: int) -> keyword.Vocabulary:
        """The terms that a chunk set's keyword index holds."""
        return keyword.Vocabulary(self.connection, chunk_set_id)

    def question_terms(self, chunk_set_id: int, terms: Sequence[str]) -> dict[str, int]:
        """Of the terms those that occur, rarest first, with how many chunks hold each."""
        return keyword.rarest(self.connection, chunk_set_id, terms)

    def search_keyword(
        self,
        chunk_set_id: int,
        terms: Sequence[str],
        k: int,
        chosen: Filter,
        also: Sequence[int] = (),
    ) -> list[tuple[int, float]]:
        """(chunk id, BM25), best first, among the chunks the filter lets through: the best k,
        and those of ``also`` that hold any of the terms."""
        among, parameters = self._among(chunk_set_id, chosen)
        return keyword.search(self.connection, chunk_set_id, terms, k, among, parameters, also)

    def keyword_scores(
        self, chunk_set_id: int, terms: Sequence[str], ids: Sequence[int]
    ) -> dict[int, float]:
        """The BM25 score of each of these chunks that holds any of the terms."""
        return keyword.scores(self.connection, chunk_set_id, terms, ids)

    def keyword_ranks(
        self, chunk_set_id: int, terms: Sequence[str], scored: Sequence[float], chosen: Filter
    ) -> tuple[list[int], int]:
        """The rank of each of these BM25 scores among the chunks that hold any of the terms and
        that the filter lets through, and how many those are. Goes through all of them."""
        among, parameters = self._among(chunk_set_id, chosen)
        return keyword.ranks(self.connection, chunk_set_id, terms, scored, among, parameters)

    def holding(
        self, chunk_set_id: int, phrase: Sequence[str], k: int, chosen: Filter
    ) -> list[int]:
        """The ids of k chunks that have these terms in one place, among those the filter lets
        through."""
        among, parameters = self._among(chunk_set_id, chosen)
        return keyword.holding(self.connection, chunk_set_id, phrase, k, among, parameters)

    def _among(self, chunk_set_id: int, chosen: Filter) -> tuple[str, list[object]]:
        """SQL for the ids of the chunks that the filter lets through, empty where that is all."""
        return filters.chunk_ids_sql(chosen, chunk_set_id) if chosen else ("", [])

    def page_label(self, document_id: int, page: int | None) -> str | None:
        """What a page is called, if that is more than its number; with it, all that is shown of a
        document beside its text is verified. Raises ProjectCorrupt."""
        row = documents.row_of(self.connection, document_id)
        return rows.label_of(row["structure"], page) if page is not None else None

    def text(self, document_id: int, start: int, end: int) -> str:
        """A slice of a document's text, verified. Raises ProjectCorrupt."""
        source = documents.source_of(self.connection, document_id)
        return texts.read(self.connection, document_id, start, end, source)

    def neighbours(self, ids: Sequence[int]) -> dict[int, list[int]]:
        """For each chunk those right before and after it in its document."""
        return documents.neighbours(self.connection, ids)

    def search_dense(self, query: Vector, k: int, chosen: Filter) -> list[tuple[int, float]]:
        """(chunk id, cosine), best first, among the chunks the filter lets through."""
        index = self.vector_index()
        if index is None:
            return []
        if not chosen:
            return index.search(query, k)
        chunk_set_id = self._active().chunk_set_id
        return index.search(query, k, filters.chunk_ids(self.connection, chosen, chunk_set_id))

    def dense_scores(self, query: Vector, ids: Sequence[int]) -> dict[int, float]:
        """The cosine of each of these chunks that is embedded."""
        found, cosines = embeddings.scores(self.connection, self._active(), query, ids)
        return dict(zip(found.tolist(), cosines.tolist(), strict=True))

    def dense_ranks(
        self, query: Vector, scored: Sequence[float], chosen: Filter
    ) -> tuple[list[int], int]:
        """The rank of each of these cosines among the embedded chunks that the filter lets through,
        and how many those are. Goes through all of them."""
        active = self._active()
        if not chosen:
            blocks = embeddings.every(self.connection, active)
        else:
            ids = filters.chunk_ids(self.connection, chosen, active.chunk_set_id)
            blocks = embeddings.of_chunks(self.connection, active, ids.tolist())
        return embeddings.ranks(blocks, query, scored)

    def vector_index(self) -> VectorIndex | None:
        """The index of the active set as this snapshot holds it; None before the first ingest."""
        chosen = sets.active(self.connection)
        if chosen is None:
            return None
        # What others committed shows in data_version, what we wrote in total_changes.
        others = int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        version = (others, self.connection.total_changes)
        if self._index is None or self._index[0] != version:
            self._index = (version, VectorIndex(self.connection, self.folder.rag, chosen))
        return self._index[1]

    @property
    def opened_index(self) -> VectorIndex | None:
        """The index that the last search used, if any did."""
        return self._index[1] if self._index else None

    def publish_index(self, chosen: EmbeddingSet, *, force: bool = False) -> bool:
        """Write the set's index file when that is worth its cost; whether it was. ``force`` writes
        it in any case, from the embeddings alone."""
        if self._rehearses:
            return False
        changes = vectors.changes_since(self.connection, chosen)
        count = self.chunk_count(chosen.chunk_set_id)
        if not force and not vectors.worth_writing(changes, count):
            return False
        row = self.connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'index_files'"
        ).fetchone()
        generation = (row[0] if row else 0) + 1
        try:
            file = vectors.write(self.connection, self.folder.rag, chosen, generation, anew=force)
        except OSError:
            # On a full disk what was begun takes the room that the next try needs.
            with suppress(OSError):
                self.sweep()
            raise
        with self.transaction():
            vectors.name_as_newest(self.connection, chosen, file)
        self.sweep()
        self._index = None
        return True

    def switch_to(self, chosen: EmbeddingSet, *, keep: bool) -> None:
        """Let another embedding set answer, in one commit; with ``keep`` the one it replaces can
        come back.

        Its index file is written before, so that no reader has to do without.
        """
        if vectors.changes_since(self.connection, chosen):
            self.publish_index(chosen, force=True)
        with self.transaction():
            sets.activate(self.connection, chosen, keep=keep)
            vectors.forget_others(self.connection, chosen)
        self.sweep()
        self._index = None

    def _active(self) -> EmbeddingSet:
        chosen = sets.active(self.connection)
        assert chosen is not None, "asked for scores before the first ingest"
        return chosen

    def sweep(self) -> None:
        """Delete index files that nothing names."""
        vectors.sweep(self.connection, self.folder.rag)

    @property
    def format_version(self) -> int:
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])
