"""Sentence boundaries, for chunking and for quoting.

A rule, not a model: a sentence ends after ``.!?…`` (with closing quotes or brackets) before white
space, after a CJK full stop wherever it stands, and at an empty line. Common abbreviations and
initials do not end one. It errs towards longer sentences, which costs nothing but length.
"""

from __future__ import annotations

import re

_CLOSERS = "\"'”’»)\\]}」』）】》〉"
# Possessive, and only at the start of a run: a row of a million dots is read once.
_END = re.compile(
    rf"(?P<cjk>[。！？｡…]+[{_CLOSERS}]*)"
    rf"|(?<![.!?])(?P<western>[.!?]++[{_CLOSERS}]*+)(?=\s)"
    r"|(?<![।॥؟۔])(?P<danda>[।॥؟۔]++)(?=\s)"
    r"|(?P<break>\n[ \t]*\r?\n|\r\r)"
)
_NOT_AN_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|cf|al|Fig|Figs|Eq|No|Nos|Vol|pp|ed|eds|approx|Inc|Ltd"
    r"|Co|Corp|Dept|Gen|Col|Lt|Sgt|Rev|Gov|Sen|Rep|U\.S|e\.g|i\.e|a\.m|p\.m)|\b[A-Z])\.$"
)


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """(start, end) of each sentence in ``text[start:end]``, without surrounding white space."""
    end = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(text, start, end):
        if not _ends_sentence(text, match.start(), match.end(), end):
            continue
        spans += trimmed(text, begin, match.end())
        begin = match.end()
    spans += trimmed(text, begin, end)
    return spans


def whole_sentences(text: str, start: int, end: int) -> str:
    """The sentences that hold any of ``text[start:end]``, where words must stand, and what is
    between them."""
    held = [(a, b) for a, b in sentence_spans(text) if a < end and start < b]
    return text[held[0][0] : held[-1][1]]


def _ends_sentence(text: str, mark: int, after: int, end: int) -> bool:
    if text[mark] not in ".…":
        return True
    if _NOT_AN_END.search(text, max(0, mark - 12), mark + 1):
        return False
    follower = next((c for c in text[after : min(after + 8, end)] if not c.isspace()), "")
    return not follower.islower()


def trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The span without the white space around it; none when there is nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return [(start, end)] if start < end else []
