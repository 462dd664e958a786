"""Whether what is shown is still what lies on the disk: told, left out, compared by hash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def notes(rag) -> Path:
    """Three files about one thing, and a mail with one more as its attachment."""
    folder = Path("docs")
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"The otter of {name} sleeps by the river.\n")
    (folder / "m.eml").write_text(
        "From: a@b.c\nSubject: otters\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="x"\n\n--x\n\nAn otter letter.\n'
        '--x\nContent-Type: text/plain\nContent-Disposition: attachment; filename="d.txt"\n\n'
        "The otter of d sleeps in the mail.\n--x--\n"
    )
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    return folder


def told(run) -> dict[str, tuple[bool, bool]]:
    return {p["source"].rpartition("/")[2]: (p["stale"], p["gone"]) for p in run.object["passages"]}


def rewritten(path: Path) -> None:
    """Other content of the same size, at the same time."""
    before = path.stat()
    path.write_text(path.read_text().replace("sleeps", "sneers"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_changed_and_gone_are_told_apart(notes, rag):
    (notes / "a.txt").write_text("Nothing of the kind any more.\n")
    (notes / "b.txt").unlink()
    (notes / "m.eml").unlink()
    found = told(rag("query", "otter sleeps", "-k", "9", "--json"))
    assert found["a.txt"] == (True, False)
    assert found["b.txt"] == found["d.txt"] == (True, True)
    assert found["c.txt"] == (False, False)
    told_aside = rag("query", "otter sleeps", "-k", "9").err.splitlines()
    assert "file changed since it was read: docs/a.txt" in told_aside
    assert "file gone: docs/b.txt" in told_aside
    shown = rag("query", "otter sleeps", "-k", "9", terminal=True).out
    assert "file changed since it was read" in shown and "file gone" in shown


@pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])
def test_fresh_leaves_them_out_before_the_best_are_chosen(notes, rag, mode):
    (notes / "a.txt").write_text("Nothing of the kind any more.\n")
    (notes / "b.txt").unlink()
    every = told(rag("query", "otter sleeps", "-k", "9", "--mode", mode, "--json"))
    assert {"a.txt", "b.txt", "c.txt", "d.txt"} <= set(every)
    run = rag("query", "otter sleeps", "-k", "2", "--mode", mode, "--fresh", "--json")
    assert len(told(run)) == 2 and not {"a.txt", "b.txt"} & set(told(run))
    (notes / "m.eml").unlink()
    assert set(told(rag("query", "otter", "-k", "9", "--fresh", "--json"))) == {"c.txt"}


def test_a_copy_that_is_as_it_was_stands_for_one_that_is_not(notes, rag):
    (notes / "e.txt").write_text((notes / "b.txt").read_text())
    assert rag("ingest").code == 0
    (notes / "b.txt").unlink()
    assert "e.txt" in told(rag("query", "otter of b", "--fresh", "--json"))


def test_verify_compares_by_hash(notes, rag):
    rewritten(notes / "a.txt")
    os.utime(notes / "b.txt")
    assert told(rag("query", "otter", "-k", "9", "--json"))["a.txt"] == (False, False)
    found = told(rag("query", "otter", "-k", "9", "--verify", "--json"))
    assert found["a.txt"] == (True, False)
    assert found["b.txt"] == found["d.txt"] == (False, False)
    run = rag("query", "otter", "-k", "9", "--verify", "--fresh", "--json")
    assert "a.txt" not in told(run)
    ranks = [p["rank"] for p in run.object["passages"]]
    assert ranks == list(range(1, len(ranks) + 1))


def test_so_do_many_questions(notes, rag):
    rewritten(notes / "a.txt")
    line = b'{"id": 1, "question": "otter of a"}\n'
    run = rag("query", "--batch", "-", "--verify", "--fresh", stdin=line)
    assert "docs/a.txt" not in [p["source"] for p in run.object["passages"]]


def test_what_is_no_file_any_more_is_not_opened(notes, rag):
    (notes / "a.txt").unlink()
    os.mkfifo(notes / "a.txt")
    assert told(rag("query", "otter", "-k", "9", "--verify", "--json"))["a.txt"] == (True, False)


def test_a_citation_says_it_too(notes, rag):
    rewritten(notes / "a.txt")
    asked = ("ask", "Where does the otter of a sleep?", "--generator", "extractive", "--json")
    cited = {c["source"]: c["stale"] for c in rag(*asked, "--verify").object["citations"]}
    assert cited["docs/a.txt"] is True
    run = rag(*asked, "--verify", "--fresh")
    assert "docs/a.txt" not in {c["source"] for c in run.object["citations"]}
    (notes / "b.txt").unlink()
    run = rag("ask", "Where does the otter of b sleep?", "--generator", "extractive", "--json")
    stale = {(c["source"], c["stale"], c["gone"]) for c in run.object["citations"]}
    assert ("docs/b.txt", True, True) in stale
