"""What goes through the pipes between a reader and its parent.

Each message is a JSON object behind its length in eight bytes, the highest first.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, astuple
from typing import Any, BinaryIO

from ragcli.domain import Block, Document, Page, Problem

LENGTH = struct.Struct(">Q")


def document_to_json(document: Document) -> dict[str, Any]:
    """Plain values; blocks, pages and problems as lists in the order of their fields."""
    return {
        "text": document.text,
        "format": document.format,
        "blocks": [astuple(block) for block in document.blocks],
        "pages": [astuple(page) for page in document.pages],
        "title": document.title,
        "has_lines": document.has_lines,
        "language": document.language,
        "date": document.date,
        "metadata": dict(document.metadata),
        "problems": [asdict(problem) for problem in document.problems],
    }


def document_from_json(values: dict[str, Any]) -> Document:
    """The document that ``document_to_json`` was given."""
    return Document(
        **{
            **values,
            "blocks": tuple(Block(*block) for block in values["blocks"]),
            "pages": tuple(Page(*page) for page in values["pages"]),
            "problems": tuple(Problem(**problem) for problem in values["problems"]),
        }
    )


def found_to_json(document: Document | None, problem: Problem | None) -> dict[str, Any]:
    """What became of a file or a part; neither of both for what only holds others."""
    return {
        "document": document_to_json(document) if document else None,
        "problem": asdict(problem) if problem else None,
    }


def found_from_json(values: dict[str, Any]) -> dict[str, Any]:
    """The ``document`` and the ``problem`` that ``found_to_json`` was given."""
    document, problem = values["document"], values["problem"]
    return {
        "document": document_from_json(document) if document else None,
        "problem": Problem(**problem) if problem else None,
    }


def write_message(pipe: BinaryIO, message: dict[str, Any]) -> None:
    """One length-prefixed JSON object. Raises OSError when nobody reads it."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    rest = memoryview(LENGTH.pack(len(body)) + body)
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
