"""PDFium, the first reader of PDFs: a page's lines of text and where they stand.

PDFium is native code and fast; its own text has no columns, tables or paragraphs, but it knows
where every character stands. One box at each end of a word is enough to rebuild lines, and costs
half as much again as the text alone.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pypdfium2.raw as c

from ragcli.errors import Unreadable
from ragcli.reading.garble import is_meaningless, looks_written
from ragcli.reading.pdflines import Line, PageText, Word, lines_of

# What PDFium puts where a hyphen ends a line; the words before and after are glued together.
_BREAK = "\ufffe\x02"
_WORD = re.compile(rf"[^\s\x00{_BREAK}]+[{_BREAK}]?|[{_BREAK}]")
_BOLD = re.compile(rb"bold|black|heavy|cmbx", re.IGNORECASE)

# Characters of a page that are asked whether their font says what they mean, and the share of
# those that do not beyond which nobody can read it.
_ASKED_CHARACTERS = 100
_UNKNOWN_SHARE = 0.5
# Text drawn as outlines takes hundreds of paths a page; a frame or a rule takes few.
_OUTLINED_PATHS = 200
# Words of a page that are asked in which direction they run.
_ASKED_WORDS = 20
_MAX_OBJECTS_SEEN = 2000
# A page with less text than this, under a picture that covers so much of it, is a stamped scan.
_STAMP_CHARACTERS = 60
_SCAN_SHARE = 0.85
_FONT_NAME_BYTES = 128


class PdfiumFailure(Exception):
    """PDFium cannot open this file, or this page."""


@contextmanager
def opened(data: bytes, passwords: tuple[str, ...]) -> Iterator[Any]:
    """The document's handle, opened with the first password that fits.

    Raises Unreadable (``encrypted``) when none does, PdfiumFailure when it is no PDF to PDFium.
    """
    document = None
    code = c.FPDF_ERR_SUCCESS
    for password in passwords:
        document = c.FPDF_LoadMemDocument64(data, len(data), password.encode() + b"\0")
        code = c.FPDF_GetLastError()
        if document or code != c.FPDF_ERR_PASSWORD:
            break
    if not document:
        if code == c.FPDF_ERR_PASSWORD:
            raise Unreadable("encrypted", "encrypted with a password")
        if code == c.FPDF_ERR_SECURITY:
            raise Unreadable("encrypted", "encrypted in a way that is not known")
        raise PdfiumFailure("its structure is broken")
    try:
        yield document
    finally:
        c.FPDF_CloseDocument(document)


@contextmanager
def opened_page(document: Any, index: int) -> Iterator[Any]:
    """A page's handle; ``index`` counts from 0. Raises PdfiumFailure."""
    page = c.FPDF_LoadPage(document, index)
    if not page:
        raise PdfiumFailure("it is not where the file says")
    try:
        yield page
    finally:
        c.FPDF_ClosePage(page)


def page_text(page: Any) -> PageText:
    """What stands on a page. Raises PdfiumFailure."""
    handle = c.FPDFText_LoadPage(page)
    if not handle:
        raise PdfiumFailure("its text is not to be had")
    try:
        found = _Page(page, handle).read()
    finally:
        c.FPDFText_ClosePage(handle)
    if not found.lines:
        found.is_pictured, found.is_unread = _looked_at(page)
    elif sum(len(line.text) for line in found.lines) < _STAMP_CHARACTERS:
        found.is_pictured = _is_full_picture(page)
    return found


def page_count(document: Any) -> int:
    """Raises PdfiumFailure when there is none."""
    count = int(c.FPDF_GetPageCount(document))
    if count < 1:
        raise PdfiumFailure("it has no pages")
    return count


