"""A store whose documents lack some of their sentences: what `rag eval --self` asks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ragcli.chunking import chunk_document
from ragcli.domain import Embedder, Filter, Listener
from ragcli.evaluation.selfmade import blanked
from ragcli.reading import READER_VERSION
from ragcli.recipes.backlog import Backlog
from ragcli.store import Store, ledger, sets


def blank(
    store: Store,
    spans: Mapping[int, Sequence[tuple[int, int]]],
    embedder: Embedder,
    wait_s: float,
    listener: Listener,
) -> None:
    """Put spaces in place of these spans of each document, and cut and embed what that changes.

    For a copy of a project only: it holds other text than its files. Raises ProviderUnavailable,
    ModelMismatch, ProjectCorrupt.
    """
    chosen = sets.active(store.connection)
    assert chosen is not None, "a project with documents has an active set"
    settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
    with store.writing(wait_s):
        with store.transaction():
            for document_id, some in spans.items():
                document = blanked(store.document(document_id), some)
                cut = chunk_document(document, settings, embedder.counter, settings.room_tokens)
                data = document.text.encode("utf-8", "replace")
                content_hash = hashlib.sha256(data).hexdigest()
                source = store.cited_as(document_id)
                fresh = store.put_document(
                    content_hash, READER_VERSION, document, chosen.chunk_set_id, cut, source
                )
                for row in store.files_of(document_id, Filter()):
                    ledger.repoint(store.connection, row.id, fresh, content_hash)
                store.index_document(fresh)
                store.release_document(document_id)
        with Backlog(store, chosen, lambda: embedder, listener) as backlog:
            backlog.finish()
        store.publish_index(chosen)
