"""The promises of the stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain.answered import Inference, Prompt
    from ragcli.domain.embedded import EmbedderIdentity

    Vector = NDArray[np.float32]  # (dimension,)
    Matrix = NDArray[np.float32]  # (texts, dimension)


class TokenCounter(Protocol):
    """Counts as the embedding model will."""

    def count(self, text: str) -> int:
        """Tokens of the text alone, without special tokens or prompts."""

    def token_ends(self, text: str) -> Sequence[int] | None:
        """Where each token of the text ends, ascending, when spaces, tabs and line ends always part
        tokens: then a slice between two of them has just the tokens that end in it. None where
        only ``count`` can tell."""


class Embedder(Protocol):
    """Turns texts into L2-normalised float32 vectors. Both ways of embedding may be called by
    several threads at once."""

    @property
    def identity(self) -> EmbedderIdentity: ...

    @property
    def counter(self) -> TokenCounter: ...

    @property
    def room_tokens(self) -> int:
        """Tokens left for a document's text once special tokens and its prompt are in."""

    @property
    def lanes(self) -> int:
        """How many calls of ``embed_documents`` at once pay off; 1 when it threads inside."""

    @property
    def batch_texts(self) -> int:
        """How many short texts one call should hold: more gain nothing and stop later."""

    def prepare(self, texts: int) -> None:
        """So many texts are about to be embedded: begin to load what that takes, and return."""

    @property
    def languages(self) -> frozenset[str] | None:
        """The languages the model was taught (ISO 639-1; ``multilingual`` for dozens), or None
        where nobody says."""

    def unknown_share(self, text: str) -> float:
        """The share of the text, 0 to 1, that the model cannot read: of its pieces those that the
        vocabulary lacks, or of its letters those in scripts of no language the model was taught."""

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        """(len(texts), dimension). Raises TextTooLong, never cuts."""

    def embed_query(self, text: str) -> Vector:
        """(dimension,). Raises TextTooLong, never cuts."""


class Reranker(Protocol):
    """Says how well texts answer a question, having read both together."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides a score."""

    @property
    def lanes(self) -> int:
        """How many texts of one call of `score` run at once."""

    def prepare(self) -> None:
        """A question is about to be asked: begin to load what that takes, and return."""

    def unknown_share(self, text: str) -> float:
        """The share of the text's pieces that the model's vocabulary lacks, 0 to 1."""

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """The logit of each text, larger is better: the log of the odds that it answers the
        question, as far as the model was trained to know; differences count, not the zero.

        A text that is too long is read in parts and has the score of its best one. Raises
        TextTooLong (the question), ProviderUnavailable.
        """


class EntailmentModel(Protocol):
    """Says whether a text bears out a claim, having read both together."""

    @property
    def name(self) -> str: ...

    def prepare(self) -> None:
        """A claim is about to be judged: begin to load what that takes, and return."""

    def unknown_share(self, text: str) -> float:
        """The share of the text's pieces that the model's vocabulary lacks, 0 to 1."""

    def infer(self, text: str, claim: str) -> Inference:
        """How the claim follows from the text. A text that is too long is read in parts, and the
        part from which it follows most counts. Raises TextTooLong (the claim), ProviderUnavailable.
        """


class Generator(Protocol):
    """Writes what a prompt asks for, piece by piece: an answer, or a question made anew."""

    @property
    def name(self) -> str:
        """``provider:model``, or ``extractive``; recorded in every answer."""

    @property
    def verbatim(self) -> bool:
        """True when all it writes are the passages' own words, quoted: it reads the question and
        the passages of a prompt, and can do nothing else with it."""

    def sends_to(self) -> Iterator[str]:
        """The hosts beyond this machine that a prompt reaches, the nearest first; it may ask each
        for the next, and nothing before it is asked for it. Raises ProviderUnavailable."""

    @property
    def max_context_tokens(self) -> int:
        """The longest context, prompt and answer together, that the model can hold."""

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        """Yield the answer's text as it comes; tell ``warn`` what its reader should know, and
        ``thought`` what the model thinks. Without it the model is asked not to think.

        To close the iterator stops the server's work. Raises ProviderUnavailable when the model is
        missing, its server does not answer or fails in mid-stream, or the prompt was cut.
        """
