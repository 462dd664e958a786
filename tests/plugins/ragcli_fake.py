"""Deterministic providers, installed as a package installs its own: by entry points.

``fake:64`` embeds by hashing the search terms of a text into 64 dimensions; ``fake:NAME`` writes
one canned sentence; ``fake:words`` reranks by how many of the question's terms a text holds;
``fake:contrary`` judges every claim to be contradicted. A child
process reaches them with ``PYTHONPATH=tests/plugins``.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from ragcli.config import Settings
from ragcli.domain import EmbedderIdentity, Inference, Prompt
from ragcli.errors import ProviderUnavailable, TextTooLong, UsageError
from ragcli.text.terms import question_terms, terms

if TYPE_CHECKING:
    from ragcli.domain import Matrix, Vector

MAX_TOKENS = 256
ENDLESS = ["It runs for 24 months [1]. ", "It is long [1]. ", "It "]


class FakeCounter:
    """A token for each word and each character of a script without spaces."""

    def count(self, text: str) -> int:
        return sum(len(word) if not word.isascii() else 1 for word in text.split())

    def token_ends(self, text: str) -> None:
        return None


class FakeEmbedder:
    """``FAKE_WEIGHTS`` changes the identity, ``FAKE_DELAY_S`` slows every batch down,
    ``FAKE_LANES`` lets several be embedded at once, of ``FAKE_BATCH_TEXTS`` texts each.
    ``FAKE_LOG`` names a file that gets a line for each text: the model, and the text's hash."""

    batch_texts = int(os.environ.get("FAKE_BATCH_TEXTS", "32"))

    def __init__(self, model: str, *, settings: Settings) -> None:
        if not model.isdecimal():
            raise ProviderUnavailable(f"there is no model `fake:{model}`", "use fake:64")
        full = int(model)
        if settings.dimensions and settings.dimensions > full:
            raise UsageError(f"`fake:{model}` has {full} dimensions", "ask for fewer, or for none")
        self._delay_s = float(os.environ.get("FAKE_DELAY_S", "0"))
        self.lanes = int(os.environ.get("FAKE_LANES", "1"))
        self.identity = EmbedderIdentity(
            name=f"fake:{model}",
            weights=os.environ.get("FAKE_WEIGHTS", "fake"),
            dimension=settings.dimensions or full,
            max_tokens=MAX_TOKENS,
            pooling="sum",
            query_prompt=settings.query_prompt or "",
            document_prompt=settings.document_prompt or "",
        )
        self.counter = FakeCounter()
        self.room_tokens = MAX_TOKENS - self.counter.count(self.identity.document_prompt)

    def prepare(self, texts: int) -> None:
        """Nothing to load."""

    @property
    def languages(self) -> frozenset[str] | None:
        told = os.environ.get("FAKE_LANGUAGES")
        return frozenset(told.split()) if told else None

    def unknown_share(self, text: str) -> float:
        return 0.0

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        _log(self.identity.name, texts)
        time.sleep(self._delay_s)
        return self._embed([self.identity.document_prompt + text for text in texts])

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self._embed([self.identity.query_prompt + text])[0]
        return vector

    def _embed(self, texts: Sequence[str]) -> Matrix:
        vectors = np.zeros((len(texts), self.identity.dimension), np.float32)
        for index, text in enumerate(texts):
            size = self.counter.count(text)
            if size > MAX_TOKENS:
                raise TextTooLong(index, size, MAX_TOKENS)
            for term in terms(text) or [text]:
                digest = zlib.crc32(term.encode())
                vectors[index, digest % self.identity.dimension] += 1 if digest & 1 << 20 else -1
            if not vectors[index].any():
                vectors[index, 0] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _log(name: str, texts: Sequence[str]) -> None:
    """In one write, so that a kill leaves no half of a line."""
    file = os.environ.get("FAKE_LOG")
    if file:
        hashes = (hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts)
        with open(file, "ab", buffering=0) as out:  # noqa: PTH123
            out.write("".join(f"{name} {one}\n" for one in hashes).encode())


class FakeReranker:
    """A logit of 4 for each term of the question that the text holds; ``fake:contrary`` takes it
    off. ``FAKE_RERANKER`` changes the fingerprint, ``FAKE_RERANK_S`` is what a call takes."""

    lanes = 2

    def __init__(self, model: str, *, settings: Settings) -> None:
        if model not in ("words", "contrary"):
            raise ProviderUnavailable(f"there is no reranker `fake:{model}`", "use fake:words")
        self.name = f"fake:{model}"
        self.fingerprint = os.environ.get("FAKE_RERANKER", "fake")
        self._logit = 4.0 if model == "words" else -4.0
        self._call_s = float(os.environ.get("FAKE_RERANK_S", "0"))

    def prepare(self) -> None:
        """Nothing to load."""

    def unknown_share(self, text: str) -> float:
        """As of a vocabulary of ASCII."""
        return sum(not c.isascii() for c in text) / len(text)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        if len(question.split()) > MAX_TOKENS // 2:
            raise TextTooLong(0, len(question.split()), MAX_TOKENS // 2)
        time.sleep(self._call_s if texts else 0.0)
        wanted = set(question_terms(question))
        return [self._logit * len(wanted.intersection(terms(text))) for text in texts]


class FakeEntailmentModel:
    """``fake:agreeing`` takes every claim to follow, ``fake:contrary`` to be contradicted and
    ``fake:undecided`` neither, with 0.9; ``FAKE_INFER_S`` is what a call takes."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        order = ("agreeing", "undecided", "contrary")
        if model not in order:
            raise ProviderUnavailable(f"there is no model `fake:{model}`", "use fake:agreeing")
        self.name = f"fake:{model}"
        self._inference = Inference(*(0.9 if one == model else 0.05 for one in order))
        self._call_s = float(os.environ.get("FAKE_INFER_S", "0"))

    def prepare(self) -> None:
        """Nothing to load."""

    def unknown_share(self, text: str) -> float:
        """As of a vocabulary of ASCII."""
        return sum(not c.isascii() for c in text) / len(text)

    def infer(self, text: str, claim: str) -> Inference:
        if len(claim.split()) > MAX_TOKENS // 2:
            raise TextTooLong(0, len(claim.split()), MAX_TOKENS // 2)
        time.sleep(self._call_s)
        return self._inference


class FakeGenerator:
    """``fake:broken`` fails in mid-stream, ``fake:silent`` writes nothing and goes on, and
    ``fake:endless`` two sentences, and a part of a third; every other name writes the canned
    sentence. Asked for something else than an answer, all write ``FAKE_REWRITTEN``."""

    verbatim = False
    max_context_tokens = 8192

    def __init__(self, model: str, *, settings: Settings) -> None:
        self.name = f"fake:{model}"
        self._breaks = model == "broken"
        self._written = {"silent": [], "endless": ENDLESS}.get(model)

    def sends_to(self) -> Iterator[str]:
        return iter(())

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        if not prompt.passages:
            yield os.environ.get("FAKE_REWRITTEN", "")
            return
        if self._written is not None:
            yield from self._written
            Event().wait()
        yield "It runs for "
        if self._breaks:
            raise ProviderUnavailable("the fake broke off", "it always does")
        yield "24 months [1]"
        yield " [99]."
