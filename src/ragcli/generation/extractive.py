"""Answers without a language model: the passages' own best sentences, quoted exactly.

A sentence is good when it holds what the question asks about: the share of the question's term
weight that it covers itself, a part of what the text right around it and its headings cover, a
part of what its whole passage covers, and the passage's rank. Rarer terms weigh more. A question
that asks for a number or a date prefers a sentence that has one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ragcli.config import Settings
from ragcli.domain import Passage, Prompt
from ragcli.errors import UsageError
from ragcli.generation.citations import quote_line
from ragcli.text.lines import line_spans
from ragcli.text.scripts import unspaced_share
from ragcli.text.sentences import sentence_spans, trimmed
from ragcli.text.terms import question_terms, terms

MAX_SENTENCES = 3
# A quote is read at a glance: about five lines of a terminal. Chinese says the same in a third.
MAX_QUOTE_CHARACTERS = 400
_MAX_QUOTE_CHARACTERS_UNSPACED = 200

# Weights of what speaks for a sentence, next to 1 for what it covers itself. They order kinds of
# evidence (own words, then neighbours, then the passage); they were not fitted to a data set.
_NEIGHBOUR = 0.4
_PASSAGE = 0.5
_RANK = 0.1
_QUANTITY = 0.15
# A further sentence is quoted when it is at least this good beside the best one.
_WORTH_QUOTING = 0.6

_HEADING = re.compile(r"#{1,6}\s")
_TABLE = re.compile(r"\|.*\||[^\t]*\t[^\t]*\t")
_RULE = re.compile(r"[-=_*~+|: \t]+$")
_BULLET = re.compile(r"(?:[-*+•·>]|\d{1,3}[.)、])\s+")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CODE = re.compile(r"(?:\t| {4,})\S|.*[;{}]\s*$|.*(?:=>|->|==|\(\))")
_CLAUSE = re.compile(r"[,;:，；：、]\s*|\s+[–—-]\s+")
_ENDS = tuple('.!?…。！？｡:："”’」』)）]*_`')

_ASKS_QUANTITY = re.compile(
    r"\b(?:how (?:many|much|long|old|far|often|large|big|tall|high|deep|fast)|when"
    r"|(?:what|which) year|what (?:percent|percentage|number|date|age|amount))\b"
    r"|多少|几[个年月日次名人岁种位]|何时|什么时候|哪一?年|哪天|多[久长大高远快]|日期|比例|百分比|年份",
    re.IGNORECASE,
)
_QUANTITY_SIGN = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    r"|sixty|hundred|thousand|million|billion|dozen|half|third|quarter)\b"
    r"|[零〇一二两三四五六七八九十百千万亿]+[个年月日次名人岁种位倍座分%％]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a passage, by its number. ``prose`` is false for headings, code and tables."""

    number: int
    start: int
    end: int
    text: str
    prose: bool
    terms: frozenset[str]


class ExtractiveGenerator:
    """Quotes the best sentences of the passages, one a line, each with its marker.

    ``model`` must be empty: there is none. Raises UsageError otherwise.
    """

    def __init__(self, model: str = "", *, settings: Settings) -> None:
        if model:
            raise UsageError(f"`extractive` has no models, so no `{model}`", "write: extractive")
        self._context_tokens = settings.context_tokens

    @property
    def name(self) -> str:
        return "extractive"

    @property
    def verbatim(self) -> bool:
        return True

    @property
    def max_context_tokens(self) -> int:
        return self._context_tokens

    def sends_to(self) -> Iterator[str]:
        return iter(())

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        """Yield the quotes, line by line; nothing needs a warning."""
        for index, sentence in enumerate(choose(prompt.question, prompt.passages)):
            line_break = "\n" if index else ""
            yield line_break + quote_line(sentence.text, sentence.number)


def choose(question: str, passages: Sequence[Passage]) -> list[_Sentence]:
    """At most ``MAX_SENTENCES`` sentences that answer best, in reading order."""
    by_passage = [list(_sentences(n, p)) for n, p in enumerate(passages, 1)]
    everything = [s for sentences in by_passage for s in sentences]
    weights = _weights(question, everything)
    quantity = bool(_ASKS_QUANTITY.search(question))
    scored: list[tuple[float, float, _Sentence]] = []
    for passage, sentences in zip(passages, by_passage, strict=True):
        scored += _scored(passage, sentences, weights, quantity)
    answering = [s for s in scored if s[2].prose and s[1] > 0] or [s for s in scored if s[1] > 0]
    # A question in another language than the documents shares no word with them: the best
    # passage's beginning is then the honest guess.
    answering = answering or [s for s in scored if s[2].prose][:1] or scored[:1]
    answering.sort(key=lambda s: (-s[0], s[2].number, s[2].start))
    return sorted(_distinct(answering), key=lambda s: (s.number, s.start))


