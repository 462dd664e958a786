"""FictionBook (.fb2, .fb2.zip): sections with their titles, notes last, as one XML document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from lxml import etree

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, metadata_value, one_line
from ragcli.reading.language import hinted
from ragcli.reading.package import local_name, opened, read_part

# Sections of real books nest four deep; a heading's level says no more than this.
_MAX_LEVEL = 12
# Pictures, many times as large as the text.
_BINARY = re.compile(r"<binary\b[^>]*>[^<]*</binary>")
_PARAGRAPHS = frozenset(("p", "subtitle", "text-author", "date", "v"))
_CELLS = frozenset(("td", "th"))
_CURE = "open it in Calibre and save it again"


def read(data: bytes, path: PurePath) -> Document:
    """The book's text: its title page, its sections, then its notes.

    Raises Unreadable (``broken``, ``wrong_format``, ``encrypted``, ``too_large``).
    """
    root, problems = _parsed(_unpacked(data))
    builder = TextBuilder()
    bodies = [e for e in root if local_name(e) == "body"]
    if not bodies:
        raise Unreadable("wrong_format", "an XML file, but not a book in FictionBook")
    for body in bodies:
        # The first body is the book, further ones are its notes and comments.
        name = one_line(body.get("name") or "")
        if name and not any(local_name(child) == "title" for child in body):
            builder.add("heading", name, level=1, title=name)
        for event, element, level in _walk(body):
            _add(builder, event, element, level)
    facts = _facts(root)
    language = facts.get("lang", "")[:2].lower()
    return Document(
        text=builder.text,
        format="fb2",
        blocks=builder.blocks,
        title=facts.get("book-title"),
        language=hinted(builder.text, language),
        date=iso_date(facts.get("date", "")),
        metadata={
            name: facts[key]
            for key, name in (
                ("author", "author"),
                ("genre", "keywords"),
                ("annotation", "description"),
            )
            if facts.get(key)
        },
        problems=problems,
    )


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"PK\x03\x04"):
        return data
    with opened(data, "FB2", "Calibre") as package:
        names = [n for n in package.namelist() if n.lower().endswith(".fb2")]
        if len(names) != 1:
            raise Unreadable("wrong_format", f"a zip file with {len(names)} FictionBook files")
        return read_part(package, names[0])


def _parsed(data: bytes) -> tuple[Any, tuple[Problem, ...]]:
    """The root, mended where the XML is broken, with a problem that says so."""
    # The declaration's encoding is believed unless the bytes contradict it; then it would be wrong.
    text = decode(data).removeprefix("\ufeff")
    if text.startswith("<?xml"):
        text = text.partition("?>")[2]
    text = _BINARY.sub("", text)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, recover=True, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable("broken", f"not readable as XML: {error}", _CURE) from error
    if root is None:
        raise Unreadable("broken", "not readable as XML", _CURE)
    mistakes = [e for e in parser.error_log if e.level >= etree.ErrorLevels.ERROR]
    if not mistakes:
        return root, ()
    first = mistakes[0]
    message = f"broken XML, mended: {one_line(first.message)} (line {first.line})"
    return root, (Problem("broken", message, _CURE),)


def _walk(body: Any) -> Iterator[tuple[str, Any, int]]:
    """(event, element, number of sections around it); sections nest deeper than Python's stack."""
    level = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        is_section = local_name(element) == "section"
        level += event == "start" and is_section
        yield event, element, level
        level -= event == "end" and is_section


def _add(builder: TextBuilder, event: str, element: Any, level: int) -> None:
    name = local_name(element)
    if event == "start" and name == "title":
        said = " ".join(filter(None, (one_line(_text(p)) for p in element if _is_line(p))))
        builder.add("heading", said, level=min(max(level, 1), _MAX_LEVEL), title=said)
    elif event == "start" and name == "tr":
        cells = (one_line(_text(cell)) for cell in element if local_name(cell) in _CELLS)
        builder.add("table", " | ".join(cells).rstrip(), group=("table", element.getparent()))
    elif event == "start" and name == "image" and _stands_alone(element):
        builder.add("paragraph", one_line(element.get("title") or ""))
    elif event == "start" and name in _PARAGRAPHS and _stands_alone(element):
        group = ("stanza", element.getparent()) if name == "v" else None
        builder.add("paragraph", one_line(_text(element)), group=group)


def _is_line(element: Any) -> bool:
    return local_name(element) == "p"


def _stands_alone(element: Any) -> bool:
    """False for the lines of a title, for what a table's cell holds, and for lines in lines."""
    return local_name(element.getparent()) not in ("title", *_CELLS, *_PARAGRAPHS)


def _text(element: Any) -> str:
    """An element's text; references to notes are set apart from the word before."""
    parts = []
    for event, child in etree.iterwalk(element, events=("start", "end")):
        is_note = local_name(child) == "a" and child.get("type") == "note"
        if event == "start":
            parts.append(" " if child is not element and _is_line(child) else "")
            parts.append(("[" if is_note and not _is_marked(child) else "") + (child.text or ""))
        elif child is not element:
            parts.append(("]" if is_note and not _is_marked(child) else "") + (child.tail or ""))
    return "".join(parts)


def _is_marked(note: Any) -> bool:
    return "".join(note.itertext()).strip().startswith(("[", "{", "("))


def _facts(root: Any) -> dict[str, str]:
    """What the book says of itself, by the names of FictionBook's title-info."""
    info = next((e for e in root.iter() if local_name(e) == "title-info"), None)
    facts: dict[str, list[str]] = {}
    for element in info if info is not None else ():
        name = local_name(element)
        if name == "author":
            names = {local_name(part): part.text or "" for part in element}
            order = ("first-name", "middle-name", "last-name")
            said = " ".join(names.get(key, "") for key in order).strip() or names.get(
                "nickname", ""
            )
        elif name == "date":
            said = element.get("value") or element.text or ""
        else:
            said = "".join(element.itertext())
        if value := metadata_value(said):
            facts.setdefault(name, []).append(value)
    return {name: metadata_value(", ".join(values)) for name, values in facts.items()}
