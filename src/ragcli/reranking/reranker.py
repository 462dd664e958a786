"""A question and texts to scores, by any cross-encoder with one score a pair."""

from __future__ import annotations

from collections.abc import Sequence

from ragcli.config import Settings
from ragcli.reranking.cross_encoder import CrossEncoder
from ragcli.reranking.folder import RERANKING


class CrossEncoderReranker(CrossEncoder):
    """Scores are logits, as the network gives them: 0 is a probability of a half where the model
    was trained so, and a difference of 1 multiplies the odds by e."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        """Raises ProviderUnavailable (no such model, or one that cannot rerank)."""
        super().__init__(model, RERANKING, settings)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        tokenizer = self._tokenizer
        tokenizer.check(question)
        parts = [tokenizer.pairs(t, lambda part: tokenizer.pair(question, part)) for t in texts]
        logits = iter(self.engine.logits([pair for some in parts for pair in some]))
        return [max(next(logits)[0] for _ in some) for some in parts]
