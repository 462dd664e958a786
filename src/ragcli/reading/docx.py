"""Word documents (.docx, .docm, .dotx): paragraphs, headings, lists, tables and notes in reading
order.

The XML is read as a stream, straight from the zip: a document needs no more memory than its
longest table, and the broken links between parts that other programs leave behind do no harm.
Elements are known by their local names, because Office writes two namespaces for the same ones
(ECMA-376 transitional and strict).
"""

from __future__ import annotations

import zipfile
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.dispatch import read_document
from ragcli.reading.docxflat import read_flat
from ragcli.reading.docxstyles import Numbering, Styles
from ragcli.reading.docxtext import BLOCKS, CONTAINERS, Body, Notes
from ragcli.reading.drawings import drawing_lines
from ragcli.reading.office import core_properties, document_of, main_part
from ragcli.reading.package import (
    Relation,
    attribute,
    leaves,
    local_name,
    open_part,
    opened,
    part_named,
    relations,
    tree,
)
from ragcli.reading.table import format_of

# What a chunk may be; a document within a document could go on without end.
_CHUNK_FORMATS = ("html", "rtf", "text")
_TOP = CONTAINERS - {"tr", "tc"}


def read(data: bytes, path: PurePath) -> Document:
    """The document as its reader would see it: deleted text left out, inserted text in.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    if data[:64].removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        return read_flat(data)
    with opened(data, "DOCX", "Word or LibreOffice") as package:
        return _read_package(package)


def _read_package(package: zipfile.ZipFile) -> Document:
    main = main_part(package, "word/document.xml", "Word document")
    problems: list[Problem] = []
    links = relations(package, main)

    def root_of(kind: str) -> Any:
        part = _part_of(package, main, links, kind)
        return None if part is None else tree(package, part, problems)

    notes = Notes()
    body = Body(
        Styles(root_of("styles")),
        Numbering(root_of("numbering")),
        notes,
        lambda link: drawing_lines(package, links.get(link), problems),
    )
    for kind in ("footnotes", "endnotes", "comments"):
        notes.add(root_of(kind), body.texts)
    with open_part(package, main) as stream:
        for element in leaves(stream, main, BLOCKS | {"altChunk"}, _TOP, problems):
            if local_name(element) == "altChunk":
                _add_chunk(package, links.get(attribute(element, "id")), body, problems)
            else:
                body.add(element)
    for text in _margins(package, links, body, problems):
        body.builder.add("paragraph", text)
    if problems and not body.builder.text:
        raise Unreadable(problems[-1].code, problems[-1].message, problems[-1].hint)
    facts = core_properties(package)
    return document_of("docx", body.builder, facts, body.title, problems=problems)


def _part_of(
    package: zipfile.ZipFile, main: str, links: dict[str, Relation], kind: str
) -> str | None:
    """The part of a kind that a document has one of: by its link, else where it usually lies."""
    linked = (link.part for link in links.values() if link.kind == kind)
    return next(linked, part_named(package, f"{main.rpartition('/')[0]}/{kind}.xml"))


def _add_chunk(
    package: zipfile.ZipFile, link: Relation | None, body: Body, problems: list[Problem]
) -> None:
    """A piece in another format, which Word takes in when it opens the document: the whole text
    of what some programs make of a web page."""
    if link is None:
        return
    try:
        with open_part(package, link.part) as stream:
            data = stream.read()
        path = PurePath(link.part)
        if format_of(path, data) not in _CHUNK_FORMATS:
            problems.append(Problem("unsupported", f"{link.part} is not read within a document"))
            return
        chunk = read_document(path, data)
    except Unreadable as error:
        problems.append(Problem(error.code, f"{link.part}: {error.message}", error.hint))
        return
    for block in chunk.blocks:
        text = chunk.text[block.char_start : block.char_end]
        body.builder.add(block.kind, text, level=block.level, title=block.title)


def _margins(
    package: zipfile.ZipFile, links: dict[str, Relation], body: Body, problems: list[Problem]
) -> Iterator[str]:
    """The headers of all sections, then the footers, each text once."""
    seen: set[str] = set()
    for kind in ("header", "footer"):
        for part in sorted({link.part for link in links.values() if link.kind == kind}):
            root = tree(package, part, problems)
            lines = [] if root is None else [line for line in body.texts(root) if line]
            text = "\n".join(lines)
            if any(c.isalpha() for c in text) and text not in seen:
                seen.add(text)
                yield text