def _distinct(ranked: Sequence[tuple[float, float, _Sentence]]) -> list[_Sentence]:
    """The best ones that are worth quoting beside the very best; one text is quoted once."""
    chosen: dict[str, _Sentence] = {}
    for score, _, sentence in ranked:
        if len(chosen) == MAX_SENTENCES or score < _WORTH_QUOTING * ranked[0][0]:
            break
        chosen.setdefault(" ".join(sentence.text.split()), sentence)
    return list(chosen.values())


def _weights(question: str, sentences: Sequence[_Sentence]) -> dict[str, float]:
    """The weight of each question term that occurs: the rarer among the sentences, the heavier."""
    frequency = Counter(t for s in sentences for t in s.terms)
    found = [t for t in question_terms(question) if frequency[t]]
    return {t: math.log(1 + len(sentences) / frequency[t]) for t in found}


def _scored(
    passage: Passage, sentences: Sequence[_Sentence], weights: dict[str, float], quantity: bool
) -> Iterator[tuple[float, float, _Sentence]]:
    """(score, share of the question covered, sentence) of each sentence of a passage."""
    headings = set(terms(" ".join(passage.headings)))
    whole = headings.union(*(s.terms for s in sentences))
    for i, sentence in enumerate(sentences):
        around = headings.union(*(s.terms for s in sentences[max(0, i - 1) : i + 2]))
        own = _share(sentence.terms, weights)
        score = own + _NEIGHBOUR * _share(around, weights) + _PASSAGE * _share(whole, weights)
        score += _RANK / max(passage.rank, 1)
        if quantity and _QUANTITY_SIGN.search(sentence.text):
            score += _QUANTITY
        yield score, own, sentence


def _share(found: frozenset[str] | set[str], weights: dict[str, float]) -> float:
    total = sum(weights.values())
    return sum(w for t, w in weights.items() if t in found) / total if total else 0.0


# ------------------------------------------------------------------ sentences of a passage


def _sentences(number: int, passage: Passage) -> Iterator[_Sentence]:
    text = passage.text
    for start, end, prose in _blocks(text, passage.headings):
        # A line of code or of a table is one thing, whatever marks stand in it.
        spans = sentence_spans(text, start, end) if prose else trimmed(text, start, end)
        for first, last in spans:
            for a, b in _readable(text, first, last):
                whole = prose and (a, b) == (first, last) and _is_sentence(text[a:b])
                words = frozenset(terms(text[a:b]))
                if words:
                    yield _Sentence(number, a, b, text[a:b], whole, words)


def _is_sentence(text: str) -> bool:
    """A sentence ends like one, or is too long for a heading (12 words, 30 characters unspaced)."""
    return text.endswith(_ENDS) or len(text.split()) > 12 or unspaced_share(text) * len(text) > 30


def _blocks(text: str, headings: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
    """(start, end, prose) of runs of lines that belong together; bullets are left out, and so is
    a heading, which in a PDF looks like any other line."""
    run_start: int | None = None
    fenced = False
    for start, end in line_spans(text):
        line = text[start:end].strip()
        fence = bool(_FENCE.match(line))
        if (
            not fence
            and not fenced
            and line
            and line not in headings
            and _is_prose(text[start:end])
        ):
            bullet = _BULLET.match(line)
            if bullet or run_start is None:
                if run_start is not None:
                    yield run_start, start, True
                indent = len(text[start:end]) - len(text[start:end].lstrip())
                run_start = start + indent + (bullet.end() if bullet else 0)
            continue
        if run_start is not None:
            yield run_start, start, True
            run_start = None
        fenced ^= fence
        if line and not fence:
            yield start, end, False
    if run_start is not None:
        yield run_start, len(text), True


def _is_prose(line: str) -> bool:
    stripped = line.strip()
    if _HEADING.match(stripped) or _RULE.match(stripped) or _TABLE.match(stripped):
        return False
    return not _CODE.match(line) or stripped.endswith(_ENDS[:8])


def _readable(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence itself, or exact slices of one that is too long, cut at clauses or words."""
    unspaced = unspaced_share(text[start:end]) > 0.5
    longest = _MAX_QUOTE_CHARACTERS_UNSPACED if unspaced else MAX_QUOTE_CHARACTERS
    while end - start > longest:
        window = text[start : start + longest]
        clauses = [m.end() for m in _CLAUSE.finditer(window) if m.end() > longest // 3]
        word = max(window.rfind(" "), window.rfind("\n")) + 1
        cut = start + (clauses[-1] if clauses else word or longest)
        yield start, start + len(text[start:cut].rstrip())
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end
