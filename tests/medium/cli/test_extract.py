"""``rag extract``: a file as the readers see it, without a project."""

from __future__ import annotations

from pathlib import Path

import docx
from fpdf import FPDF

GUIDE = "# Guide\n\nThe warranty runs for 24 months.\n\n## 电池\n\n电池保修十二个月。\n"


def test_the_text_comes_out_as_it_is(surroundings, rag):
    Path("guide.md").write_text(GUIDE, encoding="utf-8")
    run = rag("extract", "guide.md")
    assert (run.code, run.out, run.err) == (0, GUIDE, "")
    assert not Path(".rag").exists()


def test_json_tells_headings_and_offsets(surroundings, rag):
    Path("guide.md").write_text(GUIDE, encoding="utf-8")
    found = rag("extract", "guide.md", "--json").object
    text = found["text"]
    assert (found["source"], found["format"], found["has_lines"]) == ("guide.md", "markdown", True)
    assert (found["title"], found["length"]) == ("Guide", len(text))
    assert [(h["level"], h["title"]) for h in found["headings"]] == [(1, "Guide"), (2, "电池")]
    assert [text[h["char_start"] : h["char_end"]] for h in found["headings"]] == [
        "# Guide",
        "## 电池",
    ]
    assert [b["kind"] for b in found["blocks"]] == ["heading", "paragraph"] * 2
    assert found["problems"] == [] and found["pages"] == []


def test_pages_of_a_pdf(surroundings, rag):
    pdf = FPDF()
    pdf.set_font("helvetica")
    for text in ("The first page.", "The second page."):
        pdf.add_page()
        pdf.cell(text=text)
    pdf.output("two.pdf")
    found = rag("extract", "two.pdf", "--json").object
    pages = [found["text"][p["char_start"] : p["char_end"]] for p in found["pages"]]
    assert [p.strip() for p in pages] == ["The first page.", "The second page."]
    assert [p["number"] for p in found["pages"]] == [1, 2]


def test_a_page_that_cannot_be_read_is_told_and_gives_3(surroundings, rag, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no Tesseract
    pdf = FPDF()
    pdf.set_font("helvetica")
    pdf.add_page()
    pdf.cell(text="Words that are there.")
    pdf.add_page()
    pdf.image(_picture(), w=50)
    pdf.output("scan.pdf")
    run = rag("extract", "scan.pdf")
    assert run.code == 3 and "Words that are there." in run.out
    assert "scan.pdf, p. 2: no text layer: install Tesseract" in run.err
    found = rag("extract", "scan.pdf", "--json")
    assert (found.code, found.object["problems"][0]["page"]) == (3, 2)


def _picture():
    from PIL import Image

    return Image.new("L", (40, 40), 90)


def test_a_file_that_cannot_be_read_says_why_and_the_cure(surroundings, rag):
    Path("locked.docx").write_bytes(b"PK\x03\x04 cut off")
    run = rag("extract", "locked.docx")
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith("rag: error: locked.docx: not a readable DOCX file")
    assert "hint: open it in Word or LibreOffice" in run.err


def test_what_is_not_there_is_wrong_usage(surroundings, rag):
    for name, message in (("gone.txt", "does not exist"), (".", "is a folder")):
        run = rag("extract", name)
        assert (run.code, run.out) == (2, "") and message in run.err


def test_a_terminal_is_not_steered(surroundings, rag):
    Path("evil.txt").write_bytes(b"red \x1b[31m and \x07 bell\n")
    assert rag("extract", "evil.txt").out == "red \x1b[31m and \x07 bell\n"
    assert rag("extract", "evil.txt", terminal=True).out == "red \u241b[31m and \u2407 bell\n"


def test_settings_of_the_project_count(project, rag):
    document = docx.Document()
    document.add_paragraph("word " * 300_000)
    document.save("long.docx")
    assert rag("extract", "long.docx").code == 0
    rag("config", "set", "read_output_mb", "1")
    run = rag("extract", "long.docx")
    assert run.code == 3 and "more than 1 MB of text" in run.err
    assert "rag config set read_output_mb 2" in run.err


def test_a_named_project_must_be_there(surroundings, rag):
    Path("a.txt").write_text("text")
    assert rag("extract", "a.txt", "--project", "nowhere").code == 10


def test_the_library_does_the_same(project):
    from ragcli import Rag

    with Rag.open() as rag:
        assert rag.extract("docs/notes.txt").text == Path("docs/notes.txt").read_text()
