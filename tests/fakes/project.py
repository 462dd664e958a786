"""A project of three files in ``docs``, ingested with the deterministic embedder: fixtures for the
recipes' tests, and what they ask of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.reading import InProcessReader

from ragcli import Rag
from ragcli.domain import IngestReport
from ragcli.trust import Trust

FILES = {
    "guide.md": "# Guide\n\n## Warranty\n\nThe warranty runs for 24 months.\n",
    "notes.txt": "first line\nsecond line about batteries\nthird line\n",
    "sub/deep.txt": "a deep file about returns\n",
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def sources(rag: Rag) -> list[str]:
    return [f.source for f in rag.files()]


def top(rag: Rag, question: str) -> str:
    return rag.query(question).passages[0].source


def embeddings(rag: Rag) -> set[int]:
    return {r[0] for r in rag.store.connection.execute("SELECT id FROM embeddings")}


def changes(report: IngestReport) -> dict[str, int]:
    names = ("added", "updated", "unchanged", "moved", "removed", "embedded_chunks")
    return {n: getattr(report, n) for n in names if getattr(report, n)}


def paged_pdf(pages: list[str]) -> bytes:
    """A PDF with these texts."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for text in pages:
        pdf.add_page()
        pdf.cell(text=text)
    return bytes(pdf.output())


def failing(rag: Rag) -> set[str]:
    return {c.name for c in rag.doctor().checks if c.state == "fail"}


def change(rag: Rag, sql: str) -> None:
    with rag.store.transaction():
        rag.store.connection.execute(sql)


@pytest.fixture(autouse=True)
def quick_reading(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _read_here(monkeypatch, tmp_path / "config")


def _read_here(patch: pytest.MonkeyPatch, configuration: Path) -> None:
    patch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
    patch.setenv("XDG_CONFIG_HOME", str(configuration))
    for name in [n for n in os.environ if n.startswith("RAG_")]:
        patch.delenv(name)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, made once; to be copied, never used."""
    root = tmp_path_factory.mktemp("built")
    for name, text in FILES.items():
        write(root / "docs" / name, text)
    with pytest.MonkeyPatch.context() as patch:
        _read_here(patch, root / "config")
        with Rag.create(root, model="fake:64") as made:
            made.ingest([root / "docs"])
    return root


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, with files in ``docs``."""
    root = tmp_path / "project"
    for name, text in FILES.items():
        write(root / "docs" / name, text)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def rag(built: Path, home: Path) -> Iterator[Rag]:
    shutil.copytree(built / ".rag", home / ".rag")
    shutil.copytree(built / "docs", home / "docs", dirs_exist_ok=True)  # for their times
    Trust(home).give()
    with Rag.open(home, model="fake:64") as opened:
        assert opened.store and opened.embedder  # made, as after an ingest
        yield opened
