"""Conversations that are kept in the project's folder."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from ragcli.domain import Citation, Turn
from ragcli.errors import NotInProject, UsageError
from ragcli.recipes import sessions
from ragcli.store.folder import ProjectFolder

CITATION = Citation(
    1, "24 months", "supported", "a.md", None, 3, 3, 10, 19, "c1", claim="24 months"
)
TURN = Turn(
    "how long?", "how long? (warranty)", "24 months [1]", (CITATION,), "2026-01-01T00:00:00"
)


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    (tmp_path / ".rag").mkdir(mode=0o700)
    return ProjectFolder(tmp_path)


def test_a_session_is_kept_as_it_was(folder: ProjectFolder) -> None:
    assert sessions.read(folder, "a") == []
    sessions.append(folder, "a", TURN)
    sessions.append(folder, "a", Turn("保修？", "保修？", ""))
    assert sessions.read(folder, "a") == [TURN, Turn("保修？", "保修？", "")]
    assert [(s.name, s.turns) for s in sessions.kept(folder)] == [("a", 2)]


def test_only_its_owner_reads_it(folder: ProjectFolder) -> None:
    sessions.append(folder, "a", TURN)
    file = folder.sessions / "a.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.sessions.stat().st_mode) == 0o700


def test_two_at_once_lose_nothing(folder: ProjectFolder) -> None:
    def ask(number: int) -> None:
        for _ in range(20):
            sessions.append(folder, "a", Turn(f"q{number}", "s", "a" * 5000))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns = sessions.read(folder, "a")
    assert sorted(t.question for t in turns) == sorted(f"q{n}" for n in range(4) for _ in range(20))


def test_a_torn_line_costs_itself_only(folder: ProjectFolder) -> None:
    sessions.append(folder, "a", TURN)
    with (folder.sessions / "a.jsonl").open("a") as file:
        file.write('{"question": "half a que')
    sessions.append(folder, "a", TURN)
    assert sessions.read(folder, "a") == [TURN, TURN]


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a" * 41, "a b", "a\n", "-x"])
def test_what_is_no_name(folder: ProjectFolder, name: str) -> None:
    for act in (sessions.read, sessions.forget):
        with pytest.raises(UsageError, match="no name for a session"):
            act(folder, name)


@pytest.mark.parametrize("name", ["a", "2026-01.v2", "保修" * 20])
def test_what_is_a_name(folder: ProjectFolder, name: str) -> None:
    sessions.append(folder, name, TURN)
    assert sessions.read(folder, name) == [TURN]


def test_what_cannot_be_kept_is_told_before_it_is_asked(folder: ProjectFolder) -> None:
    assert sessions.begin(folder, "a") == []
    assert sessions.kept(folder) == []
    sessions.append(folder, "a", TURN)
    assert sessions.begin(folder, "a") == [TURN]
    folder.sessions.joinpath("b.jsonl").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        sessions.begin(folder, "b")


def test_no_link_is_followed(folder: ProjectFolder, tmp_path: Path) -> None:
    folder.sessions.mkdir()
    (folder.sessions / "a.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot write"):
        sessions.append(folder, "a", TURN)
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_forgotten_is_gone(folder: ProjectFolder) -> None:
    sessions.append(folder, "a", TURN)
    sessions.append(folder, "b", TURN)
    typed = sessions.typed_lines(folder)
    sessions.forget(folder, "a")
    assert [s.name for s in sessions.kept(folder)] == ["b"]
    with pytest.raises(NotInProject, match="no session `a`"):
        sessions.forget(folder, "a")
    assert typed.exists()
    assert sessions.forget_all(folder) == 1
    assert not list(folder.sessions.iterdir())
    assert sessions.forget_all(ProjectFolder(Path("/nowhere"))) == 0
