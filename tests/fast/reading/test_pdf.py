import io
import logging
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from fakes.pdf_maker import HEIGHT, WIDTH, numbered_glyphs, pdf_of, shown
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PageObject, PdfReader, PdfWriter

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import options, pdf, pdfium
from ragcli.reading.garble import looks_written
from ragcli.reading.pdflines import PageText, typed_lines
from ragcli.reading.pdfpages import Bookmark, ReadPage, assemble

LONG = "This sentence is one of several that fill a paragraph. " * 5


def make(*pages: str, title: str = "") -> bytes:
    """Each page's text; a line that starts with # is a bookmarked heading, ``image`` an image."""
    document = FPDF()
    document.set_font("helvetica", size=12)
    document.set_title(title)
    document.set_author("Ada")
    for page in pages:
        document.add_page()
        if page == "image":
            document.image(Image.new("RGB", (9, 9), "red"))
            continue
        for line in page.splitlines():
            if line.startswith("#"):
                document.start_section(line.lstrip("# "), level=line.count("#") - 1)
            document.multi_cell(0, text=line.lstrip("# "), new_x="LMARGIN", new_y="NEXT")
    return bytes(document.output())


def damaged(data: bytes, stream: int, offset: int = 7) -> bytes:
    """The same file with noise in one of its streams."""
    start = -1
    for _ in range(stream):
        start = data.index(b"\nstream\n", start + 1)
    start += 1 + offset
    return data[:start] + b"#noise#" * 5 + data[start + 35 :]


def read(data: bytes) -> Document:
    document = pdf.read(data, PurePath("a.pdf"))
    assert not document.has_lines
    check(document)
    return document


def test_pages_paragraphs_and_headings():
    document = read(
        make(f"# Start\n{LONG}\n{LONG}", f"## 1.1 Part two\n{LONG}\n- item", title="Guide")
    )
    assert [k for k, _ in pieces(document)] == [
        "heading",
        *["paragraph"] * 2,
        "heading",
        *["paragraph"] * 2,
    ]
    assert headings(document) == [(1, "Start"), (2, "1.1 Part two")]
    assert pieces(document)[-1][1] == "- item"
    assert [p.number for p in document.pages] == [1, 2]
    first, second = (document.text[p.char_start : p.char_end] for p in document.pages)
    assert first.startswith("Start\n")
    assert second.startswith("1.1 Part two\n")
    assert document.text == f"{first}\n\n{second}"
    assert document.title == "Guide"
    assert document.date is not None
    assert document.metadata == {"author": "Ada"}
    assert document.problems == ()


@pytest.mark.parametrize(
    "title", ["", "Untitled", "Microsoft Word - a.doc", "report_v2.docx", "12-3"]
)
def test_titles_that_nobody_meant(title: str):
    assert read(make("text", title=title)).title is None


def test_a_page_without_a_text_layer_is_a_problem_and_a_blank_one_is_none():
    document = read(make("one", "image", "", "four"))
    assert document.text == "one\n\nfour"
    (problem,) = document.problems
    assert (problem.code, problem.page) == ("no_text_layer", 2)
    assert "install Tesseract" in problem.hint
    assert len(document.pages) == 4


@pytest.mark.parametrize(("share", "text"), [(1.0, "Page 7"), (0.5, "Page 7"), (1.0, LONG)])
def test_a_scan_with_a_stamp_is_a_scan(share: float, text: str):
    picture = b"q %d 0 0 %d 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q\n" % (
        WIDTH,
        int(HEIGHT * share),
    )
    document = read(pdf_of(picture + shown(50, 50, text)))
    assert document.text == text.strip()
    codes = [(p.code, p.page) for p in document.problems]
    assert codes == ([("no_text_layer", 1)] if share == 1 and text != LONG else [])


def test_a_broken_page_loses_that_page_only():
    document = read(damaged(make("one one one", "two two two", "three three"), 2))
    assert document.text == "one one one\n\nthree three"
    (problem,) = document.problems
    assert (problem.code, problem.page) == ("page_failed", 2)


