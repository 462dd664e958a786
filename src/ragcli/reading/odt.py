"""OpenDocument texts (.odt, .ott, .fodt): paragraphs, headings, lists, tables and notes."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ragcli.domain import Document
from ragcli.reading.odfstyles import Styles
from ragcli.reading.odftext import BLOCKS, CONTAINERS, Body
from ragcli.reading.office import Facts, document_of
from ragcli.reading.opendocument import facts, opened_document
from ragcli.reading.package import attribute, local_name

# Of those around blocks, what a text's own blocks stand in.
_TOP = CONTAINERS - {
    "footnote-body",
    "endnote-body",
    "text-box",
    "list-item",
    "list-header",
    "table-cell",
    "note-body",
    "annotation",
}


def read(data: bytes, path: PurePath) -> Document:
    """The document as its reader would see it: changes accepted, hidden sections left out.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened_document(data, "ODT") as document:
        styles, stated = Styles(), Facts()
        body = Body(styles, document)
        margins: dict[str, None] = {}
        for element in document.leaves(BLOCKS, _TOP):
            name = local_name(element)
            if name == "meta":
                stated = facts(element)
            elif name in ("styles", "automatic-styles"):
                styles.add(element)
            elif name == "master-styles":
                margins |= _margins(element, body)
            elif not _is_hidden(element):
                body.add(element)
        for text in margins:
            body.builder.add("paragraph", text)
        document.check_found(body.builder.text)
    return document_of("odt", body.builder, stated, body.title, problems=document.problems)


def _margins(masters: Any, body: Body) -> dict[str, None]:
    """The headers of all kinds of pages, then the footers, each text once."""
    found: dict[str, None] = {}
    for kind in ("header", "footer"):
        for margin in masters.iter(*(f"{{*}}{kind}{part}" for part in ("", "-first", "-left"))):
            text = "\n".join(line for line in body.texts(margin) if line)
            if any(c.isalpha() for c in text):
                found[text] = None
    return found


def _is_hidden(element: Any) -> bool:
    return any(attribute(above, "display") == "none" for above in element.iterancestors())
