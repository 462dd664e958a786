"""How fast are the readers, beside the library that one would call for the same format?

    python benchmarks/reading.py [--megabytes 2] [--runs 3]

Files of about that size are made of the sample documents' sentences. Each is read by ragcli's
reader (text, structure, offsets) and by the alternative, to text, in turns, in this process. Told
are megabytes of the file for a second of processor time, medians. PDFs: see pdf.py.
"""

from __future__ import annotations

import argparse
import csv
import html
import io
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path, PurePath

import docx
import openpyxl
import pptx
import xlsxwriter
from charset_normalizer import from_bytes
from common import machine
from selectolax.lexbor import LexborHTMLParser

from ragcli.reading.dispatch import read_document
from ragcli.text.sentences import sentence_spans

SAMPLES = Path(__file__).resolve().parent.parent / "sample_docs"
Read = Callable[[bytes], object]


def sentences() -> list[str]:
    """Of the English samples, without markup."""
    found = []
    for file in sorted(SAMPLES.glob("en/*.md")):
        text = file.read_text(encoding="utf-8")
        found += [" ".join(text[a:b].split()) for a, b in sentence_spans(text)]
    return [s for s in found if s[0].isalpha()]


def paragraphs(size: int) -> list[str]:
    """Of five sentences each, ``size`` bytes together."""
    own = sentences()
    made, total = [], 0
    while total < size:
        start = len(made) * 5 % len(own)
        made.append(" ".join((own + own)[start : start + 5]))
        total += len(made[-1])
    return made


def made_docx(texts: list[str]) -> bytes:
    document = docx.Document()
    for number, text in enumerate(texts):
        if number % 8 == 0:
            document.add_heading(f"Section {number}", 2)
        document.add_paragraph(text)
    return saved(document.save)


def made_pptx(texts: list[str]) -> bytes:
    slides = pptx.Presentation()
    for text in texts[:400]:
        slide = slides.slides.add_slide(slides.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = text[:40], text
    return saved(slides.save)


def made_xlsx(texts: list[str]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("Rows")
        sheet.write_row(0, 0, ["Number", "Opening", "Length", "Text"])
        for n, text in enumerate(texts, 1):
            sheet.write_row(n, 0, [n, text[:20], len(text), text])
    return stream.getvalue()


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


def made_csv(texts: list[str]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["Number", "Opening", "Text"])
    writer.writerows([n, text[:20], text] for n, text in enumerate(texts))
    return stream.getvalue().encode()


def made_markdown(texts: list[str]) -> bytes:
    parts = [f"## Section {n}\n\n{t}" if n % 8 == 0 else t for n, t in enumerate(texts)]
    return "\n\n".join(parts).encode()


def made_html(texts: list[str]) -> bytes:
    body = "".join(f"<p>{html.escape(text)}</p>\n" for text in texts)
    return f"<!doctype html><title>Page</title><h1>Page</h1>{body}".encode()


def cells(data: bytes) -> object:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    return [row for sheet in book for row in sheet.iter_rows(values_only=True)]


def shapes(data: bytes) -> object:
    slides = pptx.Presentation(io.BytesIO(data)).slides
    return [s.text_frame.text for slide in slides for s in slide.shapes if s.has_text_frame]


def page_text(data: bytes) -> object:
    body = LexborHTMLParser(data).body
    return body.text(separator="\n") if body else ""


FORMATS: dict[str, tuple[str, Callable[[list[str]], bytes], str, Read]] = {
    "plain text": (
        "a.txt",
        lambda texts: "\n\n".join(texts).encode(),
        "charset-normalizer",
        lambda data: str(from_bytes(data).best()),
    ),
    "Markdown": ("a.md", made_markdown, "decoding alone", bytes.decode),
    "HTML": ("a.html", made_html, "selectolax, text of the body", page_text),
    "CSV": (
        "a.csv",
        made_csv,
        "csv",
        lambda data: list(csv.reader(io.StringIO(data.decode(), newline=""))),
    ),
    "JSON": (
        "a.json",
        lambda texts: json.dumps([{"n": n, "text": t} for n, t in enumerate(texts)]).encode(),
        "json",
        json.loads,
    ),
    "DOCX": (
        "a.docx",
        made_docx,
        "python-docx",
        lambda data: [p.text for p in docx.Document(io.BytesIO(data)).paragraphs],
    ),
    "PPTX": ("a.pptx", made_pptx, "python-pptx", shapes),
    "XLSX": ("a.xlsx", made_xlsx, "openpyxl, read-only", cells),
}


def speed(read: Callable[[], object], size: int) -> float:
    """Megabytes a second of processor time."""
    started = time.process_time()
    read()
    return size / 1e6 / max(time.process_time() - started, 1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=2)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    texts = paragraphs(int(given.megabytes * 1e6))
    print(machine()["cpu"])
    print("| format | file | ragcli | alternative | |\n|---|---|---|---|---|")
    for name, (file, make, other, read) in FORMATS.items():
        data = make(texts)
        ours, theirs = [], []
        read_document(PurePath(file), data)  # libraries are imported once
        for _ in range(given.runs):
            ours.append(speed(lambda d=data, f=file: read_document(PurePath(f), d), len(data)))
            theirs.append(speed(lambda d=data, r=read: r(d), len(data)))
        mine, others = statistics.median(ours), statistics.median(theirs)
        print(
            f"| {name} | {len(data) / 1e6:.1f} MB | {mine:.1f} MB/s | {others:.1f} MB/s |"
            f" {other} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
