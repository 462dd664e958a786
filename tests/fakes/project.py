"""A small project for the recipes' tests, and what they ask of it."""

from __future__ import annotations

from pathlib import Path

from ragcli import Rag
from ragcli.domain import IngestReport

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
