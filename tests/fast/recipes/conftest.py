"""A project of three files in ``docs``, ingested with the deterministic embedder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.project import FILES, write
from fakes.reading import InProcessReader

from ragcli import Rag


@pytest.fixture(autouse=True)
def quick_reading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in [n for n in os.environ if n.startswith("RAG_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, with files in ``docs``."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        write(root / "docs" / name, text)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def rag(home: Path) -> Iterator[Rag]:
    with Rag.create(home, model="fake:64") as made:
        made.ingest(["docs"])
        yield made
