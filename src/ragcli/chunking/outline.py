"""The sections of a document, and the heading path each gives to its chunks."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from ragcli.chunking.measure import Measure

# A path longer than this share of a chunk would crowd out the text.
HEADINGS_SHARE = 4


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A heading and what stands under it. The root, ``level`` 0, is the document itself.

    ``headings`` is the path from the outermost heading to this one, shortened where it is too
    long; ``room_tokens`` is what a chunk under this path has left for its text.
    """

    level: int
    depth: int
    headings: tuple[str, ...]
    room_tokens: int
    parent: Section | None = None

    def shared_with(self, other: Section) -> Section:
        """The innermost section that holds both."""
        a, b = self, other
        while a is not b:
            if a.depth >= b.depth and a.parent is not None:
                a = a.parent
            elif b.parent is not None:
                b = b.parent
        return a


def root(measure: Measure) -> Section:
    """The section of what stands before any heading."""
    return Section(0, 0, (), measure.size_tokens)


def section_under(current: Section, level: int, title: str, measure: Measure) -> Section:
    """The section that a heading of this level opens after ``current``."""
    parent = current
    while parent.parent is not None and parent.level >= level:
        parent = parent.parent
    title = " ".join(title.split())
    titles = (*parent.headings, title) if title else parent.headings
    headings, tokens = _shortened(titles, measure)
    room = measure.size_tokens - tokens
    return Section(max(1, level), parent.depth + 1, headings, room, parent)


def _shortened(titles: tuple[str, ...], measure: Measure) -> tuple[tuple[str, ...], int]:
    """The path without as many outer titles as it takes to fit its share, and its tokens."""
    most = measure.size_tokens // HEADINGS_SHARE
    while titles:
        if sum(map(len, titles)) <= measure.max_characters:
            tokens = measure.count_embedded(titles, "")
            if tokens <= most:
                return titles, tokens
        if len(titles) == 1:
            return _cut_title(titles[0][: measure.max_characters // HEADINGS_SHARE], most, measure)
        titles = titles[1:]
    return (), 0


def _cut_title(title: str, most: int, measure: Measure) -> tuple[tuple[str, ...], int]:
    """As many of a title's first words as fit; of one without spaces, its first characters."""
    ends = [i for i, c in enumerate(title) if c == " "] or list(range(1, len(title)))
    fitting = bisect_right(ends, most, key=lambda e: measure.count_embedded((title[:e],), ""))
    if not fitting:
        return (), 0
    headings = (title[: ends[fitting - 1]],)
    tokens = measure.count_embedded(headings, "")
    return (headings, tokens) if tokens <= most else ((), 0)
