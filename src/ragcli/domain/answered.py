"""What is answered: a prompt, an answer, and its citations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from ragcli.domain.found import Passage, Step

# Says of a question and texts how near each is to it in meaning: the cosine of their embeddings,
# less where the model cannot read the question or the text, 0 where it cannot at all.
Likeness = Callable[[str, Sequence[str]], list[float]]

Verdict = Literal["supported", "misattributed", "not_found", "disagrees", "unchecked"]


class Inference(NamedTuple):
    """How likely a claim follows from a text, has nothing to do with it, or contradicts it, as a
    model judges; 0 to 1, and 1 together."""

    entailed: float
    neutral: float
    contradicted: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A link from a span of the answer to a passage.

    ``char_start`` and ``char_end`` lie in the document: of the quote where there is one, else of
    the passage. ``claim`` are the answer's words that it is to prove, ``note`` says in words what
    the verdict rests on; ``inference`` is what a model thinks of it, where one was asked.
    """

    marker: int
    quote: str | None
    verdict: Verdict
    source: str
    page: int | None
    line_start: int | None
    line_end: int | None
    char_start: int
    char_end: int
    chunk_id: str
    stale: bool = False
    claim: str = ""
    note: str = ""
    gone: bool = False
    inference: Inference | None = None
    page_label: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, checked: ``text`` as it is shown, up to the next one. The marker of
    each citation ends at that offset of the text. ``uncited`` is what it claims without any."""

    text: str
    citations: tuple[Citation, ...] = ()
    marker_ends: tuple[int, ...] = ()
    uncited: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its evidence, as a whole and by its ``sentences``; ``why`` says why one was
    declined, ``incomplete`` what broke it off. ``searched_for`` is a follow-up question as it was
    made self-contained, None where the question was searched for as it is. ``embedded_share``,
    ``chunks`` and ``confidence`` are those of the query, ``steps`` its steps and the writing.
    ``entailment_model`` is the name of the model that judged its claims, if one did."""

    question: str
    answer: str
    generator: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    declined: bool = False
    why: str | None = None
    incomplete: str | None = None
    uncited: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    warnings: tuple[str, ...] = ()
    model: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    embedded_share: float = 1.0
    chunks: int = 0
    confidence: float | None = None
    steps: tuple[Step, ...] = ()
    searched_for: str | None = None
    entailment_model: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation, as it was asked and as it was ``searched`` for, and what was
    answered, if anything; ``uncited`` is what that claims without a citation. ``asked_at`` is UTC,
    ISO 8601."""

    question: str
    searched: str
    answer: str
    citations: tuple[Citation, ...] = ()
    asked_at: str = ""
    uncited: tuple[str, ...] = ()


class Message(NamedTuple):
    """One turn of a conversation with a chat model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Ready for a generator: what a chat model is sent, and what an answer is made from.

    ``size_tokens`` is our own estimate of all messages; ``context_tokens`` what prompt and answer
    may take together, ``answer_tokens`` what is kept free in it for the answer. ``passages`` are
    those that fitted, in the order of their numbers (marker ``[1]`` is the first); a prompt that
    asks for something else than an answer has none, and only a model can follow it
    (``Generator.verbatim``). With a ``schema``, what it writes is JSON that fits this JSON Schema.
    ``parts`` and ``weights`` are those of the query; ``likeness`` is None where the embedding model
    may not be asked.
    """

    messages: tuple[Message, ...]
    size_tokens: int
    context_tokens: int
    answer_tokens: int
    question: str = ""
    passages: tuple[Passage, ...] = ()
    schema: Mapping[str, Any] | None = None
    parts: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    likeness: Likeness | None = None
