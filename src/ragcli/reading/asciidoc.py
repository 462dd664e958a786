"""AsciiDoc: the text is the file itself, read line by line.

Nothing is included, no condition is weighed: both sides of an ``ifdef`` are read.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import PurePath

from ragcli.domain import Block, BlockKind, Document
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import metadata_value
from ragcli.reading.lineblocks import Lines, first_title

_TITLE = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?\Z")
_UNDERLINE = re.compile(r"([=\-~^+])\1{2,}\Z")
_UNDERLINE_LEVELS = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_ATTRIBUTE = re.compile(r":(!?[\w-]{1,80}!?):(?:[ \t]+(.*)|\Z)")
_MACRO = re.compile(r"(?:include|image|video|audio|toc|ifdef|ifndef|ifeval|endif)::?\S*\[.*\]\Z")
_BLOCK_ATTRIBUTES = re.compile(r"\[(?:\[[^\[\]]*\]|[^\[\]]*)\]\Z")
_BLOCK_TITLE = re.compile(r"\.[^\s.]")
_ITEM = re.compile(
    r"\s*(?:(?:\*{1,6}|-|\.{1,6}|\d{1,9}\.|[a-zA-Z]\.|<(?:\d{1,3}|\.)>)[ \t]+\S"
    r"|[^\s:][^:]{0,200}?(?:::{1,3}|;;)(?:[ \t]|\Z))"
)
_BREAK = re.compile(r"(?:'{3,}|<{3,}|(?:- ?){3}|(?:\* ?){3})\Z")
# What stands between these is shown as it is written, is a table, or is a comment; between the
# others it is read like any other text.
_VERBATIM = re.compile(r"(?:-{4,}|\.{4,}|\+{4,}|`{3,})")
_FENCE = re.compile(r"`{3,}[\w+-]*\Z")
_TABLE = re.compile(r"[|,:!]={3,}\Z")
_COMMENT = re.compile(r"/{4,}\Z")
_PARTS = re.compile(r"(?:={4,}|\*{4,}|_{4,}|--|~{4,})\Z")
_REVISION = re.compile(r"(?:v?[\w.]{1,20},)?[ \t]*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})\b")
# Both ends of the underline of a title may be this much off.
_UNDERLINE_TOLERANCE = 2

_TITLE_MARKUP = (
    (re.compile(r"\[\[[^\]]*\]\]|\{[\w-]{1,40}\}"), ""),
    (re.compile(r"(?:link:|xref:|https?://)[^\s\[]{0,500}\[([^\]]*)\]"), r"\1"),
    (re.compile(r"<<[^,>]{0,200},?([^>]*)>>"), r"\1"),
    (re.compile(r"(?<!\w)([*_`#+]{1,2})(\S(?:[^\n]{0,300}?\S)?)\1(?!\w)"), r"\2"),
)


def read(data: bytes, path: PurePath) -> Document:
    """The document with its headings, lists, code and tables; never raises on any text."""
    text = decode(data)
    source = Lines(text)
    start, facts = _header(source)
    blocks = tuple(_blocks(source, start))
    return Document(
        text=text,
        format="asciidoc",
        blocks=blocks,
        title=first_title(blocks),
        has_lines=True,
        date=iso_date(facts.get("revdate", "")),
        metadata=facts,
    )


def _header(source: Lines) -> tuple[int | None, dict[str, str]]:
    """The line of the author under the document's title, and the attributes about it."""
    facts: dict[str, str] = {}
    i = source.run(0, lambda line: not line or line.startswith("//") or _ATTRIBUTE.match(line))
    _add_attributes(source, 0, i, facts)
    size = _title_lines(source, i)
    if not size:
        return None, facts
    under = source.run(i + size, bool)
    plain = [
        k for k in range(i + size, under)
        if not source[k].startswith("//") and not _ATTRIBUTE.match(source[k])
    ]  # fmt: skip
    _add_attributes(source, i + size, under, facts)
    if plain and (author := metadata_value(source[plain[0]])):
        facts.setdefault("author", author)
    if len(plain) > 1 and (revision := _REVISION.match(source[plain[1]])):
        facts.setdefault("revdate", revision[1])
    return i + size, facts


