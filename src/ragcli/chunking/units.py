"""Blocks -> units: the slices that packing never cuts, each counted once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ragcli.chunking.locate import Locator
from ragcli.chunking.measure import Measure
from ragcli.chunking.outline import Section, root, section_under
from ragcli.chunking.split import Piece, cut_block
from ragcli.domain import Block, Document

# The price of a cut before a unit, in the currency of pack.py; cuts inside a block: split.py.
BEFORE_SECTION = 0.0
BETWEEN_PAGES = 0.0
BETWEEN_BLOCKS = 0.5
AFTER_LEAD_IN = 1.2  # "as follows:", or a file's name before its code, belongs to what follows
AFTER_HEADING = 8.0  # more than any other choice can save

LEAD_IN_SHARE = 8  # of a chunk's size: a caption, not a paragraph

# Smaller neighbours are packed as one unit, so that a chunk has at most about 64 of them and
# packing stays linear on a file of a million one-word lines.
SMALLEST_SHARE = 32

_PARAGRAPH = re.compile(r"\S[^\n\r]*(?:(?:\r\n|\n|\r)[ \t]*[^\s][^\n\r]*)*")


@dataclass(frozen=True, slots=True)
class Unit:
    """``text[char_start:char_end]``, its tokens, and what stands between it and the one before."""

    char_start: int
    char_end: int
    tokens: int
    section: Section
    is_heading: bool
    opens_section: bool
    opens_block: bool
    cut_cost: float
    gap_tokens: int
    new_page: bool

    def replaced_by(self, piece: Piece) -> Unit:
        """A part of this unit."""
        return replace(
            self,
            char_start=piece.char_start,
            char_end=piece.char_end,
            tokens=piece.tokens,
            cut_cost=piece.cut_cost,
        )


def document_units(document: Document, measure: Measure, locator: Locator) -> list[Unit]:
    """The units of a document in reading order, without surrounding white space."""
    units: list[Unit] = []
    section = root(measure)
    heading_tokens = 0  # of the headings that still wait for their text
    for block in _blocks(document):
        is_heading = block.kind == "heading"
        if is_heading:
            section = section_under(section, block.level, block.title, measure)
        # What follows a heading shares its chunk.
        limit = max(section.room_tokens - heading_tokens, section.room_tokens // 2, 1)
        cut_cost = _cut_cost(units, block, measure)
        pieces = cut_block(measure, block.kind, block.char_start, block.char_end, limit, cut_cost)
        opens_section = not units or (is_heading and not units[-1].is_heading)
        for i, piece in enumerate(pieces):
            opens = (opens_section and i == 0, i == 0)
            unit = _unit(piece, units, section, is_heading, opens, measure, locator)
            _append(units, unit, measure)
        heading_tokens = heading_tokens + sum(p.tokens for p in pieces) if is_heading else 0
    return units


def _blocks(document: Document) -> Iterator[Block]:
    """The blocks without surrounding white space; without blocks, the text's paragraphs."""
    if not document.blocks:
        for match in _PARAGRAPH.finditer(document.text):
            yield Block("paragraph", match.start(), match.start() + len(match[0].rstrip()))
        return
    for block in document.blocks:
        text = document.text[block.char_start : block.char_end]
        start = block.char_start + len(text) - len(text.lstrip())
        if text := text.strip():
            yield replace(block, char_start=start, char_end=start + len(text))


def _cut_cost(units: list[Unit], block: Block, measure: Measure) -> float:
    if units and units[-1].is_heading:
        return AFTER_HEADING
    if block.kind == "heading":
        return BEFORE_SECTION
    if units and _leads_in(units[-1], block, measure):
        return AFTER_LEAD_IN
    return BETWEEN_BLOCKS


def _leads_in(last: Unit, block: Block, measure: Measure) -> bool:
    if measure.text[last.char_end - 1] in ":：":
        return True
    few_words = last.tokens <= measure.size_tokens // LEAD_IN_SHARE
    return few_words and block.kind in ("list", "code", "table")


def _unit(
    piece: Piece,
    units: list[Unit],
    section: Section,
    is_heading: bool,
    opens: tuple[bool, bool],
    measure: Measure,
    locator: Locator,
) -> Unit:
    """``opens``: whether it opens a section, and a block."""
    new_page, gap_tokens = False, 0
    if units:
        before = units[-1].char_end
        gap_tokens = measure.count_gap(before, piece.char_start)
        new_page = locator.page_at(before - 1) != locator.page_at(piece.char_start)
    keeps_together = piece.cut_cost >= AFTER_HEADING
    return Unit(
        char_start=piece.char_start,
        char_end=piece.char_end,
        tokens=piece.tokens,
        section=section,
        is_heading=is_heading,
        opens_section=opens[0],
        opens_block=opens[1],
        cut_cost=BETWEEN_PAGES if new_page and not keeps_together else piece.cut_cost,
        gap_tokens=gap_tokens,
        new_page=new_page,
    )


def _append(units: list[Unit], unit: Unit, measure: Measure) -> None:
    """Add a unit, as a part of the last one when both are very small."""
    if units and not unit.is_heading and not unit.new_page:
        last = units[-1]
        tokens = last.tokens + unit.gap_tokens + unit.tokens
        characters = unit.char_end - last.char_start
        if (
            not last.is_heading
            and tokens <= measure.size_tokens // SMALLEST_SHARE
            and characters <= measure.max_characters // SMALLEST_SHARE
        ):
            units[-1] = replace(last, char_end=unit.char_end, tokens=tokens)
            return
    units.append(unit)
