"""E-books (.epub): the chapters in reading order, under the headings of the table of contents.

The way in is container -> package document (OPF) -> spine. Chapters are XHTML and read as pages
are, without a search for the main part. A chapter that cannot be read costs that chapter.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.epubtext import Chapters, Entry, nav_entries, ncx_entries
from ragcli.reading.extracted import metadata_value
from ragcli.reading.html import parse
from ragcli.reading.htmltext import Skip, TextWalk
from ragcli.reading.language import hinted
from ragcli.reading.package import local_name, opened, read_part, tree

# The longest chapters of real books have 2 MiB; together they may have what one part may.
_MAX_CHAPTER_BYTES = 32 * 1024 * 1024
_MAX_BOOK_BYTES = 256 * 1024 * 1024

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are scrambled in books that are free to read (EPUB 3.3, 4.4; Adobe's older way).
_FONT_SCRAMBLING = frozenset(
    ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
)
_PAGES = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document"))
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm")
_METADATA = {
    "creator": "author",
    "publisher": "publisher",
    "subject": "keywords",
    "description": "description",
}


def read(data: bytes, path: PurePath) -> Document:
    """The book's text, chapter after chapter.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened(data, "EPUB", "Calibre") as package:
        return _Book(package).document()


class _Book:
    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._names = set(package.namelist())
        self._problems: list[Problem] = []
        opf = self._package_document()
        self._folder = posixpath.dirname(opf)
        root = tree(self._package, opf, self._problems)
        self._opf = list(root.iter()) if root is not None else []
        self._scrambled = self._encrypted_parts()

    def document(self) -> Document:
        builder = Chapters()
        chapters = self._chapters()
        if self._scrambled.intersection(chapters):
            raise Unreadable(
                "encrypted",
                "protected by digital rights management (DRM)",
                "get a copy without DRM from where you bought it",
            )
        contents = self._contents()
        left = _MAX_BOOK_BYTES
        for name in chapters:
            try:
                left -= self._package.getinfo(name).file_size if name in self._names else 0
                if left < 0:
                    raise Unreadable("too_large", f"{name} and what follows it are too large")
                data = read_part(self._package, name, _MAX_CHAPTER_BYTES)
            except Unreadable as error:
                self._problems.append(Problem(error.code, error.message, error.hint))
                if left < 0:
                    break
                continue
            _add_chapter(builder, data, [e for e in contents if e.part == name])
        return self._document(builder)

    def _document(self, builder: Chapters) -> Document:
        facts: dict[str, list[str]] = {}
        for element in self._opf:
            if "/dc/elements/" in str(element.tag) and (
                value := metadata_value(element.text or "")
            ):
                facts.setdefault(local_name(element), []).append(value)
        if not builder.blocks and self._problems:
            first = self._problems[0]
            raise Unreadable(first.code, first.message, first.hint)
        dates = (iso_date(value) for value in facts.get("date", ()))
        language = facts.get("language", [""])[0][:2].lower()
        return Document(
            text=builder.text,
            format="epub",
            blocks=builder.blocks,
            title=facts["title"][0] if "title" in facts else None,
            language=hinted(builder.text, language),
            date=next((date for date in dates if date), None),
            metadata={
                name: metadata_value(", ".join(dict.fromkeys(facts[key])))
                for key, name in _METADATA.items()
                if key in facts
            },
            problems=tuple(self._problems),
        )

    def _package_document(self) -> str:
        root = (
            tree(self._package, _CONTAINER, self._problems) if _CONTAINER in self._names else None
        )
        stated = [e.get("full-path") or "" for e in _named(root, "rootfile")]
        found = sorted(name for name in self._names if name.lower().endswith(".opf"))
        for name in (*stated, *found):
            if name in self._names:
                return name
        raise Unreadable("wrong_format", "a zip file, but not a book in EPUB")

    def _encrypted_parts(self) -> set[str]:
        if _ENCRYPTION not in self._names:
            return set()
        parts: set[str] = set()
        for data in _named(tree(self._package, _ENCRYPTION, self._problems), "EncryptedData"):
            method = next(_named(data, "EncryptionMethod"), None)
            if method is None or method.get("Algorithm") not in _FONT_SCRAMBLING:
                parts.update(unquote(e.get("URI") or "") for e in _named(data, "CipherReference"))
        return parts

    def _chapters(self) -> list[str]:
        """The pages of the spine in order, each once; without a spine, all pages by name."""
        items = {e.get("id"): e for e in self._opf if local_name(e) == "item"}
        spine = [items.get(e.get("idref")) for e in self._opf if local_name(e) == "itemref"]
        names = [
            self._resolved(item.get("href") or "")
            for item in spine
            if item is not None
            and (item.get("media-type") in _PAGES or "media-type" not in item.attrib)
            and "nav" not in (item.get("properties") or "").split()
        ]
        if not names:
            self._problems.append(
                Problem("broken", "no reading order in it: its pages are read by name")
            )
            names = sorted(n for n in self._names if n.lower().endswith(_PAGE_SUFFIXES))
        return list(dict.fromkeys(names))

    def _contents(self) -> list[Entry]:
        """The table of contents, from the navigation document (EPUB 3) or the NCX (EPUB 2)."""
        items = [e for e in self._opf if local_name(e) == "item"]
        entries: list[Entry] = []
        for item in items:
            name = self._resolved(item.get("href") or "")
            if name not in self._names or entries:
                continue
            if "nav" in (item.get("properties") or "").split():
                entries = list(nav_entries(self._part(name), name))
        for item in items:
            name = self._resolved(item.get("href") or "")
            if not entries and item.get("media-type") == "application/x-dtbncx+xml":
                entries = list(ncx_entries(tree(self._package, name, self._problems), name))
        return entries

    def _resolved(self, target: str) -> str:
        return posixpath.normpath(posixpath.join(self._folder, unquote(target.partition("#")[0])))

    def _part(self, name: str) -> bytes:
        try:
            return read_part(self._package, name, _MAX_CHAPTER_BYTES)
        except Unreadable as error:
            self._problems.append(Problem(error.code, error.message, error.hint))
            return b""


def _named(root: Any, name: str) -> Iterator[Any]:
    return (e for e in root.iter() if local_name(e) == name) if root is not None else iter(())


def _add_chapter(builder: Chapters, data: bytes, entries: list[Entry]) -> None:
    body = parse(data, is_xml=True).body
    if body is None:
        return
    places: dict[str, list[Entry]] = {}
    for entry in entries:
        places.setdefault(entry.anchor, []).append(entry)
    builder.open(places.pop("", []))

    def met(node: LexborNode) -> None:
        anchor = node.attributes.get("id") or node.attributes.get("name") or ""
        if anchor in places:
            builder.open(places.pop(anchor))

    TextWalk(builder).walk(body, Skip.INVISIBLE, met=met if places else None)
