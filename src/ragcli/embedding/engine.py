"""What runs a local model: ONNX Runtime, a look-up table, or sentence-transformers itself.

``sentence_transformers.py`` knows what a model is (identity, prompts, limits) and tokenises;
an engine turns token ids into vectors. All engines agree, so none is part of the identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ragcli.domain import Matrix


class Tokenized(NamedTuple):
    """A text, its prompt, and the token ids of both, special tokens included: what was counted is
    what is embedded."""

    text: str
    prompt: str
    ids: Sequence[int]


class Engine(Protocol):
    """Runs one model. Calls from several threads at once are allowed."""

    @property
    def name(self) -> str:
        """``onnx``, ``static`` or ``torch``."""

    @property
    def lanes(self) -> int:
        """How many calls at once pay off."""

    def encode(self, texts: Sequence[Tokenized]) -> Matrix:
        """(len(texts), the model's full dimension), float32; lengths are the caller's care."""
