import io

import pytest
from fpdf import FPDF
from PIL import Image
from pypdf import PdfReader, PdfWriter

from ragcli.errors import Unreadable
from ragcli.reading import pdfrender
from ragcli.reading.pdfrender import render_page


def two_pages() -> bytes:
    document = FPDF()
    document.add_page()
    document.image(Image.new("L", (20, 20), 0), x=0, y=0, w=105, h=297 / 2)
    document.add_page(format=(5000, 5000))
    return bytes(document.output())


def test_a_page_is_drawn_in_grey_from_its_top_left():
    page = render_page(two_pages(), 1, dpi=72)
    assert (page.width, page.height, page.dpi) == (596, 842, 72)
    assert len(page.pixels) == page.width * page.height
    at = {(x, y): page.pixels[y * page.width + x] for x in (10, 580) for y in (10, 830)}
    assert at == {(10, 10): 0, (580, 10): 255, (10, 830): 255, (580, 830): 255}


def test_a_huge_page_is_drawn_with_fewer_dots(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pdfrender, "MAX_PIXELS", 10_000)
    page = render_page(two_pages(), 2)
    assert page.width == pytest.approx(100, abs=1)
    assert page.dpi < 1


def test_a_password_is_for_those_that_need_it():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(two_pages())))
    writer.encrypt("pass", algorithm="AES-256")
    locked = io.BytesIO()
    writer.write(locked)
    for data, password in ((locked.getvalue(), "pass"), (two_pages(), "pass")):
        assert render_page(data, 1, password, dpi=72).width == 596
    with pytest.raises(Unreadable):
        render_page(locked.getvalue(), 1, dpi=72)


def test_what_cannot_be_drawn(monkeypatch: pytest.MonkeyPatch):
    for data, number in ((two_pages(), 3), (b"no PDF", 1)):
        with pytest.raises(Unreadable) as found:
            render_page(data, number)
        assert found.value.code == "page_failed"
    monkeypatch.setattr(pdfrender, "_MAX_PICTURE_PIXELS", 399)
    with pytest.raises(Unreadable) as found:
        render_page(two_pages(), 1)
    assert found.value.code == "too_large"
