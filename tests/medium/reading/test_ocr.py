"""Pictures of text, read by a program that says what the test tells it."""

from __future__ import annotations

import io
from pathlib import Path, PurePath

import pytest
from fakes.tesseract import FakeTesseract, table
from fpdf import FPDF
from PIL import Image

from ragcli.errors import Unreadable
from ragcli.reading import ocr, options, pdf, picture
from ragcli.reading.dispatch import read_document

WORDS = table(
    ("1.1.1", 96.5, "Sextants"),
    ("1.1.1", 91, "and"),
    ("1.1.2", 90, "quadrants."),
    ("1.2.1", 88, "六"),
    ("1.2.1", 88, "分仪"),
    ("1.2.1", 12, "~#"),
    ("2.1.1", 95, "Last"),
)
TEXT = "Sextants and\nquadrants.\n\n六分仪\n\nLast"
NOTHING = table(("1.1.1", 30, "lll"), ("1.1.2", 80, "~"))


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTesseract:
    fake = FakeTesseract(tmp_path / "bin", monkeypatch, ("eng", "chi_sim"))
    fake.reads(WORDS)
    return fake


def _use(monkeypatch: pytest.MonkeyPatch, **chosen: object) -> None:
    monkeypatch.setattr(options, "_current", options.ReadOptions(**chosen))  # type: ignore[arg-type]


