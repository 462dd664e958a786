"""What may be quoted of a passage: its sentences, lines of code and tables, exact slices all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ragcli.domain import Passage
from ragcli.text.lines import line_spans
from ragcli.text.scripts import unspaced_share
from ragcli.text.sentences import sentence_spans, trimmed
from ragcli.text.terms import terms

# A quote is read at a glance: about five lines of a terminal. Chinese says the same in a third.
MAX_QUOTE_CHARACTERS = 400
_MAX_QUOTE_CHARACTERS_UNSPACED = 200

_HEADING = re.compile(r"#{1,6}\s")
_TABLE = re.compile(r"[^|]*\|.*\||[^\t]*\t[^\t]*\t")
_RULE = re.compile(r"[-=_*~+|: \t]+$")
_BULLET = re.compile(r"(?:[-*+•·>]|\d{1,3}[.)])\s+|(?:\d{1,3}、|[（(]\d{1,3}[)）]|[①-⑳])\s*")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_FENCED = re.compile(
    r"\s*\n[ \t]*(?P<fence>```|~~~)[^\n]*\n(?P<code>.*?)(?:\n[ \t]*(?P=fence)|\Z)", re.DOTALL
)
_CODE = re.compile(r"(?:\t| {4,})\S|.*[;{}]\s*$|.*(?:=>|->|==|\(\))")
_CLAUSE = re.compile(r"[,;:，；：、]\s*|\s+[–—-]\s+")
_ENDS = tuple('.!?…。！？｡:："”’」』)）]*_`')


Kind = Literal["prose", "heading", "row", "line"]


@dataclass(frozen=True, slots=True)
class Quotable:
    """A sentence, or a part of a long one, of the passage of this number, which counts from 1.
    A ``row`` is one of a table, a ``line`` one of code, or too short for a sentence."""

    number: int
    start: int
    end: int
    text: str
    kind: Kind
    terms: frozenset[str]

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in reading order."""
        return self.number, self.start

    def holds(self, other: Quotable) -> bool:
        """The other is a part of it."""
        inside = self.start <= other.start and other.end <= self.end
        return self.number == other.number and inside


def quotables(number: int, passage: Passage) -> Iterator[Quotable]:
    """All of a passage, in order."""
    text = passage.text
    for start, end, prose in _blocks(text, passage.headings):
        # A line of code or of a table is one thing, whatever marks stand in it.
        spans = sentence_spans(text, start, end) if prose else trimmed(text, start, end)
        for first, last in spans:
            kind = _kind(text[first:last], passage.headings, prose=prose)
            for a, b in _readable(text, first, last):
                words = frozenset(terms(text[a:b]))
                if words:
                    yield Quotable(number, a, b, text[a:b], kind, words)


def announced(sentence: Quotable, passage: Passage) -> list[Quotable]:
    """A sentence together with the list that it announces by a colon, in as few slices of whole
    items as may be quoted; or with the code that it announces, as a slice of its own. The sentence
    alone where it announces none of these."""
    text = passage.text
    if not sentence.text.endswith((":", "：")):
        return [sentence]
    slices = [(sentence.start, sentence.end)]
    for start, end in _items(text, sentence.end):
        first = slices[-1][0]
        if end - first <= _longest(text[first:end]):
            slices[-1] = (first, end)
        else:
            slices.append((start, end))
    if len(slices) == 1:
        slices += _code(text, slices[0][1])
    return [
        replace(sentence, start=a, end=b, text=text[a:b], terms=frozenset(terms(text[a:b])))
        for first, last in slices
        for a, b in _readable(text, first, last)
    ]


def _items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each item of the list that begins there, its bullet left out."""
    begin: int | None = None
    end = start
    parted = False
    for first, last in line_spans(text[start:]):
        line = text[start + first : start + last]
        bullet = _BULLET.match(line.lstrip())
        if not line.strip():
            parted = True
            continue
        if bullet:
            if begin is not None:
                yield begin, end
            begin = start + first + len(line) - len(line.lstrip()) + bullet.end()
        elif begin is None or not (line[0].isspace() or (_is_prose(line) and not parted)):
            break
        end = start + first + len(line.rstrip())
        parted = False
    if begin is not None and begin < end:
        yield begin, end


def _code(text: str, start: int) -> list[tuple[int, int]]:
    """The fenced block that begins there, without its fences."""
    match = _FENCED.match(text, start)
    return trimmed(text, *match.span("code")) if match else []


def _kind(text: str, headings: Sequence[str], *, prose: bool) -> Kind:
    if prose and _is_sentence(text):
        return "prose"
    if text in headings or _HEADING.match(text):
        return "heading"
    return "row" if _TABLE.match(text) else "line"


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


def _longest(text: str) -> int:
    """How many characters of a text like this one may be quoted at once."""
    unspaced = unspaced_share(text) > 0.5
    return _MAX_QUOTE_CHARACTERS_UNSPACED if unspaced else MAX_QUOTE_CHARACTERS


def _readable(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence itself, or exact slices of one that is too long, cut at clauses or words."""
    longest = _longest(text[start:end])
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
