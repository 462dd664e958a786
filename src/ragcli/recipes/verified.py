"""What was found, with each passage's file compared by its hash."""

from __future__ import annotations

from dataclasses import replace

from ragcli.domain import Passage, QueryResult
from ragcli.recipes.shown import freshness
from ragcli.store import Store, ledger


def verified(store: Store, found: QueryResult, *, fresh: bool) -> QueryResult:
    """A file that was only touched is as it was; one that changed at the same size and time is
    not. With ``fresh``, passages of such are left out and the others move up."""
    passages: list[Passage] = []
    with store.snapshot():
        for one in found.passages:
            file = ledger.file_of_source(store.connection, one.source)
            now = freshness(store, file, verify=True) if file else "gone"
            if now == "current" or not fresh:
                at = len(passages) + 1 if fresh else one.rank
                changed = replace(one, rank=at, stale=now != "current", gone=now == "gone")
                passages.append(changed)
    return replace(found, passages=tuple(passages))
