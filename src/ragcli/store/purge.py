"""Making the store forget for good: what was removed is in none of its files any more.

SQLite leaves deleted rows in free pages and in its log, FTS5 the terms of deleted rows in its
segments (it has no secure delete before 3.42), and an index file the vectors of removed chunks.
"""

from __future__ import annotations

from ragcli.store import database, ledger, sets
from ragcli.store.store import Store

_BEGUN = "purge_begun_at"
_COUNT = "purges"


def begin(store: Store) -> None:
    """Say that a purge is due, in the caller's transaction: whatever happens now, some writer
    finishes it. Of files that stay out only the hash of the path is kept."""
    ledger.hash_removed(store.connection)
    store.set_fact(_BEGUN, store.now())


def is_unfinished(store: Store) -> bool:
    """One was begun and did not come to its end."""
    return store.fact(_BEGUN) is not None


def count(store: Store) -> int:
    """How many there were: what was read from the store before the last may hold what is gone."""
    return int(store.fact(_COUNT) or 0)


def finish(store: Store) -> bool:
    """Write everything anew from what is left; false where a reader that did not end within
    ``database.BUSY_TIMEOUT_S`` keeps the old pages in place: then the next writer tries again.

    The caller holds the project's lock. Killed anywhere, it starts over.
    """
    _write_indexes_anew(store)
    with store.transaction():
        store.rebuild_keyword_index()
        store.set_fact(_COUNT, str(count(store) + 1))
    # Every page is written anew, and then moved over the old ones.
    store.connection.execute("VACUUM")
    if not database.empty_log(store.connection):
        return False
    store.connection.execute("DELETE FROM facts WHERE key = ?", (_BEGUN,))
    return True


def _write_indexes_anew(store: Store) -> None:
    """Those that may hold a vector of a removed chunk."""
    if store.connection.execute("SELECT 1 FROM removed_chunks LIMIT 1").fetchone():
        for chosen in sets.with_index(store.connection):
            store.publish_index(chosen, force=True)
        with store.transaction():
            # Every index file is younger than these removals.
            store.connection.execute("DELETE FROM removed_chunks")
    store.sweep()
