"""Cutting one block that fits no chunk, at the best places it has.

Each kind of block has an order of places, best first: a list is cut at its items before its
sentences, code at its empty lines before its lines. A piece that still does not fit is cut at the
next kind of place, at last between characters. Nothing is repeated: pieces are exact slices.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ragcli.chunking.measure import Measure
from ragcli.domain import BlockKind
from ragcli.text.lines import line_spans
from ragcli.text.sentences import sentence_spans

Span = tuple[int, int]
Places = Callable[[str, int, int], list[Span]]

_ITEM = re.compile(
    r"^(?P<indent>[ \t]*)(?:[-*+•‣◦·][ \t]+|\(?\w{1,3}[.)][ \t]+|\w{1,3}、)", re.MULTILINE
)
_CLAUSE = re.compile(r"[，；、：﹐﹑،؛]+|[,;:]+(?=\s)")
_WORD = re.compile(r"\S+")
_EMPTY_LINE = re.compile(r"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")


@dataclass(frozen=True, slots=True)
class Piece:
    """``text[char_start:char_end]``; ``cut_cost`` is the price of a cut before it (see pack.py)."""

    char_start: int
    char_end: int
    tokens: int
    cut_cost: float


def cut_block(
    measure: Measure, kind: BlockKind, start: int, end: int, limit_tokens: int, cut_cost: float
) -> list[Piece]:
    """The block as one piece when it fits ``limit_tokens``, else the pieces it is cut into."""
    return list(_cut(measure, (start, end), _PLACES[kind], limit_tokens, cut_cost))


def halve(measure: Measure, start: int, end: int) -> tuple[Piece, Piece]:
    """Cut between two words near the middle, else between two characters there.

    The slice must be longer than one character and free of surrounding white space.
    """
    middle = _middle(measure.text, start, end)
    first, second = (_trimmed(measure.text, *s) for s in ((start, middle), (middle, end)))
    return (
        Piece(*first, measure.count(*first) or 0, _CHARACTER_COST),
        Piece(*second, measure.count(*second) or 0, _CHARACTER_COST),
    )


def _cut(
    measure: Measure, span: Span, places: tuple[tuple[Places, float], ...], limit: int, cost: float
) -> Iterator[Piece]:
    tokens = measure.count(*span)
    if tokens is not None and (tokens <= limit or span[1] - span[0] == 1):
        yield Piece(*span, tokens, cost)
        return
    parts, part_cost, rest = [span], cost, places
    while len(parts) < 2 and rest:
        (find, part_cost), *others = rest
        rest = tuple(others)
        parts = find(measure.text, *span)
    if len(parts) < 2:
        middle = _middle(measure.text, *span)
        parts, part_cost = [(span[0], middle), (middle, span[1])], _CHARACTER_COST
    for i, part in enumerate(parts):
        part = _trimmed(measure.text, *part)
        yield from _cut(measure, part, rest, limit, part_cost if i else cost)


# ------------------------------------------------------------------ the places


def _top_items(text: str, start: int, end: int) -> list[Span]:
    """List items with the least indent, each with the items under it."""
    items = list(_ITEM.finditer(text, start, end))
    least = min((len(m["indent"]) for m in items), default=0)
    return _between(text, start, end, [m.start() for m in items if len(m["indent"]) == least])


def _items(text: str, start: int, end: int) -> list[Span]:
    return _between(text, start, end, [m.start() for m in _ITEM.finditer(text, start, end)])


def _empty_lines(text: str, start: int, end: int) -> list[Span]:
    return _between(text, start, end, [m.end() for m in _EMPTY_LINE.finditer(text, start, end)])


def _lines(text: str, start: int, end: int) -> list[Span]:
    lines = ((start + a, start + b) for a, b in line_spans(text[start:end]))
    return [(a, b) for a, b in lines if not text[a:b].isspace()]


def _clauses(text: str, start: int, end: int) -> list[Span]:
    return _between(text, start, end, [m.end() for m in _CLAUSE.finditer(text, start, end)])


def _words(text: str, start: int, end: int) -> list[Span]:
    return [m.span() for m in _WORD.finditer(text, start, end)]


def _between(text: str, start: int, end: int, cuts: list[int]) -> list[Span]:
    """The slices between the cuts that hold more than white space."""
    edges = [start, *cuts, end]
    return [(a, b) for a, b in pairwise(edges) if a < b and not text[a:b].isspace()]


def _middle(text: str, start: int, end: int) -> int:
    """White space near the middle, else the middle, moved so as not to part a letter and its mark.

    Never an end of the slice, so that halving always ends.
    """
    middle = (start + end) // 2
    reach = (end - start) // 4
    for distance in range(reach):
        for place in (middle - distance, middle + distance):
            if text[place].isspace():
                return place
    for place in range(middle, min(middle + 8, end)):  # longer runs of marks are not writing
        if not (unicodedata.combining(text[place]) or text[place] in _JOINERS):
            return place
    return middle


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


_JOINERS = "\u200d\ufe0e\ufe0f"  # zero-width joiner and variation selectors, inside one emoji

_CHARACTER_COST = 2.0
_WORD_PLACES: tuple[tuple[Places, float], ...] = ((_words, 1.5),)
_LINE_PLACES: tuple[tuple[Places, float], ...] = ((_lines, 0.8), *_WORD_PLACES)
_PROSE_PLACES: tuple[tuple[Places, float], ...] = (
    (sentence_spans, 0.7),
    (_lines, 0.8),
    (_clauses, 1.0),
    *_WORD_PLACES,
)
# Costs stand against those in pack.py: a cut inside a block costs more than one between blocks.
_PLACES: dict[BlockKind, tuple[tuple[Places, float], ...]] = {
    "heading": _PROSE_PLACES,
    "paragraph": _PROSE_PLACES,
    "list": ((_top_items, 0.6), (_items, 0.7), *_PROSE_PLACES),
    "code": ((_empty_lines, 0.6), *_LINE_PLACES),
    "table": _LINE_PLACES,
}
