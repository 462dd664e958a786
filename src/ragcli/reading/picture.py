"""Pictures: the text that Tesseract reads in them. Of several frames (a scan in TIFF) each is a
page; of an animation the first one counts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from ragcli.domain import Document, Page, Problem
from ragcli.errors import Unreadable
from ragcli.reading import ocr
from ragcli.reading.extracted import TextBuilder, clean

_NEEDS_PILLOW = "pip install 'ragcli[ocr]', then: rag ingest --retry"
# A double page at 600 dpi has 70 million pixels.
_MAX_PIXELS = 80_000_000
# More only takes time: letters of a page photographed in 12 million are 30 pixels high.
_ENOUGH_PIXELS = 16_000_000
# No word fits into less: icons, bullets, tracking dots.
_LEAST_PIXELS = 16
_MAX_FRAMES = 1000


def read(data: bytes, path: PurePath) -> Document:
    """The text in a picture.

    Raises Unreadable (``unsupported`` where it cannot be read here, ``broken``, ``too_large``,
    ``empty`` for a picture without text).
    """
    if why := ocr.why_not():
        noun = f"a picture ({path.suffix.lower()})"
        raise Unreadable("unsupported", f"{noun}: its text is read by Tesseract", why.hint)
    builder, pages, problems = TextBuilder(), list[Page](), list[Problem]()
    for number, (picture, dpi) in enumerate(_frames(data), 1):
        try:
            text = clean(ocr.text_of(picture, dpi))
        except Unreadable as error:
            problems.append(Problem(error.code, error.message, error.hint, number))
            continue
        start = None
        for paragraph in text.split("\n\n"):
            builder.add("paragraph", paragraph)
            if start is None and builder.blocks:
                start = builder.blocks[-1].char_start
        if text and start is not None:
            pages.append(Page(number, start, builder.blocks[-1].char_end))
    if not builder.blocks:
        if problems:
            raise Unreadable(problems[0].code, problems[0].message, problems[0].hint)
        raise Unreadable("empty", "no text in the picture")
    return Document(
        text=builder.text,
        format="picture",
        blocks=builder.blocks,
        pages=tuple(pages) if len(pages) > 1 else (),
        metadata={"ocr": "all"},
        problems=tuple(problems),
    )


def _frames(data: bytes) -> Iterator[tuple[bytes, float | None]]:
    """Each frame in shades of grey, the right way up, and its resolution if it is stated."""
    try:
        from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
    except ImportError as error:
        raise Unreadable("unsupported", "a picture: Pillow opens it", _NEEDS_PILLOW) from error
    Image.MAX_IMAGE_PIXELS = None  # the size is looked at here, before anything is decoded
    try:
        with Image.open(io.BytesIO(data)) as image:
            is_scan = image.format == "TIFF"
            for number, frame in enumerate(ImageSequence.Iterator(image)):
                if number and (not is_scan or number >= _MAX_FRAMES):
                    return
                _check_size(frame)
                if min(frame.size) >= _LEAST_PIXELS:
                    dpi = frame.info.get("dpi", (None,))[0]
                    yield _grey(ImageOps.exif_transpose(frame)), float(dpi) if dpi else None
    except UnidentifiedImageError as error:
        raise Unreadable("broken", "not a readable picture") from error


def _check_size(frame: Any) -> None:
    width, height = frame.size
    if width * height > _MAX_PIXELS:
        limit = _MAX_PIXELS // 1_000_000
        raise Unreadable("too_large", f"it has more than {limit} million pixels", "make it smaller")


def _grey(image: Any) -> bytes:
    """As Tesseract takes it; what is transparent is white, what is larger than needed smaller."""
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA"):
        from PIL import Image

        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("L")
    shrunk = (_ENOUGH_PIXELS / (image.width * image.height)) ** 0.5
    if shrunk < 1:
        image = image.resize((round(image.width * shrunk), round(image.height * shrunk)))
    return ocr.grey(image.tobytes(), *image.size)
