"""Settings in lines (.ini, .toml, .properties and their kin): a section's name is a heading.

The text is the file itself; one whose words are escaped (``\\u4e2d`` in old .properties) is read
with them, and has no lines of the file's.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.errors import Unreadable
from ragcli.reading.encodings import decode
from ragcli.reading.escapes import with_characters
from ragcli.reading.extracted import one_line
from ragcli.reading.text import paragraph_spans

# A comma stands in an array of arrays, not in a name.
_SECTION = re.compile(r"^[ \t]*(\[\[?([^\[\],\r\n]{1,200})\]\]?)[ \t]*(?:[#;].*)?$", re.MULTILINE)


def read(data: bytes, path: PurePath) -> Document:
    """The document of a file of settings. Raises Unreadable when there is no text in it."""
    decoded = decode(data)
    text = with_characters(decoded)
    has_levels = path.suffix.lower() == ".toml"
    blocks: list[Block] = []
    for start, end in paragraph_spans(text):
        place = start
        for match in _SECTION.finditer(text, start, end):
            if not (title := one_line(match[2])):
                continue
            blocks += _code(text, place, match.start())
            level = 1 + title.count(".") if has_levels else 1
            blocks.append(Block("heading", match.start(1), match.end(1), level, title))
            place = match.end(1)
        blocks += _code(text, place, end)
    if not blocks:
        raise Unreadable("empty", "no text in it")
    return Document(text, "ini", tuple(blocks), has_lines=text == decoded)


def _code(text: str, start: int, end: int) -> list[Block]:
    """The lines between two headings, if there is anything in them."""
    piece = text[start:end]
    kept = piece.rstrip()
    start += len(kept) - len(kept.lstrip())
    return [Block("code", start, end - len(piece) + len(kept))] if kept.strip() else []
