"""Word documents (.docx): paragraphs, headings, lists, tables and notes in reading order.

The XML is read as a stream, straight from the zip: a document needs no more memory than its
longest table, and the broken links between parts that other programs leave behind do no harm.
Elements are known by their local names, because Office writes two namespaces for the same ones
(ECMA-376 transitional and strict).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import PurePath
from typing import IO, Any

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.docxtext import Body, Notes, Styles
from ragcli.reading.extracted import metadata_value
from ragcli.reading.package import elements, local_name, open_part, opened, parse


def read(data: bytes, path: PurePath) -> Document:
    """The document as its reader would see it: deleted text left out, inserted text in.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened(data, "DOCX", "Word or LibreOffice") as package:
        return _read_package(package)


def _read_package(package: zipfile.ZipFile) -> Document:
    main = _main_part(package)
    folder = main.rpartition("/")[0]
    body = Body(
        Styles(elements(package, f"{folder}/styles.xml", "style")),
        Notes(
            [
                *elements(package, f"{folder}/footnotes.xml", "footnote"),
                *elements(package, f"{folder}/endnotes.xml", "endnote"),
            ]
        ),
    )
    with open_part(package, main) as stream:
        for element in _body_elements(stream):
            body.add(element)
    facts = _properties(package)
    return Document(
        text=body.builder.text,
        format="docx",
        blocks=body.builder.blocks,
        title=facts.get("title") or body.title,
        date=iso_date(facts.get("modified", "")) or iso_date(facts.get("created", "")),
        metadata={
            name: facts[key]
            for key, name in (
                ("creator", "author"),
                ("subject", "subject"),
                ("keywords", "keywords"),
            )
            if key in facts
        },
    )


def _main_part(package: zipfile.ZipFile) -> str:
    """The part that the package's own table calls the document."""
    for relation in elements(package, "_rels/.rels", "Relationship"):
        if relation.get("Type", "").endswith("/officeDocument"):
            name = relation.get("Target", "").lstrip("/")
            if name in package.namelist():
                return str(name)
    if "word/document.xml" in package.namelist():
        return "word/document.xml"
    raise Unreadable("wrong_format", "a zip file, but not a Word document")


def _body_elements(stream: IO[bytes]) -> Iterator[Any]:
    """The paragraphs, tables and content controls that stand directly in the body."""
    for element in parse(stream, tag=("{*}p", "{*}tbl", "{*}sdt", "{*}AlternateContent")):
        parent = element.getparent()
        if parent is not None and local_name(parent) == "body":
            yield element
            element.clear()
            while element.getprevious() is not None:
                del parent[0]


def _properties(package: zipfile.ZipFile) -> dict[str, str]:
    """The core properties that say something, by local name."""
    found = {
        local_name(element): metadata_value(element.text or "")
        for root in elements(package, "docProps/core.xml", "coreProperties")
        for element in root
    }
    return {name: value for name, value in found.items() if value}
