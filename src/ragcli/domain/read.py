"""What is read: a document and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "list", "code", "table"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document, a slide or a sheet: ``text[char_start:char_end]`` is what stands on
    it. ``number`` counts from 1; ``label`` is what it is called where that is something else: the
    number printed on it, a sheet's name."""

    number: int
    char_start: int
    char_end: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document's structure, in reading order and without overlap.

    A heading carries its ``level`` (1 is the highest) and its ``title`` without markup. One without
    a title ends the section before it: what follows stands right under the heading above. What is
    not covered by any block is white space or markup that nobody would look for.
    """

    kind: BlockKind
    char_start: int
    char_end: int
    level: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read, why, and the cure. ``page`` is None when it is the whole file."""

    code: str
    message: str
    hint: str = ""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one file, and where its parts stand.

    ``has_lines`` is true when ``text`` is the decoded file itself, newlines as stored, so that
    line numbers and offsets point into the file. ``date`` is the document's own date (ISO 8601)
    when it states one. ``language`` is an ISO 639-1 code, or None when the text is too short.
    """

    text: str
    format: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    title: str | None = None
    has_lines: bool = False
    language: str | None = None
    date: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
