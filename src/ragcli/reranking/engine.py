"""What runs a cross-encoder: ONNX Runtime, or sentence-transformers itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# What the network gives for a pair: a number for each label, in the model's order.
Logits = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, and the token ids and token types of both as one sequence, special tokens
    included. It is within the model's limit."""

    first: str
    second: str
    ids: Sequence[int]
    types: Sequence[int]


class Engine(Protocol):
    """Runs one model, on all the cores it was given."""

    @property
    def name(self) -> str:
        """``onnx`` or ``torch``."""

    def logits(self, pairs: Sequence[Pair]) -> list[Logits]:
        """Those of each pair."""
