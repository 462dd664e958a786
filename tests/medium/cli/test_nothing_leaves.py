"""Nothing leaves the machine: every command, watched, with all sockets but loopback closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.watching import watched

from ragcli.cli.table import COMMANDS

# Every command of the table, as it is mostly used, in an order in which all can.
EVERY = [
    ["init"],
    ["ingest", "docs", "--model", "fake:64"],
    ["ingest"],
    ["ingest", "docs", "--dry-run"],
    ["query", "how long is the warranty?"],
    ["query", "warranty", "--mark", "1", "--explain"],
    ["ask", "how long is the warranty?", "--allow-weak"],
    ["chat"],
    ["why-not", "warranty", "docs/notes.txt"],
    ["status", "--problems", "--skipped"],
    ["ls"],
    ["show", "docs/guide.md"],
    ["chunks", "docs/guide.md"],
    ["extract", "docs/guide.md"],
    ["embed", "a text"],
    ["eval"],
    ["eval", "--self"],
    ["models"],
    ["config", "show"],
    ["reembed", "--model", "fake:32"],
    ["serve", "--detach"],
    ["query", "picnic"],
    ["serve", "--stop"],
    ["export", "all.rag"],
    ["import", "all.rag", "copy"],
    ["rm", "--purge", "docs/notes.txt"],
    ["doctor"],
    ["doctor", "--repair"],
]


@pytest.fixture
def env(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """As a user has it: nobody has told the libraries to keep quiet."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        monkeypatch.delenv(name, raising=False)
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    yield dict(os.environ)


def test_no_command_is_left_out() -> None:
    assert {command for command, *_ in EVERY} == set(COMMANDS)


def test_no_command_reaches_out(env: dict[str, str], tmp_path: Path) -> None:
    told = tmp_path / "told"
    codes, said, ended = watched(EVERY, told, env)
    assert ended == 0, said
    assert not told.exists(), told.read_text()
    failed = {command: code for command, code in codes.items() if code}
    assert len(codes) == len(EVERY) and not failed, said


def test_who_reaches_out_is_seen(env: dict[str, str], tmp_path: Path) -> None:
    """What the test above would see: a page that is fetched, a server that is named."""
    told = tmp_path / "told"
    away = ["--model", "openai:any", "--project", "away"]
    commands = [["ingest", "https://example.com/a.html"], ["ingest", "docs", *away]]
    env |= {"OPENAI_BASE_URL": "https://192.0.2.1/v1", "OPENAI_API_KEY": "none"}
    codes, said, _ = watched(commands, told, env)
    assert len(codes) == 2 and all(codes.values()), said
    assert "example.com" in told.read_text() and "192.0.2.1" in told.read_text()
