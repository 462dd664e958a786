"""A PDF page as a picture, for those who read pictures."""

from __future__ import annotations

from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ragcli.errors import Unreadable

# What Tesseract's documentation asks for.
DPI = 300
_POINTS_PER_INCH = 72
# A3 at 300 dpi has 17 million; larger pages are drawn with fewer dots an inch.
MAX_PIXELS = 40_000_000
# The pictures on a page are decoded whole, whatever size it is drawn in: 4 bytes a pixel.
_MAX_PICTURE_PIXELS = 120_000_000


@dataclass(frozen=True, slots=True)
class PageImage:
    """``pixels`` has ``height`` rows of ``width`` bytes, the top one first, 0 is black;
    ``dpi`` is how many of them make an inch of the page."""

    pixels: bytes
    width: int
    height: int
    dpi: float


def render_page(data: bytes, number: int, password: str = "", dpi: float = DPI) -> PageImage:
    """The page of this number (from 1) in shades of grey, with about MAX_PIXELS at most.

    Raises Unreadable (``page_failed``, ``too_large``).
    """
    try:
        with _opened(data, password) as document:
            page = document[number - 1]
            _refuse_giant_pictures(page)
            width, height = (side / _POINTS_PER_INCH for side in page.get_size())
            dpi = min(dpi, (MAX_PIXELS / max(width * height, 1e-6)) ** 0.5)
            bitmap = page.render(dpi / _POINTS_PER_INCH, grayscale=True)
            rows = memoryview(bitmap.buffer)
            pixels = b"".join(
                rows[row * bitmap.stride : row * bitmap.stride + bitmap.width]
                for row in range(bitmap.height)
            )
            return PageImage(pixels, bitmap.width, bitmap.height, dpi)
    except pdfium.PdfiumError as error:
        raise Unreadable("page_failed", f"the page cannot be drawn: {error}") from error


def _opened(data: bytes, password: str) -> pdfium.PdfDocument:
    """As the text's reader does: with no password first. Raises PdfiumError."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        if not password:
            raise
    return pdfium.PdfDocument(data, password=password)


def _refuse_giant_pictures(page: pdfium.PdfPage) -> None:
    pixels = 0
    for picture in page.get_objects([c.FPDF_PAGEOBJ_IMAGE]):
        width, height = picture.get_px_size()
        pixels += width * height
    if pixels > _MAX_PICTURE_PIXELS:
        limit = _MAX_PICTURE_PIXELS // 1_000_000
        raise Unreadable("too_large", f"its pictures have more than {limit} million pixels")
