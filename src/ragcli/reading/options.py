"""What the user settles about reading: the same for every file of a run.

A reader's child process is told once, when it starts; a reader that needs one of them asks
``current()``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragcli.config import Settings


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """``timeout_s`` is the longest time for one file, ``memory_mb`` the most memory its process
    may take, ``output_mb`` the most text it may give, in UTF-8; both count 1024² bytes.
    ``password`` is tried on encrypted files. ``ocr`` says what Tesseract reads: ``auto`` pages and
    pictures, ``pages``, or ``off``; ``ocr_languages`` are its codes joined by ``+``. ``archives``
    are unpacked or not. ``careful`` is said of one file: it crashed a child before."""

    timeout_s: float = 120.0
    memory_mb: int = 256
    output_mb: int = 32
    password: str = ""
    ocr: str = "auto"
    ocr_languages: str = "eng"
    archives: bool = False
    careful: bool = False

    @classmethod
    def of(cls, settings: Settings) -> ReadOptions:
        """What the settings say of reading."""
        return cls(
            timeout_s=settings.read_timeout_s,
            memory_mb=settings.read_memory_mb,
            output_mb=settings.read_output_mb,
            password=settings.read_password or "",
            ocr=settings.ocr,
            ocr_languages=settings.ocr_languages,
            archives=settings.archives,
        )


_current = ReadOptions()


def current() -> ReadOptions:
    """The options of this process."""
    return _current


def use(options: ReadOptions) -> None:
    """Set the options of this process."""
    global _current
    _current = options


def begin_file(*, careful: bool) -> None:
    """Another file: to be read ``careful``ly, or as all others are."""
    if careful != _current.careful:
        use(replace(_current, careful=careful))
