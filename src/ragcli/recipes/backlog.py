"""The backlog: chunks that have no embedding yet, worked off by lanes (``lanes.py``).

    documents just stored ─┐
                           ├─ window, longest first ─ tasks ─ lanes ─ vectors ─ a commit a second
    the store's pending ───┘

Only the main thread touches the store. It holds the texts of one window and of the tasks under
way, and a second's vectors, whatever the corpus.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from ragcli.domain import Embedder, Event, Listener
from ragcli.embedding import PROBE
from ragcli.errors import TextTooLong
from ragcli.recipes import guard, languages
from ragcli.recipes.lanes import Lanes, Task
from ragcli.store import Store, overview, sets
from ragcli.store.rows import Pending
from ragcli.store.vectors import EmbeddingSet

# A commit costs an fsync, a few milliseconds; a crash costs what was embedded since the last one.
COMMIT_EVERY_S = 1.0

# Within a window texts are sorted, so that those of like length stand side by side. Its texts, a
# megabyte, are held.
WINDOW_CHUNKS = 1024

# A task holds as many chunks as the embedder wants in a batch, and fewer of long ones.
TASK_TOKENS_A_CHUNK = 128

# Where the texts of a window are few, they are shared out all the same: each lane gets so many
# tasks, so that all end at about the same time. None is smaller than a batch of the default engine.
TASKS_A_LANE = 4
SMALLEST_TASK_TOKENS = 512

# Put ahead for each lane, so that none waits for the main thread: while files are read it comes by
# about once a second, and a task of short texts takes a quarter of that.
TASKS_AHEAD = 4

# For the share of pieces that the vocabulary lacks.
SAMPLE_CHUNKS = 200


class Backlog:
    """A context manager. While files are read, ``add`` names documents and ``step`` embeds beside
    the reading; ``finish`` embeds all that is left. ``embedded`` counts texts.

    The model is asked for when there is something to embed. Raises ModelMismatch and
    ProviderUnavailable, also for what a lane met.
    """

    def __init__(
        self,
        store: Store,
        chosen: EmbeddingSet,
        embedder: Callable[[], Embedder],
        listener: Listener,
        deadline: float = float("inf"),
    ) -> None:
        """``deadline`` is a moment of ``monotonic``: what is not begun by then stays."""
        self._store = store
        self._chosen = chosen
        self._embedder = embedder
        self._listener = listener
        self._deadline = deadline
        self._answers = sets.active(store.connection) == chosen
        self._lanes: Lanes | None = None
        self._proved = False
        self._documents: deque[tuple[int, int]] = deque()  # (document, how many chunks)
        self._ids: deque[int] = deque()
        self._tasks: deque[Task] = deque()
        self._ready: list[Task] = []
        # Texts that were handed out and are not committed yet: hash -> chunk.
        self._under_way: dict[bytes, int] = {}
        self._looked_at_languages = False
        self._halved = False
        self._committed_at = monotonic()
        self._since_index = 0
        self._stored_chunks = 0
        self.embedded = 0

    def __enter__(self) -> Backlog:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._lanes is not None:
            self._lanes.close()

    # ------------------------------------------------------------ beside the reading

    def add(self, document_id: int, chunks: int) -> None:
        """A document was stored."""
        self._documents.append((document_id, chunks))
        self._stored_chunks += chunks

    def step(self) -> None:
        """Take in what is embedded and hand out more; never waits, nor inside a transaction.

        One lane is left out, the reading's own, and the others yield to it: text comes first.
        """
        if self._lanes is None and not self._documents:
            return
        beside = self._embedder().lanes - 1
        if beside < 1:
            self._documents.clear()
            return
        if monotonic() < self._deadline:
            if self._stored_chunks >= WINDOW_CHUNKS and not self._looked_at_languages:
                self._tell_languages()
            lanes = self._started(beside, yielding=True)
            while (task := lanes.take()) is not None:
                self._take(task)
            self._feed(lanes)
            self._commit_when_due()

    # ------------------------------------------------------------ after it

    def finish(self) -> None:
        """Embed what is left, until the deadline."""
        self._documents.clear()
        self._find_pending()
        if not self._ids and self._lanes is None:
            return
        self._tell_languages()
        self._tell()
        self._embedder().prepare(len(self._ids))
        lanes = self._started(self._embedder().lanes)
        while True:
            if monotonic() >= self._deadline:
                self._tasks.clear()
                self._ids.clear()
                lanes.drop_waiting()
            else:
                self._feed(lanes)
            if not lanes.busy:
                break
            if (task := lanes.take(COMMIT_EVERY_S)) is not None:
                self._take(task)
            self._commit_when_due()
        self._commit()

    # ------------------------------------------------------------ tasks

    def _started(self, size: int, *, yielding: bool = False) -> Lanes:
        """``size`` lanes; the first task of all is the probe."""
        if self._lanes is None:
            embedder = self._embedder()
            guard.check_identity(self._chosen.identity, embedder.identity)
            self._tell()  # before the model is loaded, which may take seconds
            embedder.prepare(self._waiting)
            self._lanes = Lanes(embedder.embed_documents)
            self._lanes.put(Task([Pending(0, b"", PROBE, 0)]))
        self._lanes.grow(size, yielding=yielding)
        return self._lanes

    def _feed(self, lanes: Lanes) -> None:
        """Give every lane enough to do; nothing before the model has shown that it is the one."""
        while self._proved and lanes.busy < TASKS_AHEAD * lanes.size:
            if not self._tasks and not self._next_window():
                return
            lanes.put(self._tasks.popleft())

    def _next_window(self) -> bool:
        """Plan the tasks of the next chunks; whether there are any."""
        while not self._tasks:
            ids: list[int] = []
            window = self._window_chunks()
            while self._documents and len(ids) < window:
                # It may have been changed again, or be gone, since it was added.
                document_id, _ = self._documents.popleft()
                found = overview.unembedded(self._store.connection, self._chosen, document_id)
                ids += sorted(found)
            while self._ids and len(ids) < window:
                ids.append(self._ids.popleft())
            if ids:
                self._plan(ids)
            elif self._halved:
                # Of equal texts one was named, and cut in two: the others are still there.
                self._find_pending()
            else:
                return False
        return True

    def _window_chunks(self) -> int:
        """Enough for full batches on every lane, also many and wide ones."""
        embedder = self._embedder()
        return max(WINDOW_CHUNKS, TASKS_A_LANE * embedder.lanes * embedder.batch_texts)

    def _find_pending(self) -> None:
        self._halved = False
        busy = set(self._under_way.values())
        pending = sets.pending(self._store.connection, self._chosen)
        self._ids = deque(i for i in pending if i not in busy)

    def _plan(self, ids: Sequence[int]) -> None:
        """Tasks of texts of like length, the longest first: at the end no lane idles long."""
        entries = {e.embed_hash: e for e in sets.pending_texts(self._store.connection, ids)}
        fresh = [e for e in entries.values() if e.embed_hash not in self._under_way]
        self._under_way |= {e.embed_hash: e.chunk_id for e in fresh}
        most = self._task_tokens(sum(e.size_tokens for e in fresh))
        chunks = self._embedder().batch_texts
        batch: list[Pending] = []
        for entry in sorted(fresh, key=lambda e: -e.size_tokens):
            tokens = entry.size_tokens + sum(e.size_tokens for e in batch)
            if batch and (len(batch) == chunks or tokens > most):
                self._tasks.append(Task(batch))
                batch = []
            batch.append(entry)
        if batch:
            self._tasks.append(Task(batch))

    def _task_tokens(self, total: int) -> int:
        """How many a task may hold, where a window has so many. One lane alone (a table) gets
        them together."""
        embedder = self._embedder()
        lanes = embedder.lanes
        share = total if lanes == 1 else total // (lanes * TASKS_A_LANE)
        most = embedder.batch_texts * TASK_TOKENS_A_CHUNK
        return min(most, max(SMALLEST_TASK_TOKENS, share))

    def _take(self, task: Task) -> None:
        if isinstance(task.error, TextTooLong) and self._proved:
            self._halve(task, task.error.index)
        elif task.error is not None:
            raise task.error
        elif not self._proved:
            self._check_probe(task)
        else:
            self._ready.append(task)

    def _check_probe(self, task: Task) -> None:
        assert task.vectors is not None
        probe = task.vectors[0]
        if sets.probe(self._store.connection, self._chosen.id) is None:
            with self._store.transaction():
                sets.set_probe(self._store.connection, self._chosen.id, probe)
        guard.compare_probe(self._store, self._chosen, probe)
        self._proved = True

    def _halve(self, task: Task, index: int) -> None:
        """A provider whose tokenizer we do not have found a chunk too long: cut it in two."""
        long = task.batch[index]
        if others := [*task.batch[:index], *task.batch[index + 1 :]]:
            self._tasks.append(Task(others))
        del self._under_way[long.embed_hash]
        if not self._store.has_chunk(long.chunk_id):  # its file was changed meanwhile
            return
        with self._store.transaction():
            halves = self._store.halve_chunk(long.chunk_id)
        message = "a chunk was too long for the model and was cut in two"
        self._listener(Event("note", message=message))
        self._halved = True
        self._plan(halves)

    # ------------------------------------------------------------ commits

    def _commit_when_due(self) -> None:
        if monotonic() - self._committed_at >= COMMIT_EVERY_S:
            self._commit()

    def _commit(self) -> None:
        self._committed_at = monotonic()
        if not self._ready:
            return
        with self._store.transaction():
            for task in self._ready:
                assert task.vectors is not None
                sets.add_embeddings(
                    self._store.connection, self._chosen.id, task.batch, task.vectors
                )
        for entry in (entry for task in self._ready for entry in task.batch):
            del self._under_way[entry.embed_hash]
            self.embedded += 1
            self._since_index += 1
        self._ready.clear()
        self._tell()
        if self._answers and self._since_index >= WINDOW_CHUNKS:
            # Questions come meanwhile; without a file each of them would read every vector.
            self._since_index = 0
            self._store.publish_index(self._chosen)

    # ------------------------------------------------------------ what is told

    @property
    def _waiting(self) -> int:
        return len(self._ids) + sum(chunks for _, chunks in self._documents)

    def _tell(self) -> None:
        total = self.embedded + len(self._under_way) + self._waiting
        self._listener(Event("embedding", self.embedded, total))

    def _tell_languages(self) -> None:
        """Before hours of embedding, not after them: does the model know the language? By the first
        thousand chunks while files are read, and again by all."""
        self._looked_at_languages = True
        embedder = self._embedder()
        ids = list(self._ids)[:: max(1, len(self._ids) // SAMPLE_CHUNKS)]
        sample = sets.pending_texts(self._store.connection, ids)
        shares = [embedder.unknown_share(p.text) for p in sample]
        unknown = sum(shares) / len(shares) if shares else 0.0
        message = languages.before_embedding(self._store, self._chosen, embedder, unknown)
        if message:
            self._listener(Event("note", message=message))
