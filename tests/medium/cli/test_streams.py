"""Streams, pipes and signals, in a process of its own."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from fakes.command_line import PROGRAM
from fakes.ollama_server import FakeModel, FakeOllama

QUESTION = "for how many months does the warranty run from delivery?"


def test_cron_with_nothing_in_its_environment(project, program):
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "LC_ALL": "C"}
    env["PYTHONPATH"] = os.environ["PYTHONPATH"]
    run = program("ask", "保修期多长？", env=env)
    assert run.returncode == 0, run.stderr
    assert "保修期为二十四个月。" in run.stdout.decode()
    assert "docs/zh/保修.md" in run.stdout.decode()
    assert b"\x1b" not in run.stderr + run.stdout


def test_stdout_closed_by_its_reader(project, program):
    read, write = os.pipe()
    os.close(read)
    run = program("query", "warranty", stdout=write)
    os.close(write)
    assert (run.returncode, run.stderr) == (0, b"")


def test_stdout_closed_from_the_start(project, program):
    run = program("query", "warranty", preexec_fn=lambda: os.close(1))
    assert (run.returncode, run.stderr) == (0, b"")


def test_stdout_full(project, program):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        run = program("query", "warranty", stdout=full)
    assert run.returncode == 1
    assert run.stderr.decode().startswith("rag: error: there is no space left on the disk\n")
    assert b"Traceback" not in run.stderr


def test_stderr_full(project, program):
    """Nobody can be told; the exit code still says what it was."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        assert program("query", "warranty", "--mode", "no", stderr=full).returncode == 2
        assert program("query", "warranty", "-k", "1", stderr=full).returncode == 0


def test_streams_that_were_closed(project):
    """``<&-`` is an empty input; ``>&-`` nowhere to show it."""
    for command, code in (("ingest -", 0), ("query -", 2), ("query --batch -", 0), ("chat", 0)):
        for closed in ("<&-", "<&- >&-"):
            shell = f"{shlex.join(PROGRAM)} {command} {closed}"
            run = subprocess.run(["sh", "-c", shell], capture_output=True, check=False)
            assert run.returncode == code, (shell, run.stderr)
            assert b"unexpected" not in run.stderr


def test_a_current_folder_that_is_gone(project, program, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    shell = f'cd "{gone}" && rmdir "{gone}" && {shlex.join(PROGRAM)} query warranty'
    run = subprocess.run(["sh", "-c", shell], capture_output=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith(b"rag: error: the current folder is not there any more\n")


def test_a_home_that_is_no_folder(project, program):
    home = {**os.environ, "HOME": "/dev/null"}
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        home.pop(name, None)
    run = program("status", env=home)
    assert run.returncode == 0, run.stderr
    run = program("config", "set", "top_k", "7", "--user", env=home)
    assert (run.returncode, run.stderr[:30]) == (2, b"rag: error: cannot write /dev/")


def test_stdin_is_left_to_the_loop(project, program):
    read, write = os.pipe()
    os.write(write, b"the next question\n")
    os.close(write)
    for command in (["query", "warranty"], ["ask", "warranty"], ["ingest"]):
        assert program(*command, stdin=read).returncode == 0
    assert os.read(read, 100) == b"the next question\n"
    os.close(read)


def test_name_that_is_no_utf8(project, program):
    name = b"docs/caf\xe9.txt"
    with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write("A zebra in the coffee house.\n")
    run = program("ingest", "-", input=name + b"\n")
    assert run.returncode == 0, run.stderr
    found = json.loads(program("query", "zebra", "--json").stdout)
    assert found["passages"][0]["source"] == r"docs/caf\xe9.txt"
    assert program(b"query", b"caf\xe9").returncode == 0


def test_sigterm_is_a_clean_stop(documents, program):
    env = {**os.environ, "FAKE_DELAY_S": "30"}
    process = subprocess.Popen(
        [*PROGRAM, "ingest", "docs", "--model", "fake:64"],
        env=env,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    while program("query", "warranty").returncode:  # its text is not committed yet
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert err.decode().endswith("rag: ended; the project holds what was committed\n")
    assert program("query", "warranty").returncode == 0


def test_any_name_and_a_closed_pipe(surroundings, program):
    name = os.fsdecode(b"-\xff\n.txt")
    Path(name).write_bytes(b"some text\n" * 20_000)
    assert program("extract", "--", name).stdout == b"some text\n" * 20_000
    assert program("extract", "./" + name, "--json").returncode == 0
    read, write = os.pipe()
    os.close(read)
    try:
        assert program("extract", "./" + name, stdout=write).returncode == 0
    finally:
        os.close(write)


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch):
    with FakeOllama(models=[FakeModel("tiny:latest")]) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        yield fake


def test_ctrl_c_stops_the_server_and_keeps_what_came(project, ollama):
    ollama.pieces = ("It runs for 24 months [1]. ", *["And on. "] * 10_000)
    ollama.pause_s = 0.01
    leader, follower = pty.openpty()
    # A terminal for its output alone.
    child = subprocess.Popen(
        [*PROGRAM, "ask", QUESTION, "--generator", "ollama:tiny"],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.PIPE,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
    )
    os.close(follower)
    shown = b""
    while b"24 months [1]" not in shown:
        shown += os.read(leader, 4096)
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    assert ollama.stopped.wait(10)
    assert child.stderr is not None
    assert b"interrupted" in child.stderr.read()
    child.stderr.close()
    os.close(leader)
    assert b"It runs for 24 months [1]." in shown
