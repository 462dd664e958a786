"""Plain text: the decoded file is the text, its paragraphs are the blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from ragcli.domain import Block, Document, Page
from ragcli.errors import Unreadable
from ragcli.reading.encodings import decode
from ragcli.reading.textheadings import with_headings
from ragcli.text.lines import each_line

# Titles of scientific papers have up to 200 characters.
MAX_TITLE_CHARACTERS = 200

_PROSE = frozenset({"", ".txt", ".text"})
_ENDS_OF_SENTENCES = ".!:;,。！：；，"
# What an RFC has at the end of each page; the line after the form feed is its header.
_FOOTER = re.compile(r"[^\n]{0,150}\[[Pp]age \d{1,4}\]\Z")


def read(data: bytes, path: PurePath) -> Document:
    """The document of a text file. Raises Unreadable when there is no text in it."""
    text = decode(data)
    prose = path.suffix.lower() in _PROSE
    pages = tuple(_pages(text)) if prose else ()
    spans = paragraph_spans(text)
    if not spans:
        raise Unreadable("empty", "no text in it")
    if pages:
        spans = list(_without_running_lines(text, spans))
    if prose:
        blocks = tuple(with_headings(text, spans))
    else:
        blocks = tuple(Block("paragraph", start, end) for start, end in spans)
    return Document(
        text=text,
        format="text",
        blocks=blocks,
        pages=pages,
        title=_title(text, blocks) if prose else None,
        has_lines=True,
    )


def _title(text: str, blocks: Sequence[Block]) -> str | None:
    """The first line, where it stands alone above the rest and is no sentence."""
    if blocks[0].kind == "heading":
        return blocks[0].title
    first = text[blocks[0].char_start : blocks[0].char_end].strip()
    alone = len(blocks) > 1 and "\n" not in first and len(first) <= MAX_TITLE_CHARACTERS
    return first if alone and first[-1] not in _ENDS_OF_SENTENCES else None


def _pages(text: str) -> Iterator[Page]:
    """The pages between form feeds; none where there is only one."""
    parts = text.split("\f")
    if sum(1 for part in parts if part.strip()) < 2:
        return
    start = 0
    for number, part in enumerate(parts, 1):
        yield Page(number, start, start + len(part))
        start += len(part) + 1


def _without_running_lines(
    text: str, spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Without the footers that number pages, and the headers under them."""
    after_footer = False
    for start, end in spans:
        if "\n" not in text[start:end] and _FOOTER.match(text, start, end):
            after_footer = True
            continue
        is_header = after_footer and "\n" not in text[start:end]
        after_footer = False
        if not is_header:
            yield start, end


def paragraph_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each run of lines between blank ones, without the white space around it.

    The first line keeps its indentation; a byte-order mark belongs to no paragraph.
    """
    spans: list[tuple[int, int]] = []
    start = end = -1
    for line_start, line_end in each_line(text):
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
