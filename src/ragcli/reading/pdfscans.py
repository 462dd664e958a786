"""PDF pages without a text layer, or with one that nobody can read: by Tesseract, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragcli.domain import Problem
from ragcli.errors import Unreadable
from ragcli.reading import limits, ocr, options
from ragcli.reading.extracted import clean
from ragcli.reading.pdflines import PageText, typed_lines
from ragcli.reading.pdfpages import ReadPage
from ragcli.reading.pdfrender import render_page

_LANGUAGES = (
    "where it is in another language: rag config set ocr_languages eng+chi_sim,"
    " then: rag ingest --retry"
)
_READ_AS_PICTURES = ("no_text_layer", "garbled")


def read_scans(
    data: bytes, pages: Sequence[ReadPage], problems: Sequence[Problem]
) -> tuple[list[Problem], list[int]]:
    """Give the pages that are pictures their text; the problems that are left, each with its cure,
    and the numbers of the pages that were read.

    A page in which Tesseract finds nothing may be a photograph: that is a problem only where the
    document has no text at all, or had letters there.
    """
    scans = [p for p in problems if p.code in _READ_AS_PICTURES and p.page is not None]
    # Where pages had to be looked for, the file's own numbers of pages are others.
    if not scans or any(problem.code == "broken" for problem in problems):
        return list(problems), []
    why = ocr.why_not()
    left, nothing, read = list[Problem](), list[Problem](), list[int]()
    for problem in problems:
        number = problem.page
        if problem not in scans or number is None:
            left.append(problem)
        elif why is not None:
            left.append(replace(problem, hint=why.hint))
        else:
            try:
                text = _text(data, number)
            except Unreadable as error:
                message = f"{problem.message}; {error.message}"
                left.append(Problem(error.code, message, error.hint or problem.hint, number))
                continue
            if text:
                pages[number - 1].content = PageText(typed_lines(text))
                read.append(number)
            else:
                nothing.append(_without_text(problem))
    if any(page.content.lines for page in pages):
        nothing = [problem for problem in nothing if problem.code == "garbled"]
    return sorted([*left, *nothing], key=lambda problem: problem.page or 0), read


def _without_text(problem: Problem) -> Problem:
    languages = options.current().ocr_languages
    message = f"{problem.message}; Tesseract finds no text in it ({languages})"
    return replace(problem, message=message, hint=_LANGUAGES)


def _text(data: bytes, number: int) -> str:
    try:
        page = render_page(data, number, options.current().password)
        return clean(ocr.text_of(ocr.grey(page.pixels, page.width, page.height), page.dpi))
    except MemoryError:
        raise limits.needs_more_memory() from None
