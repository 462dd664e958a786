"""The nouns of ragcli, and the promise each stage makes.

Read this file first, then one recipe (``ingest.py``, ``query.py``, ``ask.py``), then one stage.

    files  -> walk -> reader -> Document -> chunker -> Chunk -> embedder -> store
    question -> embedder + keyword query -> store -> fusion -> Passage
    Passage -> prompt -> generator -> Answer with citations

Everything here is plain, frozen data from the standard library. Offsets are code points of the
document's text, end exclusive; pages and lines count from 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]  # (dimension,)
    Matrix = NDArray[np.float32]  # (texts, dimension)

Mode = Literal["hybrid", "dense", "keyword"]
BlockKind = Literal["heading", "paragraph", "list", "code", "table"]
Verdict = Literal["supported", "misattributed", "not_found", "disagrees", "unchecked"]


# ------------------------------------------------------------------ what is read


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document: ``text[char_start:char_end]`` is what stands on it."""

    number: int
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document's structure, in reading order and without overlap.

    A heading carries its ``level`` (1 is the highest) and its ``title`` without markup; what is
    not covered by any block is white space or markup that nobody would look for.
    """

    kind: BlockKind
    char_start: int
    char_end: int
    level: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read, why, and the cure. ``page`` is None when it is the whole file."""

    code: str
    message: str
    hint: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one file, and where its parts stand.

    ``has_lines`` is true when ``text`` is the decoded file itself, newlines as stored, so that
    line numbers and offsets point into the file. ``date`` is the document's own date (ISO 8601)
    when it states one. ``language`` is an ISO 639-1 code, or None when the text is too short.
    """

    text: str
    format: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    title: str | None = None
    has_lines: bool = False
    language: str | None = None
    date: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


# ------------------------------------------------------------------ what is embedded


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of a document: ``document.text[char_start:char_end] == text``, always."""

    text: str
    char_start: int
    char_end: int
    size_tokens: int
    headings: tuple[str, ...] = ()
    page: int | None = None
    page_end: int | None = None
    line_start: int | None = None
    line_end: int | None = None

    @property
    def embed_text(self) -> str:
        """What the embedder is given: the heading path, then the text."""
        return with_headings(self.headings, self.text)


def with_headings(headings: Sequence[str], text: str) -> str:
    """The text under its heading path, as it is embedded."""
    return f"{' > '.join(headings)}\n{text}" if headings else text


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How documents are cut: two chunk sets with one fingerprint are cut alike.

    ``room_tokens`` is what the embedder's limit leaves for a text, ``counted_by`` the weights
    hash of the embedder whose tokenizer counts.
    """

    size_tokens: int
    room_tokens: int = 0
    counted_by: str = ""
    algorithm: int = 1

    @property
    def fingerprint(self) -> str:
        return _fingerprint(asdict(self))


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """All that decides an embedding. The name is kept but not hashed: the hub's copy and the
    packaged copy of a model are one model. Nor is ``shortened``, which says that fewer dimensions
    were asked for than the model has.

    ``weights`` is the SHA-256 of weights and tokenizer for a local model, the digest for Ollama,
    else provider and model name. ``max_tokens`` counts special tokens and the prompt.
    ``precision`` is ``fp32``, or ``int8`` for quantised arithmetic.
    """

    name: str
    weights: str
    dimension: int
    max_tokens: int
    pooling: str
    normalized: bool = True
    query_prompt: str = ""
    document_prompt: str = ""
    shortened: bool = False
    precision: str = "fp32"

    @property
    def fingerprint(self) -> str:
        facts = asdict(self)
        del facts["name"], facts["shortened"]
        if self.precision == "fp32":  # every engine's; only another one is another identity
            del facts["precision"]
        return _fingerprint(facts)


def _fingerprint(facts: Mapping[str, Any]) -> str:
    canonical = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


# ------------------------------------------------------------------ what is found


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents may answer; applied before top-k, in every mode.

    ``path`` is a shell pattern on the source (``*`` also matches ``/``), ``since`` and ``until``
    are ISO dates (inclusive), ``where`` are metadata keys and values.
    """

    path: str | None = None
    format: str | None = None
    language: str | None = None
    since: str | None = None
    until: str | None = None
    where: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return self != Filter()


