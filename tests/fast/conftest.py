"""The fast tests are fast because no model is loaded: importing torch fails here."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
