"""What the user settles about reading: the same for every file of a run.

A reader's child process is told once, when it starts; a reader that needs one of them asks
``current()``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """``timeout_s`` is the longest time for one file, ``password`` is tried on encrypted ones,
    ``ocr_languages`` are Tesseract's codes joined by ``+``, ``archives`` are unpacked or not."""

    timeout_s: float = 120.0
    password: str = ""
    ocr_languages: str = "eng"
    archives: bool = False


_current = ReadOptions()


def current() -> ReadOptions:
    """The options of this process."""
    return _current


def use(options: ReadOptions) -> None:
    """Set the options of this process."""
    global _current
    _current = options
