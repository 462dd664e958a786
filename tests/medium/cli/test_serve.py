"""The helper changes nothing but the time: the same output, whatever becomes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.command_line import PROGRAM

from ragcli.serving import client, protocol
from ragcli.trust import Trust

# A busy machine starts a process in seconds.
PATIENCE_S = 30

Program = Callable[..., subprocess.CompletedProcess[bytes]]
Rag = Callable[..., Any]


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder of its own, under a short name."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def helper(project: Path, program: Program) -> Iterator[int]:
    """The process id of a helper of the project."""
    yield started(program)
    program("serve", "--stop")


def started(program: Program) -> int:
    run = program("serve", "--detach", "--json")
    assert run.returncode == 0, run.stderr
    return int(json.loads(run.stdout)["pid"])


def requests(*, in_project: bool = True) -> int:
    """How many questions the helper was asked; those it declined too."""
    place = protocol.find_socket(Path.cwd() if in_project else None, os.environ)
    assert place is not None
    return int(client.ask(place, {"kind": "status"})["answer"]["requests"])


def without_times(output: str) -> list[Any]:
    """The lines of a command's output, without what a clock says."""
    return [
        json.loads(re.sub(r'"timings_ms": {[^}]*}', '"timings_ms": 0', line))
        if line.startswith("{")
        else line
        for line in output.splitlines()
    ]


