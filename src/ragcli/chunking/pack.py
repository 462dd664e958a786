"""Units -> the cheapest chunks.

As TeX breaks a paragraph into lines: every way to cut the units into chunks has a cost, and the
cheapest is found by looking at each possible chunk once. A chunk costs for being one, for the
room it leaves empty (so that sizes come out even), and much for being a crumb. A cut costs by its
place: nothing before a heading, a little between blocks, more inside one, most behind a heading.
Going on across a section's or a page's end costs too, so that

- a section starts a chunk, but tiny sections share one with the next under the same parent;
- a page's end ends a chunk that is more than half full;
- few, even chunks are made of a long section, and none of its paragraphs is cut that fits;
- a part of a paragraph shares a chunk with other paragraphs only where that saves a chunk or a
  crumb.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ragcli.chunking.measure import Measure
from ragcli.chunking.units import Unit

CRUMB_SHARE = 0.25  # of a chunk's size; less says too little to be found or read alone

# Chosen on the order they give, not fitted to a score. Joining a crumb (CRUMB + PER_CHUNK) must
# pay for one section's end, but not also for a cut inside a section that fits its own chunk.
PER_CHUNK = 0.25
EMPTY_ROOM = 0.25
CRUMB = 1.4
ACROSS_SECTION = 1.0
BETWEEN_TINY = 0.2  # less than a chunk costs: a glossary fills its chunks
ACROSS_PARENT = 4.0  # never worth it
ACROSS_PAGE = 0.6
MIXED = 0.8  # less than a crumb costs: the last words of a paragraph may go with the next
STRETCHED = 1.2  # for a crumb only (measure.py)


def pack(units: Sequence[Unit], measure: Measure) -> list[Sequence[Unit]]:
    """The units of each chunk, within the size as far as their sums tell."""
    best = [0.0] + [float("inf")] * len(units)  # best[j]: the cheapest chunks of units[:j]
    came_from = [0] * (len(units) + 1)
    joints = _tiny_joints(units, measure)
    for first in range(len(units)):
        cost_until = best[first] + PER_CHUNK
        for after, cost in _chunks_from(units, first, joints, measure):
            if cost_until + cost < best[after]:
                best[after] = cost_until + cost
                came_from[after] = first
    groups: list[Sequence[Unit]] = []
    after = len(units)
    while after:
        groups.append(units[came_from[after] : after])
        after = came_from[after]
    return groups[::-1]


def _tiny_joints(units: Sequence[Unit], measure: Measure) -> set[int]:
    """Where a section opens that is tiny, as the one before it is."""
    openings = [i for i, unit in enumerate(units) if unit.opens_section]
    tiny = [
        sum(unit.tokens for unit in units[start:end]) < CRUMB_SHARE * measure.size_tokens
        for start, end in pairwise([*openings, len(units)])
    ]
    return {openings[k] for k in range(1, len(openings)) if tiny[k - 1] and tiny[k]}


def _chunks_from(
    units: Sequence[Unit], first: int, joints: set[int], measure: Measure
) -> list[tuple[int, float]]:
    """(index after the last unit, cost) of each chunk that starts at ``first`` and fits."""
    start = units[first].char_start
    room = max(1, units[first].section.room_tokens)
    chunks: list[tuple[int, float]] = []
    tokens, across, fill = 0, 0.0, 0.0
    opened = 0  # blocks that begin in the chunk after its first unit
    for i in range(first, len(units)):
        unit = units[i]
        if i > first:
            tokens += unit.gap_tokens
            across += _cost_of_going_on(units[first], unit, fill, i in joints)
            opened += unit.opens_block and not units[i - 1].is_heading
        tokens += unit.tokens
        characters = unit.char_end - start
        if i > first and (
            tokens > room + measure.stretch_tokens or characters > measure.max_characters
        ):
            break
        fill = max(tokens / room, characters / measure.max_characters)
        cut = units[i + 1].cut_cost if i + 1 < len(units) else 0.0
        crumb = CRUMB if fill < CRUMB_SHARE else 0.0
        stretched = STRETCHED if tokens > room else 0.0
        whole = i + 1 == len(units) or units[i + 1].opens_block
        mixed = MIXED if opened and not (units[first].opens_block and whole) else 0.0
        chunks.append(
            (i + 1, across + cut + crumb + stretched + mixed + EMPTY_ROOM * (1 - fill) ** 2)
        )
    return chunks


def _cost_of_going_on(first: Unit, unit: Unit, fill: float, both_tiny: bool) -> float:
    """The price of not cutting before ``unit`` in a chunk that began with ``first``."""
    if unit.opens_section:
        beside_or_below = unit.section.level >= first.section.level
        if not (first.opens_section and beside_or_below):
            return ACROSS_PARENT
        return BETWEEN_TINY if both_tiny else ACROSS_SECTION
    if unit.new_page and fill > 0.5:
        return ACROSS_PAGE
    return 0.0
