"""Folders whose names, links and changes are somebody else's: the run goes on, and says what."""

from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path

import pytest
from fakes.reading import InProcessReader

from ragcli.reading import child, files

NAMES = {
    "newline": b"two\nlines.txt",
    "return": b"carriage\rreturn.txt",
    "quotes": b'it\'s "quoted" `x` $(y).txt',
    "dash": b"-rf.txt",
    "option": b"--debug.txt",
    "escape": b"\x1b[31mred\x1b]0;title\x07.txt",
    "not UTF-8": b"\xd6\xd0\xff.txt",
    "surrogate": b"\xed\xa0\x80.txt",
    "long": "好".encode() * 79 + b".txt",
    "longest": b"a" * 251 + b".txt",
    "spaces": b" leading and trailing .txt",
    "backslash": b"a\\nb.txt",
    "glob": b"[a-z]*?.txt",
    "address": b"https:",
    "number": b"file:12.txt:3",
    "direction": "\u202etxt.exe\u202c.txt".encode(),
}
WORDS = {name: f"zebra{i}" for i, name in enumerate(NAMES)}


@pytest.fixture(autouse=True)
def quick_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)


@pytest.fixture
def docs(surroundings: Path) -> Path:
    folder = surroundings / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
def other(docs: Path) -> Path:
    """A file that nothing happens to."""
    path = docs / "other.txt"
    path.write_text("Another animal.\n", encoding="utf-8")
    return path


def test_names_of_every_kind(docs, rag):
    for name, raw in NAMES.items():
        (docs / os.fsdecode(raw)).write_text(f"Here is {WORDS[name]}.\n", encoding="utf-8")
    run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert (run.code, run.object["added"], run.object["skipped"]) == (0, len(NAMES), {})
    listed = {f["source"] for f in rag("ls", "--json").object["files"]}
    assert len(listed) == len(NAMES)
    for name, raw in NAMES.items():
        found = rag("query", WORDS[name], "--mode", "keyword", "-k", "1", "--json").object
        (passage,) = found["passages"]
        source = passage["source"]
        assert source == "docs/" + raw.decode("utf-8", "backslashreplace")
        assert passage["stale"] is False
        # Named as a shell names it, or as it is cited.
        for typed in (source, "docs/" + os.fsdecode(raw)):
            assert rag("show", typed).out == f"Here is {WORDS[name]}.\n", name
        assert rag("why-not", WORDS[name], source).code == 0
    again = rag("ingest", "--json").object
    assert (again["unchanged"], again["removed"]) == (len(NAMES), 0)
    terminal = rag("ls", terminal=True).out
    assert "\x1b[31m" not in terminal and "\x07" not in terminal and "\u202e" not in terminal
    assert "two\nlines" not in terminal and "\r" not in terminal
    assert rag("rm", *sorted(listed)).code == 0
    assert rag("ls", "--json").object["files"] == []


def test_names_on_stdin(docs, rag):
    paths = []
    for name in ("newline", "dash", "not UTF-8", "long"):
        path = docs / os.fsdecode(NAMES[name])
        path.write_text(f"Here is {WORDS[name]}.\n", encoding="utf-8")
        paths.append(os.fsencode(path))
    listed = b"\0".join(paths)
    run = rag("ingest", "-0", "-", "--model", "fake:64", "--json", stdin=listed)
    assert (run.code, run.object["added"]) == (0, 4)
    for path in paths:
        Path(os.fsdecode(path)).unlink()
    (docs / "left.txt").write_text("A zebra.\n", encoding="utf-8")
    assert rag("ingest", "-0", "-", "--json", stdin=listed).object["removed"] == 4


@pytest.mark.parametrize("name", ["a" * 300, "a/" * 2500, "~nobody/x"])
def test_names_that_no_file_can_have(project, rag, name):
    for words in (("ingest", name), ("ingest", "--dry-run", name)):
        run = rag(*words)
        assert (run.code, "does not exist" in run.err) == (2, True)
    for words in (("show", name), ("rm", name), ("chunks", name), ("why-not", "zebra", name)):
        run = rag(*words)
        assert (run.code, "is not in this project" in run.err) == (4, True)
    assert rag("ingest", "-", stdin=name.encode()).code == 0


