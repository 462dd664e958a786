"""pypdf, the second reader of PDFs: for files that PDFium does not open, and for pages that it
finds empty, garbled or nowhere.

It is ten times slower, is loaded only when it is needed, and says what it did not understand.
pypdf says of itself that broken files "might cause other exceptions" than its own, so this file,
and no other, catches everything: around the opening, around each page, around the facts.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pypdf import PdfReader

from ragcli.errors import Unreadable
from ragcli.reading.extracted import clean, one_line

# pypdf's warning about a compressed stream that it could only read in part, or not at all.
_DAMAGED = re.compile(r"decompress|Error -\d")


class SecondReader:
    """One file, opened. Raises Unreadable (``broken``, ``encrypted``)."""

    def __init__(self, data: bytes, passwords: tuple[str, ...]) -> None:
        with _warnings():
            try:
                self._reader = PdfReader(io.BytesIO(data))
                if self._reader.is_encrypted and not any(map(self._reader.decrypt, passwords)):
                    raise Unreadable("encrypted", "encrypted with a password")
                self.page_count = len(self._reader.pages)
            except Unreadable:
                raise
            except Exception as error:
                raise Unreadable("broken", f"not a readable PDF: {_reason(error)}") from error
        if not self.page_count:
            raise Unreadable("broken", "not a readable PDF: it has no pages")

    def text(self, index: int) -> tuple[str, str]:
        """A page's text, and what is wrong with it; ``index`` counts from 0."""
        with _warnings() as warnings:
            try:
                text = clean(self._reader.pages[index].extract_text()).strip()
            except Exception as error:
                return "", _reason(error)
            # A page without text after a warning is not blank: something was not understood.
            damage = next((w for w in warnings if not text or _DAMAGED.search(w)), "")
            return text, one_line(damage)

    def damage(self, index: int) -> str:
        """What is wrong with a page's content; empty for a sound one."""
        with _warnings() as warnings:
            try:
                contents = self._reader.pages[index].get_contents()
                if contents is not None:
                    contents.get_data()
            except Exception as error:
                return _reason(error)
            return one_line(next((w for w in warnings if _DAMAGED.search(w)), ""))

    def facts(self) -> dict[str, str]:
        """What the file says of itself, by PDF's own names, as far as it does."""
        found: dict[str, str] = {}
        with _warnings():
            try:
                values: Any = self._reader.metadata or {}
                for name in ("Title", "Author", "Subject", "Keywords", "CreationDate", "ModDate"):
                    if text := str(values.get(f"/{name}") or ""):
                        found[name] = text
            except Exception:
                return found
        return found


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


def _reason(error: Exception) -> str:
    return one_line(str(error)) or type(error).__name__
