"""PDF, page by page: a page that cannot be read costs that page, not the file.

PDFium reads first (``pdfium.py``), because it is fast and knows where each word stands. pypdf
(``pdfsecond.py``) is asked for what PDFium does not open or crashes on, and for a page that comes
out empty, garbled or in an error. A file whose end is missing gets a new list of the pages that
are left (``pdfrepair.py``). ``pdflines.py``, ``pdflayout.py`` and ``pdfpages.py`` make text of what
stands where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading import options, pdfextras, pdfium
from ragcli.reading.dates import iso_date
from ragcli.reading.extracted import metadata_value
from ragcli.reading.garble import looks_written
from ragcli.reading.pdflines import PageText, typed_lines
from ragcli.reading.pdfpages import ReadPage, assemble
from ragcli.reading.pdfrepair import is_damaged, is_pdf, with_found_pages
from ragcli.reading.pdfscans import read_scans
from ragcli.reading.titles import meant_title

if TYPE_CHECKING:
    from ragcli.reading.pdfsecond import SecondReader

_NO_PASSWORD = "rag config set read_password PASSWORD --user, or save it without a password"
_OTHER_NAME = "give it the ending of what it is"
_SAVE_AGAIN = "open it in a PDF viewer and print it to a new PDF"

# PDFium keeps what it has read of a file until it is closed: 35 MB for a thousand pages of links.
# Where all of these are lost, the list of pages promises more than there are.
_PAGES_AT_ONCE = 300
# Pages without any text that pypdf is asked about when PDFium found none in the whole file.
_MAX_BLANK_PAGES = 20

# D:20230204123000+09'00' (ISO 32000-1, 7.9.4); all but the year may be missing.
_DATE = re.compile(
    r"D?:?\s*(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-]\d\d)'?(\d\d)'?|(Z).*)?"
)


@dataclass
class _Book:
    """A document while it is read."""

    pages: list[ReadPage] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    attachments: list[str] = field(default_factory=list)

    def pages_with_text(self) -> int:
        return sum(bool(page.content.lines or page.extras) for page in self.pages)


def read(data: bytes, path: PurePath) -> Document:
    """The text of every page that has one, and a problem for each page that should have.

    Raises Unreadable (``encrypted``, ``broken``, ``too_large``, ``no_text_layer``, ``garbled``)
    when there is no text and a reason for it.
    """
    book = _read_book(data)
    book.problems, scanned = read_scans(data, book.pages, book.problems)
    if book.problems and not book.pages_with_text():
        raise _without_text(book.problems)
    metadata = {
        name: value
        for key, name in (("Author", "author"), ("Subject", "subject"), ("Keywords", "keywords"))
        if (value := metadata_value(book.facts.get(key, "")))
    }
    if scanned:
        metadata["ocr"] = metadata_value(f"pages {', '.join(map(str, scanned))}")
    if book.attachments:
        names = ", ".join(book.attachments)
        metadata["attachments"] = metadata_value(names)
        book.pages[-1].extras.append(f"Attachments: {names}")
    title = metadata_value(book.facts.get("Title", ""))
    whole = assemble(book.pages)
    return Document(
        text=whole.text,
        format="pdf",
        blocks=tuple(whole.blocks),
        pages=tuple(whole.pages),
        title=meant_title(title),
        date=_date(book.facts.get("CreationDate", "")) or _date(book.facts.get("ModDate", "")),
        metadata=metadata,
        problems=tuple(book.problems),
    )


def _read_book(data: bytes) -> _Book:
    if not is_pdf(data):
        raise Unreadable("broken", "not a PDF, whatever its name says", _OTHER_NAME)
    passwords = tuple(dict.fromkeys(("", options.current().password)))
    second = _Second(data, passwords)
    try:
        if options.current().careful:
            return _by_pypdf(second)
        second.suspects_damage = is_damaged(data)
        try:
            book = _by_pdfium(data, passwords, second)
        except pdfium.PdfiumFailure:
            book = _by_pypdf(second)
        if 2 * sum(p.code == "page_failed" for p in book.problems) < len(book.pages):
            return book
        return max(book, _by_found_pages(data), key=_Book.pages_with_text)
    except Unreadable as error:
        hint = {"encrypted": _NO_PASSWORD}.get(error.code, _SAVE_AGAIN)
        raise Unreadable(error.code, str(error), error.hint or hint) from error


class _Second:
    """pypdf, loaded and opened when it is first asked for something."""

    def __init__(self, data: bytes, passwords: tuple[str, ...]) -> None:
        self._data, self._passwords = data, passwords
        self._reader: SecondReader | None = None
        self._failure: Unreadable | None = None
        self.suspects_damage = False

    def opened(self) -> SecondReader:
        """Raises Unreadable (``broken``, ``encrypted``)."""
        if self._failure:
            raise self._failure
        if self._reader is None:
            from ragcli.reading.pdfsecond import SecondReader

            try:
                self._reader = SecondReader(self._data, self._passwords)
            except Unreadable as error:
                self._failure = error
                raise
        return self._reader

    def text(self, index: int) -> tuple[str, str]:
        """A page's text and what is wrong with it; nothing when the file cannot be opened."""
        try:
            return self.opened().text(index)
        except Unreadable as error:
            return "", str(error)

    def damage(self, index: int) -> str:
        try:
            return self.opened().damage(index) if self.suspects_damage else ""
        except Unreadable:
            return ""