def test_what_is_no_file(docs, rag):
    (docs / "a.txt").write_text("A zebra.\n", encoding="utf-8")
    os.mkfifo(docs / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(docs)
        listening.bind("socket.txt")
        os.chdir(here)
        (docs / "loop").symlink_to(docs)
        (docs / "self.txt").symlink_to("self.txt")
        (docs / "broken.txt").symlink_to("nowhere")
        (docs / "out.txt").symlink_to("/etc/passwd")
        run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert (run.code, run.object["added"]) == (0, 1)
    assert run.object["skipped"] == {"special": 2, "symlink": 4}


@pytest.mark.parametrize("name", ["/dev/null", "docs/pipe.txt", ".rag", ".rag/../.rag"])
def test_what_is_no_file_and_was_named(project, rag, name):
    os.mkfifo("docs/pipe.txt")
    roots = rag("status", "--json").object["roots"]
    run = rag("ingest", name, "docs/notes.txt", "--json")
    assert run.code == 3
    assert [p["code"] for p in run.object["new_problems"]] == ["special"]
    assert run.err.startswith(f"! {name.replace('.rag/../', '')}: ")
    # It is not remembered: the next ingest has nothing to tell.
    told = {root["source"] for root in rag("status", "--json").object["roots"]}
    assert told == {root["source"] for root in roots}
    assert rag("ingest", "--quiet").code == 0


def test_a_folder_that_was_named_and_cannot_be_read(project, rag, monkeypatch):
    Path("closed").mkdir()
    real = os.scandir

    def refusing(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    run = rag("ingest", "closed")
    assert run.code == 3
    assert run.err.startswith("! closed: permission denied: let yourself read it: chmod u+rx\n")


def test_a_file_that_vanishes_before_it_is_read(docs, rag, monkeypatch):
    for name in ("a.txt", "b.txt"):
        (docs / name).write_text(f"Zebra {name}.\n", encoding="utf-8")
    real = child.open_regular

    def vanishing(path: Path, below: int):
        if path.name == "a.txt":
            path.unlink(missing_ok=True)
        return real(path, below)

    monkeypatch.setattr(child, "open_regular", vanishing)
    run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert (run.code, run.object["added"]) == (3, 1)
    assert [p["code"] for p in run.object["new_problems"]] == ["missing"]
    # The next ingest sees that it is gone: nothing is left to tell.
    assert rag("ingest", "--quiet").code == 0
    assert rag("status", "--json").object["problem_count"] == 0


def test_a_file_that_grows_while_it_is_read(docs, other, rag, monkeypatch):
    path = docs / "log.txt"
    path.write_text("Zebra 0.\n", encoding="utf-8")
    real, opened = child.open_regular, []

    def growing(path: Path, below: int):
        result = real(path, below)
        if path.name != "log.txt":
            return result
        opened.append(path)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"Zebra {len(opened)}.\n")
        return result

    with monkeypatch.context() as patch:
        patch.setattr(child, "open_regular", growing)
        run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert (run.code, [p["code"] for p in run.object["new_problems"]]) == (3, ["changed"])
    assert rag("ingest", "--json").object["added"] == 1
    assert rag("show", "docs/log.txt").out == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("swapped", ["docs/in", "docs/in/a.txt"])
def test_a_link_that_comes_between_looking_and_reading(docs, other, rag, monkeypatch, swapped):
    """The folder is somebody else's: it must not make this user's other files searchable."""
    outside = docs.parent / "outside"
    for folder in (docs / "in", outside):
        folder.mkdir()
        (folder / "a.txt").write_text(f"The {folder.name} zebra.\n", encoding="utf-8")
    real = child.open_regular

    def swapping(path: Path, below: int):
        if not Path(swapped).is_symlink():
            Path(swapped).rename("kept")
            target = outside if swapped == "docs/in" else outside / "a.txt"
            Path(swapped).symlink_to(target)
        return real(path, below)

    monkeypatch.setattr(child, "open_regular", swapping)
    run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert run.code == 3
    assert [p["code"] for p in run.object["new_problems"]] == ["link"]
    assert [f["state"] for f in rag("ls", "docs/in", "--json").object["files"]] == ["failed"]
    found = rag("query", "outside zebra", "--json").object["passages"]
    assert {p["source"] for p in found} <= {"docs/other.txt"}


def test_an_ignore_file_that_is_a_link_is_none(docs, rag):
    """Its lines would be told as reasons."""
    secret = docs.parent / "secret"
    secret.write_text("*.txt\n", encoding="utf-8")
    (docs / ".ragignore").symlink_to(secret)
    (docs / "a.txt").write_text("A zebra.\n", encoding="utf-8")
    run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert run.object["added"] == 1
    assert not re.search("secret", rag("status", "--skipped").out)


def test_a_folder_that_becomes_unreadable(docs, rag, monkeypatch):
    (docs / "in").mkdir()
    (docs / "in" / "a.txt").write_text("A zebra.\n", encoding="utf-8")
    (docs / "b.txt").write_text("Another.\n", encoding="utf-8")
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    real = os.scandir

    def refusing(path):
        if Path(path).name == "in":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    run = rag("ingest", "--json")
    assert (run.code, run.object["removed"]) == (3, 0)
    assert run.object["held_back"] == [
        "docs/in cannot be read: nothing is removed, there and beside"
    ]
    assert run.object["skipped"] == {"unreadable": 1}
    (docs / "b.txt").unlink()
    assert rag("ingest", "--json").object["removed"] == 0
    monkeypatch.undo()
    monkeypatch.chdir(docs.parent)
    assert rag("show", "docs/in/a.txt").out == "A zebra.\n"


def test_files_are_opened_by_the_readers_only_as_found(docs, rag, monkeypatch):
    """What decides is handed down from the walk to the reader for each file."""
    (docs / "x" / "y").mkdir(parents=True)
    (docs / "x" / "y" / "a.txt").write_text("A zebra.\n", encoding="utf-8")
    shutil.copy(docs / "x" / "y" / "a.txt", docs / "b.txt")
    told = {}

    def noting(path: Path, below: int = 0):
        told[path.name] = below
        return files.open_regular(path, below)

    monkeypatch.setattr(child, "open_regular", noting)
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    assert told == {"a.txt": 3, "b.txt": 1}
    (docs / "c.txt").write_text("Named.\n", encoding="utf-8")
    assert rag("ingest", "docs/c.txt").code == 0
    assert told["c.txt"] == 0
