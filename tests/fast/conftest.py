"""The fast tests are fast because no model is loaded: importing torch fails here."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.fixture(autouse=True)
def _no_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is installed here decides no test; tests/slow asks the real one."""
    monkeypatch.setattr("ragcli.reading.ocr._languages", lambda: None)
    monkeypatch.setattr("ragcli.reading.ocr._tesseract", lambda: None)