def _by_pdfium(data: bytes, passwords: tuple[str, ...], second: _Second) -> _Book:
    """Raises Unreadable (``encrypted``), PdfiumFailure when there is no page to be had."""
    with pdfium.opened(data, passwords) as document:
        count = pdfium.page_count(document)
        book = _Book(facts=pdfextras.facts(document), attachments=pdfextras.attachments(document))
        bookmarks = pdfextras.bookmarks(document)
        form_text = pdfextras.xfa_text(document)
    for start in range(0, count, _PAGES_AT_ONCE):
        with pdfium.opened(data, passwords) as document, pdfextras.form(document) as form:
            for index in range(start, min(start + _PAGES_AT_ONCE, count)):
                page, problem = _read_page(document, form, index, second)
                page.label = pdfextras.label(document, index)
                page.bookmarks = bookmarks.get(index, [])
                book.pages.append(page)
                if problem:
                    book.problems.append(problem)
        lost = [problem for problem in book.problems if problem.code == "page_failed"]
        if len(lost) == len(book.pages) and len(book.pages) < count:
            message = f"pages {len(book.pages) + 1} to {count} are not looked for"
            book.problems.append(Problem("page_failed", message, _SAVE_AGAIN, len(book.pages) + 1))
            break
    if form_text:
        book.pages[-1].extras.append(form_text)
    if not book.problems and not any(page.content.lines for page in book.pages):
        _ask_second_reader(book, second)
    return book


def _read_page(
    document: Any, form: Any, index: int, second: _Second
) -> tuple[ReadPage, Problem | None]:
    page = ReadPage()
    try:
        with pdfium.opened_page(document, index) as handle:
            page.content = pdfium.page_text(handle)
            page.extras = pdfextras.page_extras(handle, form)
    except pdfium.PdfiumFailure as failure:
        text, reason = second.text(index)
        page.content = PageText(typed_lines(text))
        return page, None if text and not reason else _failed(index, reason or str(failure))
    if page.content.is_garbled:
        return page, _other_reading(page, index, second)
    if page.content.is_unread:
        page.content.lines = typed_lines(second.text(index)[0])
    if damage := second.damage(index):
        return page, _damaged(index, damage)
    if page.content.is_pictured:
        message = "a picture with few words" if page.content.lines else "no text layer"
        return page, Problem("no_text_layer", message, page=index + 1)
    return page, None


