"""Large and hostile files: each ends soon, for what takes a square of the time would not end here,
and keeps the readers' promises."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from fakes.document_checks import check
from fakes.pdf_maker import pdf_of, shown

from ragcli.reading import bibtex, code, html, latex, pdf
from ragcli.reading.dispatch import read_document
from ragcli.reading.encodings import decode


@pytest.mark.parametrize(
    "source",
    [
        "{" * 100_000,
        "}" * 100_000,
        "(" * 100_000 + ")" * 100_000,
        "f(){" * 30_000,
        "class A {\n" * 5_000,
        "x" * 1_000_000,
        "def f(x)\n" * 5_000,
        "int f() {\n}\n" * 5_000,
        "static " * 50_000,
        "static" + " " * 300_000,
        '"' * 100_001,
        "/*" * 100_000,
        "(/[" * 50_000,
        "'''" * 50_001,
        "<<A\n" * 20_000,
        "function " * 50_000,
    ],
    ids=lambda source: f"{source[:9].strip()!r}",
)
@pytest.mark.parametrize("name", ["a.js", "a.cpp", "a.java", "a.rb", "a.py", "a.pl", "a.hs"])
def test_source_code(source: str, name: str):
    document = code.read(source.encode(), PurePath(name))
    assert document.text == decode(source.encode())
    check(document)


SUFFIXES = [".rst", ".adoc", ".org", ".wiki", ".diff"]


@pytest.mark.parametrize("name", SUFFIXES)
@pytest.mark.parametrize(
    "line",
    ["same line", "-" * 9, "=" * 4, "* x", "- x", ".. x::", "|===", "+", "::", "[x]", "#+begin_src",
     ":a: b", "+--+", "== ==", "----", "a::", "== x"],
)  # fmt: skip
def test_five_thousand_equal_lines(name: str, line: str):
    for end in ("\n", "\n\n"):
        text = "word\n" + f"{line}{end}" * 5_000
        assert read_document(PurePath(f"a{name}"), text.encode()).text == text


@pytest.mark.parametrize("name", SUFFIXES)
@pytest.mark.parametrize("piece", ["x", "*", "`", "[[", "<<", "= ", "{a", ":a", "| ", "link:["])
def test_a_line_of_two_hundred_thousand_characters(name: str, piece: str):
    line = (piece * 200_000)[:200_000]
    text = f"word {line}\n\n{line}\n====\n\n== {line}\n* {line}\n"
    assert read_document(PurePath(f"a{name}"), text.encode()).text == text


@pytest.mark.parametrize(
    "source",
    [
        "{" * 100_000,
        "}" * 100_000,
        "\\section{" * 50_000,
        "\\title{" * 50_000,
        "\\newcommand{\\a}{\\a}" * 20_000 + "\\a",
        "\\begin{itemize}" * 50_000 + "\\end{tabular}" * 50_000,
        "\\begin{verbatim}" * 50_000,
        "\\[" * 100_000,
        "$" * 100_001,
        "\\verb|" * 50_000,
        "\\foo[" * 50_000,
        "\\" * 100_001,
        "& " * 100_000,
        "same line \\\\\n" * 5_000,
        "x" * 1_000_000,
    ],
    ids=lambda source: source[:9],
)
def test_latex(source: str) -> None:
    check(latex.read(f"word {source}".encode(), PurePath("a.tex")))


@pytest.mark.parametrize(
    "source",
    ["@a{" * 50_000, "@a{b, c = {" * 20_000, '@a{b, c = "' * 20_000, "@a{b,c=#" * 20_000, "@a{b}"],
    ids=lambda source: source[:9],
)
def test_bibliographies(source: str) -> None:
    assert bibtex.read(source.encode(), PurePath("a.bib")).blocks


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<ul><li>", "<blockquote>", "<table><tr><td>"])
def test_deep_html(tag: str):
    document = html.read(f"{tag * 20_000}deep".encode(), PurePath("a.html"))
    check(document)
    assert document.text.endswith("deep")


def test_three_thousand_pages():
    pages = [shown(50, 200, f"This is page {n} of the whole.") for n in range(1, 3001)]
    document = pdf.read(pdf_of(*pages), PurePath("a.pdf"))
    assert len(document.pages) == 3000
    last = document.pages[-1]
    assert document.text[last.char_start : last.char_end] == "This is page 3000 of the whole."
