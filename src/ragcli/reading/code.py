"""Source code: the text is the file itself, cut at its definitions.

A file that defines several things has a section for each: a class, and in it its methods. Its first
line is the heading, with the comments and attributes above it; a heading without a title
stands where a definition has ended and nothing else begins. Python is understood by its own
parser, other languages, and Python that does not parse, by patterns (``codescan.py``). A file
that defines one thing is that thing, and a file that defines nothing is cut by its layout.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading.codelanguages import is_python, language_of
from ragcli.reading.codescan import LARGE_LINES, MAX_DEPTH, Definition, find_definitions
from ragcli.reading.encodings import decode
from ragcli.text.lines import line_spans

# What ends a piece does not begin one.
_CLOSER = re.compile(r"\s*([})\]]|end\b|esac\b|fi\b|done\b)")
# Behind a definition, what only closes the one around it, or speaks of what stands above.
_NOTHING_NEW = re.compile(
    r"(?:[\s{}()\[\];,]"
    r"|\bend\w*\b(?:[ \t]+\w+){0,3}|\b(?:fi|done|esac)\b|#endif\b[^\n]*|//[^\n]*)*+\Z",
    re.IGNORECASE,
)

_PythonDefinition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Span = tuple[int, int]


def read(data: bytes, path: PurePath) -> Document:
    """The document with code blocks, under a heading for each definition."""
    text = decode(data)
    return Document(text=text, format="code", blocks=tuple(code_blocks(text, path)), has_lines=True)


def code_blocks(text: str, path: PurePath) -> Iterator[Block]:
    """The blocks of a source file whose name is ``path``."""
    spans = line_spans(text)
    lines = [text[start:end] for start, end in spans]
    language = language_of(path, text)
    found = _python_definitions(text, lines) if is_python(language) else None
    parses = found is not None
    if found is None:
        found = find_definitions(text, spans, language) if language else []
    layout = _Layout(text, spans, lines)
    if len(found) + sum(len(one.inner) for one in found) > 1:
        yield from layout.sections(found, 0, len(lines), 1)
    elif parses:
        yield from layout.between({edge for one in found for edge in (one.first, one.last)})
    else:
        yield from layout.between(set(layout.cuts(0, len(lines), 1)))


class _Layout:
    """The lines of a text, and the blocks that are made of them."""

    def __init__(self, text: str, spans: Sequence[_Span], lines: Sequence[str]) -> None:
        self._text, self._spans, self._lines = text, spans, lines

    def sections(
        self, found: Sequence[Definition], first: int, last: int, level: int
    ) -> Iterator[Block]:
        """The definitions between two lines, and what stands between them."""
        opened = False
        for one in found:
            yield from self._rest(first, one.first, level if opened else 0)
            yield self._heading(one.first, level, one.name)
            yield from self.sections(one.inner, one.first + 1, one.last, level + 1)
            first, opened = one.last, True
        yield from self._rest(first, last, level if opened else 0)

    def _rest(self, first: int, last: int, level: int) -> Iterator[Block]:
        """Lines of the section around; ``level`` says that another one has ended before them."""
        while first < last and self._lines[first].isspace():
            first += 1
        if first == last:
            return
        end = self._spans[last - 1][1]
        if level and not _NOTHING_NEW.match(self._text, self._spans[first][0], end):
            yield self._heading(first, level)
            first += 1
        yield from self.between(set(self.cuts(first, last, 1, LARGE_LINES)), first, last)

    def _heading(self, line: int, level: int, title: str = "") -> Block:
        start = self._spans[line][0]
        return Block("heading", start, start + len(self._lines[line].rstrip()), level, title)

    def between(self, cuts: set[int], first: int = 0, last: int | None = None) -> Iterator[Block]:
        """Code blocks between the cuts (line indexes), without the empty lines around them."""
        last = len(self._spans) if last is None else last
        edges = sorted({first, last, *(c for c in cuts if first < c < last)})
        for begin, end in pairwise(edges):
            while begin < end and self._lines[begin].isspace():
                begin += 1
            if begin < end:
                start = self._spans[begin][0]
                piece = self._text[start : self._spans[end - 1][1]].rstrip()
                yield Block("code", start, start + len(piece))

    def cuts(self, first: int, last: int, depth: int, least: int = 0) -> Iterator[int]:
        """Lines after an empty line that stand as far left as any such line between the two.

        What has no more than ``least`` lines is left whole.
        """
        if last - first <= least:
            return
        lines = self._lines
        starts = {
            i: len(lines[i]) - len(lines[i].lstrip())
            for i in range(first + 1, last)
            if lines[i - 1].isspace() and not lines[i].isspace() and not _CLOSER.match(lines[i])
        }
        margin = min(starts.values(), default=0)
        cuts = [i for i, indent in starts.items() if indent == margin]
        yield from cuts
        for begin, end in zip([first, *cuts], [*cuts, last], strict=True):
            if depth < MAX_DEPTH and end - begin > LARGE_LINES:
                yield from self.cuts(begin, end, depth + 1)


def _python_definitions(text: str, lines: Sequence[str]) -> list[Definition] | None:
    """None when this is not Python as this Python knows it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's file is not ours
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return list(_members(tree.body, lines, 1))


def _members(body: Sequence[ast.stmt], lines: Sequence[str], depth: int) -> Iterator[Definition]:
    end = 0
    for node in body:
        if not isinstance(node, _PythonDefinition):
            continue
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
        while first > end and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        if first < end:
            continue  # two definitions on one line
        end = node.end_lineno or node.lineno
        is_class = isinstance(node, ast.ClassDef)
        inner: list[Definition] = []
        if depth < MAX_DEPTH and (is_class or end - first > LARGE_LINES):
            inner = [one for one in _members(node.body, lines, depth + 1) if one.first > first]
        yield Definition(node.name, first, end, is_class, inner)
