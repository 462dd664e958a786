"""Spans of characters in documents: what two lists of them share, and how long they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """``start`` to ``end`` of the document that is cited as ``source``, end exclusive."""

    source: str
    start: int
    end: int


def union(spans: Iterable[Span]) -> list[Span]:
    """The same characters, each once, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        last = joined[-1] if joined else None
        if last and last.source == span.source and span.start <= last.end:
            joined[-1] = last._replace(end=max(last.end, span.end))
        else:
            joined.append(span)
    return joined


def shared(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The characters that are in both, each once."""
    met = (
        Span(a.source, max(a.start, b.start), min(a.end, b.end))
        for a in some
        for b in others
        if a.source == b.source
    )
    return union(span for span in met if span.start < span.end)


def length(spans: Iterable[Span]) -> int:
    """Characters, those that several spans hold counted each time."""
    return sum(end - start for _, start, end in spans)
