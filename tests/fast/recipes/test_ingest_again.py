"""Ingest again: at the cost of what has changed, and never a wipe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.project import (
    FILES,
    changes,
    embeddings,
    paged_pdf,
    sources,
    top,
    write,
)

from ragcli import Rag
from ragcli.errors import NotInProject
from ragcli.reading import pdf
from ragcli.reading.pdfpages import ReadPage
from ragcli.reading.walk import FoundFile, SkippedFile, walk
from ragcli.recipes import scan

# ------------------------------------------------------------------ ingest again


def test_nothing_changed_costs_nothing(rag: Rag) -> None:
    assert changes(rag.ingest()) == {"unchanged": 3}


def test_a_changed_file_is_read_again_and_only_that(rag: Rag, home: Path) -> None:
    before = embeddings(rag)
    write(home / "docs/notes.txt", "all new words about sailing\n")
    assert changes(rag.ingest()) == {"updated": 1, "unchanged": 2, "embedded_chunks": 1}
    assert len(embeddings(rag) & before) == 2
    assert top(rag, "sailing") == "docs/notes.txt"
    assert not rag.query("batteries", mode="keyword").passages


def test_a_touched_file_keeps_its_document(rag: Rag, home: Path) -> None:
    before = rag.store.document_ids()
    os.utime(home / "docs/notes.txt", ns=(1, 1))
    assert changes(rag.ingest()) == {"unchanged": 3}
    assert rag.store.document_ids() == before
    assert changes(rag.ingest()) == {"unchanged": 3}


def test_a_moved_file_keeps_embeddings_and_chunk_ids(rag: Rag, home: Path) -> None:
    before, ids = embeddings(rag), [c.chunk_id for c in rag.chunks("docs/guide.md").chunks]
    (home / "docs/guide.md").rename(home / "docs/sub/handbook.md")
    assert changes(rag.ingest()) == {"unchanged": 2, "moved": 1}
    assert embeddings(rag) == before
    assert [c.chunk_id for c in rag.chunks("docs/sub/handbook.md").chunks] == ids
    assert top(rag, "handbook warranty") == "docs/sub/handbook.md"


def test_a_vanished_file_goes(rag: Rag, home: Path) -> None:
    (home / "docs/notes.txt").unlink()
    assert changes(rag.ingest()) == {"unchanged": 2, "removed": 1}
    assert sources(rag) == ["docs/guide.md", "docs/sub/deep.txt"]
    assert not rag.query("batteries", mode="keyword").passages
    assert len(embeddings(rag)) == 2


def test_equal_files_are_cited_once_with_the_other_beside(rag: Rag, home: Path) -> None:
    shutil.copy(home / "docs/guide.md", home / "docs/copy.md")
    report = rag.ingest()
    assert (report.files, report.embedded_chunks) == (4, 0)
    (passage,) = rag.query("warranty", mode="keyword").passages
    assert (passage.source, passage.also_in) == ("docs/copy.md", ("docs/guide.md",))


def test_one_of_two_equal_files_goes_and_the_other_is_cited(rag: Rag, home: Path) -> None:
    shutil.copy(home / "docs/guide.md", home / "docs/copy.md")
    rag.ingest()
    (home / "docs/copy.md").unlink()
    assert changes(rag.ingest()) == {"unchanged": 3, "removed": 1}
    (passage,) = rag.query("warranty", mode="keyword").passages
    assert (passage.source, passage.also_in) == ("docs/guide.md", ())


def test_an_ignored_file_that_was_named_stays(rag: Rag, home: Path) -> None:
    write(home / "more/.gitignore", "build/\n")
    write(home / "more/build/notes.txt", "sextants in a drawer\n")
    write(home / "more/plain.txt", "plain words\n")
    rag.ingest([home / "more/build/notes.txt"])
    rag.ingest([home / "more"])
    rag.ingest()
    assert top(rag, "sextants") == "more/build/notes.txt"
    (home / "more/build/notes.txt").unlink()
    (home / "more/build/other.txt").touch()
    assert changes(rag.ingest()) == {"unchanged": 4, "removed": 1}
    assert rag.ingest().held_back == ()


def test_an_unreadable_folder_inside_keeps_its_files(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot_look_into_sub(root: Path, *, archives: bool) -> Iterator[FoundFile | SkippedFile]:
        for entry in walk(root, archives=archives):
            if entry.path.parent.name != "sub":
                yield entry
        yield SkippedFile(home / "docs/sub", "unreadable", "permission denied")

    monkeypatch.setattr("ragcli.recipes.scan.walk", cannot_look_into_sub)
    report = rag.ingest()
    assert changes(report) == {"unchanged": 2} and len(report.held_back) == 1
    assert "docs/sub/deep.txt" in sources(rag)


def test_a_file_named_again_is_no_longer_told_as_taken_out(rag: Rag, home: Path) -> None:
    rag.remove(["docs/notes.txt"])
    assert rag.ingest().skipped == {"removed": 1}
    assert ("docs/notes.txt", "removed") in (rag.status(skipped=True).skipped or ())
    rag.ingest([home / "docs/notes.txt"])
    assert rag.status(skipped=True).skipped == ()


def test_other_order_of_ingests_gives_the_same_answers(rag: Rag, home: Path) -> None:
    with Rag.create(home.parent / "other", model="fake:64") as other:
        for name in reversed(FILES):
            other.ingest([home / "docs" / name])
        for question in ("warranty", "batteries", "returns"):
            (ours,) = rag.query(question, mode="keyword").passages
            (theirs,) = other.query(question, mode="keyword").passages
            assert (ours.chunk_id, ours.text) == (theirs.chunk_id, theirs.text)


def test_a_change_that_size_and_time_do_not_tell(rag: Rag, home: Path) -> None:
    """As rsync, or `touch -r`, leave it."""
    changed = home / "docs/notes.txt"
    before = changed.stat()
    write(changed, changed.read_text(encoding="utf-8").replace("batteries", "harbours!"))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert rag.ingest().updated == 0
    assert rag.dry_run(verify=True).changed == ("docs/notes.txt",)
    report = rag.ingest(verify=True)
    assert (report.updated, report.unchanged) == (1, 2)
    assert "harbours!" in rag.show("docs/notes.txt").text


# ------------------------------------------------------------------ removals held back


def test_a_missing_folder_is_held_back(rag: Rag, home: Path) -> None:
    (home / "docs").rename(home / "away")
    report = rag.ingest()
    assert report.held_back == ("docs is missing; its 3 files are kept",)
    assert top(rag, "warranty") == "docs/guide.md"
    assert rag.ingest(allow_removals=True).removed == 3


def test_an_empty_folder_is_held_back(rag: Rag, home: Path) -> None:
    shutil.rmtree(home / "docs")
    (home / "docs").mkdir()
    assert rag.ingest().held_back == ("docs is empty; its 3 files are kept",)
    assert len(sources(rag)) == 3


def test_another_disk_is_held_back(rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lies_on(disk: str) -> None:
        monkeypatch.setattr(scan, "disks_within", lambda path: {path: f"ext4 {disk} /"})

    lies_on("/dev/sda1")
    rag.ingest()
    lies_on("/dev/sdb1")
    (home / "docs/notes.txt").unlink()
    report = rag.ingest()
    assert report.held_back == (
        "docs is on another disk than before; what is gone from it is kept",
    )
    assert rag.ingest(allow_removals=True).removed == 1
    (home / "docs/guide.md").unlink()
    assert rag.ingest().removed == 1, "it is the disk of before now"


def test_another_disk_with_all_files_is_taken_for_the_same(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for disk in ("/dev/sda1", "/dev/sdb1"):
        monkeypatch.setattr(scan, "disks_within", lambda path, disk=disk: {path: f"ext4 {disk} /"})
        assert rag.ingest().held_back == ()
    (home / "docs/notes.txt").unlink()
    assert rag.ingest().removed == 1


@pytest.mark.parametrize("change", ["away", "over another", "another", "emptied"])
def test_a_disk_deeper_inside_is_held_back(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Its folder is there and empty, or shows what is on another disk: a file that is gone from
    there is none that was deleted."""
    disks = {home / "docs": "ext4 /dev/sda1 /"}
    monkeypatch.setattr(scan, "disks_within", lambda path: disks)
    if change != "over another":
        disks[home / "docs/sub"] = "nfs4 server:/export /"
    rag.ingest()
    (home / "docs/sub/deep.txt").unlink()
    if change == "away":
        del disks[home / "docs/sub"]
    elif change != "emptied":
        disks[home / "docs/sub"] = "nfs4 other:/export /"
    told = ("docs/sub is on another disk than before; what is gone from it is kept",)
    if change == "emptied":
        told = ("docs/sub is empty; its files are kept",)
    assert [rag.ingest().held_back for _ in range(2)] == [told, told]
    assert top(rag, "returns") == "docs/sub/deep.txt"
    (home / "docs/notes.txt").unlink()
    assert rag.ingest(["docs"]).removed == 0
    assert rag.ingest(allow_removals=True).removed == 2
    (home / "docs/guide.md").unlink()
    assert rag.ingest().held_back == ("docs is empty; its 1 files are kept",)


