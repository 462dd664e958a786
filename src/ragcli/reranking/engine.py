"""What runs a cross-encoder: ONNX Runtime, or sentence-transformers itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a text, and the token ids and token types of both as one sequence, special
    tokens included. It is within the model's limit."""

    question: str
    text: str
    ids: Sequence[int]
    types: Sequence[int]


class Engine(Protocol):
    """Runs one model, on all the cores it was given."""

    @property
    def name(self) -> str:
        """``onnx`` or ``torch``."""

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """The logit of each pair."""
