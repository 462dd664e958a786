"""Plain text: the decoded file is the text, its paragraphs are the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.errors import Unreadable
from ragcli.reading.encodings import decode
from ragcli.text.lines import line_spans

# Titles of scientific papers have up to 200 characters.
MAX_TITLE_CHARACTERS = 200

_PROSE = frozenset({"", ".txt", ".text"})
_ENDS_OF_SENTENCES = ".!:;,。！：；，"


def read(data: bytes, path: PurePath) -> Document:
    """The document of a text file. Raises Unreadable when there is no text in it."""
    text = decode(data)
    blocks = tuple(Block("paragraph", start, end) for start, end in paragraph_spans(text))
    if not blocks:
        raise Unreadable("empty", "no text in it")
    title = _title(text, blocks) if path.suffix.lower() in _PROSE else None
    return Document(text=text, format="text", blocks=blocks, title=title, has_lines=True)


def _title(text: str, blocks: Sequence[Block]) -> str | None:
    """The first line, where it stands alone above the rest and is no sentence."""
    first = text[blocks[0].char_start : blocks[0].char_end].strip()
    alone = len(blocks) > 1 and "\n" not in first and len(first) <= MAX_TITLE_CHARACTERS
    return first if alone and first[-1] not in _ENDS_OF_SENTENCES else None


def paragraph_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each run of lines between blank ones, without the white space around it.

    The first line keeps its indentation; a byte-order mark belongs to no paragraph.
    """
    spans: list[tuple[int, int]] = []
    start = end = -1
    for line_start, line_end in line_spans(text):
        if line_start == 0 and text.startswith("\ufeff"):
            line_start = 1
        line = text[line_start:line_end].rstrip()
        if line:
            start = line_start if start < 0 else start
            end = line_start + len(line)
        elif start >= 0:
            spans.append((start, end))
            start = -1
    if start >= 0:
        spans.append((start, end))
    return spans
