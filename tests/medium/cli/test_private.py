"""What a project holds is its owner's: modes, whatever the umask says."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(params=[0o000, 0o022, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest, documents: Path) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Of the folder and all that is in it, those that are not as they should be."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode != (0o700 if path.is_dir() else 0o600):
            found[path.name] = oct(mode)
    return found


def test_every_file_is_private_whatever_the_umask(umask: int, documents: Path, rag) -> None:
    assert rag("init").code == 0
    project = Path.cwd() / ".rag"
    # The log and its index are there for as long as somebody has the store open.
    with closing(sqlite3.connect(project / "store.sqlite")) as other:
        other.execute("SELECT count(*) FROM files").fetchone()
        for command in (
            ["ingest", "docs", "--model", "fake:64"],
            ["config", "set", "top_k", "3"],
            ["query", "warranty", "--mark", "1"],
            ["chat", "--session", "one"],
            ["eval", "--save", "one"],
            ["eval", "--self"],
            ["reembed", "--model", "fake:32"],
            ["rm", "--purge", "docs/notes.txt"],
        ):
            run = rag(*command, stdin=b"how long is the warranty?\n")
            assert run.code == 0, run.err
        names = {path.name for path in project.rglob("*")}
        assert {"store.sqlite-wal", "store.sqlite-shm", "README", "lock", "one.json"} <= names
        assert {"questions.jsonl", "self-questions.jsonl", "config.toml", ".gitignore"} <= names
        assert modes(project) == {}
    assert rag("export", "all.rag").code == 0
    assert stat.S_IMODE(Path("all.rag").stat().st_mode) == 0o600
    assert rag("import", "all.rag", "copy").code == 0
    assert modes(Path("copy/.rag")) == {}


def test_so_is_what_was_asked(umask: int, documents: Path, rag) -> None:
    for command in (
        ["ingest", "docs", "--model", "fake:64"],
        ["config", "set", "history", "true"],
        ["query", "how long is the warranty?"],
        ["chat", "--session", "one"],
    ):
        run = rag(*command, stdin=b"how long is the warranty?\n")
        assert run.code == 0, run.err
    names = {path.name for path in (Path.cwd() / ".rag").rglob("*")}
    assert {"history.jsonl", "one.jsonl"} <= names
    assert modes(Path.cwd() / ".rag") == {}


def test_doctor_tells_of_files_that_are_open(project: Path, rag) -> None:
    for name in ("README", "config.toml", "store.sqlite"):
        (project / ".rag" / name).touch()
        (project / ".rag" / name).chmod(0o644)
    (project / ".rag").chmod(0o755)
    states = {c["name"]: c for c in rag("doctor", "--json").object["checks"]}
    assert states["permissions"]["state"] == "fail"
    assert "store.sqlite" in states["permissions"]["detail"]
    rag("doctor", "--repair")
    assert modes(project / ".rag") == {}


def test_a_file_that_an_editor_has_left_open_is_no_failure(project: Path, rag) -> None:
    """Behind a folder that nobody else can enter."""
    config = project / ".rag" / "config.toml"
    config.write_text("top_k = 7\n", encoding="utf-8")
    config.chmod(0o644)
    run = rag("doctor")
    assert run.code == 0, run.out
    assert "! permissions" in run.out and "config.toml" in run.out
    rag("doctor", "--repair")
    assert modes(project / ".rag") == {}
