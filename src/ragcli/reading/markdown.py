"""Markdown: the text is the file itself, the structure is CommonMark with tables.

markdown-it-py says on which lines a block stands. It is given the lines of our own line table,
so that its line numbers are ours whatever the file's line ends are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ragcli.domain import Block, BlockKind, Document
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import one_line
from ragcli.reading.frontmatter import FrontMatter, front_matter
from ragcli.text.lines import line_spans

# Longer headings are paragraphs that begin with a hash: they give no path, and the inline parser
# is slow on pathological markup.
MAX_HEADING_CHARACTERS = 500

_ATTRIBUTES = re.compile(r"\s*\{:?\s*[#.][^{}]*\}\s*\Z|\s*\{-\}\s*\Z")
_KINDS: dict[str, BlockKind] = {
    "fence": "code",
    "code_block": "code",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
}
NO_FRONT_MATTER = FrontMatter()
_PARSER = MarkdownIt("commonmark").enable("table")


def read(data: bytes, path: PurePath) -> Document:
    """The document with its headings, lists, code and tables; never raises on any text."""
    text = decode(data)
    start = int(text.startswith("\ufeff"))
    front = front_matter(text, start)
    blocks = tuple(markdown_blocks(text, start, front))
    first = next((b.title for b in blocks if b.kind == "heading" and b.level == 1), None)
    return Document(
        text=text,
        format="markdown",
        blocks=blocks,
        title=front.get("title") or first,
        has_lines=True,
        date=iso_date(front.get("date") or ""),
        metadata=front.facts,
    )


def markdown_blocks(
    text: str, start: int = 0, front: FrontMatter = NO_FRONT_MATTER
) -> Iterator[Block]:
    """The blocks of a Markdown text, or of what stands in it from ``start`` on."""
    if front.broken:
        yield from _trimmed("paragraph", text, start, front.char_end)
    start = max(start, front.char_end)
    spans = [(max(s, start), e) for s, e in line_spans(text) if e > start]
    env: dict[str, object] = {}
    covered = 0
    for token in _top_level(text, spans, env):
        first, end = token.map or (covered, covered)
        yield from _untouched(text, spans[covered:first])
        yield from _block(token, text, spans[first][0], spans[end - 1][1], env)
        covered = end
    yield from _untouched(text, spans[covered:])


def _top_level(text: str, spans: list[tuple[int, int]], env: dict[str, object]) -> Iterator[Token]:
    """The outermost blocks, each heading's token with its content."""
    source = "\n".join(text[start:end].rstrip("\r\n") for start, end in spans)
    tokens: list[Token] = []
    _PARSER.block.parse(source.replace("\0", "\ufffd"), _PARSER, env, tokens)
    for i, token in enumerate(tokens):
        if token.level == 0 and token.map and token.map[0] < token.map[1]:
            if token.type == "heading_open":
                token.content = tokens[i + 1].content
            yield token


def _untouched(text: str, spans: list[tuple[int, int]]) -> Iterator[Block]:
    """Lines that give no token are link definitions: their addresses may be looked for."""
    if spans:
        yield from _trimmed("paragraph", text, spans[0][0], spans[-1][1])


def _block(
    token: Token, text: str, start: int, end: int, env: dict[str, object]
) -> Iterator[Block]:
    if token.type == "hr":
        return
    if token.type == "heading_open" and len(token.content) <= MAX_HEADING_CHARACTERS:
        title = _title(token.content, env)
        if title:
            level = int(token.tag.removeprefix("h"))
            yield from _trimmed("heading", text, start, end, level, title)
            return
    yield from _trimmed(_KINDS.get(token.type, "paragraph"), text, start, end)


def _title(content: str, env: dict[str, object]) -> str:
    """A heading's words without its markup, nor the attributes of Pandoc, Quarto and kramdown."""
    words: list[str] = []
    content = _ATTRIBUTES.sub("", content)
    for token in _PARSER.inline.parse(content, _PARSER, env, []):
        if token.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif token.type != "html_inline":
            words.append(token.content)
    return one_line("".join(words))


def _trimmed(
    kind: BlockKind, text: str, start: int, end: int, level: int = 0, title: str = ""
) -> Iterator[Block]:
    """The block without surrounding white space; code, lists and tables keep their indentation."""
    piece = text[start:end]
    end = start + len(piece.rstrip())
    lead = len(piece) - len(piece.lstrip())
    if kind in ("code", "list", "table"):
        lead = max(piece.rfind("\n", 0, lead), piece.rfind("\r", 0, lead)) + 1
    if start + lead < end:
        yield Block(kind, start + lead, end, level, title)
