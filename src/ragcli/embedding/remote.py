"""What embedders behind a server have in common: prompts, batches, limits, checked vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ragcli.config import Settings
from ragcli.domain import EmbedderIdentity
from ragcli.embedding.estimate import EstimatingCounter
from ragcli.embedding.languages import foreign_share, taught
from ragcli.embedding.prompts import prompts_for
from ragcli.errors import ProviderUnavailable, TextTooLong, UsageError
from ragcli.http import ServerRefused

if TYPE_CHECKING:
    from ragcli.domain import Matrix, Vector

# [CLS] and [SEP], or a start and an end token: no embedding model adds more.
SPECIAL_TOKENS = 2

# Embedded once to measure the dimension.
_SAMPLE = "dimension"


class RemoteEmbedder(ABC):
    """An embedder behind a server. Nothing is asked of it before it is needed."""

    # One request is answered while the next is on its way; each has a connection of its own.
    lanes = 2

    # Enough to keep a server busy; few enough that a request stays small, an error costs little.
    batch_texts = 64

    def __init__(self, model: str, *, settings: Settings) -> None:
        self._model = model
        self._dimensions = settings.dimensions
        # Ollama applies no template to an embedding, nor do the others: the prompts are ours.
        self._query_prompt, self._document_prompt = prompts_for(
            model, {}, settings.query_prompt, settings.document_prompt
        )
        self._counter = EstimatingCounter()

    @abstractmethod
    def _request(self, texts: list[str]) -> list[list[float]]:
        """One raw embedding a text, in order. Raises ProviderUnavailable, ServerRefused."""

    @abstractmethod
    def _weights(self) -> str:
        """What stands for the model's weights in its identity."""

    @abstractmethod
    def _max_tokens(self) -> int:
        """The longest text in tokens, special tokens and prompt included."""

    @property
    @abstractmethod
    def _name(self) -> str:
        """``provider:model``."""

    @cached_property
    def identity(self) -> EmbedderIdentity:
        """All that decides an embedding; asks the server once."""
        return EmbedderIdentity(
            name=self._name,
            weights=self._weights(),
            dimension=self._embed([_SAMPLE]).shape[1],
            max_tokens=self._limit_tokens,
            pooling="provider",
            query_prompt=self._query_prompt,
            document_prompt=self._document_prompt,
            shortened=self._dimensions is not None,
        )

    @cached_property
    def _limit_tokens(self) -> int:
        return self._max_tokens()

    @property
    def counter(self) -> EstimatingCounter:
        return self._counter

    @property
    def room_tokens(self) -> int:
        """Tokens left for a document's text once special tokens and its prompt are in."""
        prompt_tokens = self._counter.count(self._document_prompt)
        return self._limit_tokens - SPECIAL_TOKENS - prompt_tokens

    def prepare(self, texts: int) -> None:  # noqa: B027 - a server may do better
        """Nothing to load: the server has the model."""

    @property
    def languages(self) -> frozenset[str] | None:
        return taught(self._name)

    def unknown_share(self, text: str) -> float:
        """By the model's name alone: its vocabulary is not known here."""
        return foreign_share(text, self.languages)

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        """(len(texts), dimension), each row of length 1.

        Raises TextTooLong for what the server refuses as too long, UsageError for an empty text,
        ProviderUnavailable when the server fails.
        """
        import numpy as np

        _refuse_empty(texts)
        if not texts:
            return np.empty((0, self.identity.dimension), dtype=np.float32)
        return self._embed([self._document_prompt + text for text in texts])

    def embed_query(self, text: str) -> Vector:
        """(dimension,), of length 1. Raises as ``embed_documents`` does."""
        _refuse_empty([text])
        row: Vector = self._embed([self._query_prompt + text])[0]
        return row

    def _embed(self, texts: list[str]) -> Matrix:
        rows: list[list[float]] = []
        for start in range(0, len(texts), self.batch_texts):
            rows += self._batch(texts[start : start + self.batch_texts], start)
        return unit_rows(rows, self._dimensions, self._name)

    def _batch(self, texts: list[str], first: int) -> list[list[float]]:
        """A batch's raw embeddings. Which text of a batch is too long, servers do not say: halves
        of it find the first."""
        try:
            rows = self._request(texts)
        except ServerRefused as refused:
            if not refused.too_long:
                raise
            if len(texts) == 1:
                raise TextTooLong(first, None, self._limit_tokens) from refused
            middle = len(texts) // 2
            front = self._batch(texts[:middle], first)
            return front + self._batch(texts[middle:], first + middle)
        if len(rows) != len(texts):
            raise ProviderUnavailable(
                f"{self._name} gave {len(rows)} embeddings for {len(texts)} texts",
                "look at the server's log",
            )
        return rows


def unit_rows(rows: list[list[float]], dimensions: int | None, name: str) -> Matrix:
    """(rows, dimension) of float32, each row of length 1, cut to ``dimensions`` before.

    Raises UsageError when there are fewer dimensions than asked for, ProviderUnavailable for what
    is no vector: rows of different length, not finite, or zero.
    """
    import numpy as np

    try:
        matrix = np.asarray(rows, dtype=np.float32)  # (texts, dimension)
    except (TypeError, ValueError):
        matrix = np.empty(0, dtype=np.float32)
    if matrix.ndim == 2 and dimensions:
        if dimensions > matrix.shape[1]:
            raise UsageError(
                f"{name} has {matrix.shape[1]} dimensions, fewer than {dimensions}",
                "lower `dimensions`",
            )
        matrix = matrix[:, :dimensions]
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    if matrix.ndim != 2 or not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise ProviderUnavailable(
            f"{name} gave something that is not an embedding", "is it an embedding model?"
        )
    unit: Matrix = matrix / lengths
    return unit


def _refuse_empty(texts: Sequence[str]) -> None:
    if any(not text.strip() for text in texts):
        raise UsageError("an empty text cannot be embedded", "leave it out")
