"""An embedding set that grows beside the one that answers: cut and embedded from the stored text.

It takes turns with other writers. Between two turns the project is free for a moment, so that an
ingest which waits gets in; what that brings is caught up in the next turn. Killed anywhere, the
next run goes on from the last commit, which is a second old at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from ragcli.chunking import chunk_document
from ragcli.domain import Embedder, Event, Listener
from ragcli.recipes.backlog import Backlog
from ragcli.recipes.intake import COMMIT_EVERY_S
from ragcli.store import Store, lock, overview, sets
from ragcli.store.rows import EmbeddingSet

# Short beside the `--wait` of a cron job; ending a turn lets lanes idle for about a second.
TURN_S = 60.0
# Another writer looks at the lock again within this time.
GIVE_WAY_S = 3 * lock.POLL_S


class Growth:
    """``embedded`` counts the texts that this run embedded."""

    def __init__(
        self,
        store: Store,
        begin: Callable[[], EmbeddingSet],
        embedder: Callable[[], Embedder],
        listener: Listener,
    ) -> None:
        """``begin`` names the set, and makes it where it is missing, at the start of each turn: to
        others it is only a set that does not answer. ``embedder`` is asked for when there is
        something to cut or to embed."""
        self._store = store
        self._begin = begin
        self._embedder = embedder
        self._listener = listener
        self._told = False
        self.embedded = 0

    @contextmanager
    def complete(self, wait_s: float) -> Iterator[EmbeddingSet]:
        """The set once nothing is missing; inside, the project is locked.

        Raises ProjectLocked (not free within ``wait_s`` at the start), ModelMismatch,
        ProviderUnavailable, ProjectCorrupt.
        """
        while True:
            with self._store.writing(wait_s):
                chosen = self._begin()
                self._tell_rest(chosen)
                if self.grow(chosen, monotonic() + TURN_S):
                    yield chosen
                    return
            sleep(GIVE_WAY_S)
            if (holder := lock.holder(self._store.folder.lock)) is not None:
                self._listener(Event("note", message=f"waiting for another command{holder}"))
            wait_s = float("inf")

    def _tell_rest(self, chosen: EmbeddingSet) -> None:
        """That there is something of an earlier run, in the first turn."""
        total = self._store.chunk_count(chosen.chunk_set_id)
        rest = sets.count_unembedded(self._store.connection, chosen.id)
        if not self._told and 0 < rest < total:
            message = f"{total - rest:,} of {total:,} chunks are embedded already"
            self._listener(Event("note", message=message))
        self._told = True

    def grow(self, chosen: EmbeddingSet, deadline: float = float("inf")) -> bool:
        """Cut and embed what the set lacks, under the caller's lock; whether that is all."""
        before = self.embedded

        def progress(event: Event) -> None:
            """Of all turns together."""
            if event.kind == "embedding":
                event = Event("embedding", event.done + before, event.total + before)
            self._listener(event)

        with Backlog(self._store, chosen, self._embedder, progress, deadline) as backlog:
            cut = self._cut(chosen, backlog, deadline)
            backlog.finish()
        self.embedded += backlog.embedded
        return cut and sets.count_unembedded(self._store.connection, chosen.id) == 0

    def _cut(self, chosen: EmbeddingSet, backlog: Backlog, deadline: float) -> bool:
        """Cut the documents that the chunk set lacks, committed now and then; whether that was
        all."""
        store = self._store
        missing = overview.uncut_documents(store.connection, chosen.chunk_set_id)
        settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
        waiting = iter(enumerate(missing, 1))
        done = 0
        while done < len(missing) and monotonic() < deadline:
            with store.transaction():
                started = monotonic()
                for done, document_id in waiting:
                    document = store.document(document_id)
                    counter = self._embedder().counter
                    cut = chunk_document(document, settings, counter, settings.room_tokens)
                    store.add_chunks(document_id, chosen.chunk_set_id, cut)
                    backlog.add(document_id, len(cut))
                    self._listener(Event("cutting", done, len(missing)))
                    if monotonic() - started > COMMIT_EVERY_S:
                        break
            backlog.step()
        return done == len(missing)
