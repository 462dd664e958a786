"""A text that is too long for a model, in parts that fit: whole sentences as far as they go.

A text is scored by its best part (MaxP: Dai and Callan 2019, "Deeper Text Understanding for IR
with Contextual Neural Language Modeling"), so that nothing of it goes unread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from ragcli.text.sentences import sentence_spans, trimmed


def windows(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The parts, in order: all of the text but white space, each as long as fits. A sentence that
    does not fit is cut where it must be, after white space where there is some near. At least one
    character is taken to fit."""
    ends = [end for _, end in sentence_spans(text)]
    parts: list[str] = []
    start = 0
    while rest := trimmed(text, start, len(text)):
        start = rest[0][0]
        end = _last(text, start, [e for e in ends if e > start], fits)
        if end is None:
            sentence_end = next(e for e in ends if e > start)
            end = _cut(text, start, sentence_end, fits)
        parts.append(text[start:end].rstrip())
        start = end
    return parts


def _last(text: str, start: int, ends: Sequence[int], fits: Callable[[str], bool]) -> int | None:
    """The last of the ends up to which the text fits, None where none does."""
    fitting = bisect_left(ends, True, key=lambda end: not fits(text[start:end]))
    return ends[fitting - 1] if fitting else None


def _cut(text: str, start: int, end: int, fits: Callable[[str], bool]) -> int:
    """Where to cut a sentence that is too long: after its last white space that fits, if that
    leaves at least half of what fits."""
    most = _last(text, start, range(start + 1, end), fits) or start + 1
    space = max(text.rfind(c, start + (most - start) // 2, most) for c in " \t\n")
    return space + 1 if space > 0 else most
