"""Rich Text Format (.rtf), as Word, LibreOffice, WordPad and mail programs write it."""

from __future__ import annotations

from pathlib import PurePath

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading.extracted import TextBuilder
from ragcli.reading.office import document_of, facts_of
from ragcli.reading.rtfparser import Parser
from ragcli.reading.rtftext import PLAIN, add_pieces

_MARK = b"{\\rtf"


def read(data: bytes, path: PurePath) -> Document:
    """The document as Word shows it: hidden and deleted text left out.

    Raises Unreadable (``wrong_format``).
    """
    start = data.find(_MARK)
    if start < 0:
        raise Unreadable("wrong_format", "not an RTF file", "save it as .rtf in its program")
    parser = Parser()
    parser.read(data, start)
    builder = TextBuilder()
    add_pieces(builder, parser.body.finished(PLAIN))
    for text in parser.margins:
        builder.add("paragraph", text)
    facts = facts_of(parser.facts)
    return document_of("rtf", builder, facts, parser.body.title)
