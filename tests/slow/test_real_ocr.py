"""The real Tesseract, where it is installed."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from ragcli.reading import ocr
from ragcli.reading.options import ReadOptions
from ragcli.reading.worker import ReaderProcess

pytestmark = pytest.mark.skipif(
    shutil.which("tesseract") is None or "eng" not in (ocr.installed_languages() or ()),
    reason="Tesseract is not installed",
)
SENTENCE = "The harbour master wrote the names of all ships in a ledger."


def _page() -> Image.Image:
    image = Image.new("L", (1700, 500), 255)
    font = ImageFont.load_default(48)
    ImageDraw.Draw(image).text((100, 150), SENTENCE, font=font, fill=0)
    return image


def test_a_picture_and_a_scanned_page_come_out_as_words(tmp_path: Path) -> None:
    _page().save(tmp_path / "page.png")
    held = io.BytesIO()
    _page().save(held, "PNG")
    made = FPDF()
    made.set_font("helvetica")
    made.add_page()
    made.cell(text="A typed page.")
    made.add_page()
    made.image(held, w=180)
    made.output(str(tmp_path / "scan.pdf"))
    Image.effect_noise((900, 600), 90).save(tmp_path / "noise.png")
    process = ReaderProcess(ReadOptions())
    try:
        picture = process.read(tmp_path / "page.png").document
        scan = process.read(tmp_path / "scan.pdf").document
        noise = process.read(tmp_path / "noise.png")
    finally:
        process.close()
    assert picture is not None and SENTENCE in " ".join(picture.text.split())
    assert scan is not None and scan.problems == () and scan.metadata["ocr"] == "pages 2"
    second = scan.text[scan.pages[1].char_start : scan.pages[1].char_end]
    assert SENTENCE in " ".join(second.split())
    assert noise.problem is not None and noise.problem.message == "no text in the picture"


def test_a_whole_sheet_fits_the_memory_of_a_reader(tmp_path: Path) -> None:
    """A3 at 300 dpi, under the limit that the program inherits."""
    sheet = Image.new("L", (3508, 4961), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(60)
    for line in range(40):
        draw.text((200, 200 + 110 * line), f"{line} {SENTENCE}", font=font, fill=0)
    sheet.save(tmp_path / "sheet.tif", dpi=(300, 300))
    process = ReaderProcess(ReadOptions())
    try:
        result = process.read(tmp_path / "sheet.tif")
    finally:
        process.close()
    assert result.document is not None, result.problem
    assert result.document.text.count("harbour master") >= 38
