"""XML of any kind: its text in order, feeds as sections, records as ``name: value`` lines.

No schema is known here. What an element is shows in what is in it: text among elements is a
paragraph with its inline markup; elements without text of their own are containers; their leaves,
side by side, are the fields of a record. External entities are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from pathlib import PurePath

from ragcli.domain import BlockKind, Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, clean, one_line
from ragcli.reading.xmlmarkup import paragraphs_of, without_tags
from ragcli.reading.xmlstream import XmlError, local, read_xml

# A text is shorter than its XML, unless entities make it longer: real ones by a few names, bombs
# by orders of magnitude.
_GROWTH_CHARACTERS = 10_000
# Nobody nests deeper; what does is read as if it were here.
_MAX_DEPTH = 200
# A field of a record is about a line; what is longer is a paragraph.
_FIELD_CHARACTERS = 300
_TITLE_CHARACTERS = 200
# So many members are kept until their container ends; those of a longer one are given on.
_PENDING = 2000
_PIECE_CHARACTERS = 1 << 16

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")
_ENTITY = re.compile(r"&(\w{2,31});")
_OWN_ENTITY = re.compile(r"<!ENTITY\s+(\w+)")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})

_TITLES = frozenset({"title", "head", "heading", "headline"})
_FEEDS = frozenset({"rss", "feed", "rdf"})
_FEED_SECTIONS = frozenset({"channel", "feed", "item", "entry"})
# Vocabularies of prose: the names of their elements say nothing about what is in them.
_PROSE = frozenset(
    (
        *("article", "book", "chapter", "section", "topic", "concept", "task", "reference"),
        *("dita", "tei", "tei.2", "play", "bible", "nitf", "document", "doc", "text"),
    )
)
_PARAGRAPHS = frozenset(
    ("p", "para", "simpara", "li", "td", "th", "dt", "dd", "line", "l", "seg", "verse", "v", "s")
)
# Line ends, which stand between words in TEI and JATS; pages and columns end so as well.
_BREAKS = frozenset({"lb", "br", "break", "pb", "cb"})
# Their lines are kept: DocBook, DITA, JATS, TEI.
_LISTINGS = frozenset(
    ("programlisting", "screen", "literallayout", "codeblock", "pre", "preformat", "code", "eg")
)
# Side by side they are no row, however short.
_NO_ROW = frozenset({"p", "para", "simpara", *_LISTINGS})
# MathML says each letter of a formula in an element of its own.
_FORMULA = "math"
# Forms of one and the same thing, of which the last is read: a formula in TeX and in MathML.
_ALTERNATIVES = "alternatives"
# Markup within a sentence, also where nothing stands in it but more markup.
_INLINE = frozenset(
    (
        *(
            "b",
            "i",
            "u",
            "bold",
            "italic",
            "em",
            "emph",
            "strong",
            "emphasis",
            "hi",
            "span",
            "phrase",
        ),
        *("sup", "sub", "superscript", "subscript", "q", "quote", "a", "link", "ext-link", "xref"),
        *("inline-formula", "inlineequation", "named-content", "styled-content", "sc"),
    )
)
# What refers to a note or a source; its number, joined to the word before, would hide the word.
_REFERENCE = "xref"
_MARK_CHARACTERS = 3
# Members before it that are looked at for an open bracket.
_NEAR = 20
# Where attributes tell of links and types, and what is to be read is text.
_OUTLINES = frozenset({*_FEEDS, "opml"})
_OF_XML = ("xmlns", "xml:", "xsi:")
_LABELS = ("name", "key", "title", "label")
# Attributes that people write to be read, in the order in which they are read.
_SPOKEN = (
    *("name", "key", "k", "title", "text", "label", "caption", "displayname", "alt", "_note"),
    *("note", "description", "summary", "value", "v", "content", "message", "comment"),
)


def read(data: bytes, path: PurePath) -> Document:
    """The document of an XML file, well-formed or not. Raises Unreadable when it has no text."""
    declared = _DECLARED.search(data[:1024])
    text = _with_entities(decode(data, declared[1].decode("ascii") if declared else None))
    handler = _Handler(len(text) + _GROWTH_CHARACTERS)
    problems: list[Problem] = []
    try:
        for _ in read_xml(_pieces(text.removeprefix("\ufeff")), handler):
            pass
        handler.finish()
    except _TooLong:
        handler.finish()
        message = "its entities make more text than the file has: from there on it is left out"
        problems.append(Problem("too_large", message, "save it with its entities expanded"))
    except XmlError as error:
        # What cannot be understood from here on is still read.
        handler.finish()
        for paragraph in paragraphs_of(text[_offset(text, error) :]):
            handler.builder.add("paragraph", paragraph)
    if not handler.builder.blocks:
        raise Unreadable("no_text", "no text in it")
    return Document(
        text=handler.builder.text,
        format="xml",
        blocks=handler.builder.blocks,
        title=handler.title,
        date=iso_date(handler.date),
        problems=tuple(problems),
    )


def _pieces(text: str) -> Iterator[str]:
    return (text[i : i + _PIECE_CHARACTERS] for i in range(0, len(text), _PIECE_CHARACTERS))


def _with_entities(text: str) -> str:
    """The text with HTML's named characters, which XML knows only where it declares them."""
    own = _XML_ENTITIES | {match[1] for match in _OWN_ENTITY.finditer(text[:_PIECE_CHARACTERS])}

    def character(match: re.Match[str]) -> str:
        known = match[1] not in own and html5.get(f"{match[1]};")
        return known or match[0]

    return _ENTITY.sub(character, text) if "&" in text else text


