"""Jupyter notebooks (nbformat 3 and 4): their cells in order, with what they printed.

The file is JSON that nobody reads, so the text is made of the cells: Markdown with its headings,
code, and the text of outputs. Pictures and widgets are left out; so are HTML outputs, which
repeat the plain text beside them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, clean, metadata_value
from ragcli.reading.lineblocks import first_title
from ragcli.reading.markdown import markdown_blocks

# A table of pandas shows 60 rows, a traceback 50 lines; what prints more is a log.
MAX_OUTPUT_CHARACTERS = 20_000

_SAVE_AGAIN = "open it in Jupyter, save it again"
# Colours, and what a progress bar has written over.
_TERMINAL = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]|^[^\n]*\r(?!\n)", re.MULTILINE)
# What stands for an object that has no text: <Figure size 640x480 with 1 Axes>.
_OBJECT = re.compile(r"\[?<[\w.]+(?: object)?(?: at 0x[0-9a-f]+| size [^<>\n]*| [^<>\n]*)?>\]?\Z")


def read(data: bytes, path: PurePath) -> Document:
    """The document of a notebook. Raises Unreadable when it is not one, or holds no text."""
    notebook = _parsed(data)
    builder = TextBuilder()
    problems: list[Problem] = []
    for number, cell in enumerate(_cells(notebook), 1):
        if _add_cell(builder, cell):
            message = f"cell {number}: its output is cut at {MAX_OUTPUT_CHARACTERS:,} characters"
            problems.append(Problem("too_large", message, "clear that output, save the notebook"))
    if not builder.blocks:
        raise Unreadable("no_text", "no text in any cell")
    facts = _mapping(notebook.get("metadata"))
    language = _language(facts)
    return Document(
        text=builder.text,
        format="notebook",
        blocks=builder.blocks,
        title=metadata_value(_text(facts.get("title"))) or first_title(builder.blocks),
        metadata={"programming_language": language} if language else {},
        problems=tuple(problems),
    )


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(decode(data).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        message = f"not a readable notebook: {error}"
        raise Unreadable("broken", message, _SAVE_AGAIN) from error
    if not isinstance(parsed, Mapping) or not ("cells" in parsed or "worksheets" in parsed):
        raise Unreadable("broken", "not a notebook: it has no cells", _SAVE_AGAIN)
    return parsed


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for part in (notebook, *_list(notebook.get("worksheets"))):
        yield from (_mapping(cell) for cell in _list(_mapping(part).get("cells")))


def _language(facts: Mapping[str, Any]) -> str:
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        if language := metadata_value(_text(_mapping(facts.get(key)).get(name))):
            return language.lower()
    return ""


def _add_cell(builder: TextBuilder, cell: Mapping[str, Any]) -> bool:
    """Append what a cell shows; true when its output is too long to be kept whole."""
    kind = cell.get("cell_type")
    source = clean(_text(cell.get("source", cell.get("input"))))
    if kind == "markdown":
        for block in markdown_blocks(source):
            piece = source[block.char_start : block.char_end]
            builder.add(block.kind, piece, level=block.level, title=block.title)
    elif kind == "heading":
        level, title = cell.get("level"), metadata_value(source)
        level = level if isinstance(level, int) and 1 <= level <= 6 else 1
        builder.add("heading", title, level=level, title=title)
    elif kind == "code":
        builder.add("code", source.strip("\n").rstrip())
        output = "\n".join(filter(None, map(_output, _list(cell.get("outputs")))))
        builder.add("code", output[:MAX_OUTPUT_CHARACTERS].rstrip())
        return len(output) > MAX_OUTPUT_CHARACTERS
    else:
        builder.add("paragraph", source.strip())
    return False


def _output(value: object) -> str:
    """The text of an output: what was printed, a result, or an error's last line."""
    output = _mapping(value)
    if output.get("output_type") in ("error", "pyerr"):
        text = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    else:
        kinds = _mapping(output.get("data", output))  # nbformat 3 has the kinds side by side
        text = _text(kinds.get("text/plain", kinds.get("text")))
    text = clean(_TERMINAL.sub("", text)).strip("\n").rstrip()
    return "" if _OBJECT.match(text) else text


def _text(value: object) -> str:
    """A string, or the list of lines that notebooks store for one."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
