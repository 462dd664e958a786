"""XML as a stream of starts, texts and ends, for what is too large for a tree.

Nothing is kept but the names of the open elements, whatever stands in the file; no entity outside
the file is ever fetched. expat itself refuses entities that grow without measure (2.4.0 and later).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

# What reading a damaged stream raises, beside the errors of what it is read from.
XmlError = expat.ExpatError


class Handler(Protocol):
    """Who is told what stands in a stream. Names are local: without their namespace's prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def text(self, text: str) -> None: ...

    def end(self, name: str) -> None: ...


def local(name: str) -> str:
    """A name without the prefix of its namespace."""
    return name.rpartition(":")[2]


def read_xml(pieces: Iterable[bytes | str], handler: Handler) -> Iterator[None]:
    """Tells ``handler`` what stands in the stream; yields after each piece, so that the caller can
    take what has come of it, or stop.

    Attributes keep their prefixes. Raises XmlError where the stream is no XML.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    names: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name not in names:
            names[name] = local(name)
        handler.start(names[name], attributes)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: handler.end(names[name])
    parser.CharacterDataHandler = handler.text
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
        yield
    finally:
        parser.buffer_text = False  # the text before an error is told too