@dataclass(frozen=True, slots=True)
class Found:
    """The place of a passage in one half's ranking. ``rank`` is None beyond that half's list."""

    rank: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as found for a question."""

    rank: int
    score: float
    source: str
    title: str | None
    headings: tuple[str, ...]
    page: int | None
    page_end: int | None
    line_start: int | None
    line_end: int | None
    char_start: int
    char_end: int
    text: str
    chunk_id: str
    chunk_ids: tuple[str, ...]
    also_in: tuple[str, ...]
    stale: bool
    date: str | None
    date_origin: str | None
    found_by: Mapping[str, Found]
    explain: Mapping[str, float] | None = None

    @property
    def location(self) -> str:
        """``path:line``, ``path#page=N`` or ``path``: what grep, editors and people read."""
        if self.page is not None:
            return f"{self.source}#page={self.page}"
        if self.line_start is not None:
            return f"{self.source}:{self.line_start}"
        return self.source


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What ``query`` returns: passages, best first, and what should be known about them.

    ``embedded_share`` of the corpus could be found by meaning, the rest by words only; where that
    is less than 1, ``chunks`` says how many there are. ``reranker`` is the name of the one that was
    asked to order the passages.
    """

    question: str
    mode: Mode
    model: str | None
    passages: tuple[Passage, ...]
    warnings: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    blind: bool = False
    embedded_share: float = 1.0
    chunks: int = 0
    reranker: str | None = None


# ------------------------------------------------------------------ what is answered


@dataclass(frozen=True, slots=True)
class Citation:
    """A link from a span of the answer to a passage.

    ``char_start`` and ``char_end`` lie in the document: of the quote where there is one, else of
    the passage.
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


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its evidence; ``declined`` says why there is none. ``embedded_share`` and
    ``chunks`` are those of the query."""

    question: str
    answer: str
    generator: str
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    declined: bool = False
    why: str | None = None
    uncited: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    model: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    embedded_share: float = 1.0
    chunks: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """Ready for a generator: the messages for a chat model, and what they were made from.

    ``passages`` are those that fitted, in the order of their numbers (marker ``[1]`` is the
    first). ``size_tokens`` is our own estimate of the whole prompt; ``context_tokens`` what the
    model is told to hold (``num_ctx``), ``answer_tokens`` what is kept free in it for the answer.
    """

    question: str
    passages: tuple[Passage, ...]
    system: str
    user: str
    size_tokens: int
    context_tokens: int
    answer_tokens: int


# ------------------------------------------------------------------ what is reported


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did, and with which model. Counts are files, unless named otherwise.

    ``read_files`` were read by this run; ``remaining_files`` and ``remaining_chunks`` are left to
    the next one, after a time limit.
    """

    model: str
    dimension: int

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0
    removed: int = 0
    files: int = 0
    chunks: int = 0
    read_files: int = 0
    embedded_chunks: int = 0
    remaining_files: int = 0
    remaining_chunks: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    new_problems: tuple[tuple[str, Problem], ...] = ()
    known_problems: int = 0
    held_back: tuple[str, ...] = ()
    duration_s: float = 0.0


# ------------------------------------------------------------------ what is told


@dataclass(frozen=True, slots=True)
class Event:
    """Progress, told by the core and shown (or not) by whoever called it.

    ``kind``: ``reading``, ``cutting`` and ``embedding`` count ``done`` of ``total`` files,
    documents and chunks; ``note`` carries a sentence for the user; ``problem`` a file or page that
    could not be read.
    """

    kind: Literal["reading", "cutting", "embedding", "note", "problem"]
    done: int = 0
    total: int = 0
    message: str = ""


Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a caller who wants silence."""


# ------------------------------------------------------------------ the promises of the stages


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

    def prepare(self, texts: int) -> None:
        """So many texts are about to be embedded: begin to load what that takes, and return."""

    def unknown_share(self, text: str) -> float:
        """The share of the text's pieces that the model's vocabulary lacks, 0 to 1."""

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


class Generator(Protocol):
    """Writes an answer from a prompt, piece by piece."""

    @property
    def name(self) -> str:
        """``provider:model``, or ``extractive``; recorded in every answer."""

    @property
    def verbatim(self) -> bool:
        """True when all it writes are the passages' own words, quoted."""

    @property
    def max_context_tokens(self) -> int:
        """The longest context, prompt and answer together, that the model can hold."""

    def stream(self, prompt: Prompt, warn: Callable[[str], None]) -> Iterator[str]:
        """Yield the answer's text as it comes; tell ``warn`` what its reader should know.

        Raises ProviderUnavailable when the model is missing, its server does not answer or
        fails in mid-stream, or the prompt was cut.
        """
