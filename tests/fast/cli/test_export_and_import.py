"""``rag export`` and ``rag import`` as typed."""

from __future__ import annotations

from pathlib import Path


def test_there_and_back(project: Path, rag) -> None:
    run = rag("export", "notes.rag")
    assert (run.code, run.out) == (0, "") and "Exported 3 files, 3 chunks" in run.err
    run = rag("import", "notes.rag", "copy")
    assert (run.code, run.out) == (0, "") and "rag config trust" in run.err
    found = [rag("query", "picnic", "--mode", "keyword", "--project", p).out for p in (".", "copy")]
    assert found[0] == found[1] != ""
    assert rag("query", "picnic", "--project", "copy").code == 12
    assert rag("config", "trust", "--project", "copy").code == 0
    assert rag("query", "picnic", "--project", "copy").code == 0
    assert rag("import", "notes.rag", "copy").code == 2


def test_as_json(project: Path, rag) -> None:
    made = rag("export", "notes.rag", "--paths", "none", "--json").object
    assert (made["paths"], made["files"]) == ("none", 3)
    done = rag("import", "notes.rag", "--project", "copy", "--json").object
    assert (done["project"], done["paths"]) == (str(project / "copy"), "none")


def test_what_cannot_be(project: Path, rag) -> None:
    assert rag("export", "x.rag", "--paths", "some").code == 2
    assert rag("export", "docs/guide.md").code == 2
    Path("bad.rag").write_bytes(b"PK\5\6" + b"\0" * 18)
    run = rag("import", "bad.rag", "copy")
    assert run.code == 13 and "hint: copy it again" in run.err
    assert rag("import", "bad.rag", "copy", "--project", "copy").code == 2
    assert rag("import", "none.rag", "copy").code == 2
