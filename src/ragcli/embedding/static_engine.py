"""Static embeddings: a table of one vector a token, looked up and averaged. No graph, no torch.

What sentence-transformers' ``StaticEmbedding`` computes: the mean of the token vectors, without
special tokens. A model2vec table may be smaller than the vocabulary (``mapping`` says which row a
token has) and weigh its tokens (``weights``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.embedding.engine import Tokenized
from ragcli.models import Unfit, safetensors_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragcli.domain import Matrix


class StaticEngine:
    """Looks token ids up in the table and averages them."""

    name = "static"
    lanes = 1  # microseconds a text: threads would only wait for each other

    def __init__(self, weights: Path) -> None:
        """``weights`` is the model's safetensors file. Raises Unfit."""
        try:
            parts = safetensors_file.tensors(weights)
            table = parts.get("embedding.weight") or parts["embeddings"]
            self._table = safetensors_file.mapped(weights, table)
            self._mapping = self._optional(weights, parts, "mapping")
            self._weights = self._optional(weights, parts, "weights")
        except (OSError, ValueError, KeyError) as error:
            raise Unfit(f"{weights} holds no table of token vectors ({error})") from error

    @staticmethod
    def _optional(
        weights: Path, parts: dict[str, safetensors_file.Tensor], name: str
    ) -> NDArray[Any] | None:
        return safetensors_file.mapped(weights, parts[name]) if name in parts else None

    def encode(self, texts: Sequence[Tokenized]) -> Matrix:
        """(len(texts), dimension); a text without tokens is zero."""
        import numpy as np

        out = np.zeros((len(texts), self._table.shape[1]), np.float32)
        for row, text in enumerate(texts):
            ids = np.asarray(text.ids, np.int64)
            if len(ids):
                vectors = self._table[ids if self._mapping is None else self._mapping[ids]]
                if self._weights is not None:
                    vectors = vectors * self._weights[ids, None]
                out[row] = vectors.astype(np.float32).mean(axis=0)
        return out
