"""What may be quoted of a passage: its sentences, lines of code and tables, exact slices all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
_BULLET = re.compile(r"(?:[-*+•·>]|\d{1,3}[.)、])\s+")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CODE = re.compile(r"(?:\t| {4,})\S|.*[;{}]\s*$|.*(?:=>|->|==|\(\))")
_CLAUSE = re.compile(r"[,;:，；：、]\s*|\s+[–—-]\s+")
_ENDS = tuple('.!?…。！？｡:："”’」』)）]*_`')


@dataclass(frozen=True, slots=True)
class Quotable:
    """A sentence, or a part of a long one, of the passage of this number, which counts from 1.
    ``prose`` is false for headings, code and tables."""

    number: int
    start: int
    end: int
    text: str
    prose: bool
    terms: frozenset[str]

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in reading order."""
        return self.number, self.start


def quotables(number: int, passage: Passage) -> Iterator[Quotable]:
    """All of a passage, in order."""
    text = passage.text
    for start, end, prose in _blocks(text, passage.headings):
        # A line of code or of a table is one thing, whatever marks stand in it.
        spans = sentence_spans(text, start, end) if prose else trimmed(text, start, end)
        for first, last in spans:
            is_prose = prose and _is_sentence(text[first:last])
            for a, b in _readable(text, first, last):
                words = frozenset(terms(text[a:b]))
                if words:
                    yield Quotable(number, a, b, text[a:b], is_prose, words)


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
