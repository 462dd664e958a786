"""What is found: passages for a question, among the documents that may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Mode = Literal["hybrid", "dense", "keyword"]

# A confidence below this is on the side of what unrelated questions get.
CONFIDENCE_LINE = 0.5


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents may answer; applied before top-k, in every mode.

    ``path`` is a shell pattern on the source (``*`` also matches ``/``), ``since`` and ``until``
    are ISO dates (inclusive), ``where`` are metadata keys and values. ``fresh`` leaves out files
    that have changed or gone since they were read.
    """

    path: str | None = None
    format: str | None = None
    language: str | None = None
    since: str | None = None
    until: str | None = None
    where: tuple[tuple[str, str], ...] = ()
    fresh: bool = False

    def __bool__(self) -> bool:
        return self != Filter()


@dataclass(frozen=True, slots=True)
class Found:
    """The place of a passage in the ranking of one half, or of a reranker, whose score is a logit.
    ``rank`` is None beyond that half's list."""

    rank: int | None
    score: float


class Step(NamedTuple):
    """A step towards an answer: ``keyword`` and ``embedding`` are the two halves of a search. One
    that was done in part, or left out for want of time, says ``why``."""

    name: Literal["keyword", "embedding", "reranker", "generator", "entailment"]
    state: Literal["done", "partly", "left_out"] = "done"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk, or neighbouring ones, as found for a question. ``stale`` says that its file has
    changed since it was read, or, where it is ``gone`` too, that it is not there any more.
    ``page_label`` is what its first page is called where that is more than its number: the number
    printed on it, a sheet's name. ``confidence`` is None where the project has no measure of it."""

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
    confidence: float | None = None
    explain: Mapping[str, float] | None = None
    gone: bool = False
    page_label: str | None = None

    @property
    def weak(self) -> bool:
        """It may be about something else."""
        return self.confidence is not None and self.confidence < CONFIDENCE_LINE

    @property
    def day(self) -> str | None:
        """The day of its date, YYYY-MM-DD."""
        return self.date[:10] if self.date else None

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

    ``confidence`` is that of the best of all that was found. ``parts`` are the questions that the
    question consists of, where it has several; ``weights`` is what each of its terms weighs in the
    corpus.
    ``embedded_share`` of the corpus could be found by meaning, the rest by words only; where that
    is less than 1, ``chunks`` says how many there are. ``reranker`` is the name of the one that was
    asked to order the passages, ``steps`` are those that were to be done.
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
    steps: tuple[Step, ...] = ()
    parts: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def weak(self) -> bool:
        """Nothing here seems to answer the question: then all passages are weak, too."""
        return self.confidence is not None and self.confidence < CONFIDENCE_LINE
