"""Org mode: the text is the file itself, read line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import metadata_value
from ragcli.reading.lineblocks import Lines, first_title

_HEADING = re.compile(r"(\*{1,20}) +(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED) +)?(?:\[#\w\] +)?(.*)")
_TAGS = re.compile(r"[ \t]+:[\w@#%:]{1,200}:\Z")
_KEYWORD = re.compile(r"\s*#\+(\w[\w-]{0,60}):[ \t]*(.*)", re.IGNORECASE)
_BEGIN = re.compile(r"\s*#\+begin_(\w{1,40})", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:(?:PROPERTIES|LOGBOOK):\Z", re.IGNORECASE)
_PLANNING = re.compile(r"\s*(?:SCHEDULED|DEADLINE|CLOSED|CLOCK): ")
_ITEM = re.compile(r"\s*(?:[-+]|\d{1,9}[.)])(?: |\Z)|\s+\* ")
_FACTS = frozenset(
    ["title", "author", "date", "email", "description", "keywords", "language", "filetags"]
)
_CODE = frozenset(["src", "example", "export", "latex", "html"])
_TITLE_MARKUP = (
    (re.compile(r"\[\[([^\]]*)\](?:\[([^\]]*)\])?\]"), lambda m: m[2] or m[1]),
    (re.compile(r"(?<!\w)([*/_=~+])(\S(?:[^\n]{0,300}?\S)?)\1(?!\w)"), r"\2"),
)


def read(data: bytes, path: PurePath) -> Document:
    """The document with its headings, lists, code and tables; never raises on any text."""
    text = decode(data)
    source = Lines(text)
    facts = _facts(source)
    blocks = tuple(_blocks(source))
    return Document(
        text=text,
        format="org",
        blocks=blocks,
        title=facts.get("title") or first_title(blocks),
        has_lines=True,
        date=iso_date(facts.get("date", "").strip("<>[]")[:10]),
        metadata=facts,
    )


def _facts(source: Lines) -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in source.lines:
        keyword = _KEYWORD.match(line)
        if keyword and keyword[1].lower() in _FACTS and (value := metadata_value(keyword[2])):
            facts.setdefault(keyword[1].lower(), value)
    return facts


def _blocks(source: Lines) -> Iterator[Block]:
    i = 0
    while i < len(source):
        line = source[i]
        if heading := _HEADING.match(line):
            title = _TAGS.sub("", heading[2])
            yield from source.heading(i, i + 1, len(heading[1]), title, _TITLE_MARKUP)
            end = i + 1
        elif begin := _BEGIN.match(line):
            name = begin[1].lower()
            end = i + 1  # a quote, a verse: read like any other text
            if name in _CODE or name == "comment":
                end = source.until(i + 1, f"#+end_{name}")
                if name in _CODE:
                    yield from source.block("code", i + 1, end)
                end += 1
        elif _DRAWER.match(line):
            end = source.until(i + 1, ":end:") + 1
        elif not line or _is_markup(line):
            end = i + 1
        elif line.lstrip().startswith("|"):
            end = source.run(i, lambda text: text.lstrip().startswith("|"))
            yield from source.block("table", i, end)
        elif line.lstrip().startswith(": "):
            end = source.run(i, lambda text: text.lstrip().startswith(":"))
            yield from source.block("code", i, end)
        elif _ITEM.match(line):
            end = _list_end(source, i)
            yield from source.block("list", i, end)
        else:
            end = max(i + 1, source.run(i, lambda text: text and not _starts_other(text)))
            yield from source.block("paragraph", i, end)
        i = end


def _list_end(source: Lines, i: int) -> int:
    end = i + 1
    while end < len(source) and not _starts_other(source[end]):
        line = source[end]
        if line and not source[end - 1] and not _ITEM.match(line) and not line[0].isspace():
            break
        end += 1
    return end


def _is_markup(line: str) -> bool:
    """Comments and keywords but for captions, which are words."""
    keyword = _KEYWORD.match(line)
    if keyword:
        return keyword[1].lower() != "caption"
    text = line.lstrip()
    return text == "#" or text.startswith(("# ", "#+")) or bool(_PLANNING.match(line))


def _starts_other(line: str) -> bool:
    return bool(
        _HEADING.match(line)
        or _BEGIN.match(line)
        or _DRAWER.match(line)
        or line.lstrip().startswith(("#+", "# ", "|"))
    )
