"""Sheets that stand one after the other in one XML: as a stream, as far as it can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ragcli.domain import Problem
from ragcli.errors import Unreadable
from ragcli.reading.package import BROKEN
from ragcli.reading.sheets import Row, SheetsBuilder
from ragcli.reading.xmlstream import Handler, XmlError, read_xml

# What reading a damaged stream raises.
DAMAGES = (*BROKEN, XmlError, KeyError)
_PIECE_BYTES = 1 << 16
_SAVE_AGAIN = "open it in LibreOffice, save it again"


@dataclass(slots=True)
class Sheet:
    """``number`` counts from 1; ``floating`` is filled until the sheet has ended."""

    number: int
    name: str
    floating: list[str] = field(default_factory=list)


class SheetHandler(Handler, Protocol):
    """Collects sheets and their rows. ``sheet`` is the number of the one that is read, 0 before
    the first, ``row`` that of its last row so far."""

    sheet: int
    row: int

    def taken(self) -> list[Sheet | Row | None]:
        """What came since the last call: each sheet, its rows, and None where it ends."""
        ...


def add_sheets(builder: SheetsBuilder, handler: SheetHandler, pieces: Iterable[bytes]) -> None:
    """The sheets as far as they can be read; the rest is a problem."""
    events = _events(builder, handler, pieces)
    for event in events:
        if isinstance(event, Sheet):
            builder.add_sheet(event.number, event.name, _rows(events), event.floating)


def pieces_of(data: bytes) -> Iterator[bytes]:
    """A file that is one XML, in pieces."""
    return (data[i : i + _PIECE_BYTES] for i in range(0, len(data), _PIECE_BYTES))


def _rows(events: Iterator[Sheet | Row | None]) -> Iterator[Row]:
    for event in events:
        if not isinstance(event, Row):
            return
        yield event


def _events(
    builder: SheetsBuilder, handler: SheetHandler, pieces: Iterable[bytes]
) -> Iterator[Sheet | Row | None]:
    """Each sheet, its rows, and None where it ends."""
    try:
        for _ in read_xml(pieces, handler):
            yield from handler.taken()
        return
    except Unreadable as error:
        code, reason, hint = error.code, f"left out: {error.message}", error.hint
    except DAMAGES as error:
        code, reason, hint = "broken", f"damaged: {error}", _SAVE_AGAIN
    yield from handler.taken()  # what stood before it
    message = f"what follows row {handler.row} of sheet {handler.sheet or 1} is {reason}"
    builder.problems.append(Problem(code, message, hint, handler.sheet or None))
