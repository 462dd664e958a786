"""What is in a project, and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.project import (
    FILES,
    embeddings,
    sources,
    top,
    write,
)

from ragcli import Rag
from ragcli.errors import NotInProject, UsageError
from ragcli.store import ledger

# ------------------------------------------------------------------ rm


def test_a_removed_file_stays_out_until_it_is_named(rag: Rag, home: Path) -> None:
    removed = rag.remove(["docs/notes.txt"])
    assert (removed.files, removed.roots, removed.chunks) == (("docs/notes.txt",), (), 1)
    assert (home / "docs/notes.txt").exists()
    rag.ingest()
    write(home / "docs/notes.txt", "changed words about batteries\n")
    rag.ingest()
    assert "docs/notes.txt" not in sources(rag)
    assert not rag.query("batteries", mode="keyword").passages
    assert len(embeddings(rag)) == 2
    with pytest.raises(NotInProject):
        rag.remove(["docs/notes.txt"])
    rag.ingest(["docs/notes.txt"])
    assert top(rag, "batteries") == "docs/notes.txt"
    rag.ingest()
    assert len(sources(rag)) == 3


def test_a_file_that_came_back_goes_when_it_vanishes(rag: Rag, home: Path) -> None:
    rag.remove(["docs/notes.txt"])
    rag.ingest(["docs/notes.txt"])
    assert [r.source for r in rag.status().roots] == ["docs"]
    (home / "docs/notes.txt").unlink()
    report = rag.ingest()
    assert (report.removed, report.held_back) == (1, ())


def test_a_folder_inside_is_removed_and_stays_out(rag: Rag, monkeypatch: Any, home: Path) -> None:
    monkeypatch.chdir(home / "docs")
    assert rag.remove(["sub"]).files == ("docs/sub/deep.txt",)
    assert rag.ingest().unchanged == 2


def test_a_remembered_folder_is_forgotten_with_its_files(rag: Rag) -> None:
    rag.remove(["docs/notes.txt"])
    removed = rag.remove(["docs"])
    assert (removed.files, removed.roots) == (("docs/guide.md", "docs/sub/deep.txt"), ("docs",))
    assert ledger.files(rag.store.connection) == []
    with pytest.raises(UsageError, match="nothing to bring up to date"):
        rag.ingest()
    assert rag.query("warranty").passages == ()


def test_an_unknown_name_changes_nothing(rag: Rag) -> None:
    with pytest.raises(NotInProject, match="nix") as caught:
        rag.remove(["docs/guide.md", "docs/notes.nix"])
    assert "docs/notes.txt" in caught.value.hint
    assert len(sources(rag)) == 3


# ------------------------------------------------------------------ show, chunks, files


def test_show_prints_what_was_read_not_what_is_there(rag: Rag, home: Path) -> None:
    write(home / "docs/notes.txt", "other")
    shown = rag.show("docs/notes.txt")
    assert (shown.text, shown.stale) == (FILES["notes.txt"], True)
    assert (shown.char_start, shown.char_end, shown.line_end) == (0, len(shown.text), 3)


def test_show_from_a_line_on(rag: Rag, home: Path) -> None:
    shown = rag.show("docs/notes.txt:2")
    assert shown.text == "second line about batteries\nthird line\n"
    assert (shown.line_start, shown.line_end) == (2, 3)
    whole = rag.show("docs/notes.txt").text
    assert whole[shown.char_start : shown.char_end] == shown.text
    write(home / "docs/long.txt", "".join(f"line {n}\n" for n in range(1, 200)))
    rag.ingest()
    assert rag.show("docs/long.txt:50").text.splitlines()[-1] == "line 89"
    for place in ("docs/notes.txt:0", "docs/notes.txt:4"):
        with pytest.raises(NotInProject, match="has 3 lines"):
            rag.show(place)


def test_show_knows_names_with_colons_and_paths_from_here(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home / "docs/odd:2", "one\ntwo\n")
    rag.ingest()
    assert rag.show("docs/odd:2").text == "one\ntwo\n"
    assert rag.show("docs/odd:2:2").text == "two\n"
    monkeypatch.chdir(home / "docs/sub")
    assert rag.show("deep.txt").source == "docs/sub/deep.txt"
    assert rag.show("../notes.txt").source == "docs/notes.txt"
    assert rag.show("docs/notes.txt").source == "docs/notes.txt"  # as a source


def test_what_is_not_there_is_told_with_the_nearest_names(rag: Rag) -> None:
    with pytest.raises(NotInProject) as caught:
        rag.show("gide.md")
    assert "docs/guide.md" in caught.value.hint
    with pytest.raises(NotInProject, match="folder of 3 files"):
        rag.show("docs")


def test_chunks_are_the_slices_of_the_text(rag: Rag) -> None:
    cut = rag.chunks("docs/guide.md")
    text = rag.show("docs/guide.md").text
    assert cut.model == "fake:64"
    assert [c.number for c in cut.chunks] == list(range(1, len(cut.chunks) + 1))
    for one in cut.chunks:
        assert text[one.chunk.char_start : one.chunk.char_end] == one.chunk.text
        assert one.embedded
    found = rag.query("warranty", mode="keyword").passages[0].chunk_id
    assert found in {c.chunk_id for c in cut.chunks}


def test_files_by_pattern_folder_and_name(rag: Rag) -> None:
    assert [f.source for f in rag.files("*.txt")] == ["docs/notes.txt", "docs/sub/deep.txt"]
    assert [f.source for f in rag.files("docs/sub")] == ["docs/sub/deep.txt"]
    (one,) = rag.files("docs/guide.md")
    assert (one.format, one.state, one.chunks, one.stale) == ("markdown", "stored", 1, False)
    assert rag.files("nothing*") == ()


# ------------------------------------------------------------------ status


def test_status_of_an_empty_project(home: Path) -> None:
    with Rag.create(home) as rag:
        found = rag.status(problems=True, skipped=True)
    assert (found.documents, found.model, found.index, found.roots) == (0, None, None, ())
    assert (found.problems, found.skipped, found.last_ingest) == ((), (), None)


def test_status_at_a_glance(rag: Rag, home: Path) -> None:
    write(home / "docs/notes.txt", "changed")
    write(home / "docs/empty.txt", "")
    write(home / "docs/picture.png", "\x00\x01")
    rag.ingest(["docs/sub"])
    rag.ingest()
    (home / "docs/sub/deep.txt").unlink()
    found = rag.status(skipped=True)
    assert found.files["stored"] == 3 and found.files["empty"] == 1
    assert (found.chunks, found.embedded_chunks, found.stale) == (3, 3, 1)
    assert found.formats == {"text": 2, "markdown": 1}
    assert found.model is not None and found.model.name == "fake:64"
    assert found.index is not None and found.index.chunks == 3
    assert [(r.source, r.present) for r in found.roots] == [("docs", True)]
    assert found.size_bytes["store"] > 0 and found.size_bytes["vectors"] > 0
    assert {s for s, _ in found.skipped or ()} == {"docs/empty.txt", "docs/picture.png"}


def test_status_notes_what_the_settings_ask_for(rag: Rag, home: Path) -> None:
    write(home / ".rag/config.toml", 'model = "fake:32"\nchunk_tokens = 20\n')
    with Rag.open(home) as again:
        notes = again.status().notes
    assert len(notes) == 2 and "fake:32" in notes[0] and "rag reembed" in notes[1]
