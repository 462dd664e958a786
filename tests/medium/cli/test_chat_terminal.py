"""``rag chat`` at a terminal: a pseudo-terminal on which a person types."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# The terminal is made its own first: then Ctrl-C comes as a signal.
CODE = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "from ragcli.cli.start import main; main()"
)
PROGRAM = [sys.executable, "-c", CODE]

# Far above what any step takes here; only a test that fails waits for it.
PATIENCE_S = 60


class Terminal:
    """A command, and the terminal that it is in."""

    def __init__(self, *args: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*PROGRAM, *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def until(self, pattern: str, patience_s: int = PATIENCE_S) -> str:
        """What is shown up to and with this, since it was last asked."""
        while not (found := re.search(pattern, self._seen)):
            ready, _, _ = select.select([self._ours], [], [], patience_s)
            assert ready, f"never came: {pattern}\n{self._seen}"
            try:
                self._seen += os.read(self._ours, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                raise AssertionError(f"ended before: {pattern}\n{self._seen}") from None
        shown, self._seen = self._seen[: found.end()], self._seen[found.end() :]
        return shown

    def close(self) -> int:
        """The exit code, once it has ended by itself."""
        try:
            while os.read(self._ours, 65536):
                pass
        except OSError:
            pass
        return self.process.wait(PATIENCE_S)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(project: Path) -> Iterator[Terminal]:
    begun = Terminal("chat", "--generator", "extractive", "--allow-weak")
    yield begun
    begun.end()


def test_a_conversation(project: Path, terminal: Terminal) -> None:
    terminal.until(r"/help lists.*\n")
    terminal.until("> ")
    terminal.type("for how many months does the warranty run from delivery?\n")
    shown = terminal.until(r"\n\r?\n> ")
    assert "The warranty runs for 24 months from delivery." in shown
    assert "✓ [1]\x1b[0m \x1b[1;36mdocs/guide.md" in shown
    terminal.type("and for batteries?\n")
    shown = terminal.until(r"\n\r?\n> ")
    assert "\x1b[2msearched for: and for batteries? (how many months warranty run" in shown
    assert "✓ [1]\x1b[0m \x1b[1;36mdocs/guide.md" in shown
    terminal.type("/sources\n")
    assert "1  docs/guide.md" in terminal.until("> ")
    terminal.type("/nothing\n")
    assert "/help lists" in terminal.until("> ")
    terminal.type("\x1b[A\x1b[A\n")  # two lines back: the command before
    assert "1  docs/guide.md" in terminal.until("> ")
    terminal.type("\x04")
    assert terminal.close() == 0
    typed = project / ".rag" / "sessions" / "typed"
    assert typed.read_text().splitlines()[:2] == [
        "for how many months does the warranty run from delivery?",
        "and for batteries?",
    ]
    assert typed.stat().st_mode & 0o777 == 0o600
    assert typed.parent.stat().st_mode & 0o777 == 0o700


def test_ctrl_c_gives_up_a_line_not_the_chat(project: Path, terminal: Terminal) -> None:
    terminal.until("> ")
    terminal.type("half a questi")
    for _ in range(PATIENCE_S):  # as below
        terminal.type("\x03")
        with suppress(AssertionError):
            terminal.until("/quit or Ctrl-D ends", 1)
            break
    terminal.type("/quit\n")
    assert terminal.close() == 0


def test_ctrl_c_stops_the_answer_not_the_chat(project: Path) -> None:
    begun = Terminal("chat", "--generator", "fake:endless", "--session", "s")
    try:
        begun.until("> ")
        begun.type("for how many months does the warranty run from delivery?\n")
        begun.until("It runs for 24 months")
        begun.type("\x03")
        begun.until("stopped")
        begun.type("/quit\n")
        assert begun.close() == 0
    finally:
        begun.end()
    kept = (project / ".rag" / "sessions" / "s.jsonl").read_text()
    assert "It runs for 24 months" in kept


def test_sigterm_ends_it(project: Path, terminal: Terminal) -> None:
    terminal.until("> ")
    # One that comes in the moment before Python waits for a key is seen with the next.
    for _ in range(PATIENCE_S):
        terminal.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            terminal.process.wait(1)
            break
    assert terminal.close() == 143
