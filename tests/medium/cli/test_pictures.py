"""Pictures in a folder: read where Tesseract is, passed over where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.tesseract import FakeTesseract, table
from PIL import Image

WORDS = table(
    *(("1.1.1", 95, word) for word in ["An", "astrolabe", "of", "brass", "was", "found", "here"])
)


@pytest.fixture
def photos(documents: Path) -> Path:
    for name in ("one.png", "two.jpg"):
        Image.new("L", (60, 40), len(name) * 9).save(documents / name)
    return documents


def test_without_tesseract_they_are_passed_over(photos, rag, monkeypatch):
    monkeypatch.setenv("PATH", "")
    run = rag("ingest", "docs", "--model", "fake:64")
    assert run.code == 0 and "2 skipped (2 picture)" in run.err
    assert rag("ingest", "docs/one.png").code == 3, "named, it is tried"
    (problem,) = rag("status", "--problems", "--json").object["problems"]
    assert (problem["source"], problem["state"]) == ("docs/one.png", "unsupported")
    assert "install Tesseract" in problem["hint"]


def test_with_it_they_are_read_and_stay(photos, rag, monkeypatch, tmp_path):
    fake = FakeTesseract(tmp_path / "bin", monkeypatch, ("eng",))
    fake.reads(WORDS)
    dry = rag("ingest", "docs", "--dry-run", "--json").object
    assert {"docs/one.png", "docs/two.jpg"} <= set(dry["new"])
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    run = rag("query", "astrolabe", "--mode", "keyword", "--type", "picture", "--json")
    (passage,) = run.object["passages"]
    assert {passage["source"], *passage["also_in"]} == {"docs/one.png", "docs/two.jpg"}
    (photos / "two.jpg").touch()
    assert rag("config", "set", "ocr", "pages").code == 0
    assert rag("ingest").code == 0
    assert "docs/one.png" in rag("ls").out, "what was read once stays"
    Image.new("L", (60, 40), 1).save(photos / "three.png")
    rag("ingest")
    skipped = rag("status", "--skipped").out
    assert skipped.startswith("docs/three.png: picture: ") and "Tesseract" in skipped


def test_a_picture_without_text_is_skipped(photos, rag, monkeypatch, tmp_path):
    FakeTesseract(tmp_path / "bin", monkeypatch, ("eng",)).reads(table(("1.1.1", 9, "xx")))
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    assert rag("status", "--json").object["states"] == {"stored": 3}
    assert "docs/one.png: empty" in rag("status", "--skipped").out