def told(run: Any) -> tuple[Any, ...]:
    return run.code, without_times(run.out), run.err


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """The process has ended; one that waits to be reaped has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


BATCH = (
    b'{"id": 1, "question": "warranty"}\n{"id": 2, "question": ""}\nnot json\n'
    b'{"id": 3, "question": "picnic", "k": 1}\n'
)
# (arguments, stdin, whether the helper is asked)
SAME = {
    "pipe": (["query", "warranty"], b"", True),
    "stdin": (["query", "-"], "保修期".encode(), True),
    "json": (["query", "warranty", "--json", "--explain", "-k", "2"], b"", True),
    "short passages": (["query", "warranty", "--passage-tokens", "16", "--json"], b"", True),
    "keyword": (["query", "picnic", "--mode", "keyword", "--json"], b"", True),
    "filters": (["query", "保修", "--type", "md", "--where", "author=李雷", "--json"], b"", True),
    "since": (["query", "保修", "--since", "2024", "--until", "2024-05"], b"", True),
    "nothing found": (["query", "warranty", "--path", "nowhere/*"], b"", True),
    "batch": (["query", "--batch", "-"], BATCH, True),
    "empty question": (["query", " "], b"", True),
    "too many words": (["query", "word " * 300, "--mode", "dense"], b"", True),
    "bad passages": (["query", "warranty", "--passage-tokens", "1"], b"", False),
    "bad top-k": (["query", "warranty", "-k", "0"], b"", True),
    "other model": (["query", "warranty", "--model", "fake:32"], b"", True),
    "reranked": (["query", "warranty", "--rerank", "fake:words", "--json"], b"", True),
    "ask": (["ask", "how long is the warranty?", "--generator", "extractive"], b"", True),
    "ask json": (["ask", "warranty", "--generator", "extractive", "--json"], b"", True),
    "ask jsonl": (["ask", "warranty", "--generator", "fake:x", "--jsonl"], b"", True),
    "embed": (["embed", "one", "two"], b"", True),
    "embed a query": (["embed", "one", "--as", "query"], b"", True),
    "embed lines": (["embed", "-"], b"line\n" * 20, True),
    "embed too long": (["embed", *["one"] * 9, "word " * 300], b"", True),
    "embed another": (["embed", "one", "--model", "fake:32"], b"", True),
    "embed nothing": (["embed", "one", " "], b"", False),
}


def test_the_same_with_and_without(helper: int, rag: Rag, monkeypatch: pytest.MonkeyPatch) -> None:
    """One helper for all cases; in this process, where a command takes milliseconds."""
    for case, (args, stdin, is_asked) in SAME.items():
        before = requests()
        helped = rag(*args, stdin=stdin)
        assert (requests() > before) == is_asked, case
        with monkeypatch.context() as patch:
            patch.setenv("RAG_SERVE", "never")
            assert told(helped) == told(rag(*args, stdin=stdin)), case


@pytest.mark.parametrize("terminal", [False, True])
def test_the_same_for_people(
    terminal: bool, helper: int, rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    helped = rag("query", "warranty", terminal=terminal)
    monkeypatch.setenv("RAG_SERVE", "never")
    alone = rag("query", "warranty", terminal=terminal)
    assert (helped.code, helped.out) == (alone.code, alone.out)


def test_the_first_helper_stays(helper: int, program: Program) -> None:
    again = program("serve")
    assert again.returncode == 0
    assert f"a helper runs already, for {Path.cwd()} (pid {helper})".encode() in again.stderr
    assert not gone(helper)


def test_no_one_else_can_reach_it(helper: int, runtime: Path) -> None:
    folder = runtime / "ragcli"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {p.suffix: p.stat().st_mode & 0o777 for p in folder.iterdir()} == {
        ".sock": 0o600,
        ".lock": 0o600,
    }


def test_another_users_process_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert protocol.is_ours(one)
        user = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: user + 1)
        assert protocol.is_ours(one) != hasattr(socket, "SO_PEERCRED")


def test_a_folder_open_to_others_is_not_used(
    project: Path, program: Program, rag: Rag, runtime: Path
) -> None:
    (runtime / "ragcli").mkdir(mode=0o755)
    assert protocol.find_socket(project, {"XDG_RUNTIME_DIR": str(runtime)}) is None
    pid = started(program)
    assert list((runtime / "ragcli").iterdir()) == []
    assert requests() == 0
    rag("query", "warranty")
    assert requests() == 1
    program("serve", "--stop")
    until(lambda: gone(pid))


def test_a_runtime_folder_that_is_none(
    project: Path, rag: Rag, surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (surroundings / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(surroundings / "file"))
    assert rag("query", "warranty").code == 0

    def forbidden(folder: Path) -> None:
        raise PermissionError(folder)

    monkeypatch.setattr(protocol, "check_private", forbidden)
    assert rag("query", "warranty").code == 0
    run = rag("serve", "--status")
    assert run.code == 1
    assert "no private place for the helper's socket" in run.err


def test_long_paths(
    surroundings: Path, built: Path, program: Program, rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = surroundings / ("d" * 120) / ("e" * 120)
    shutil.copytree(built, deep)
    Trust(deep).give()
    # A runtime folder too long for a socket is passed over by both sides.
    long_runtime = surroundings / ("r" * 110)
    long_runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long_runtime))
    monkeypatch.chdir(deep)
    started(program)
    rag("query", "warranty")
    assert requests() == 1
    program("serve", "--stop")


def test_it_sees_what_is_ingested_meanwhile(helper: int, project: Path, rag: Rag) -> None:
    rag("query", "zeppelin")
    (project / "docs" / "new.txt").write_text("A zeppelin flew by.\n", encoding="utf-8")
    assert rag("ingest").code == 0
    before = requests()
    found = rag("query", "zeppelin", "-k", "1")
    assert found.out.startswith("docs/new.txt:1: A zeppelin")
    assert requests() == before + 1


@pytest.mark.parametrize(
    "other",
    [
        {"RAG_MODEL": "fake:32"},
        {"RAG_QUERY_PROMPT": "query: "},
        {"RAG_SERVE": "never"},
        {"HF_HOME": "/elsewhere"},
    ],
    ids=str,
)
def test_other_settings_are_not_answered(
    other: dict[str, str], helper: int, rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in other.items():
        monkeypatch.setenv(name, value)
    run = rag("query", "warranty", "-v")
    declined = "the helper does not answer: it runs with other settings" in run.err
    assert declined == ("RAG_SERVE" not in other)
    monkeypatch.setenv("RAG_SERVE", "never")
    alone = rag("query", "warranty")
    assert (run.code, run.out) == (alone.code, alone.out)


def test_changed_settings_end_it(helper: int, rag: Rag) -> None:
    rag("config", "set", "query_prompt", "query: ")
    run = rag("query", "warranty", "-v")
    assert "the helper does not answer: the settings were changed" in run.err
    until(lambda: gone(helper))


def test_a_file_that_names_another_model_gives_its_note(
    project: Path, program: Program, rag: Rag
) -> None:
    (project / ".rag" / "config.toml").write_text('model = "fake:32"\n', encoding="utf-8")
    alone = rag("query", "warranty")
    assert "names the model `fake:32`" in alone.err
    started(program)
    assert told(rag("query", "warranty")) == told(alone)
    assert requests() == 2
    program("serve", "--stop")


def test_a_switched_model_ends_it(helper: int, rag: Rag) -> None:
    assert rag("reembed", "--model", "fake:32").code == 0
    run = rag("query", "warranty", "-v", "--json")
    assert json.loads(run.out)["model"] == "fake:32"
    assert "the helper does not answer: the model is another one" in run.err
    until(lambda: gone(helper))


def test_a_project_made_anew_ends_it(helper: int, project: Path, rag: Rag) -> None:
    shutil.rmtree(project / ".rag")
    run = rag("query", "warranty")
    assert run.code == 10
    (project / "docs" / "notes.txt").write_text("A zeppelin flew by.\n", encoding="utf-8")
    rag("ingest", "docs", "--model", "fake:64")
    run = rag("query", "zeppelin", "-v", "-k", "1")
    assert run.out.startswith("docs/notes.txt")
    assert "the project was made anew" in run.err
    until(lambda: gone(helper))


def test_a_broken_index_is_mended_by_the_command(
    helper: int, project: Path, program: Program, rag: Rag
) -> None:
    for file in (project / ".rag").glob("vectors-*.faiss"):
        file.write_bytes(b"broken")
    program("serve", "--stop")
    started(program)
    run = rag("query", "warranty", "-v")
    assert run.code == 0
    assert "the index file is to be written" in run.err
    assert "the helper does not answer" not in rag("query", "warranty", "-v").err


def test_a_killed_helper_is_passed_over_and_replaced(
    helper: int, program: Program, rag: Rag
) -> None:
    os.kill(helper, signal.SIGKILL)
    until(lambda: gone(helper))
    assert rag("query", "warranty").code == 0
    assert rag("serve", "--status").code == 4
    assert started(program) != helper
    rag("query", "warranty")
    assert requests() == 1


def test_a_hung_helper_is_not_waited_for(
    helper: int, rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SILENCE_S", 0.2)
    os.kill(helper, signal.SIGSTOP)
    try:
        run = rag("query", "warranty", "-v")
        assert run.code == 0
        assert run.out.startswith("docs/guide.md")
        assert "the helper does not answer: nothing within 0.2 s" in run.err
        status = rag("serve", "--status")
        assert status.code == 1
        assert f"end it: kill {helper}" in status.err
    finally:
        os.kill(helper, signal.SIGCONT)


class Broken:
    """Stands where a helper would: reads what is asked, and replies with these bytes."""

    def __init__(self, place: Path, reply: bytes) -> None:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(place))
        self._socket.listen()
        self._reply = reply
        self.asked: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        link, _ = self._socket.accept()
        with link:
            self.asked.append(protocol.receive(link))
            link.sendall(self._reply)

    def close(self) -> None:
        self._thread.join(PATIENCE_S)
        self._socket.close()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x00\x00",
        b"\x00\x00\x00\x09{",
        b"\xff\xff\xff\xff{}",
        b"\x00\x00\x00\x04\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x02{}",
        b'\x00\x00\x00\x1b{"answer": {"passages": 1}}',
    ],
    ids=[
        *("dies", "half a length", "half a message", "too long", "no JSON", "a list", "empty"),
        "another form",
    ],
)
def test_what_breaks_off_in_mid_answer(
    reply: bytes, project: Path, rag: Rag, runtime: Path
) -> None:
    broken = Broken(runtime / "ragcli" / protocol.name_of(project), reply)
    run = rag("query", "warranty", "-v")
    broken.close()
    assert broken.asked[0]["question"] == "warranty"
    assert run.out.startswith("docs/guide.md")
    assert "the helper does not answer: " in run.err


def test_what_a_client_sends_does_not_end_it(helper: int, project: Path, rag: Rag) -> None:
    place = protocol.find_socket(project, os.environ)
    assert place is not None
    for message in (b"", b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x02{}"):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(place))
            link.sendall(message)
    other = {"protocol": protocol.PROTOCOL, "ragcli": "0.0.1", "kind": "query", "key": ""}
    assert "it is ragcli" in client.ask(place, other)["declined"]
    assert rag("query", "warranty").code == 0
    assert requests() == 1


def test_many_clients_at_once_are_all_answered(
    helper: int,
) -> None:
    running = [
        subprocess.Popen(
            [*PROGRAM, "query", "warranty"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        for _ in range(6)
    ]
    outputs = {one.communicate(timeout=PATIENCE_S)[0] for one in running}
    assert len(outputs) == 1
    assert outputs.pop().startswith(b"docs/guide.md")
    assert requests() == 6


def test_an_idle_helper_ends(project: Path, program: Program, runtime: Path) -> None:
    run = program("serve", "--idle", "0.3s")
    assert run.returncode == 0
    assert b"ended: nobody asked for 0.3 s" in run.stderr
    assert [p.suffix for p in (runtime / "ragcli").iterdir()] == [".lock"]


def test_started_by_the_first_query_that_misses_it(
    project: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_SERVE", "start")
    assert program("query", "warranty").returncode == 0
    until(lambda: program("serve", "--status").returncode == 0)
    program("query", "warranty")
    assert requests() == 1
    program("serve", "--stop")


def test_without_a_project_it_embeds(surroundings: Path, program: Program) -> None:
    env = {**os.environ, "RAG_MODEL": "fake:64"}
    run = program("serve", "--detach", env=env)
    assert b"there is no project here, so it only embeds" in run.stderr
    try:
        assert program("embed", "one", env=env).returncode == 0
        assert requests(in_project=False) == 1
    finally:
        program("serve", "--stop")


def test_it_holds_no_lock_and_ends_on_sigterm(helper: int, project: Path, rag: Rag) -> None:
    assert rag("ingest", "--wait", "0s").code == 0
    os.kill(helper, signal.SIGTERM)
    until(lambda: gone(helper))
    assert rag("serve", "--status").code == 4


def test_what_keeps_it_from_starting_is_told(
    project: Path, program: Program, surroundings: Path
) -> None:
    run = program("serve", "--detach", "--model", "fake:32")
    assert run.returncode == 12
    assert b"rag: error: this project was embedded with `fake:64`" in run.stderr
    assert program("serve", "--detach", "--stop").returncode == 2
    assert program("serve", "--stop").returncode == 0


def test_it_reranks_as_a_command_does(
    project: Path, program: Program, rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_RERANKER", "fake:contrary")
    pid = started(program)
    cases = [
        ["query", "warranty of batteries", "--explain", "--json"],
        ["query", "保修期", "--json"],
        ["query", "warranty", "--rerank", "off", "--json"],
        ["ask", "warranty", "--generator", "extractive"],
    ]
    for args in cases:
        before = requests()
        helped = rag(*args)
        assert requests() > before
        with monkeypatch.context() as patch:
            patch.setenv("RAG_SERVE", "never")
            assert told(helped) == told(rag(*args)), args
    # Slower than the helper may be silent otherwise: the time to rerank is added.
    monkeypatch.setattr(client, "SILENCE_S", 0.0)
    asked = rag("query", "warranty", "--verbose")
    assert asked.code == 0 and "does not answer" not in asked.err
    program("serve", "--stop")
    until(lambda: gone(pid))


def test_the_helper_lets_go_of_what_is_purged(helper: int, rag: Rag) -> None:
    assert rag("query", "picnic", "--mode", "keyword").code == 0
    assert requests() == 1
    assert rag("rm", "--purge", "docs/notes.txt").code == 0
    assert rag("query", "picnic", "--mode", "keyword").code == 4
    until(lambda: gone(helper))