def test_a_disk_that_holds_no_file_of_ours_may_go(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks = {home / "docs": "ext4 /dev/sda1 /", home / "docs/media": "vfat /dev/sdb1 /"}
    monkeypatch.setattr(scan, "disks_within", lambda path: disks)
    rag.ingest()
    del disks[home / "docs/media"]
    (home / "docs/notes.txt").unlink()
    assert rag.ingest().removed == 1


def test_a_folder_on_another_disk_that_is_named_alone_changes_nothing_for_the_rest(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks = {home / "docs": "ext4 /dev/sda1 /", home / "docs/sub": "nfs4 server:/export /"}
    monkeypatch.setattr(
        scan, "disks_within", lambda path: {at: d for at, d in disks.items() if path <= at}
    )
    rag.ingest()
    rag.ingest(["docs/sub"])
    (home / "docs/notes.txt").unlink()
    assert rag.ingest().removed == 1


def test_a_mass_of_removals_is_held_back(rag: Rag, home: Path) -> None:
    for number in range(60):
        write(home / f"docs/many/{number}.txt", f"file number {number}\n")
    rag.ingest()
    shutil.rmtree(home / "docs/many")
    report = rag.ingest()
    assert report.held_back and report.removed == 0
    assert rag.ingest(allow_removals=True).removed == 60


# ------------------------------------------------------------------ problems


def test_a_file_that_fails_is_told_once_and_read_again_when_mended(rag: Rag, home: Path) -> None:
    bad = home / "docs/bad.pdf"
    bad.write_bytes(b"%PDF-1.4 and then nothing of a PDF")
    report = rag.ingest()
    assert [source for source, _ in report.new_problems] == ["docs/bad.pdf"]
    again = rag.ingest()
    assert (again.new_problems, again.known_problems) == ((), 1)
    assert rag.ingest(retry=True).new_problems == ()
    (listed,) = rag.files("docs/bad.pdf")
    assert (listed.state, listed.chunks) == ("failed", 0)
    assert rag.status(problems=True).problems[0][0] == "docs/bad.pdf"  # type: ignore[index]
    with pytest.raises(NotInProject, match="could not be read"):
        rag.show("docs/bad.pdf")
    bad.write_bytes(paged_pdf(["now it can be read"]))
    assert rag.ingest().added == 1
    assert rag.status().problem_count == 0


def test_a_file_that_fails_now_keeps_what_was_read(rag: Rag, home: Path) -> None:
    """(F7)"""
    (home / "docs/report.pdf").write_bytes(paged_pdf(["sextants on page one"]))
    rag.ingest()
    (home / "docs/report.pdf").write_bytes(b"%PDF-1.4 cut in the middle")
    report = rag.ingest()
    assert [source for source, _ in report.new_problems] == ["docs/report.pdf"]
    (passage,) = rag.query("sextants", mode="keyword").passages
    assert (passage.text, passage.stale) == ("sextants on page one", True)


def _lose(monkeypatch: pytest.MonkeyPatch, lost: set[int]) -> None:
    """No reader gets at the pages of these indexes."""
    read = pdf._read_page

    def read_page(document: Any, form: Any, index: int, second: Any) -> Any:
        if index in lost:
            return ReadPage(), pdf._failed(index, "ZeroDivisionError")
        return read(document, form, index, second)

    monkeypatch.setattr(pdf, "_read_page", read_page)


def test_a_partly_read_pdf_is_found_and_told(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose(monkeypatch, {1})
    (home / "docs/scan.pdf").write_bytes(paged_pdf(["page with sextants", "lost", "last page"]))
    report = rag.ingest()
    assert [(s, p.page) for s, p in report.new_problems] == [("docs/scan.pdf", 2)]
    (passage,) = rag.query("sextants", mode="keyword").passages
    assert passage.location == "docs/scan.pdf#page=1"
    assert rag.files("docs/scan.pdf")[0].state == "partly"
    assert rag.show("docs/scan.pdf:3").text.strip() == "last page"
    assert rag.show("docs/scan.pdf#page=1").page == 1
    with pytest.raises(NotInProject, match="no page 9"):
        rag.show("docs/scan.pdf:9")


def test_a_retry_stores_what_more_is_read_of_the_same_bytes(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = {1}
    _lose(monkeypatch, lost)
    data = paged_pdf(["page with sextants", "an astrolabe"])
    for name in ("docs/one.pdf", "docs/two.pdf"):
        (home / name).write_bytes(data)
    rag.ingest()
    assert rag.query("astrolabe", mode="keyword").passages == ()
    lost.clear()
    assert rag.ingest().new_problems == (), "unchanged files are left alone"
    assert rag.query("astrolabe", mode="keyword").passages == ()
    report = rag.ingest(retry=True)
    assert (report.read_files, report.updated, report.known_problems) == (2, 1, 0)
    (passage,) = rag.query("astrolabe", mode="keyword").passages
    assert "astrolabe" in passage.text and passage.also_in == ("docs/two.pdf",)
    assert [f.state for f in rag.files("docs/*.pdf")] == ["stored", "stored"]
    assert rag.status().problem_count == 0


def test_every_state_says_why_there_is_no_text(rag: Rag, home: Path) -> None:
    (home / "docs/blank.html").write_text("<p>\u200b \u00ad</p><script>x()</script>")
    (home / "docs/old.doc").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512))
    (home / "docs/cut.pdf").write_bytes(b"%PDF-1.4 cut")
    (home / "docs/empty.txt").write_bytes(b"\n \n")
    rag.ingest()
    states = {f.source: f.state for f in rag.files() if f.state != "stored"}
    assert states == {
        "docs/blank.html": "no_text",
        "docs/old.doc": "unsupported",
        "docs/cut.pdf": "failed",
    }
    status = rag.status(skipped=True)
    assert status.states == {"stored": 3, "no_text": 1, "unsupported": 1, "failed": 1}
    assert ("docs/empty.txt", "empty") in (status.skipped or ())
    assert all(f.chunks == 0 for f in rag.files() if f.state != "stored")
