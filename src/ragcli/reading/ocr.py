"""Pictures of text, read by the program Tesseract where it is installed.

It runs as a program of its own, a picture at a time, within the file's limits. Words that it is
not sure of are left out: a photograph of a hedge has no text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import groupby

from ragcli.errors import Unreadable
from ragcli.reading import limits, options
from ragcli.text.scripts import HAN, KANA

_INSTALL = (
    "install Tesseract (apt-get install tesseract-ocr, brew install tesseract),"
    " then: rag ingest --retry"
)
_TURN_ON = "rag config set ocr auto, then: rag ingest --retry"
# A page takes 1 to 10 s on one core; one that takes more is a pattern, not a text.
_PAGE_TIMEOUT_S = 60.0
_ASK_TIMEOUT_S = 10.0
# Tesseract's own measure, of 100: words of a clean scan have 90 and more, what it makes of a
# photograph's texture mostly less than this.
_LEAST_CONFIDENCE = 50.0
# Of a picture so little text is chance: a logo, a button, a leaf.
_LEAST_LETTERS = 3
# Resolutions that are stated by mistake: screens say 72 or nothing.
_SENSIBLE_DPI = (90, 1200)
_SOLID = re.compile(f"[{HAN}{KANA}\u3001-\u303f\uff01-\uff65]")


def why_not() -> Unreadable | None:
    """Why no picture can be read here, with the cure; None where it can be."""
    chosen = options.current()
    if chosen.ocr == "off":
        return Unreadable("no_text_layer", "reading pictures is turned off", _TURN_ON)
    there = _languages()
    if there is None:
        return Unreadable("no_text_layer", "no text layer", _INSTALL)
    missing = [name for name in chosen.ocr_languages.split("+") if name not in there]
    if missing:
        package = f"tesseract-ocr-{missing[0].replace('_', '-').lower()}"
        cure = f"apt-get install {package} (brew install tesseract-lang)"
        message = f"Tesseract does not know the language {missing[0]}"
        return Unreadable("no_text_layer", message, f"{cure}, then: rag ingest --retry")
    return None


def reads_pictures(chosen: options.ReadOptions) -> bool:
    """Whether pictures that are found in a folder are to be read."""
    return chosen.ocr == "auto" and _tesseract() is not None


def _tesseract() -> str | None:
    return shutil.which("tesseract")


@cache
def _languages() -> frozenset[str] | None:
    return installed_languages()


def installed_languages() -> frozenset[str] | None:
    """Those that Tesseract has the data of; None where it is not installed, or does not run."""
    try:
        ran = subprocess.run(
            [_tesseract() or "tesseract", "--list-langs"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASK_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return frozenset(ran.stdout.decode("utf-8", "replace").split("\n")[1:])


def grey(pixels: bytes, width: int, height: int) -> bytes:
    """A picture of a byte a pixel, as Tesseract takes it (PGM)."""
    return b"P5\n%d %d\n255\n" % (width, height) + pixels


def text_of(picture: bytes, dpi: float | None = None) -> str:
    """The text in a picture, a paragraph a line group, paragraphs parted by an empty line; empty
    where there is none. ``why_not`` must have been asked.

    Raises Unreadable (``timeout``, ``page_failed``).
    """
    left_s = limits.time_left_s()
    if left_s <= 0:
        raise _out_of_time()
    resolution = []
    if dpi and _SENSIBLE_DPI[0] <= dpi <= _SENSIBLE_DPI[1]:
        resolution = ["--dpi", str(round(dpi))]
    languages = ["-l", options.current().ocr_languages]
    words = ["-c", "tessedit_create_tsv=1"]
    try:
        ran = subprocess.run(
            [_tesseract() or "tesseract", "stdin", "stdout", *languages, *resolution, *words],
            input=picture,
            capture_output=True,
            timeout=min(_PAGE_TIMEOUT_S, left_s),
            check=True,
            # Two files are read at once, and embedding wants the other cores.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired:
        if left_s < _PAGE_TIMEOUT_S:
            raise _out_of_time() from None
        took = f"Tesseract took longer than {_PAGE_TIMEOUT_S:g} s"
        raise Unreadable("page_failed", took) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise Unreadable("page_failed", f"Tesseract failed: {_said(error)}") from error
    return _text(ran.stdout.decode("utf-8", "replace"))


def _out_of_time() -> Unreadable:
    limit_s = options.current().timeout_s
    cure = f"rag config set read_timeout_s {10 * limit_s:g}, then: rag ingest --retry"
    return Unreadable("timeout", f"not read: the {limit_s:g} s for this file were over", cure)


def _said(error: Exception) -> str:
    said = getattr(error, "stderr", None) or b""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else str(error)


def _text(table: str) -> str:
    """The text of Tesseract's table: a row a word, with its block, paragraph, line and how sure."""
    paragraphs = []
    for _, rows in groupby(_words(table), key=lambda row: row[0][:2]):
        lines = [_joined([w for _, w in line]) for _, line in groupby(rows, key=lambda r: r[0])]
        paragraphs.append("\n".join(lines))
    text = "\n\n".join(paragraphs)
    return text if sum(c.isalnum() for c in text) >= _LEAST_LETTERS else ""


def _words(table: str) -> Iterator[tuple[tuple[str, str, str], str]]:
    """((block, paragraph, line), word) of those that are likely right."""
    for row in table.splitlines()[1:]:
        fields = row.split("\t")
        if len(fields) == 12 and fields[0] == "5" and fields[11].strip():
            block, paragraph, line, _ = fields[2:6]
            if float(fields[10]) >= _LEAST_CONFIDENCE:
                yield (block, paragraph, line), fields[11].strip()


def _joined(words: list[str]) -> str:
    """Words as a line; Chinese and Japanese, which Tesseract parts, without spaces."""
    line = words[0]
    for word in words[1:]:
        solid = _SOLID.match(line[-1]) and _SOLID.match(word)
        line += word if solid else f" {word}"
    return line
