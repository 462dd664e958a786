"""How fast a model is: over chunks that it can take, on its lanes, and no longer than needed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ragcli import Rag
from ragcli.domain import EmbedderIdentity
from ragcli.embedding import PROBE
from ragcli.errors import ProviderUnavailable, UsageError
from ragcli.recipes import speed
from ragcli.store.rows import Pending

if TYPE_CHECKING:
    from ragcli.domain import Matrix, Vector


class Words:
    """Counts words; embeds in ``delay_s``."""

    batch_texts = 2
    lanes = 2
    room_tokens = 4
    identity = EmbedderIdentity("words", "", 3, 6, "")

    def __init__(self, delay_s: float = 0.0, fails_at: str = "") -> None:
        self.counter = self
        self.calls: list[list[str]] = []
        self._delay_s = delay_s
        self._fails_at = fails_at

    def count(self, text: str) -> int:
        return len(text.split())

    def prepare(self, texts: int) -> None:
        """Nothing to load."""

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        self.calls.append(list(texts))
        time.sleep(self._delay_s)
        if self._fails_at in texts:
            raise ProviderUnavailable("broke off", "")
        return np.ones((len(texts), 3), np.float32)

    def embed_query(self, text: str) -> Vector:
        return np.ones(3, np.float32)


def sample(*texts: str) -> list[Pending]:
    return [Pending(i, b"", text, len(text.split())) for i, text in enumerate(texts)]


def test_only_what_fits_is_embedded() -> None:
    embedder = Words()
    texts = sample("a b", "one two three four five", "c", "d e f")
    found = speed.measure(lambda: embedder, texts, ["question"], lambda event: None)  # type: ignore[arg-type,return-value]
    assert (found.chunks, found.dimension, found.max_tokens) == (3, 3, 6)
    embedded = [text for call in embedder.calls for text in call if text != PROBE]
    assert sorted(embedded) == ["a b", "c", "d e f"]
    assert found.tokens_per_s == pytest.approx(found.chunks_per_s * 2)


def test_a_model_that_can_take_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no chunk fits into the 6 tokens of words"):
        speed.measure(Words, sample("one two three four five"), ["q"], lambda event: None)  # type: ignore[arg-type]


def test_a_slow_one_is_not_let_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "LONGEST_S", 0.0)
    found = speed.measure(
        lambda: Words(0.01),  # type: ignore[arg-type,return-value]
        sample(*(f"text {n}" for n in range(100))),
        ["q"],
        lambda event: None,
    )
    assert 0 < found.chunks < 100


def test_what_a_lane_meets_is_raised() -> None:
    with pytest.raises(ProviderUnavailable, match="broke off"):
        speed.measure(lambda: Words(fails_at="b"), sample("a", "b"), ["q"], lambda event: None)  # type: ignore[arg-type,return-value]


def test_the_sample_is_the_same_each_time(rag: Rag) -> None:
    first, second = speed.chunk_sample(rag.store), speed.chunk_sample(rag.store)
    assert first == second and len({entry.chunk_id for entry in first}) == len(first) > 0
