"""What the readers of extracted text share: cleaning, and a text built block by block."""

from __future__ import annotations

import re

from ragcli.domain import Block, BlockKind
from ragcli.reading import limits

# Control characters carry no text; a NUL ends a string in SQLite and C, and a lone surrogate can
# be written nowhere.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n?")
_SPACE = re.compile(r"\s+")

# Metadata are for filters and listings: longer values are data that somebody put there.
MAX_METADATA_CHARACTERS = 1000


def clean(text: str) -> str:
    """The text without control characters and lone surrogates; line ends are ``\\n``."""
    return _UNPRINTABLE.sub("", _LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """The cleaned text with every run of white space as one space."""
    return _SPACE.sub(" ", clean(text)).strip()


def metadata_value(text: str) -> str:
    """A value fit to be stored with a document."""
    return one_line(text)[:MAX_METADATA_CHARACTERS].rstrip()


class TextBuilder:
    """Joins pieces to a text and remembers where each block stands in it.

    Blocks are separated by one empty line. Pieces that are added one after the other under the
    same ``group`` are the lines of one block: the items of a list, the rows of a table. ``add``
    raises Unreadable (``too_large``) for more text than one file may give.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._group: object = None

    def add(
        self,
        kind: BlockKind,
        text: str,
        *,
        level: int = 0,
        title: str = "",
        group: object = None,
    ) -> None:
        """Append a piece; one without visible characters is left out."""
        if not text or text.isspace():
            return
        if group is not None and group == self._group:
            kind, start = self._blocks[-1].kind, self._blocks[-1].char_start
            self._append("\n" + text)
            self._blocks[-1] = Block(kind, start, self._length)
            return
        self._group = group
        if self._parts:
            self._append("\n\n")
        start = self._length
        self._append(text)
        self._blocks.append(Block(kind, start, self._length, level, title))

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
        limits.check_length(self._length)

    @property
    def length(self) -> int:
        """Code points so far."""
        return self._length

    @property
    def next_start(self) -> int:
        """Where the next block will start, unless it joins the last one."""
        return self._length + 2 * bool(self._parts)

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(self._blocks)
