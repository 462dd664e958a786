"""Answers without a language model: the passages' own best sentences, quoted exactly.

A sentence is good when it holds what the question asks about: the share of the question's term
weight that it covers itself, a part of what it covers together with the sentence before or after
it, a part of what its whole passage covers, the passage's rank, and how near it is to the question
in meaning, where a model can tell. A question that asks for a number or a date prefers a sentence
that has one. Of several questions in one, each has its best sentence quoted. What documents of
other dates say otherwise stands beside it, each with its date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from ragcli.config import Settings
from ragcli.domain import Passage, Prompt
from ragcli.errors import UsageError
from ragcli.generation.citations import dated, quote_line
from ragcli.generation.claims import contradict, measure_otherwise
from ragcli.generation.quotable import Quotable, announced, quotables
from ragcli.text.terms import question_terms, terms

# For one question, and for each part of one that asks several things (docs/decisions.md).
MAX_SENTENCES = 3
MAX_SENTENCES_A_PART = 2

# Weights of what speaks for a sentence, next to 1 for what it covers itself. On the development
# halves of docs/benchmarks.md each may be halved or doubled for a point at most.
_BEFORE = 0.4
_AFTER = 0.2
_PASSAGE = 0.5
_RANK = 0.1
_QUANTITY = 0.15
_LIKENESS = 0.6
# A further sentence is quoted when it is at least this good beside the best one; where it says what
# none before it says of what the question asks about, less will do; where a number is asked for,
# and told, one without says nothing new (docs/decisions.md).
_WORTH_QUOTING = 0.7
_WORTH_ADDING = 0.5
# Sentences that have so much of what each says of the question in common answer it alike.
_ALIKE = 0.7
# The model reads the best so many by their words, 10 ms of a core each: there, 24 do no better.
_READ_BY_MODEL = 8

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
# In a pair of Han characters, what asks says nothing of the answer: 在哪, 谁是, 几个.
_HAN_ASKING = re.compile("[谁哪何什么吗呢怎几]")


class _Scored(NamedTuple):
    """``own`` is what speaks for the sentence itself: without any, it is only near by."""

    score: float
    own: float
    sentence: Quotable


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
        for index, (sentence, date) in enumerate(choose(prompt)):
            line_break = "\n" if index else ""
            yield line_break + quote_line(sentence.text, sentence.number, date)


def choose(prompt: Prompt) -> list[tuple[Quotable, str]]:
    """The sentences that answer best, in reading order: ``MAX_SENTENCES`` at most, or
    ``MAX_SENTENCES_A_PART`` for each part of the question. Those of documents of different dates
    that contradict each other stand together, the newest first, each with its date; all others with
    none. A list or code is quoted with the sentence that announces it.
    """
    sentences = [list(quotables(n, p)) for n, p in enumerate(prompt.passages, 1)]
    best: dict[Quotable, float] = {}
    for question in prompt.parts or (prompt.question,):
        for sentence, share in _answering(question, prompt, sentences):
            best[sentence] = max(share, best.get(sentence, 0.0))
    most = max(MAX_SENTENCES, MAX_SENTENCES_A_PART * len(prompt.parts))
    asked = set(_weights(prompt.question, prompt.weights))
    above = _headings(prompt.passages, sentences)
    told: set[str] = set()
    groups: list[list[tuple[Quotable, str]]] = []
    quantity = bool(_ASKS_QUANTITY.search(prompt.question))
    for sentence in sorted(best, key=lambda s: (-best[s], s.place)):
        quoted = [one for group in groups for one, _ in group]
        room = most - len(quoted)
        if best[sentence] < _WORTH_ADDING or not room:
            break
        adds = asked & sentence.terms - told
        has_number = [bool(_QUANTITY_SIGN.search(s.text)) for s in (sentence, *quoted)]
        says_less = quantity and any(has_number) and not has_number[0]
        if not adds and (best[sentence] < _WORTH_QUOTING or says_less):
            continue
        if any(_words(one) == _words(sentence) or one.holds(sentence) for one in quoted):
            continue
        against = list(_contradicting(sentence, sentences, prompt))
        if against and room == 1:  # what is contradicted does not stand alone
            break
        if against:
            groups.append(_dated([sentence, *against][:room], prompt.passages))
        else:
            whole = announced(sentence, prompt.passages[sentence.number - 1])
            if whole[0] == sentence and len(whole) > room == 1:  # nor what only announces
                continue
            groups = [g for g in groups if not any(q.holds(one) for q in whole for one, _ in g)]
            said = {_words(one) for group in groups for one, _ in group}
            new = {_words(one): one for one in reversed(whole) if _words(one) not in said}
            if not new:
                continue
            groups.append([(one, "") for one in reversed(new.values())][:room])
        told |= above[sentence].union(*(one.terms for one, _ in groups[-1]))
    groups.sort(key=lambda group: min(s.place for s, _ in group))
    return [one for group in groups for one in group]


def _answering(
    question: str, prompt: Prompt, sentences: Sequence[Sequence[Quotable]]
) -> Iterator[tuple[Quotable, float]]:
    """The sentences that may answer a question, each with its score as a share of the best one."""
    weights = _weights(question, prompt.weights)
    quantity = bool(_ASKS_QUANTITY.search(question))
    scored = [
        one
        for passage, some in zip(prompt.passages, sentences, strict=True)
        for one in _scored(passage, some, weights, quantity)
    ]
    ranked = sorted(_prose(scored, weights), key=lambda s: (-s.score, s.sentence.place))
    if prompt.likeness and ranked:
        ranked = ranked[:_READ_BY_MODEL]
        near = prompt.likeness(question, [s.sentence.text for s in ranked])
        ranked = [
            _Scored(s.score + _LIKENESS * cosine, s.own + cosine, s.sentence)
            for s, cosine in zip(ranked, near, strict=True)
        ]
        ranked.sort(key=lambda s: (-s.score, s.sentence.place))
    # A question in another language than the documents shares no word with them: the best
    # passage's beginning is then the honest guess.
    told = ranked if any(s.own > 0 for s in ranked) else ranked[:1]
    for one in told:
        yield one.sentence, one.score / told[0].score


def _prose(scored: Sequence[_Scored], weights: Mapping[str, float]) -> Sequence[_Scored]:
    """Without headings, unless there is nothing else; without code and tables, unless only those
    say anything of the question. A row stays where it has a term of it that no prose has."""
    scored = [s for s in scored if s.sentence.kind != "heading"] or scored
    prose = [s for s in scored if s.sentence.kind == "prose"]
    told = any(s.own > 0 for s in prose) or not any(s.own > 0 for s in scored)
    if not prose or not told:
        return scored
    missing = weights.keys() - set().union(*(s.sentence.terms for s in prose))
    return [
        s
        for s in scored
        if s.sentence.kind == "prose" or (s.sentence.kind == "row" and s.sentence.terms & missing)
    ]


def _weights(question: str, weights: Mapping[str, float]) -> dict[str, float]:
    """What each term of a question, or of a part of one, weighs: the same where no corpus tells."""
    asked = question_terms(question)
    asked = [t for t in asked if not _HAN_ASKING.search(t)] or asked
    return {t: weights[t] for t in asked if t in weights} or dict.fromkeys(asked, 1.0)


def _scored(
    passage: Passage, sentences: Sequence[Quotable], weights: Mapping[str, float], quantity: bool
) -> Iterator[_Scored]:
    """Each sentence of a passage with what its words and its place say for it."""
    headings = set(terms(" ".join(passage.headings)))
    whole = _share(headings.union(*(s.terms for s in sentences)), weights)
    for i, sentence in enumerate(sentences):
        before = headings.union(*(s.terms for s in sentences[max(0, i - 1) : i + 1]))
        after = headings.union(*(s.terms for s in sentences[i : i + 2]))
        own = _share(sentence.terms, weights)
        score = own + _BEFORE * _share(before, weights) + _AFTER * _share(after, weights)
        score += _PASSAGE * whole + _RANK / max(passage.rank, 1)
        if quantity and _QUANTITY_SIGN.search(sentence.text):
            score += _QUANTITY
        yield _Scored(score, own, sentence)


def _headings(
    passages: Sequence[Passage], sentences: Sequence[Sequence[Quotable]]
) -> dict[Quotable, frozenset[str]]:
    """The terms of the headings that each sentence stands under."""
    above = {}
    for passage, some in zip(passages, sentences, strict=True):
        under = frozenset(terms(" ".join(passage.headings)))
        for sentence in some:
            if sentence.kind == "heading":
                under = sentence.terms
            above[sentence] = under
    return above


def _share(found: frozenset[str] | set[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return sum(w for t, w in weights.items() if t in found) / total if total else 0.0


def _words(sentence: Quotable) -> str:
    return " ".join(sentence.text.split())


# ------------------------------------------------------------------ dates


def _contradicting(
    sentence: Quotable, sentences: Sequence[Sequence[Quotable]], prompt: Prompt
) -> Iterator[Quotable]:
    """What documents of other dates say otherwise, the first sentence of each passage: the same of
    the same, or, where a number is asked for, another number to what the question names."""
    own = prompt.passages[sentence.number - 1]
    weights = _weights(prompt.question, prompt.weights)
    quantity = bool(_ASKS_QUANTITY.search(prompt.question))

    def otherwise(other: Quotable) -> bool:
        if contradict(sentence.text, other.text):
            return True
        named = [_share(found, weights) for found in (sentence.terms, other.terms)]
        both = _share(sentence.terms & other.terms, weights)
        alike = 0 < _ALIKE * max(named) <= both
        return quantity and alike and measure_otherwise(sentence.text, other.text)

    for passage, some in zip(prompt.passages, sentences, strict=True):
        if own.day and passage.day and passage.day != own.day:
            yield from islice((s for s in some if s.kind == "prose" and otherwise(s)), 1)


def _dated(group: list[Quotable], passages: Sequence[Passage]) -> list[tuple[Quotable, str]]:
    """Each with its date, the newest first."""
    newest = sorted(group, key=lambda s: passages[s.number - 1].day or "", reverse=True)
    return [(s, dated(passages[s.number - 1])) for s in newest]
