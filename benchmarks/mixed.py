"""Make a folder of many mixed files out of real ones, to measure ingests of any size.

python benchmarks/mixed.py OUT FOLDER... --files 20000
rag ingest OUT --project OUT

Paragraphs (of code: functions) of the text, Markdown and code files in the folders are drawn at
random and put together anew, so that no two files are equal and every sentence is a real one.
Sizes spread as those of real folders do: many small files, a few large ones. The same seed gives
the same texts.
"""

from __future__ import annotations

import argparse
import html
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

CODE_SUFFIXES = (".py", ".rs", ".js", ".c", ".go", ".java")
TEXT_SUFFIXES = (".txt", ".md")

# How many in a hundred files: a folder of a software team with its papers.
SHARES = {"py": 35, "md": 25, "txt": 20, "html": 10, "docx": 6, "pdf": 4}

# Characters of a file: the median, and the spread of a log-normal size (half lie within a factor of
# 2). With them 20,000 files give about 200,000 chunks of 254 tokens.
MEDIAN_CHARACTERS = 5_000
SIGMA = 1.0
MOST_CHARACTERS = 200_000

# Files of a folder, as a person keeps them.
FILES_A_FOLDER = 50

# One file in a day of the last 20,000 hours: `rag ingest` reads the newest first.
SECONDS_BETWEEN = 3_600
NEWEST = 1_790_000_000

Draw = Callable[[], str]


def pool(folders: Sequence[Path], suffixes: Sequence[str], parts: re.Pattern[str]) -> list[str]:
    """The paragraphs, or functions, of all files with these suffixes."""
    found: dict[str, None] = {}
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in suffixes):
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            found.update(dict.fromkeys(p.strip("\n") for p in parts.split(text) if p.strip()))
    return list(found)


def drawn(chance: random.Random, paragraphs: Sequence[str]) -> list[str]:
    """Paragraphs of one file."""
    wanted = min(MOST_CHARACTERS, MEDIAN_CHARACTERS * chance.lognormvariate(0, SIGMA))
    taken: list[str] = []
    while sum(map(len, taken)) < wanted:
        taken.append(chance.choice(paragraphs))
    return taken


def with_headings(chance: random.Random, paragraphs: Sequence[str]) -> list[tuple[str, str]]:
    """(heading or nothing, paragraph): a heading for every fifth, of its first words."""
    return [
        (" ".join(re.findall(r"\w+", text)[:5]) if chance.random() < 0.2 else "", text)
        for text in paragraphs
    ]


def write(path: Path, chance: random.Random, prose: Sequence[str], code: Sequence[str]) -> None:
    kind = path.suffix[1:]
    paragraphs = drawn(chance, code if kind == "py" else prose)
    if kind in ("py", "txt"):
        path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
        return
    parts = with_headings(chance, paragraphs)
    if kind == "md":
        path.write_text(
            "\n\n".join(f"## {h}\n\n{p}" if h else p for h, p in parts) + "\n", encoding="utf-8"
        )
    elif kind == "html":
        body = "\n".join(
            (f"<h2>{html.escape(h)}</h2>\n" if h else "") + f"<p>{html.escape(p)}</p>"
            for h, p in parts
        )
        title = html.escape(path.stem)
        path.write_text(
            f"<!doctype html>\n<title>{title}</title>\n<body>\n{body}\n</body>\n", encoding="utf-8"
        )
    elif kind == "docx":
        write_docx(path, parts)
    else:
        write_pdf(path, parts)


def write_docx(path: Path, parts: Sequence[tuple[str, str]]) -> None:
    import docx

    document = docx.Document()
    for heading, text in parts:
        if heading:
            document.add_heading(heading, 2)
        document.add_paragraph(_printable(text))
    document.save(str(path))


def write_pdf(path: Path, parts: Sequence[tuple[str, str]]) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    pdf.add_page()
    for heading, text in parts:
        for line in (heading, text):
            if line:
                # The built-in fonts know Latin letters only.
                pdf.multi_cell(0, 6, _printable(line).encode("latin-1", "ignore").decode("latin-1"))
                pdf.ln()
    pdf.output(str(path))


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or c == "\n")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="a folder that is not there yet")
    parser.add_argument("folders", type=Path, nargs="+", help="where the real files are")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    prose = pool(arguments.folders, TEXT_SUFFIXES, re.compile(r"\n\s*\n"))
    code = pool(arguments.folders, CODE_SUFFIXES, re.compile(r"\n(?=def |class |fn |func )"))
    if not prose:
        parser.error(f"no {' or '.join(TEXT_SUFFIXES)} file in the folders")
    chance = random.Random(arguments.seed)
    kinds = chance.choices(list(SHARES), list(SHARES.values()), k=arguments.files)
    arguments.out.mkdir(parents=True)
    for number, kind in enumerate(kinds):
        folder = arguments.out / f"{number // FILES_A_FOLDER:04}"
        folder.mkdir(exist_ok=True)
        path = folder / f"{number:06}.{kind}"
        write(path, chance, prose, code or prose)
        moment = NEWEST - SECONDS_BETWEEN * number
        os.utime(path, (moment, moment))
    size = sum(p.stat().st_size for p in arguments.out.rglob("*") if p.is_file())
    print(f"{arguments.files:,} files, {size / 1e6:,.0f} MB in {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