def _offset(text: str, error: XmlError) -> int:
    """Where in the text the parser stopped; the text's end where it only missed more of it."""
    line_start = 0
    for _ in range(error.lineno - 1):
        line_start = text.find("\n", line_start) + 1
        if not line_start:
            return len(text)
    # It may be past the mark that it could not make sense of.
    return line_start + len(text[line_start : line_start + error.offset].rstrip("&</"))


@dataclass(frozen=True, slots=True)
class _Leaf:
    """An element with nothing but text in it, markup within that text included."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    """What is ready to be written."""

    text: str
    is_record: bool = False
    level: int = 0  # of a heading
    is_listing: bool = False


@dataclass(slots=True)
class _Open:
    """An element whose end has not come. ``own`` is true once text stands in it directly."""

    name: str
    spoken: str = ""
    label: str = ""
    own: bool = False
    has_heading: bool = False
    items: list[str | _Leaf | _Line] = field(default_factory=list)


class _TooLong(Exception):
    """There is more text than the file can hold."""


class _Handler:
    """``room`` is how many characters of text there may be."""

    def __init__(self, room: int) -> None:
        self.builder = TextBuilder()
        self.title: str | None = None
        self.date = ""
        self._room = room
        self._stack: list[_Open] = []
        self._beyond = 0  # elements open below _MAX_DEPTH, or in a formula
        self._root = ""

    # ------------------------------------------------------------------ what the parser tells

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._beyond or len(self._stack) >= _MAX_DEPTH or self._is_in_formula():
            self._beyond += 1
            self._stack[-1].items.append(" ")
            return
        self._root = self._root or name.lower()
        spoken = label = ""
        if attributes:
            is_data = bool(self._stack) and not self._is_prose() and self._root not in _OUTLINES
            spoken, label = _spoken(attributes, is_data), _label(attributes)
            self._room -= len(spoken) + len(label)
        self._stack.append(_Open(name, spoken, label))

    def text(self, text: str) -> None:
        self._room -= len(text)
        if self._room < 0:
            raise _TooLong
        top = self._stack[-1]
        top.own = top.own or not text.isspace()
        top.items.append(text)

    def end(self, name: str) -> None:
        if self._beyond:
            self._beyond -= 1
            self._stack[-1].items.append(" ")
            return
        done = self._stack.pop()
        results = self._results(done)
        if not self._stack:
            self._write(results)
            return
        parent = self._stack[-1]
        parent.items += results
        if len(parent.items) > _PENDING and not any(element.own for element in self._stack):
            self._flush()

    def finish(self) -> None:
        """Writes what is open."""
        self._flush()

    # ------------------------------------------------------------------ what it comes to

    def _is_in_formula(self) -> bool:
        return bool(self._stack) and self._stack[-1].name.lower() == _FORMULA

    def _is_mark(self, text: str) -> bool:
        """A number that no bracket stands around yet."""
        around = self._stack[-1].items[-_NEAR:] if self._stack else []
        before = "".join(item for item in around if isinstance(item, str))
        is_open = before.rfind("[") > before.rfind("]") or before.rfind("(") > before.rfind(")")
        return text.isdigit() and len(text) <= _MARK_CHARACTERS and not is_open

    def _results(self, done: _Open) -> list[str | _Leaf | _Line]:
        kind = done.name.lower()
        if kind in _BREAKS and not done.items:
            return [" "]
        leaves = [item for item in done.items if isinstance(item, _Leaf)]
        if kind == _ALTERNATIVES and leaves:
            return [leaves[-1]]
        is_inline = kind in _INLINE and not any(isinstance(item, _Line) for item in done.items)
        if not (done.own or is_inline) and any(not isinstance(i, str) for i in done.items):
            return list(self._members(done))
        text = ""
        results: list[str | _Leaf | _Line] = []
        for item in done.items:
            if isinstance(item, _Line):
                results += [_Leaf(done.name, text), item]
                text = ""
            else:
                text += item if isinstance(item, str) else item.text
        name = done.name
        if kind == _REFERENCE and self._is_mark(text):
            text = f"[{text}]"
        if not text.strip():
            name, text = "", done.spoken
        elif done.label:
            name = done.label
        results.append(_Leaf(name, text))
        return [r for r in results if isinstance(r, _Line) or (isinstance(r, _Leaf) and r.text)]

    def _members(self, done: _Open) -> Iterator[_Line]:
        """The lines of a container: its title, the records of its leaves, its containers' lines."""
        members = [item for item in done.items if not isinstance(item, str)]
        if done.spoken:
            members.insert(0, _Leaf("", done.spoken))
        is_section = self._is_section(done, members)
        run: list[_Leaf] = []
        for member in members:
            if isinstance(member, _Line):
                yield from self._run(run)
                run = []
                yield member
            elif is_section and not done.has_heading and self._is_title(member):
                yield from self._run(run)
                run = []
                done.has_heading = True
                yield _Line(one_line(without_tags(member.text)), level=self._level())
            elif member.text.strip():
                run.append(member)
        yield from self._run(run)

    def _is_section(self, done: _Open, members: list[_Leaf | _Line]) -> bool:
        """True where a title is one of what follows it, and not a field of a record."""
        if self._is_prose() or (self._root in _FEEDS and done.name.lower() in _FEED_SECTIONS):
            return True
        first = next(iter(members), None)
        return (
            isinstance(first, _Leaf)
            and self._is_title(first)
            and any(isinstance(m, _Line) or len(m.text) > _FIELD_CHARACTERS for m in members)
        )

    def _is_title(self, leaf: _Leaf) -> bool:
        return leaf.name.lower() in _TITLES and 0 < len(leaf.text.strip()) <= _TITLE_CHARACTERS

    def _is_prose(self) -> bool:
        return self._root in _PROSE

    def _level(self) -> int:
        """Deeper than every open element."""
        return len(self._stack) + 1

    def _run(self, leaves: list[_Leaf]) -> Iterator[_Line]:
        """Leaves side by side: the fields of a record where their names differ, one field of short
        texts where they do not, else paragraphs."""
        fields: list[str] = []
        names = [leaf.name.lower() for leaf in leaves]
        is_record = not self._is_prose() and 2 * len(set(names)) > len(names)
        if (
            len(set(names)) == 1
            and names[0]
            and names[0] not in _NO_ROW
            and sum(len(leaf.text) for leaf in leaves) <= _FIELD_CHARACTERS
        ):
            texts = " | ".join(one_line(without_tags(leaf.text)) for leaf in leaves)
            leaves, names = [_Leaf(leaves[0].name, texts)], names[:1]
            is_record = not self._is_prose()
        for name, leaf in zip(names, leaves, strict=True):
            if name in ("date", "updated", "pubdate", "published") and not self.date:
                self.date = leaf.text.strip()
            paragraphs = _paragraphs(leaf)
            is_field = len(paragraphs) == 1 and len(paragraphs[0]) <= _FIELD_CHARACTERS
            if is_record and is_field and name not in _PARAGRAPHS:
                fields.append(f"{leaf.name}: {paragraphs[0]}" if name else paragraphs[0])
                continue
            if fields:
                yield _Line(" | ".join(fields), is_record=True)
                fields = []
            for paragraph in paragraphs:
                is_line = not name and not self._is_prose()
                yield _Line(paragraph, is_line, is_listing=name in _LISTINGS)
        if fields:
            yield _Line(" | ".join(fields), is_record=True)

    def _flush(self) -> None:
        """Writes what stands in the open elements so far, from the outermost on."""
        for depth, element in enumerate(self._stack):
            inner, self._stack = self._stack, self._stack[:depth]
            self._write(self._results(element) if element.own else list(self._members(element)))
            self._stack = inner
            element.items, element.spoken = [], ""

    def _write(self, results: list[str | _Leaf | _Line]) -> None:
        for result in results:
            if isinstance(result, _Line) and result.level:
                self.title = self.title or result.text
                self.builder.add("heading", result.text, level=result.level, title=result.text)
            elif isinstance(result, _Line) and result.is_record:
                self.builder.add("table", result.text, group="records")
            elif isinstance(result, _Line):
                kind: BlockKind = "code" if result.is_listing else "paragraph"
                self.builder.add(kind, result.text)
            elif isinstance(result, _Leaf):
                for paragraph in paragraphs_of(result.text):
                    self.builder.add("paragraph", paragraph)


def _paragraphs(leaf: _Leaf) -> list[str]:
    """What an element's text is made of; its own HTML is read, and the lines of a listing kept."""
    if leaf.name.lower() in _LISTINGS:
        return [clean(leaf.text).strip("\n").rstrip()]
    if "<" in leaf.text:
        return paragraphs_of(leaf.text)
    return [said for part in _EMPTY_LINE.split(leaf.text) if (said := one_line(part))]


def _spoken(attributes: dict[str, str], all_of_them: bool) -> str:
    """The attributes' values that are words, each once; or all of them, by their names."""
    values = {
        local(key): value.strip()
        for key, value in attributes.items()
        if value.strip() and not key.startswith(_OF_XML)
    }
    if all_of_them and not all(name.lower() in _SPOKEN for name in values):
        return " | ".join(f"{name}: {value}" for name, value in values.items())
    words = {name.lower(): value for name, value in values.items()}
    return " | ".join(dict.fromkeys(words[name] for name in _SPOKEN if name in words))


def _label(attributes: dict[str, str]) -> str:
    """What an element with a text is called."""
    return next((attributes[name] for name in _LABELS if attributes.get(name)), "")