def _add_attributes(source: Lines, first: int, last: int, facts: dict[str, str]) -> None:
    for i in range(first, last):
        attribute = _ATTRIBUTE.match(source[i])
        if attribute and (value := metadata_value(attribute[2] or "")):
            facts[attribute[1]] = value


def _title_lines(source: Lines, i: int) -> int:
    """How many lines a title takes that begins here; 0 when there is none."""
    line, under = source[i], source[i + 1]
    if _TITLE.match(line):
        return 1
    if not line or line[0] in " \t[.:|/" or not _UNDERLINE.match(under) or _UNDERLINE.match(line):
        return 0
    width = sum(2 if c >= "\u2e80" else 1 for c in line)
    sizes = (len(line), width)
    return 2 if any(abs(len(under) - s) <= _UNDERLINE_TOLERANCE for s in sizes) else 0


def _blocks(source: Lines, header_end: int | None) -> Iterator[Block]:
    i = 0
    while i < len(source):
        line = source[i]
        if not line or line == "+":
            i += 1
        elif _TABLE.match(line):
            i = yield from _delimited(source, i, "table")
        elif _COMMENT.match(line):
            i = yield from _delimited(source, i, None)
        elif _FENCE.match(line) or _VERBATIM.fullmatch(line):
            i = yield from _delimited(source, i, "code")
        elif _is_markup(line):
            i += 1
        elif size := _title_lines(source, i):
            match = _TITLE.match(line)
            level = len(match[1]) if match else _UNDERLINE_LEVELS[source[i + 1][0]]
            title = match[2] if match else line
            yield from source.heading(i, i + size, level, title, _TITLE_MARKUP)
            i += size
        elif _ITEM.match(line):
            end = _list_end(source, i)
            yield from source.block("list", i, end)
            i = end
        else:
            literal = line[0].isspace() and i != header_end
            end = source.run(i, lambda text: text and not _ends_paragraph(text))
            end = max(end, i + 1)
            yield from source.block("code" if literal else "paragraph", i, end)
            i = end


def _is_markup(line: str) -> bool:
    """A line of its own that only says how others look, or what is to be put here."""
    return bool(
        (line.startswith("//") and not line.startswith("///"))
        or _PARTS.match(line)
        or _BREAK.match(line)
        or _ATTRIBUTE.match(line)
        or _MACRO.match(line)
        or _BLOCK_ATTRIBUTES.match(line)
    )


def _ends_paragraph(line: str) -> bool:
    return bool(
        _VERBATIM.fullmatch(line)
        or _FENCE.match(line)
        or _TABLE.match(line)
        or _PARTS.match(line)
        or _COMMENT.match(line)
        or _BLOCK_ATTRIBUTES.match(line)
        or _ATTRIBUTE.match(line)
    )


def _delimited(source: Lines, i: int, kind: BlockKind | None) -> Generator[Block, None, int]:
    """What stands up to the next line like this one, or all the rest."""
    mark = "```" if source[i].startswith("```") else source[i]
    end = source.until(i + 1, mark)
    if kind:
        yield from source.block(kind, i + 1, end)
    return end + 1


def _list_end(source: Lines, i: int) -> int:
    """The line after a list, with what a lone plus ties to its items."""
    last, tied = i + 1, False
    i += 1
    while i < len(source):
        line = source[i]
        if tied and _BLOCK_ATTRIBUTES.match(line):
            i += 1
            continue
        if tied and _ends_paragraph(line):
            i = source.until(i + 1, line)
        elif (line and (_ends_paragraph(line) or _TITLE.match(line))) or (
            line and not (tied or source[i - 1] or line[0].isspace()) and not _ITEM.match(line)
        ):
            break
        tied = line == "+"
        last = i + 1 if line else last
        i += 1
    return min(last, len(source))
