"""What goes through the pipes between a reader and its parent.

Each message is a JSON object behind its length in eight bytes, the highest first. A document's
text follows the message that tells its length in bytes, as it is in UTF-8: a large one is neither
quoted nor copied.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, astuple
from typing import Any, BinaryIO

from ragcli.domain import Block, Document, Page, Problem
from ragcli.reading.limits import SLICE, utf8_length

LENGTH = struct.Struct(">Q")


def message_of(document: Document) -> dict[str, Any]:
    """All of a document but its text, as plain values; blocks and pages as lists in the order of
    their fields. ``text_bytes`` is what follows."""
    return {
        "format": document.format,
        "blocks": [astuple(block) for block in document.blocks],
        "pages": [astuple(page) for page in document.pages],
        "title": document.title,
        "has_lines": document.has_lines,
        "language": document.language,
        "date": document.date,
        "metadata": dict(document.metadata),
        "problems": [asdict(problem) for problem in document.problems],
        "text_bytes": utf8_length(document.text),
    }


def document_from(message: dict[str, Any], text: str) -> Document:
    """The document that ``message_of`` was given, and its text."""
    facts = {name: value for name, value in message.items() if name != "text_bytes"}
    facts["blocks"] = tuple(Block(*block) for block in facts["blocks"])
    facts["pages"] = tuple(Page(*page) for page in facts["pages"])
    facts["problems"] = tuple(Problem(**problem) for problem in facts["problems"])
    return Document(text=text, **facts)


def encoded(message: dict[str, Any]) -> bytes:
    """A message as it is written. What cannot be written, a lone surrogate, becomes ``?``."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def write_encoded(pipe: BinaryIO, body: bytes) -> None:
    """Raises OSError when nobody reads it."""
    _write(pipe, LENGTH.pack(len(body)))
    _write(pipe, body)


def write_message(pipe: BinaryIO, message: dict[str, Any]) -> None:
    """Raises OSError when nobody reads it."""
    write_encoded(pipe, encoded(message))


def write_text(pipe: BinaryIO, text: str) -> None:
    """The text that ``message_of`` announced. Raises OSError when nobody reads it."""
    for start in range(0, len(text), SLICE):
        _write(pipe, text[start : start + SLICE].encode())


def _write(pipe: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[pipe.write(rest) :]


def read_message(pipe: BinaryIO) -> dict[str, Any] | None:
    """The next message; None when the other side has gone."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message: dict[str, Any] = json.loads(pipe.read(length))
    return message
