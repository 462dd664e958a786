"""One file's bytes to one document: picks the reader, and answers for what it returns."""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePath

from ragcli.domain import Block, Document
from ragcli.errors import Unreadable
from ragcli.reading import limits
from ragcli.reading.beginnings import CUT_FORMATS, read_beginning
from ragcli.reading.encodings import looks_binary, sent_as
from ragcli.reading.files import HEAD_BYTES
from ragcli.reading.parts import Data
from ragcli.reading.table import (
    READERS,
    TEXT_FORMATS,
    WITHOUT_TEXT,
    format_of,
    unsupported_reason,
)

Reader = Callable[[bytes, PurePath], Document]

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A library's message, in the ledger and on one line of a terminal.
_MESSAGE_CODE_POINTS = 200
_OTHER_NAME = "give it the ending of what it is, or convert it to text"
_SIMPLIFY = "save it anew in the program that it comes from, or as .txt"


def read_document(
    path: PurePath, data: Data, charset: str = "", format_: str | None = None
) -> Document:
    """The document in a file's bytes, its language as far as the file states it. ``charset`` is
    what a server declared of it, for formats whose reader starts from text; ``format_`` is set
    where it is known whatever name and bytes say. Raises Unreadable, and only that."""
    if not data:
        raise Unreadable("empty", "the file is empty")
    head = data if isinstance(data, bytes) else data[:HEAD_BYTES]
    name = format_ or format_of(path, head)
    if name is None:
        raise _unsupported(path)
    if name in WITHOUT_TEXT:
        raise Unreadable("unsupported", "it has no text of its own, it holds other files")
    if name in TEXT_FORMATS and looks_binary(head):
        raise Unreadable("binary", "it is not text, whatever its name says")
    try:
        with sent_as(charset if name in TEXT_FORMATS else ""):
            if name in CUT_FORMATS:
                document = read_beginning(_reader(name), data, path)
            else:
                document = _reader(name)(bytes(data), path)
        document = replace(document, text=_LONE_SURROGATE.sub("\ufffd", document.text))
        _check(document)
    except Unreadable:
        raise
    except MemoryError:
        raise limits.needs_more_memory() from None
    except RecursionError:
        raise Unreadable("failed", f"nested too deep for the {name} reader", _SIMPLIFY) from None
    # Readers of broken files raise whatever their libraries do; the file is at fault, not the
    # program.
    except Exception as error:
        raise failure(name, error) from error
    return document


def failure(name: str, error: Exception) -> Unreadable:
    """What a reader's own failure is told as."""
    said = " ".join(str(error).split())[:_MESSAGE_CODE_POINTS]
    return Unreadable("failed", f"the {name} reader failed: {said or type(error).__name__}")


def _unsupported(path: PurePath) -> Unreadable:
    problem = unsupported_reason(path)
    if problem:
        return Unreadable(problem.code, problem.message, problem.hint)
    return Unreadable("unsupported", "no reader knows this kind of file", _OTHER_NAME)


def _reader(name: str) -> Reader:
    reader: Reader = importlib.import_module(f"ragcli.reading.{READERS[name][0]}").read
    return reader


def _check(document: Document) -> None:
    """Raises Unreadable for a document without text, with parts beside its text, or with more
    text than one file may give."""
    blocks = document.blocks or (Block("paragraph", 0, len(document.text)),)
    if not any(_is_visible(document.text[b.char_start : b.char_end]) for b in blocks):
        raise Unreadable("no_text", "no text in it")
    for kind, parts in (("block", document.blocks), ("page", document.pages)):
        spans = [(part.char_start, part.char_end) for part in parts]
        if any(not 0 <= start <= end <= len(document.text) for start, end in spans) or any(
            before[1] > after[0] for before, after in pairwise(spans)
        ):
            raise Unreadable("failed", f"the {document.format} reader misplaced a {kind}")
    limits.check_output(document.text)


def _is_visible(text: str) -> bool:
    """Some character that is more than space, a control or a mark of format."""
    return any(not c.isspace() and unicodedata.category(c)[0] != "C" for c in text)