def _other_reading(page: ReadPage, index: int, second: _Second) -> Problem | None:
    """pypdf's text of a page that is garbled to PDFium, unless it is the same garble."""
    text, _ = second.text(index)
    garble = {word for line in page.content.lines for word in line.text.split()}
    words = text.split()
    page.content.lines = []
    is_same = sum(word in garble for word in words) > len(words) / 2
    if words and not is_same and looks_written(text):
        page.content = PageText(typed_lines(text))
        return None
    return _garbled(index)


def _ask_second_reader(book: _Book, second: _Second) -> None:
    """pypdf's reading of the first pages of a file in which PDFium found neither text nor reason
    for its absence."""
    for index, page in enumerate(book.pages[:_MAX_BLANK_PAGES]):
        text, reason = second.text(index)
        page.content.lines = typed_lines(text)
        if reason:
            book.problems.append(_damaged(index, reason))


def _by_pypdf(second: _Second) -> _Book:
    """A file that cannot be opened has no pages, and a problem. Raises Unreadable
    (``encrypted``)."""
    try:
        reader = second.opened()
    except Unreadable as error:
        if error.code != "broken":
            raise
        return _Book(problems=[Problem(error.code, str(error), _SAVE_AGAIN)])
    book = _Book(facts=reader.facts())
    for index in range(reader.page_count):
        text, reason = reader.text(index)
        book.pages.append(ReadPage(PageText(typed_lines(text))))
        if reason:
            book.problems.append(_damaged(index, reason) if text else _failed(index, reason))
    return book


def _by_found_pages(data: bytes) -> _Book:
    """What is left of a damaged file: the pages that are found in it, whatever leads to them."""
    found = with_found_pages(data)
    if not found:
        return _Book()
    try:
        book = _by_pdfium(found, ("",), _Second(found, ("",)))
    except (pdfium.PdfiumFailure, Unreadable):
        return _Book()
    # Their fonts may be lost: PDFium then takes numbers of glyphs for letters.
    texts = [" ".join(line.text for line in page.content.lines) for page in book.pages]
    if not looks_written(" ".join(texts)):
        return _Book()
    for index, text in enumerate(texts):
        if text and not looks_written(text):
            book.pages[index].content.lines = []
            book.problems.append(_garbled(index))
    message = "the file is damaged or cut short: pages may be missing or in another order"
    book.problems.insert(0, Problem("broken", message, "get the file again, whole"))
    return book


def _garbled(index: int) -> Problem:
    message = "garbled: its fonts do not say which letters they show"
    return Problem("garbled", message, page=index + 1)


def _failed(index: int, reason: str) -> Problem:
    return Problem("page_failed", f"the page cannot be read: {reason}", _SAVE_AGAIN, index + 1)


def _damaged(index: int, reason: str) -> Problem:
    message = f"the page is damaged, text may be missing: {reason}"
    return Problem("page_failed", message, _SAVE_AGAIN, index + 1)


def _without_text(problems: list[Problem]) -> Unreadable:
    if problems[0].page is None:
        return Unreadable(problems[0].code, problems[0].message, problems[0].hint)
    count = len(problems)
    pages = "1 page" if count == 1 else f"{count} pages"
    codes = {problem.code for problem in problems}
    first = next((p for p in problems if p.code not in ("no_text_layer", "garbled")), None)
    if first is not None:
        return Unreadable("broken", f"{pages} without readable text: {first.message}", first.hint)
    if codes == {"garbled"}:
        return Unreadable("garbled", f"{pages}: {problems[0].message}", problems[0].hint)
    return Unreadable("no_text_layer", f"{pages} without text", problems[0].hint)


def _date(value: str) -> str | None:
    """A PDF's date in ISO 8601; None for what is none."""
    match = _DATE.fullmatch(value.strip())
    if not match:
        return iso_date(value)
    year, month, day, hour, minute, second, zone, zone_minutes, utc = match.groups()
    date = f"{year}-{month or '01'}-{day or '01'}"
    offset = "+00:00" if utc else f"{zone}:{zone_minutes}" if zone else ""
    time = f" {hour}:{minute or '00'}:{second or '00'}{offset}" if hour else ""
    return iso_date(date + time)
