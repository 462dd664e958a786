"""What retrieval asks of the store, for one chunk set and filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ragcli.retrieval.question import readable
from ragcli.retrieval.retrieve import Text
from ragcli.text.terms import phrase, terms

if TYPE_CHECKING:
    from ragcli.domain import Filter, Vector
    from ragcli.store import Store
    from ragcli.store.rows import ChunkRow


@lru_cache(1024)  # a process that answers many questions meets the same chunks again
def _terms(text: str, language: str | None) -> tuple[tuple[str, ...], frozenset[str]]:
    """A text's terms in order, and which they are."""
    own = tuple(terms(text, language))
    return own, frozenset(own)


class StoreSearcher:
    """Keeps the rows that it has read: passages are made of them.

    ``unknown_share`` tells what share of a text's pieces the embedding model does not know; None
    where no model is used.
    """

    def __init__(
        self,
        store: Store,
        chunk_set_id: int,
        chosen: Filter,
        unknown_share: Callable[[str], float] | None,
    ) -> None:
        self._store = store
        self._chunk_set_id = chunk_set_id
        self._chosen = chosen
        self._unknown_share = unknown_share
        self.rows: dict[int, ChunkRow] = {}
        self.terms: dict[int, frozenset[str]] = {}

    def dense(self, query: Vector, k: int) -> list[tuple[int, float]]:
        return self._store.search_dense(query, k, self._chosen)

    def dense_scores(self, query: Vector, ids: Sequence[int]) -> Mapping[int, float]:
        return self._store.dense_scores(query, ids)

    def keyword(self, terms: Sequence[str], k: int, also: Sequence[int]) -> list[tuple[int, float]]:
        return self._store.search_keyword(self._chunk_set_id, terms, k, self._chosen, also)

    def keyword_scores(self, terms: Sequence[str], ids: Sequence[int]) -> Mapping[int, float]:
        return self._store.keyword_scores(self._chunk_set_id, terms, ids)

    def holding(self, piece: str, k: int) -> list[int]:
        words = phrase(piece)
        return self._store.holding(self._chunk_set_id, words, k, self._chosen) if words else []

    def neighbours(self, ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        return self._store.neighbours(ids)

    def texts(self, ids: Sequence[int]) -> Mapping[int, Text]:
        found = {}
        for row in self._store.passages(ids):
            text = row.chunk.embed_text
            own, self.terms[row.id] = _terms(text, row.language)
            self.rows[row.id] = row
            found[row.id] = Text(text, own, row.format == "code", self._readable(text))
        return found

    def _readable(self, text: str) -> float:
        # Every vocabulary has the pieces of ASCII; a few signs beside them change nothing.
        foreign_bytes = 0 if text.isascii() else len(text.encode()) - len(text)
        if self._unknown_share is None or foreign_bytes < len(text) // 10:
            return 1.0
        return readable(self._unknown_share(text))
