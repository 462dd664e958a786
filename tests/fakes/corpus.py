"""A corpus in memory, as retrieval sees a store: documents of chunks, cosines given by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ragcli.retrieval.question import Question, weigh
from ragcli.retrieval.retrieve import Text
from ragcli.text.terms import STOP_WORDS, terms

if TYPE_CHECKING:
    from ragcli.domain import Vector

VECTOR = np.ones(4, np.float32)  # any: the cosines are given


class Corpus:
    """``documents`` are lists of texts; ids count from 0 through all of them. ``cosines`` by id,
    0 where none is given; ``code`` and ``readable`` (1 where not given), too."""

    def __init__(
        self,
        documents: Sequence[Sequence[str]],
        cosines: Mapping[int, float] | None = None,
        code: Sequence[int] = (),
        readable: Mapping[int, float] | None = None,
    ) -> None:
        self.chunks = [text for document in documents for text in document]
        self.document_of = [d for d, document in enumerate(documents) for _ in document]
        self._terms = [terms(text) for text in self.chunks]
        self._cosines = cosines or {}
        self._code = code
        self._readable = readable or {}
        self.read: list[int] = []

    def question(self, text: str, exact: Sequence[str] = (), **facts: object) -> Question:
        """As a recipe reads it, but for stems and compounds."""
        asked = [t for t in dict.fromkeys(terms(text)) if t not in STOP_WORDS]
        found = self._frequencies(asked)
        held = tuple(t for t, n in found.items() if n)
        question = Question(held, weigh(asked, found, len(self.chunks)), tuple(exact), VECTOR)
        return question._replace(**facts)

    def dense(self, query: Vector, k: int) -> list[tuple[int, float]]:
        ids = sorted(range(len(self.chunks)), key=lambda i: (-self._cosines.get(i, 0.0), i))
        return [(i, self._cosines.get(i, 0.0)) for i in ids[:k]]

    def dense_scores(self, query: Vector, ids: Sequence[int]) -> Mapping[int, float]:
        return {i: self._cosines.get(i, 0.0) for i in ids}

    def keyword(self, terms: Sequence[str], k: int, also: Sequence[int]) -> list[tuple[int, float]]:
        scored = self.keyword_scores(terms, range(len(self.chunks)))
        found = sorted(scored.items(), key=lambda one: (-one[1], one[0]))
        return found[:k] + [one for one in found[k:] if one[0] in also]

    def keyword_scores(self, terms: Sequence[str], ids: Sequence[int]) -> Mapping[int, float]:
        """BM25 as if each term stood once in texts of one length."""
        held = {i: set(terms) & set(self._terms[i]) for i in ids}
        weights = weigh(terms, self._frequencies(terms), len(self.chunks))
        return {i: sum(weights[t] for t in some) for i, some in held.items() if some}

    def _frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        return {t: sum(t in chunk for chunk in self._terms) for t in terms}

    def holding(self, piece: str, k: int) -> list[int]:
        phrase = terms(piece)
        places = [
            i
            for i, own in enumerate(self._terms)
            if any(own[p : p + len(phrase)] == phrase for p in range(len(own)))
        ]
        return places[:k]

    def neighbours(self, ids: Sequence[int]) -> dict[int, list[int]]:
        beside: dict[int, list[int]] = {i: [] for i in range(len(self.chunks))}
        for one, other in pairwise(range(len(self.chunks))):
            if self.document_of[one] == self.document_of[other]:
                beside[one].append(other)
                beside[other].append(one)
        return {i: beside[i] for i in ids}

    def texts(self, ids: Sequence[int]) -> dict[int, Text]:
        self.read += ids
        return {
            i: Text(self.chunks[i], self._terms[i], i in self._code, self._readable.get(i, 1.0))
            for i in ids
        }
