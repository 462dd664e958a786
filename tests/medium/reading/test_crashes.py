"""What crashes a child is tried once more, without the native library that has a substitute."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from fakes.pdf_maker import pdf_of, shown

from ragcli.reading import worker
from ragcli.reading.options import ReadOptions
from ragcli.reading.worker import ReaderProcess

# A child in which reading a file whose name begins with "bad" ends it, and one with a PDFium that
# does not survive any PDF.
CRASHES_ON_BAD = """
import os
from ragcli.reading import child, unpack
real = unpack.read_document
def read(path, *rest, **named):
    if path.name.startswith("bad"):
        os.kill(os.getpid(), {0})
    return real(path, *rest, **named)
unpack.read_document = read
child.main()
"""
CRASHES_IN_PDFIUM = """
import os, signal
from ragcli.reading import child, pdfium
pdfium.opened = lambda *arguments: os.kill(os.getpid(), signal.SIGSEGV)
child.main()
"""


@pytest.fixture
def process() -> Iterator[ReaderProcess]:
    one = ReaderProcess(ReadOptions(timeout_s=20.0))
    yield one
    one.close()


@pytest.mark.parametrize(
    ("number", "message"),
    [(signal.SIGABRT, "want of memory"), (signal.SIGSEGV, "SIGSEGV")],
)
def test_what_always_crashes_costs_one_file(
    process: ReaderProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    message: str,
) -> None:
    monkeypatch.setattr(worker, "_CHILD", ("-P", "-c", CRASHES_ON_BAD.format(int(number))))
    for name in ("bad.txt", "good.txt"):
        (tmp_path / name).write_text("text")
    result = process.read(tmp_path / "bad.txt")
    assert result.document is None and result.problem and result.problem.code == "crashed"
    assert message in result.problem.message and result.content_hash
    assert process.read(tmp_path / "good.txt").document


def test_pypdf_reads_where_pdfium_crashes(
    process: ReaderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_CHILD", ("-P", "-c", CRASHES_IN_PDFIUM))
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_of(shown(50, 50, "The boiler is in the cellar.")))
    result = process.read(path)
    assert result.problem is None and result.document
    assert "The boiler is in the cellar." in result.document.text


def test_so_do_the_parts_of_a_mail(
    process: ReaderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_CHILD", ("-P", "-c", CRASHES_IN_PDFIUM))
    mail = EmailMessage()
    mail["Subject"] = "Plans"
    mail.set_content("See the two plans.")
    for name, words in (("one.pdf", "A plan of the roof."), ("two.pdf", "A plan of the cellar.")):
        mail.add_attachment(
            pdf_of(shown(50, 50, words)), maintype="application", subtype="pdf", filename=name
        )
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    *parts, whole = process.read_with_parts(path)
    assert [part.document.text.strip() for part in parts if part.document] == [
        "A plan of the roof.",
        "A plan of the cellar.",
    ]
    assert whole.document and (whole.problem, whole.rest) == (None, None)


def test_a_part_that_always_crashes_costs_itself(
    process: ReaderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_CHILD", ("-P", "-c", CRASHES_ON_BAD.format(int(signal.SIGSEGV))))
    mail = EmailMessage()
    mail.set_content("Three files.")
    for name in ("a.txt", "bad.txt", "c.txt"):
        mail.add_attachment(f"the text of {name}", filename=name)
    path = tmp_path / "a.eml"
    path.write_bytes(mail.as_bytes())
    *parts, whole = process.read_with_parts(path)
    assert [part.problem.code if part.problem else "" for part in parts] == ["", "crashed", ""]
    assert whole.document
