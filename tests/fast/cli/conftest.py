"""The command line in this process; the files are read in it, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.reading import InProcessReader


@pytest.fixture(autouse=True)
def _here(surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
