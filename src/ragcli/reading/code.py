"""Source code: the text is the file itself, cut at its top-level definitions.

Python is cut by its own parser. Other languages, and Python that does not parse, are cut by
layout alone: a piece begins at a line without indentation after an empty line. Either way
comments directly above a definition belong to it.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.reading.encodings import decode
from ragcli.text.lines import line_spans

# A class or piece with more lines than this is cut again, inside: about two screens, and about
# four chunks of the default model.
LARGE_LINES = 100
# Namespace, class, method: what lies deeper is the inside of a function.
MAX_DEPTH = 3

_PYTHON = frozenset({".py", ".pyi", ".pyw"})
# What ends a piece does not begin one.
_CLOSER = re.compile(r"\s*([})\]]|end\b|esac\b|fi\b|done\b)")

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def read(data: bytes, path: PurePath) -> Document:
    """The document with one code block for each definition, and for what stands between."""
    text = decode(data)
    spans = line_spans(text)
    lines = [text[start:end] for start, end in spans]
    cuts = _python_cuts(text, lines) if path.suffix.lower() in _PYTHON else None
    if cuts is None:
        cuts = set(_layout_cuts(lines, 0, len(lines), 1))
    return Document(
        text=text, format="code", blocks=tuple(_blocks(text, spans, cuts)), has_lines=True
    )


def _blocks(text: str, spans: list[tuple[int, int]], cuts: set[int]) -> Iterator[Block]:
    """Code blocks between the cuts (line indexes), without the empty lines around them."""
    edges = sorted({0, len(spans), *(c for c in cuts if c < len(spans))})
    for first, last in pairwise(edges):
        while first < last and text[slice(*spans[first])].isspace():
            first += 1
        if first < last:
            start = spans[first][0]
            yield Block("code", start, start + len(text[start : spans[last - 1][1]].rstrip()))


def _python_cuts(text: str, lines: list[str]) -> set[int] | None:
    """Where definitions start and end; None when this is not Python as this Python knows it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's file is not ours
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    cuts: set[int] = set()
    for node in tree.body:
        if isinstance(node, _Definition):
            cuts |= _edges(node, lines)
            if isinstance(node, ast.ClassDef) and _size(node) > LARGE_LINES:
                for member in node.body:
                    if isinstance(member, _Definition):
                        cuts |= _edges(member, lines)
    return cuts


def _size(node: _Definition) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _edges(node: _Definition, lines: list[str]) -> set[int]:
    """The line index at which a definition starts, and that of the line after it."""
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return {first, node.end_lineno or node.lineno}


def _layout_cuts(lines: list[str], first: int, last: int, depth: int) -> Iterator[int]:
    """Lines after an empty line that stand as far left as any such line between the two."""
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
            yield from _layout_cuts(lines, begin, end, depth + 1)
