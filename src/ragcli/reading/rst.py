"""reStructuredText: the text is the file itself, read line by line.

Nothing is included and nothing is run. Directives of Sphinx and others are known by their form: a
line, options, and a body that is read like any other text.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import metadata_value
from ragcli.reading.lineblocks import Levels, Lines, first_title

_RULE = re.compile(r"([!-/:-@\[-`{-~])\1*\Z")
_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|\n]{1,100}\| +)?([\w:.+-]{1,80}?) ?::(?: +(.*)|\Z)")
_TARGET = re.compile(r"(?:\.\. +__?[^:]*:|__ )\s*(\S.*)?\Z")
_NOTE = re.compile(r"\.\. +\[[^\]]+\]( |\Z)")
_COMMENT = re.compile(r"\.\.(?: |\Z)")
_OPTION = re.compile(r"\s*:[^:\s][^:]*:(?: |\Z)")
_FIELD = re.compile(r":([^:\s][^:]{0,80}):(?: +(.*)|\Z)")
_ITEM = re.compile(
    r"\s*(?:[-*+•‣⁃]|(?:\(?(?:\d{1,9}|[A-Za-z]|[ivxlcdmIVXLCDM]{1,9}|#)[.)]))(?: |\Z)"
)
_GRID = re.compile(r"\s*\+(?:[-=]+\+)+\Z")
_SIMPLE_TABLE = re.compile(r"\s*=+(?: +=+)+\Z")

# Directives whose body is shown as it is written, and those that show nothing of their own.
_CODE_NAMES = (
    "code code-block sourcecode parsed-literal math doctest testcode testoutput productionlist"
    " ipython prompt graphviz"
)
_SILENT_NAMES = (
    "include literalinclude raw toctree contents index highlight default-role meta sectnum role"
    " section-numbering image currentmodule module py:module py:currentmodule tabularcolumns"
    " automodule autoclass autofunction autosummary header footer target-notes title unicode"
    " testsetup testcleanup"
)
_CODE = frozenset(_CODE_NAMES.split())
_SILENT = frozenset(_SILENT_NAMES.split())
_TABLES = frozenset(["table", "list-table", "csv-table", "flat-table"])

_TITLE_MARKUP = (
    (re.compile(r":[\w:+.-]{1,60}:`"), "`"),
    (re.compile(r"`([^`<]{1,300}?)\s*<[^>`]*>`(?:__?)?"), r"\1"),
    (re.compile(r"``?([^`]*)``?(?:__?)?"), r"\1"),
    (re.compile(r"(?<!\w)(\*\*?|\|)(\S(?:[^*|]*\S)?)\1(?!\w)"), r"\2"),
    (re.compile(r"\\(.)"), r"\1"),
)


def read(data: bytes, path: PurePath) -> Document:
    """The document with its headings, lists, code and tables; never raises on any text."""
    text = decode(data)
    source = Lines(text)
    blocks = tuple(_blocks(source))
    facts = _docinfo(source)
    return Document(
        text=text,
        format="rst",
        blocks=blocks,
        title=first_title(blocks),
        has_lines=True,
        date=iso_date(facts.get("date", "")),
        metadata=facts,
    )


def _docinfo(source: Lines) -> Mapping[str, str]:
    """The fields at the head of the file, above or below its title."""
    facts: dict[str, str] = {}
    i = source.run(0, lambda line: not line)
    size = _title_lines(source, i)
    if size:
        i = source.run(i + size, lambda line: not line)
    while i < len(source) and (field := _FIELD.match(source[i])):
        if value := metadata_value(field[2] or ""):
            facts[metadata_value(field[1]).lower()] = value
        i = source.run(i + 1, lambda line: line[:1].isspace())
    return facts


def _title_lines(source: Lines, i: int) -> int:
    """How many lines a title takes that begins here; 0 when there is none."""
    line, under = source[i], source[i + 1]
    if _RULE.match(line) and under and source[i + 2] == line and not _RULE.match(under):
        return 3 if len(line) >= min(4, len(under.strip())) else 0
    if line[:1].isspace() or not line or not _RULE.match(under) or _GRID.match(line):
        return 0
    return 2 if len(under) >= min(4, len(line)) and not _RULE.match(line) else 0


def _blocks(source: Lines) -> Iterator[Block]:
    levels = Levels()
    i = 0
    while i < len(source):
        line = source[i].lstrip()
        if not line:
            i += 1
        elif size := _title_lines(source, i):
            under = source[i + size - 1]
            level, title = levels.of((under[0], size)), source[i + size - 2]
            yield from source.heading(i, i + size, level, title, _TITLE_MARKUP)
            i += size
        elif line.startswith(("..", "__ ")):
            i = yield from _explicit(source, i)
        elif _GRID.match(line):
            end = source.run(i, bool)
            yield from source.block("table", i, end)
            i = end
        elif _SIMPLE_TABLE.match(line):
            end = _simple_table_end(source, i)
            yield from source.block("table", i, end)
            i = end
        elif _RULE.match(line) and len(line) >= 4:
            i += 1
        elif line.startswith(">>> "):
            end = source.run(i, bool)
            yield from source.block("code", i, end)
            i = end
        elif _ITEM.match(line):
            end = source.list_end(i, _ITEM.match)
            yield from source.block("list", i, end)
            i = end
        else:
            i = yield from _paragraph(source, i)


def _paragraph(source: Lines, i: int) -> Generator[Block, None, int]:
    """Lines up to an empty one, and the literal block that ``::`` at their end announces."""
    end = source.run(i, bool)
    if source[end - 1].lstrip() != "::":
        is_field = _FIELD.match(source[i].lstrip())
        yield from source.block("list" if is_field else "paragraph", i, end)
    if source[end - 1].endswith("::"):
        literal = source.body(end, source.indent(i))
        yield from source.block("code", end, literal)
        end = max(end, literal)
    return end


def _simple_table_end(source: Lines, i: int) -> int:
    borders = 0
    for end in range(i, len(source)):
        if _SIMPLE_TABLE.match(source[end]):
            borders += 1
            if borders >= 2 and not source[end + 1]:
                return end + 1
    return source.run(i, bool)


def _explicit(source: Lines, i: int) -> Generator[Block, None, int]:
    """Directives, footnotes, addresses and comments: what begins with two dots."""
    line = source[i].lstrip()
    end = source.body(i + 1, source.indent(i))
    if directive := _DIRECTIVE.match(line):
        return (yield from _directive(source, i, end, directive[1].lower(), directive[2] or ""))
    if _NOTE.match(line):
        yield from source.block("paragraph", i, end)
        return end
    if target := _TARGET.match(line):
        if target[1]:
            yield from source.block("paragraph", i, i + 1)
        return i + 1
    if _COMMENT.match(line):
        # Two dots alone, with an empty line behind them, end what stands above.
        return end if line != ".." or source[i + 1] else i + 1
    return (yield from _paragraph(source, i))


def _directive(
    source: Lines, i: int, end: int, name: str, argument: str
) -> Generator[Block, None, int]:
    if name in _SILENT:
        return end
    body = source.run(i + 1, _OPTION.match)
    if name in _CODE:
        first = i if argument and name in ("math", "parsed-literal") else body
        yield from source.block("code", first, end)
        return end
    if name in _TABLES:
        if argument:
            yield from source.block("paragraph", i, i + 1)
        yield from source.block("table", body, end)
        return end
    if argument and name not in ("figure", "only", "ifconfig"):
        body = source.run(i + 1, lambda line: line and not _OPTION.match(line))
        yield from source.block("paragraph", i, body)
        body = source.run(body, _OPTION.match)
    return max(body, i + 1)