def fail_at(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = pdfium.opened_page

    def fail(document: object, at: int) -> object:
        if at == index:
            raise pdfium.PdfiumFailure("lost")
        return opened(document, at)

    monkeypatch.setattr(pdfium, "opened_page", fail)


def test_a_page_that_pdfium_does_not_give_is_read_by_pypdf(monkeypatch: pytest.MonkeyPatch):
    fail_at(0, monkeypatch)
    document = read(make("one\nmore of it", "two"))
    assert document.text == "one\nmore of it\n\ntwo"
    assert document.problems == ()


def test_a_page_that_raises_loses_that_page_only(monkeypatch: pytest.MonkeyPatch):
    fail_at(0, monkeypatch)
    extract = PageObject.extract_text

    def fail(page: PageObject) -> str:
        if page.page_number == 0:
            raise ZeroDivisionError
        return extract(page)

    monkeypatch.setattr(PageObject, "extract_text", fail)
    document = read(make("one", "two"))
    assert document.text == "two"
    assert [(p.code, p.page) for p in document.problems] == [("page_failed", 1)]
    assert "ZeroDivisionError" in document.problems[0].message


def test_a_half_read_page_keeps_its_text_and_says_so():
    data = make("\n".join(f"line number {i} of many" for i in range(40)))
    document = read(damaged(data, 1, 150))
    assert "line number 1" in document.text
    assert "line number 39" not in document.text
    assert [(p.code, p.page) for p in document.problems] == [("page_failed", 1)]


def test_letters_that_the_fonts_do_not_tell_are_no_text():
    garble = numbered_glyphs(50, 50, "the quick brown fox jumps over the lazy dog")
    with pytest.raises(Unreadable) as found:
        read(pdf_of(garble))
    assert found.value.code == "garbled"
    assert "install Tesseract" in found.value.hint
    document = read(pdf_of(shown(50, 50, "a page that can be read"), garble))
    assert document.text == "a page that can be read"
    assert [(p.code, p.page) for p in document.problems] == [("garbled", 2)]


def test_letters_that_are_known_without_being_told_are_text():
    english = "Some fonts say nothing of their letters, which are those that one would think."
    assert looks_written(english)
    assert looks_written("这是一个用中文写的句子，里面的字都很常见。")
    assert looks_written("Предложение на русском языке")
    assert not looks_written("".join(chr(ord(c) - 29) for c in english))
    assert not looks_written("\ue012\ue013 \ue014")
    assert not looks_written("䁁ᅁ⁂ꁃ㙁憁ⵁᱡ䙂")
    assert not looks_written("")


def test_files_without_any_text():
    with pytest.raises(Unreadable, match=r"^2 pages without text$") as found:
        read(make("image", "image"))
    assert found.value.code == "no_text_layer"
    with pytest.raises(Unreadable, match="without readable text") as found:
        read(damaged(make("one one one one"), 1))
    assert found.value.code == "broken"
    assert read(make("", "")).text == ""


def encrypted(password: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make("secret"))))
    writer.encrypt(password, "owner", algorithm=algorithm)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_encrypted_files(algorithm: str, monkeypatch: pytest.MonkeyPatch):
    assert read(encrypted("", algorithm)).text == "secret"
    with pytest.raises(Unreadable) as found:
        read(encrypted("pass", algorithm))
    assert found.value.code == "encrypted"
    assert "password" in found.value.hint
    monkeypatch.setattr(options, "_current", options.ReadOptions(password="pass"))
    assert read(encrypted("pass", algorithm)).text == "secret"
    assert read(encrypted("", algorithm)).text == "secret"
    with pytest.raises(Unreadable) as found:
        read(encrypted("other", algorithm))
    assert found.value.code == "encrypted"


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7\n", make("one")[:400]])
def test_what_is_no_pdf(data: bytes):
    with pytest.raises(Unreadable) as found:
        read(data)
    assert found.value.code == "broken"


def test_the_library_is_silent_and_its_logger_left_as_it_was(capfd: pytest.CaptureFixture[str]):
    logger = logging.getLogger("pypdf")
    before = (list(logger.handlers), logger.propagate)
    read(damaged(make("one", "two"), 1))
    assert (list(logger.handlers), logger.propagate) == before
    assert capfd.readouterr() == ("", "")


WHOLE = make(f"# A\n{LONG}", "image", "two")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_ends_in_a_document_or_a_reason(changes: list[tuple[int, int]]):
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    try:
        read(bytes(data))
    except Unreadable as error:
        assert error.code in ("broken", "encrypted", "no_text_layer")


def test_headings_are_found_as_they_are_printed():
    long = "这是第一段，写得足够长，到行末为止没有标点符号的一行文字"
    text = f"3\n3 Über  alles\nund noch mehr\n{long}\n结束。\n下一段"
    marks = [Bookmark(1, "Über alles und noch mehr"), Bookmark(2, "not here")]
    whole = assemble([ReadPage(PageText(typed_lines(text)), bookmarks=marks)])
    assert [(b.kind, whole.text[b.char_start : b.char_end]) for b in whole.blocks] == [
        ("paragraph", "3"),
        ("heading", "3 Über  alles\nund noch mehr"),
        ("paragraph", f"{long}结束。"),
        ("paragraph", "下一段"),
    ]
