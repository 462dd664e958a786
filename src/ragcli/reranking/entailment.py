"""Does a text entail a claim, or contradict it? By any cross-encoder that was trained to tell
(natural language inference), with a score for each of the three."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ragcli.config import Settings
from ragcli.domain import Inference
from ragcli.reranking.cross_encoder import CrossEncoder
from ragcli.reranking.folder import ENTAILMENT


class CrossEncoderEntailment(CrossEncoder):
    """Probabilities are the softmax of its logits; ``id2label`` of its configuration says which is
    which."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        """Raises ProviderUnavailable (no such model, or one that was not trained for this)."""
        super().__init__(model, ENTAILMENT, settings)

    def infer(self, text: str, claim: str) -> Inference:
        tokenizer = self._tokenizer
        tokenizer.check(claim)
        pairs = tokenizer.pairs(text, lambda part: tokenizer.pair(part, claim))
        every = [self._inference(logits) for logits in self.engine.logits(pairs)]
        return max(every, key=lambda one: one.entailed)

    def _inference(self, logits: Sequence[float]) -> Inference:
        top = max(logits)
        odds = [math.exp(logit - top) for logit in logits]
        share = {label: x / sum(odds) for label, x in zip(self._folder.labels, odds, strict=True)}
        return Inference(share["entailment"], share["neutral"], share["contradiction"])
