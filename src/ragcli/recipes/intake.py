"""Files into the store: read, cut, committed together, and taken out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Protocol

from ragcli.chunking import chunk_document
from ragcli.domain import ChunkSettings, Document, Embedder, Event, Listener, Problem
from ragcli.reading import READER_VERSION
from ragcli.reading.results import ReadResult
from ragcli.reading.unpack import NOT_UNPACKED
from ragcli.reading.walk import FoundFile
from ragcli.recipes.backlog import Backlog
from ragcli.store import Store, ledger
from ragcli.store.folder import PART_MARK, is_part, part_key
from ragcli.store.rows import FileRow

# A commit costs an fsync, a few milliseconds; a crash costs what was read since the last one.
COMMIT_EVERY_S = 1.0
# The first come sooner, so that embedding begins beside the reading of a small folder too.
FIRST_COMMIT_S = 0.1


class Reader(Protocol):
    """Reads files in their order, each behind its parts; see reading/worker.py. ``reads_pictures``
    says whether those that lie in folders are worth giving to it."""

    reads_pictures: bool

    def begin(self) -> None: ...

    def read_all(self, paths: Iterable[Path], below: Iterable[int]) -> Iterator[ReadResult]: ...

    def read_with_parts(self, path: Path, *, charset: str = "") -> Iterator[ReadResult]: ...


class Entry(NamedTuple):
    """Where the ledger keeps a file. Its size and time count when not a byte could be read: it is
    known by what the folder says of it. Its time is that of parts that have none of their own."""

    key: bytes
    source: str
    root_id: int | None
    size: int | None
    mtime_ns: int | None


_HELD = ("stored", "partly")


def _held(row: FileRow) -> int | str | None:
    """What the project has of a file: its document, or, where it only holds others, its content."""
    if row.document_id is not None:
        return row.document_id
    return row.content_hash if row.state in _HELD else None


class Intake:
    """Counts what it did in files: ``added``, ``updated``, ``unchanged`` (read again, the same
    words), ``moved`` and ``removed``; ``parts`` counts the files inside them that were read.
    ``problems`` are (source, problem) that were not known before; ``known_problems`` counts files
    and parts that could not be read again."""

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
        self.known_problems = self.parts = 0
        self.problems: list[tuple[str, Problem]] = []
        self._under_new_name: set[int | str] = set()
        self._parts_of_file: set[bytes] = set()

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
        done, pause_s = 0, FIRST_COMMIT_S
        while done < len(files) and monotonic() < deadline:
            with self._store.transaction():
                commit_at = 0.0
                for result in results:
                    self.store_file(self._entry(*files[done]), result, backlog)
                    # The file itself comes behind its parts: until then it counts as not read.
                    if not result.part:
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
        """Write what became of a file, or of a part of it, inside the caller's transaction."""
        store, part = self._store, result.part
        key = part_key(entry.key, part)
        source = f"{entry.source}{PART_MARK}{part}" if part else entry.source
        source = ledger.free_source(store.connection, source, key)
        before = ledger.file_at(store.connection, key)
        unread = not result.content_hash and not part
        size = entry.size if unread else result.size
        mtime_ns = entry.mtime_ns if unread or result.mtime_ns is None else result.mtime_ns
        state, document_id, problems = self._outcome(before, source, result, backlog)
        last = ledger.file_at(store.connection, key)  # its document may have been read anew
        if part:
            self.parts += 1
            self._parts_of_file.add(key)
        else:
            self._count(before, document_id, result.content_hash, state)
        if before and before.state == state and (before.size, before.mtime_ns) == (size, mtime_ns):
            self.known_problems += bool(problems)
        else:
            self.tell(source, problems)
        ledger.put_file(
            store.connection,
            source=source,
            path=key,
            root_id=entry.root_id,
            document_id=document_id,
            state=state,
            size=size,
            mtime_ns=mtime_ns,
            # An archive that is asked for later is read then, though it has not changed.
            content_hash=None if result.problem == NOT_UNPACKED else result.content_hash or None,
            reader_version=READER_VERSION,
            problems=problems,
        )
        if document_id is not None:
            store.index_document(document_id)
        if last and last.document_id not in (None, document_id):
            store.release_document(last.document_id)
        if not part:
            self._end_of_parts(entry.key, complete=state != "failed" and result.rest is None)

    def _end_of_parts(self, whole: bytes, *, complete: bool) -> None:
        """Parts that a file does not have any more go; of one that could not be read they stay."""
        if complete:
            for row in ledger.parts_of(self._store.connection, whole):
                if row.path not in self._parts_of_file:
                    self._forget(row)
        self._parts_of_file.clear()

    def _outcome(
        self, before: FileRow | None, source: str, result: ReadResult, backlog: Backlog
    ) -> tuple[str, int | None, tuple[Problem, ...]]:
        """(state, document, problems) of a file that was read."""
        rest = (result.rest,) if result.rest else ()
        if result.document is not None:
            problems = (*result.document.problems, *rest)
            document_id = self._document(source, result.content_hash, result.document, backlog)
            return ("partly" if problems else "stored"), document_id, problems
        if result.problem is None:  # it only holds other files
            return ("partly" if rest else "stored"), None, rest
        if result.problem.code == "empty":
            return "empty", None, ()
        # What was read before is kept, and shown as stale.
        return "failed", before.document_id if before else None, (result.problem, *rest)

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

    def _count(
        self, before: FileRow | None, document_id: int | None, content_hash: str, state: str
    ) -> None:
        if state not in _HELD:
            return
        now = document_id or content_hash
        then = _held(before) if before else None
        if then is None:
            self.added += 1
            self._under_new_name.add(now)
        elif then != now:
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
                self._forget(row)
                ledger.remove_root_at(self._store.connection, row.path)
                held = _held(row)
                if held is None or is_part(row.path):
                    continue
                if held in self._under_new_name:
                    self._under_new_name.remove(held)
                    self.moved += 1
                    self.added -= 1
                else:
                    self.removed += 1

    def _forget(self, row: FileRow) -> None:
        ledger.forget(self._store.connection, row.id)
        if row.document_id is not None:
            self._store.release_document(row.document_id)

    def record_skipped(self, skipped: Mapping[int, Sequence[tuple[str, str]]]) -> None:
        """Keep, root by root, what was passed over and why."""
        with self._store.transaction():
            for root_id, rows in skipped.items():
                ledger.set_skipped(self._store.connection, root_id, rows)
