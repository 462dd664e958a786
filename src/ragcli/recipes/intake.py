"""Files into the store: read, cut, committed together, and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from ragcli.chunking import chunk_document
from ragcli.domain import ChunkSettings, Document, Embedder, Event, Listener, Problem
from ragcli.reading import READER_VERSION
from ragcli.reading.walk import FoundFile
from ragcli.reading.worker import ReadResult
from ragcli.recipes.backlog import Backlog
from ragcli.store import Store, ledger
from ragcli.store.rows import FileRow

# A commit costs an fsync, a few milliseconds; a crash costs what was read since the last one.
COMMIT_EVERY_S = 1.0
# The first come sooner, so that embedding begins beside the reading of a small folder too.
FIRST_COMMIT_S = 0.1


class Reader(Protocol):
    """Reads files in their order; see reading/worker.py. ``reads_pictures`` says whether those
    that lie in folders are worth giving to it."""

    reads_pictures: bool

    def begin(self) -> None: ...

    def read_all(self, paths: Iterable[Path], below: Iterable[int]) -> Iterator[ReadResult]: ...

    def read(self, path: Path, *, charset: str = "") -> ReadResult: ...


class Entry(NamedTuple):
    """Where the ledger keeps a file. Its size and time count when not a byte could be read: it is
    known by what the folder says of it."""

    key: bytes
    source: str
    root_id: int | None
    size: int | None
    mtime_ns: int | None


class Intake:
    """Counts what it did in files: ``added``, ``updated``, ``unchanged`` (read again, the same
    words), ``moved`` and ``removed``. ``problems`` are (source, problem) that were not known
    before; ``known_problems`` counts files that could not be read again."""

    def __init__(
        self,
        store: Store,
        chunk_set_id: int,
        settings: ChunkSettings,
        embedder: Callable[[], Embedder],
        listener: Listener,
    ) -> None:
        """``embedder`` is asked for when a document is to be cut."""
        self._store = store
        self._chunk_set_id = chunk_set_id
        self._settings = settings
        self._embedder = embedder
        self._listener = listener
        self.added = self.updated = self.unchanged = self.moved = self.removed = 0
        self.known_problems = 0
        self.problems: list[tuple[str, Problem]] = []
        self._under_new_name: set[int] = set()

    def read(
        self,
        files: Sequence[tuple[FoundFile, int]],
        reader: Reader,
        backlog: Backlog,
        deadline: float,
    ) -> int:
        """Read these files (with the id of the root each belongs to) and store what is in them.

        The backlog takes its turn after every commit. How many were read by the deadline.
        """
        results = reader.read_all((f.path for f, _ in files), (f.below for f, _ in files))
        waiting = iter(zip(files, results, strict=True))
        done, pause_s = 0, FIRST_COMMIT_S
        while done < len(files) and monotonic() < deadline:
            with self._store.transaction():
                commit_at = 0.0
                for (file, root_id), result in waiting:
                    self.store_file(self._entry(file, root_id), result, backlog)
                    done += 1
                    self._listener(Event("reading", done, len(files)))
                    # From the first file on: until then the readers may have had to start.
                    commit_at = commit_at or min(monotonic() + pause_s, deadline)
                    if monotonic() >= commit_at:
                        break
            pause_s = min(2 * pause_s, COMMIT_EVERY_S)
            backlog.step()
        return done

    def _entry(self, file: FoundFile, root_id: int) -> Entry:
        folder = self._store.folder
        key, source = folder.key_of(file.path), folder.source_of(file.path)
        return Entry(key, source, root_id, file.size, file.mtime_ns)

    def store_file(self, entry: Entry, result: ReadResult, backlog: Backlog) -> None:
        """Write what became of a file, inside the caller's transaction."""
        store, source = self._store, entry.source
        before = ledger.file_at(store.connection, entry.key)
        unread = not result.content_hash
        size = entry.size if unread else result.size
        mtime_ns = entry.mtime_ns if unread else result.mtime_ns
        state, document_id, problems = self._outcome(before, source, result, backlog)
        last = ledger.file_at(store.connection, entry.key)  # its document may have been read anew
        self._count(before, document_id, state)
        if before and before.state == state and (before.size, before.mtime_ns) == (size, mtime_ns):
            self.known_problems += bool(problems)
        else:
            self.tell(source, problems)
        ledger.put_file(
            store.connection,
            source=source,
            path=entry.key,
            root_id=entry.root_id,
            document_id=document_id,
            state=state,
            size=size,
            mtime_ns=mtime_ns,
            content_hash=result.content_hash or None,
            reader_version=READER_VERSION,
            problems=problems,
        )
        if document_id is not None:
            store.index_document(document_id)
        if last and last.document_id not in (None, document_id):
            store.release_document(last.document_id)

    def _outcome(
        self, before: FileRow | None, source: str, result: ReadResult, backlog: Backlog
    ) -> tuple[str, int | None, tuple[Problem, ...]]:
        """(state, document, problems) of a file that was read."""
        if result.document is not None:
            problems = result.document.problems
            document_id = self._document(source, result.content_hash, result.document, backlog)
            return ("partly" if problems else "stored"), document_id, problems
        assert result.problem is not None, "a file is a document or a problem"
        if result.problem.code == "empty":
            return "empty", None, ()
        # What was read before is kept, and shown as stale.
        return "failed", before.document_id if before else None, (result.problem,)

    def _document(
        self, source: str, content_hash: str, document: Document, backlog: Backlog
    ) -> int:
        """The stored document of this content, cut and stored when it is new."""
        store = self._store
        known = store.find_document(content_hash, document.format, READER_VERSION)
        if known is not None and store.holds(known, document):
            return known
        # Of the same bytes more can be read than last time: by OCR, with a password, in more time.
        named = ledger.unlink(store.connection, known) if known is not None else []
        if known is not None:
            store.release_document(known)
        counter = self._embedder().counter
        chunks = chunk_document(document, self._settings, counter, self._settings.room_tokens)
        document_id = store.put_document(
            content_hash, READER_VERSION, document, self._chunk_set_id, chunks, source
        )
        ledger.link(store.connection, named, document_id)
        backlog.add(document_id, len(chunks))
        return document_id

    def _count(self, before: FileRow | None, document_id: int | None, state: str) -> None:
        if document_id is None or state == "failed":
            return
        if before is None or before.document_id is None:
            self.added += 1
            self._under_new_name.add(document_id)
        elif before.document_id != document_id:
            self.updated += 1
        else:
            self.unchanged += 1

    def tell(self, source: str, problems: Sequence[Problem]) -> None:
        """Of problems that were not known before."""
        for problem in problems:
            self.problems.append((source, problem))
            place = source if problem.page is None else f"{source}, p. {problem.page}"
            cure = f": {problem.hint}" if problem.hint else ""
            self._listener(Event("problem", message=f"{place}: {problem.message}{cure}"))

    def remove(self, rows: Sequence[FileRow]) -> None:
        """Take out files that are gone. One whose document a new file holds has moved."""
        with self._store.transaction():
            for row in rows:
                ledger.forget(self._store.connection, row.id)
                ledger.remove_root_at(self._store.connection, row.path)
                if row.document_id is None:
                    continue
                self._store.release_document(row.document_id)
                if row.document_id in self._under_new_name:
                    self._under_new_name.remove(row.document_id)
                    self.moved += 1
                    self.added -= 1
                else:
                    self.removed += 1

    def record_skipped(self, skipped: Mapping[int, Sequence[tuple[str, str]]]) -> None:
        """Keep, root by root, what was passed over and why."""
        with self._store.transaction():
            for root_id, rows in skipped.items():
                ledger.set_skipped(self._store.connection, root_id, rows)
