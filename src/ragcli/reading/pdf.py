"""PDF, page by page: a page that cannot be read costs that page, not the file.

pypdf says of itself that broken files "might cause other exceptions" than its own, so this
reader, and no other, catches everything: around the opening of the file, around each page, and
around what a document can do without (bookmarks, metadata).
"""

from __future__ import annotations

import io
import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError

from ragcli.domain import Block, Document, Page, Problem
from ragcli.errors import Unreadable
from ragcli.reading.extracted import clean, metadata_value, one_line
from ragcli.reading.pdflayout import Bookmark, page_blocks

_NEEDS_OCR = "it needs OCR, which is not supported yet"
_NO_PASSWORD = "save it without a password"
_SAVE_AGAIN = "open it in a PDF viewer and print it to a new PDF"

# Titles that programs fill in and nobody meant.
_NOT_A_TITLE = re.compile(
    r"untitled|microsoft (word|powerpoint|excel) - |powerpoint presentation|presentation ?\d*$"
    r"|slide \d+$|document ?\d*$|title$|无标题|未命名|幻灯片 ?\d+$|文档 ?\d*$|[\d\W_]+$"
    r"|.*\.(docx?|pdf|tex|dvi|indd|qxd|rtf|pptx?|xlsx?|odt|html?|txt|md|ps|eps)$",
    re.IGNORECASE,
)
_TRAILING_SPACE = re.compile(r"[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_INLINE_IMAGE = re.compile(rb"\bBI\s.{1,500}?\bID\s", re.DOTALL)
# pypdf's warning about a compressed stream that it could only read in part, or not at all.
_DAMAGED = re.compile(r"decompress|Error -\d")
_PAGE_SEPARATOR = "\n\n"


@dataclass
class _Pages:
    """The document as it grows, page by page."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    blocks: list[Block] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, number: int, text: str, blocks: list[Block]) -> None:
        if text and self.length:
            self.parts.append(_PAGE_SEPARATOR)
            self.length += len(_PAGE_SEPARATOR)
        start = self.length
        self.parts.append(text)
        self.length += len(text)
        self.pages.append(Page(number, start, self.length))
        self.blocks += [
            Block(b.kind, start + b.char_start, start + b.char_end, b.level, b.title)
            for b in blocks
        ]


def read(data: bytes, path: PurePath) -> Document:
    """The text of every page that has one, and a problem for each page that should have.

    Raises Unreadable (``encrypted``, ``broken``, ``no_text_layer``) when there is no text and a
    reason for it.
    """
    with _warnings() as warnings:
        reader = _open(data)
        bookmarks = _bookmarks(reader)
        found = _Pages()
        for index in range(_page_count(reader)):
            warnings.clear()
            text, problem = _read_page(reader, index, warnings)
            found.add(index + 1, text, page_blocks(text, bookmarks.get(index, [])))
            if problem:
                found.problems.append(problem)
        if found.problems and not found.length:
            raise _without_text(found)
        title, date, metadata = _facts(reader)
    return Document(
        text="".join(found.parts),
        format="pdf",
        blocks=tuple(found.blocks),
        pages=tuple(found.pages),
        title=title,
        date=date,
        metadata=metadata,
        problems=tuple(found.problems),
    )


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What pypdf logs, kept from the terminal: it is the only sign of a stream half read."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("pypdf")
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def _open(data: bytes) -> PdfReader:
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted", "encrypted with a password", _NO_PASSWORD)
    except Unreadable:
        raise
    except DependencyError as error:
        raise Unreadable("encrypted", "encrypted (AES)", _NO_PASSWORD) from error
    except Exception as error:
        raise Unreadable("broken", f"not a readable PDF: {_reason(error)}", _SAVE_AGAIN) from error
    return reader


def _page_count(reader: PdfReader) -> int:
    try:
        return len(reader.pages)
    except Exception as error:
        raise Unreadable(
            "broken", f"the PDF's list of pages is broken: {_reason(error)}", _SAVE_AGAIN
        ) from error


def _read_page(reader: PdfReader, index: int, warnings: list[str]) -> tuple[str, Problem | None]:
    """A page's text, and what is wrong with it; ``index`` counts from 0."""
    number = index + 1
    try:
        page = reader.pages[index]
        text = _tidy(page.extract_text())
        # A page without text after a warning is not blank: something on it was not understood.
        damage = next((w for w in warnings if not text or _DAMAGED.search(w)), None)
        if damage:
            message = f"the page is damaged, text may be missing: {one_line(damage)}"
            return text, Problem("page_failed", message, _SAVE_AGAIN, number)
        if text.count("\ufffd") > len(text) / 2:
            message = "no text layer: its fonts do not say which letters they show"
            return "", Problem("no_text_layer", message, _NEEDS_OCR, number)
        if not text and _has_images(page):
            return "", Problem("no_text_layer", "no text layer", _NEEDS_OCR, number)
    except Exception as error:
        message = f"the page cannot be read: {_reason(error)}"
        return "", Problem("page_failed", message, _SAVE_AGAIN, number)
    return text, None


def _tidy(text: str) -> str:
    text = _TRAILING_SPACE.sub("", clean(text))
    return _EMPTY_LINES.sub("\n\n", text).strip()


def _has_images(page: PageObject) -> bool:
    """Whether a page shows an image, in itself or in a form that it places. None is decoded."""
    open_resources: list[Any] = [page.get("/Resources")]
    seen: set[int] = set()
    while open_resources:
        resources = _resolved(open_resources.pop())
        if resources is None or id(resources) in seen:
            continue
        seen.add(id(resources))
        for reference in (_resolved(resources.get("/XObject")) or {}).values():
            placed = _resolved(reference)
            if placed is not None and placed.get("/Subtype") == "/Image":
                return True
            if placed is not None:
                open_resources.append(placed.get("/Resources"))
    contents = page.get_contents()
    return contents is not None and bool(_INLINE_IMAGE.search(contents.get_data()))


def _resolved(reference: Any) -> Any:
    """What a reference points to; None for nothing, and for what is no dictionary."""
    target = reference.get_object() if reference is not None else None
    return target if isinstance(target, dict) else None


def _bookmarks(reader: PdfReader) -> dict[int, list[Bookmark]]:
    """The outline by index of page; a file without a readable one has no headings."""
    found: dict[int, list[Bookmark]] = defaultdict(list)
    try:
        entries: list[tuple[int, Any]] = [(1, entry) for entry in reversed(reader.outline)]
        while entries:
            level, entry = entries.pop()
            if isinstance(entry, list):
                entries += [(level + 1, child) for child in reversed(entry)]
                continue
            page = reader.get_destination_page_number(entry)
            title = one_line(entry.title or "")
            if page is not None and page >= 0 and title:
                found[page].append(Bookmark(level, title))
    except Exception:
        return {}
    return found


def _facts(reader: PdfReader) -> tuple[str | None, str | None, dict[str, str]]:
    """Title, date and metadata, as far as the file states them in a readable way."""

    def stated(name: str) -> Any:
        try:
            return getattr(reader.metadata, name, None)
        except Exception:
            return None

    values = {n: metadata_value(str(stated(n) or "")) for n in ("title", "author", "subject")}
    title = values.pop("title")
    when = stated("creation_date") or stated("modification_date")
    return (
        title if title and not _NOT_A_TITLE.match(title) else None,
        when.isoformat() if when else None,
        {name: value for name, value in values.items() if value},
    )


def _without_text(found: _Pages) -> Unreadable:
    count = len(found.problems)
    pages = "1 page" if count == 1 else f"{count} pages"
    first = next((p for p in found.problems if p.code != "no_text_layer"), None)
    if first is None:
        return Unreadable("no_text_layer", f"{pages} without text", _NEEDS_OCR)
    return Unreadable("broken", f"{pages} without readable text: {first.message}", first.hint)


def _reason(error: Exception) -> str:
    return one_line(str(error)) or type(error).__name__
