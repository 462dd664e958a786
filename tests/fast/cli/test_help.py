"""The help: one screen, light, and every command's with its exit codes."""

from __future__ import annotations

import pytest

from ragcli import __version__
from ragcli.cli.table import COMMANDS


def test_help_fits_one_screen(surroundings, rag):
    run = rag("--help")
    assert run.code == 0
    lines = run.out.splitlines()
    assert len(lines) <= 23  # and the prompt
    assert all(len(line) <= 80 for line in lines)
    order = [line.split()[0] for line in lines if line.startswith("  ")]
    assert order[:4] == ["ingest", "query", "ask", "status"]
    assert order == [name for name, command in COMMANDS.items() if command.summary]
    assert all(f"rag {name} " in run.out or name in order for name in COMMANDS)


def test_without_a_command_the_help_is_talk(surroundings, rag):
    run = rag()
    assert (run.code, run.out) == (2, "")
    assert run.err == rag("--help").out


def test_version(surroundings, rag):
    assert rag("--version").out == f"rag {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_names_its_exit_codes(surroundings, rag, name):
    run = rag(name, "--help")
    assert (run.code, run.err) == (0, "")
    said = " ".join(run.out.split())
    assert COMMANDS[name].epilog in said
    for option in ("--project", "--quiet", "--verbose", "--debug"):
        assert option in said or name == "config"
