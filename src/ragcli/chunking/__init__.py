"""Document -> chunks: pure, counted in the embedding model's own tokens, never cut silently.

    blocks -> units.py (what packing never cuts) -> pack.py (the cheapest chunks) -> exact check

Read ``pack.py`` for how a place to cut is chosen, ``split.py`` for how a block that fits no chunk
is cut, ``outline.py`` for the heading paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragcli.chunking.locate import Locator
from ragcli.chunking.measure import Measure
from ragcli.chunking.pack import pack
from ragcli.chunking.split import halve
from ragcli.chunking.units import AFTER_HEADING, Unit, document_units
from ragcli.domain import Chunk, ChunkSettings, Document, TokenCounter
from ragcli.errors import TextTooLong

__all__ = ["chunk_document"]


def chunk_document(
    document: Document, settings: ChunkSettings, counter: TokenCounter, room_tokens: int
) -> list[Chunk]:
    """Cut a document into chunks, in reading order, without overlap.

    ``settings.size_tokens`` is the size to aim at, ``room_tokens`` what the embedding model can
    take; both count a chunk's ``embed_text``, its heading path included. The size is exceeded by an
    eighth at most, to spare a crumb. The room is kept exactly: each chunk is counted as it will be
    embedded, and one that is too long is cut again.

    Every chunk is an exact slice without surrounding white space; together they hold every
    character of every block. What no block covers is left out, but for short markup between two
    blocks of one chunk. A document without blocks is read as paragraphs between empty lines.

    Raises TextTooLong when not even one character fits the room.
    """
    measure = Measure(document.text, counter, settings.size_tokens, room_tokens)
    locator = Locator(document)
    units = document_units(document, measure, locator)
    return [
        chunk
        for group in pack(units, measure)
        for chunk in _checked(group, measure, locator, room_tokens)
    ]


def _checked(
    units: Sequence[Unit], measure: Measure, locator: Locator, room_tokens: int
) -> Iterator[Chunk]:
    """The chunk of these units, or several where it does not fit the room as a whole."""
    section = units[0].section
    for unit in units[1:]:
        section = section.shared_with(unit.section)
    start, end = units[0].char_start, units[-1].char_end
    chunk = _chunk(start, end, section.headings, measure, locator)
    if chunk.size_tokens > room_tokens and end - start == 1:
        chunk = _chunk(start, end, (), measure, locator)
        if chunk.size_tokens > room_tokens:
            raise TextTooLong(0, chunk.size_tokens, room_tokens)
    if chunk.size_tokens <= room_tokens:
        yield chunk
        return
    for part in _two_parts(units, measure):
        yield from _checked(part, measure, locator, room_tokens)


def _chunk(
    start: int, end: int, headings: tuple[str, ...], measure: Measure, locator: Locator
) -> Chunk:
    text = measure.text[start:end]
    page, page_end = locator.pages(start, end)
    line_start, line_end = locator.lines(start, end)
    return Chunk(
        text=text,
        char_start=start,
        char_end=end,
        size_tokens=measure.count_chunk(headings, start, end),
        headings=headings,
        page=page,
        page_end=page_end,
        line_start=line_start,
        line_end=line_end,
    )


def _two_parts(units: Sequence[Unit], measure: Measure) -> tuple[Sequence[Unit], Sequence[Unit]]:
    """Cut near the middle, where it costs least; inside the last unit rather than after a heading.

    This is rare: it takes a tokenizer that counts more for a text than for its parts.
    """
    if len(units) == 1 or (len(units) == 2 and units[1].cut_cost >= AFTER_HEADING):
        last = units[-1]
        if last.char_end - last.char_start > 1:
            first, second = halve(measure, last.char_start, last.char_end)
            return (
                [*units[:-1], last.replaced_by(first)],
                [last.replaced_by(second)],
            )
    middle = (units[0].char_start + units[-1].char_end) / 2
    half = middle - units[0].char_start

    def cost(i: int) -> float:
        off_middle = abs(units[i].char_start - middle) / half
        return units[i].cut_cost + 4 * off_middle  # an even cut matters more than a fine place

    best = min(range(1, len(units)), key=cost)
    return units[:best], units[best:]