class _Page:
    """One page while it is read. What is done for each word is written to be fast."""

    def __init__(self, page: Any, handle: Any) -> None:
        self._handle = handle
        self._box = c.FS_RECTF()
        self._bounds = (0.0, 0.0, 0.0, 0.0)
        if c.FPDF_GetPageBoundingBox(page, self._box):
            box = self._box
            self._bounds = (box.left, box.bottom, box.right, box.top)
        count = max(c.FPDFText_CountChars(handle), 0)
        # Room to spare: the text may hold characters that are not in PDFium's list.
        buffer = (ctypes.c_ushort * (2 * count + 16))()
        written = c.FPDFText_GetText(handle, 0, count, buffer) if count else 0
        units = memoryview(buffer).cast("B")[: 2 * max(written - 1, 0)]
        self._text = str(units, "utf-16-le", "surrogatepass")
        self._is_aligned = len(units) == 2 * count
        if len(self._text) * 2 != len(units):
            # One character a unit of UTF-16: places in the text are places in PDFium's list.
            self._text = "".join(map(chr, buffer[: len(units) // 2]))
        self._matches = list(_WORD.finditer(self._text))
        self._font_name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        self._font_flags = ctypes.c_int()
        self._matrix = c.FS_MATRIX()

    def read(self) -> PageText:
        turns = self._turns_of_text()
        words = list(self._words(turns))
        left, bottom, right, top = self._bounds
        found = PageText(height=right - left if turns % 2 else top - bottom)
        standing = sum(len(word[0]) for word in words if not word[8])
        found.is_vertical = 2 * standing > sum(len(word[0]) for word in words)
        if found.is_vertical:  # Chinese or Japanese in columns
            words = [(*word[:8], True, word[9]) for word in words]
        found.lines = lines_of(words)
        for line in found.lines:
            self._describe(line)
        found.is_garbled = self._garbled()
        return found

    def _words(self, turns: int) -> Iterator[Word]:
        text = self._text
        end = 0
        for match in self._matches:
            start = match.start()
            spaces = start - end
            if spaces and (spaces > 1 or text[end] == "\n"):
                gap = text[end:start]
                spaces = 0 if "\n" in gap or "\r" in gap else spaces
            end = match.end()
            word = match[0]
            is_broken = word[-1] in _BREAK
            if is_broken:
                word = word[:-1] + "-"
            x0, y0, x1, y1 = self._placed(start, turns)
            upright = True
            if end - start > 1:
                a0, b0, a1, b1 = self._placed(end - 1, turns)
                upright = abs(a0 + a1 - x0 - x1) >= abs(b0 + b1 - y0 - y1)
                if a0 < x0:
                    x0 = a0
                if b0 < y0:
                    y0 = b0
                if a1 > x1:
                    x1 = a1
                if b1 > y1:
                    y1 = b1
            yield word, x0, y0, x1, y1, start, end - 1, spaces, upright, is_broken

    def _index(self, place: int) -> int:
        if self._is_aligned:
            return place
        return max(int(c.FPDFText_GetCharIndexFromTextIndex(self._handle, place)), 0)

    def _placed(self, place: int, turns: int) -> tuple[float, float, float, float]:
        """Where a character stands, from the top left of the page as one reads it."""
        box = self._box
        index = place if self._is_aligned else self._index(place)
        if not c.FPDFText_GetLooseCharBox(self._handle, index, box):
            return 0.0, 0.0, 0.0, 0.0
        left, bottom, right, top = self._bounds
        if not turns:
            return box.left - left, top - box.top, box.right - left, top - box.bottom
        if turns == 1:
            return box.bottom - bottom, box.left - left, box.top - bottom, box.right - left
        if turns == 2:
            return right - box.right, box.bottom - bottom, right - box.left, box.top - bottom
        return top - box.top, right - box.right, top - box.bottom, right - box.left

    def _turns_of_text(self) -> int:
        """How many quarter turns let most of the text run from left to right, whatever the page
        says: a table on its side, a scan that was put in upside down."""
        quarters = Counter(
            -round(c.FPDFText_GetCharAngle(self._handle, self._index(place)) / (math.pi / 2)) % 4
            for place in self._sample(_ASKED_WORDS)
        )
        return quarters.most_common(1)[0][0] if quarters else 0

    def _sample(self, most: int) -> list[int]:
        """The places of so many first letters of words, from all over the page."""
        return [match.start() for match in self._matches[:: len(self._matches) // most + 1]]

    def _describe(self, line: Line) -> None:
        """Its font's size, as it is shown, and weight."""
        index = self._index(line.first)
        scale = 1.0
        if c.FPDFText_GetMatrix(self._handle, index, self._matrix):
            scale = math.hypot(self._matrix.c, self._matrix.d)
        line.size = round(c.FPDFText_GetFontSize(self._handle, index) * scale, 1)
        line.bold = self._is_bold(index) and self._is_bold(self._index(line.last))

    def _is_bold(self, index: int) -> bool:
        name = self._font_name
        name.value = b""
        c.FPDFText_GetFontInfo(self._handle, index, name, _FONT_NAME_BYTES, self._font_flags)
        return bool(_BOLD.search(name.value))

    def _garbled(self) -> bool:
        """Whether the fonts of most characters do not say what they mean, and what PDFium takes
        them for, by their numbers, does not look like something written."""
        places = self._sample(_ASKED_CHARACTERS)
        unknown = sum(
            c.FPDFText_HasUnicodeMapError(self._handle, self._index(place)) == 1 for place in places
        )
        if unknown > _UNKNOWN_SHARE * len(places):
            return not looks_written(self._text)
        meaningless = sum(is_meaningless(self._text[place]) for place in places)
        return meaningless > _UNKNOWN_SHARE * len(places)


def _is_full_picture(page: Any) -> bool:
    """Whether an image covers the page: a scan, on which a program has stamped some words."""
    sides = [ctypes.c_float() for _ in range(4)]
    whole = c.FPDF_GetPageWidthF(page) * c.FPDF_GetPageHeightF(page)
    for i in range(min(c.FPDFPage_CountObjects(page), _MAX_OBJECTS_SEEN)):
        each = c.FPDFPage_GetObject(page, i)
        if c.FPDFPageObj_GetType(each) == c.FPDF_PAGEOBJ_IMAGE and c.FPDFPageObj_GetBounds(
            each, *sides
        ):
            left, bottom, right, top = (side.value for side in sides)
            if (right - left) * (top - bottom) >= _SCAN_SHARE * whole:
                return True
    return False


def _looked_at(page: Any) -> tuple[bool, bool]:
    """Whether a page shows an image, or so many lines and curves that they could be letters; and
    whether it shows text. The first objects are looked at, in forms too."""
    paths, is_unread, seen = 0, False, 0
    groups: list[Iterator[Any]] = [
        (c.FPDFPage_GetObject(page, i) for i in range(c.FPDFPage_CountObjects(page)))
    ]
    while groups and seen < _MAX_OBJECTS_SEEN:
        for each in islice(groups.pop(), _MAX_OBJECTS_SEEN):
            seen += 1
            kind = c.FPDFPageObj_GetType(each)
            if kind == c.FPDF_PAGEOBJ_IMAGE:
                return True, is_unread
            paths += kind == c.FPDF_PAGEOBJ_PATH
            is_unread = is_unread or kind == c.FPDF_PAGEOBJ_TEXT
            if kind == c.FPDF_PAGEOBJ_FORM:
                groups.append(_objects_of(each))
    return paths >= _OUTLINED_PATHS, is_unread


def _objects_of(form: Any) -> Iterator[Any]:
    for i in range(c.FPDFFormObj_CountObjects(form)):
        yield c.FPDFFormObj_GetObject(form, i)
