"""Wraps text at words as it comes, piece by piece; wide characters count two columns."""

from __future__ import annotations

import re

# A newline, spaces, a run of narrow characters with no space in it (and colours), or one wide
# character.
_COLOUR = r"\x1b\[[\d;]*m"
_PIECE = re.compile(rf"\n|[ \t]+|(?:{_COLOUR}|[\u0021-\u10ff\u1200-\u2e7f])+|.", re.DOTALL)
# May not begin a line: one hangs over the edge instead.
_CLOSING = frozenset("，。、；：？！）」』】》”’…")


def columns(text: str) -> int:
    """How many columns of a terminal a text takes; a colour takes none."""
    from rich.cells import cell_len

    return cell_len(re.sub(_COLOUR, "", text))


class Wrapper:
    """Feed it pieces; each call gives what can be shown already."""

    def __init__(self, width: int) -> None:
        self._width = max(20, width - 2)  # what hangs over the edge takes two columns
        self._column = 0
        self._space = ""
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown: all but the last word, which may go on."""
        pieces = _PIECE.findall(self._held + text)
        self._held = pieces.pop() if pieces and not pieces[-1].isspace() else ""
        return "".join(self._put(piece) for piece in pieces)

    def end(self) -> str:
        """The last word."""
        held, self._held = self._held, ""
        return self._put(held) if held else ""

    def _put(self, piece: str) -> str:
        if piece == "\n":
            self._column, self._space = 0, ""
            return piece
        if piece.isspace():
            self._space = piece.replace("\t", "    ")
            return ""
        space, self._space = self._space, ""
        width = columns(piece)
        too_long = self._column + len(space) + width > self._width
        hangs = piece in _CLOSING and not space and self._column <= self._width
        if too_long and self._column and not hangs:
            self._column = width
            return "\n" + piece
        self._column += len(space) + width
        return space + piece