def _picture(format_: str = "PNG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    held = io.BytesIO()
    Image.new("L", size, 200).save(held, format_, **options)
    return held.getvalue()


def _scans(texts: list[str]) -> bytes:
    """A page of text each, and one of a picture for what is empty."""
    made = FPDF()
    made.set_font("helvetica")
    for text in texts:
        made.add_page()
        if text:
            made.cell(text=text)
        else:
            made.image(Image.new("L", (30, 30), 100), w=80)
    return bytes(made.output())


def test_a_picture_is_read_in_paragraphs_and_what_is_unsure_is_left_out(
    tesseract: FakeTesseract,
) -> None:
    for name, format_ in (
        ("a.png", "PNG"),
        ("a.JPG", "JPEG"),
        ("a.webp", "WEBP"),
        ("a.bmp", "BMP"),
    ):
        document = read_document(PurePath(name), _picture(format_))
        assert (document.text, document.format) == (TEXT, "picture")
        assert [document.text[b.char_start : b.char_end] for b in document.blocks] == [
            "Sextants and\nquadrants.",
            "六分仪",
            "Last",
        ]
        assert document.pages == () and document.metadata == {"ocr": "all"}


def test_what_the_program_is_asked(
    tesseract: FakeTesseract, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(monkeypatch, ocr_languages="eng+chi_sim")
    read_document(PurePath("a.png"), _picture(dpi=(300, 300)))
    read_document(PurePath("a.png"), _picture(dpi=(72, 72)))
    size = len(b"P5\n60 40\n255\n") + 60 * 40
    first = f"{size} stdin stdout -l eng+chi_sim --dpi 300 -c tessedit_create_tsv=1"
    assert tesseract.asked == [first, first.replace(" --dpi 300", "")]


def test_frames_of_a_scan_are_pages_and_those_of_an_animation_are_not(
    tesseract: FakeTesseract,
) -> None:
    frames = [Image.new("L", (60, 40), shade) for shade in (10, 90, 200)]
    held = io.BytesIO()
    frames[0].save(held, "TIFF", save_all=True, append_images=frames[1:])
    document = read_document(PurePath("a.tif"), held.getvalue())
    pages = [document.text[p.char_start : p.char_end] for p in document.pages]
    assert pages == [TEXT] * 3 and [p.number for p in document.pages] == [1, 2, 3]
    held = io.BytesIO()
    frames[0].save(held, "GIF", save_all=True, append_images=frames[1:])
    assert read_document(PurePath("a.gif"), held.getvalue()).text == TEXT


def test_a_transparent_picture_is_read_on_white(tesseract: FakeTesseract) -> None:
    held = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(held, "PNG")
    (data, _), *_ = picture._frames(held.getvalue())
    assert data == b"P5\n40 40\n255\n" + b"\xff" * 1600


def test_a_large_picture_is_made_smaller(
    tesseract: FakeTesseract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "_ENOUGH_PIXELS", 100 * 50)
    (data, _), *_ = picture._frames(_picture(size=(400, 200)))
    assert data.startswith(b"P5\n100 50\n255\n")


def test_a_picture_without_text_is_no_problem_and_is_not_stored(tesseract: FakeTesseract) -> None:
    tesseract.reads(NOTHING)
    for data in (_picture(), _picture(size=(8, 8))):
        with pytest.raises(Unreadable) as caught:
            read_document(PurePath("a.png"), data)
        assert (caught.value.code, caught.value.message) == ("empty", "no text in the picture")


def test_pictures_that_harm(tesseract: FakeTesseract, monkeypatch: pytest.MonkeyPatch) -> None:
    for data, code in (
        (b"no picture", "broken"),
        (_picture()[:60], "failed"),
        (_picture(size=(9000, 9000)), "too_large"),
    ):
        with pytest.raises(Unreadable) as caught:
            read_document(PurePath("a.png"), data)
        assert caught.value.code == code
    assert tesseract.asked == []


def test_scanned_pages_are_read_and_told(tesseract: FakeTesseract) -> None:
    document = pdf.read(_scans(["Typed.", "", "Also typed.", ""]), PurePath("a.pdf"))
    pages = [document.text[p.char_start : p.char_end] for p in document.pages]
    assert pages[0] == "Typed." and pages[2] == "Also typed."
    assert pages[1] == pages[3] and "quadrants." in pages[1] and "六分仪" in pages[1]
    assert document.problems == () and document.metadata["ocr"] == "pages 2, 4"
    assert all("--dpi 300" in asked for asked in tesseract.asked)


def test_a_photograph_among_pages_is_no_problem_but_a_file_of_nothing_else_is(
    tesseract: FakeTesseract,
) -> None:
    tesseract.reads(NOTHING)
    document = pdf.read(_scans(["Typed.", ""]), PurePath("a.pdf"))
    assert document.problems == () and "ocr" not in document.metadata
    with pytest.raises(Unreadable) as caught:
        pdf.read(_scans(["", ""]), PurePath("a.pdf"))
    assert caught.value.code == "no_text_layer" and "ocr_languages" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [("hang", "timeout", "0.5 s for this file were over"), ("fail", "page_failed", "Error during")],
)
def test_a_page_on_which_it_fails_costs_that_page(
    tesseract: FakeTesseract,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: str,
    message: str,
) -> None:
    tesseract.reads(answer)
    _use(monkeypatch, timeout_s=0.5 if answer == "hang" else 60)
    document = pdf.read(_scans(["Typed.", ""]), PurePath("a.pdf"))
    (problem,) = document.problems
    assert document.text == "Typed." and (problem.code, problem.page) == (code, 2)
    assert message in problem.message


def test_a_page_too_large_to_be_drawn_costs_that_page(
    tesseract: FakeTesseract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("ragcli.reading.pdfscans.render_page", fail)
    (problem,) = pdf.read(_scans(["Typed.", ""]), PurePath("a.pdf")).problems
    assert (problem.code, problem.page) == ("too_large", 2)
    assert "read_memory_mb" in problem.hint


def test_what_is_missing_is_named_with_its_cure(
    tesseract: FakeTesseract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        (problem,) = pdf.read(_scans(["Typed.", ""]), PurePath("a.pdf")).problems
        assert (problem.code, problem.page) == ("no_text_layer", 2)
        return f"{problem.message}: {problem.hint}"

    _use(monkeypatch, ocr_languages="eng+chi_tra")
    assert "apt-get install tesseract-ocr-chi-tra" in told()
    _use(monkeypatch, ocr="off")
    assert "rag config set ocr auto" in told()
    assert tesseract.asked == []
    _use(monkeypatch)
    monkeypatch.setattr(ocr, "_languages", lambda: None)
    assert told().startswith("no text layer: install Tesseract (apt-get install tesseract-ocr")
    with pytest.raises(Unreadable) as caught:
        read_document(PurePath("a.png"), _picture())
    assert caught.value.code == "unsupported" and "install Tesseract" in caught.value.hint


def test_pictures_in_folders_are_for_auto_alone(tesseract: FakeTesseract) -> None:
    chosen = {mode: ocr.reads_pictures(options.ReadOptions(ocr=mode)) for mode in ("auto", "pages")}
    assert chosen == {"auto": True, "pages": False}
