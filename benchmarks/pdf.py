"""PDFs read by ragcli, by plain pypdf and by plain pypdfium2: pages a second, and how much of the
text comes back, in which order.

    python benchmarks/pdf.py [FILE.pdf ...] [--json]

Where FILE.txt lies beside FILE.pdf, it is the known text. Without a FILE, four files of 60 pages
are made, whose text is known: prose, prose in two columns, the same written line by line across
both, and tables.

*Recall* is the share of the known text's words (a Chinese or Japanese character is a word) that
come back, counted with repetition; *precision* the share of the words that come back which are the
known text's. *Order* is the longest series of words in the right order, as a share of the words
that both texts have exactly once. Words broken at a line's end are joined where a reader marks
them. Times are processor time of one process, the fastest of three readings.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
from fpdf import FPDF
from pypdf import PdfReader

from ragcli.reading import pdf

REPEATS = 3
PAGES, LINES = 60, 45
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
SYLLABLES = ("ka", "lo", "mi", "ter", "ana", "bel", "sor", "vin", "du", "pra", "osh", "li", "qua")


def by_ragcli(data: bytes, path: Path) -> str:
    return pdf.read(data, path).text


def by_pypdf(data: bytes, path: Path) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def by_pypdfium2(data: bytes, path: Path) -> str:
    with pypdfium2.PdfDocument(data) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return "\n".join(pages).replace("\ufffe", "")


READERS: dict[str, Callable[[bytes, Path], str]] = {
    "ragcli": by_ragcli,
    "pypdf": by_pypdf,
    "pypdfium2": by_pypdfium2,
}


def words(text: str) -> list[str]:
    """A text's words in lower case, without punctuation."""
    return WORD.findall(text.lower())


def fidelity(known: str, read: str) -> dict[str, float]:
    """Recall, precision and order of a reading, each from 0 to 1."""
    wanted, got = words(known), words(read)
    wanted_counts, got_counts = Counter(wanted), Counter(got)
    shared = sum((wanted_counts & got_counts).values())
    place = {word: i for i, word in enumerate(got) if got_counts[word] == 1}
    places = [place[w] for w in wanted if wanted_counts[w] == 1 and w in place]
    return {
        "recall": shared / max(len(wanted), 1),
        "precision": shared / max(len(got), 1),
        "order": longest_rise(places) / max(len(places), 1),
    }


def longest_rise(numbers: list[int]) -> int:
    """The length of the longest series of rising numbers among these, gaps allowed."""
    ends: list[int] = []
    for number in numbers:
        at = bisect_left(ends, number)
        ends[at : at + 1] = [number]
    return len(ends)


def made_files() -> Iterator[tuple[str, bytes, str]]:
    """(name, file, known text) of files whose text nobody wrote: words of random syllables."""
    chance = random.Random(0)

    def line(width: int) -> str:
        text = ""
        while len(text) < width - 8:
            text += "".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) + " "
        return text.strip()

    def drawn(pages: list[list[tuple[float, float, str]]]) -> bytes:
        document = FPDF()
        document.set_font("helvetica", size=10)
        for page in pages:
            document.add_page()
            for x, y, text in page:
                document.text(x, 25 + 5 * y, text)
        return bytes(document.output())

    prose = [[(20, y, line(95)) for y in range(LINES)] for _ in range(PAGES)]
    yield "prose", drawn(prose), all_text(prose)
    columns = [[(x, y, line(45)) for x in (20, 110) for y in range(LINES)] for _ in range(PAGES)]
    yield "columns", drawn(columns), all_text(columns)
    across = [sorted(page, key=lambda place: place[1]) for page in columns]
    yield "columns across", drawn(across), all_text(columns)
    table = [
        [(20 + 45 * x, y, line(20)) for y in range(LINES) for x in range(4)] for _ in range(PAGES)
    ]
    yield "tables", drawn(table), all_text(table)


def all_text(pages: list[list[tuple[float, float, str]]]) -> str:
    return "\n".join(text for page in pages for *_, text in page)


def given_files(paths: list[Path]) -> Iterator[tuple[str, bytes, str]]:
    for path in paths:
        beside = path.with_suffix(".txt")
        known = beside.read_text(encoding="utf-8") if beside.is_file() else ""
        yield path.name, path.read_bytes(), known


def measured(data: bytes, known: str, read: Callable[[bytes, Path], str]) -> dict[str, float]:
    """Pages a second, and the fidelity where the text is known."""
    fastest, text = float("inf"), ""
    for _ in range(REPEATS):
        start = time.process_time()
        text = read(data, Path("file.pdf"))
        fastest = min(fastest, time.process_time() - start)
    with pypdfium2.PdfDocument(data) as document:
        pages = len(document)
    return {"pages_per_s": pages / fastest} | (fidelity(known, text) if known else {})


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.pdf")
    parser.add_argument("--json", action="store_true", help="print one JSON object a file")
    options = parser.parse_args()
    files = given_files(options.files) if options.files else made_files()
    if not options.json:
        print(f"{'file':28} {'reader':10} {'pages/s':>8} {'recall':>7} {'prec.':>7} {'order':>7}")
    for name, data, known in files:
        for reader, read in READERS.items():
            try:
                figures = measured(data, known, read)
            except Exception as error:  # a reader that cannot read a file is a result
                print(f"{name}: {reader}: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            if options.json:
                print(json.dumps({"file": name, "reader": reader, **figures}))
                continue
            shares = "".join(
                f" {figures[key]:7.4f}" for key in ("recall", "precision", "order") if known
            )
            print(f"{name[:28]:28} {reader:10} {figures['pages_per_s']:8.0f}{shares}", flush=True)


if __name__ == "__main__":
    main()
