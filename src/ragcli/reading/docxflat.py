"""Word documents in one XML file: Word 2003's own, and the flat form of a package (pkg:package).

Programs that make documents without a zip write them, as often as not under the name ``.doc``.
"""

from __future__ import annotations

import io
from copy import deepcopy
from typing import Any

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.docxstyles import Numbering, Styles
from ragcli.reading.docxtext import BLOCKS, CONTAINERS, Body, Notes
from ragcli.reading.office import Facts, document_of, facts_of
from ragcli.reading.package import leaves, local_name

_ROOTS = frozenset(("wordDocument", "package", "part", "xmlData"))
_PARTS = frozenset(
    [
        "styles",
        "numbering",
        "footnotes",
        "endnotes",
        "comments",
        "coreProperties",
        "DocumentProperties",
    ]
)
# wx:sect and wx:sub-section of Word 2003.
_TOP = (CONTAINERS | _ROOTS | {"sect", "sub-section"}) - {"tr", "tc"}
# Word 2003's names of what the core properties are called now.
_FACTS = {
    "Title": "title",
    "Author": "creator",
    "Subject": "subject",
    "Keywords": "keywords",
    "Created": "created",
    "LastSaved": "modified",
}


def read_flat(data: bytes) -> Document:
    """The document in one XML. Raises Unreadable (``broken``)."""
    problems: list[Problem] = []
    parts = {
        local_name(part): deepcopy(part)
        for part in leaves(io.BytesIO(data), "the file", _PARTS, _ROOTS, [])
    }
    notes = Notes()
    body = Body(
        Styles(parts.get("styles")), Numbering(parts.get("numbering")), notes, lambda link: []
    )
    for kind in ("footnotes", "endnotes", "comments"):
        notes.add(parts.get(kind), body.texts)
    for element in leaves(io.BytesIO(data), "the file", BLOCKS, _TOP, problems):
        body.add(element)
    if problems and not body.builder.text:
        raise Unreadable(problems[0].code, problems[0].message, problems[0].hint)
    facts = _facts(parts)
    return document_of("docx", body.builder, facts, body.title, problems=problems)


def _facts(parts: dict[str, Any]) -> Facts:
    return facts_of(
        {
            _FACTS.get(local_name(fact), local_name(fact)): fact.text or ""
            for kind in ("coreProperties", "DocumentProperties")
            for fact in parts.get(kind, ())
        }
    )
