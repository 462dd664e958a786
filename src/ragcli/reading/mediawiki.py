"""MediaWiki's markup: the text is the file itself, read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading.encodings import decode
from ragcli.reading.lineblocks import Lines, first_title

_HEADING = re.compile(r"(={1,6})[ \t]*(\S.*?)[ \t]*\1\Z")
_ITEM = re.compile(r"[*#:;]")
_SILENT = re.compile(
    r"\[\[(?:Category|Kategorie|分类|分類):[^\[\]]{0,200}\]\]\Z|__[A-Z]{3,20}__\Z|-{4,}\Z"
    r"|<!--(?:(?!-->).){0,1000}-->\Z|#REDIRECT\b",
    re.IGNORECASE,
)
_OPENS_CODE = re.compile(r"<(syntaxhighlight|source|pre|nowiki|score|math)\b[^<>]*>", re.IGNORECASE)
_MARKUP = (
    (re.compile(r"\[\[(?:[^\[\]|]{0,200}\|)?([^\[\]|]{0,300})\]\]"), r"\1"),
    (re.compile(r"'{2,5}|<[^<>]{0,200}>"), ""),
)


def read(data: bytes, path: PurePath) -> Document:
    """The document with its headings, lists, code and tables; never raises on any text."""
    text = decode(data)
    blocks = tuple(_blocks(Lines(text)))
    return Document(
        text=text, format="mediawiki", blocks=blocks, title=first_title(blocks), has_lines=True
    )


def _blocks(source: Lines) -> Iterator[Block]:
    i = 0
    while i < len(source):
        line = source[i]
        end = i + 1
        if not line or _SILENT.match(line):
            pass
        elif heading := _HEADING.match(line):
            yield from source.heading(i, end, len(heading[1]), heading[2], _MARKUP)
        elif line.startswith("{|"):
            end = min(source.run(end, lambda text: not text.startswith("|}")) + 1, len(source))
            yield from source.block("table", i, end)
        elif opening := _OPENS_CODE.match(line):
            end = _code_end(source, i, f"</{opening[1].lower()}")
            yield from source.block("code", i, end)
        elif line[0] == " ":
            end = source.run(i, lambda text: text.startswith(" "))
            yield from source.block("code", i, end)
        elif _ITEM.match(line):
            end = source.run(i, _ITEM.match)
            yield from source.block("list", i, end)
        else:
            end = max(end, source.run(i, _goes_on))
            yield from source.block("paragraph", i, end)
        i = end


def _code_end(source: Lines, i: int, closing: str) -> int:
    return min(source.run(i, lambda text: closing not in text.lower()) + 1, len(source))


def _goes_on(line: str) -> bool:
    return bool(line) and not (
        line.startswith(("{|", " ", "="))
        or _ITEM.match(line)
        or _OPENS_CODE.match(line)
        or _SILENT.match(line)
    )
