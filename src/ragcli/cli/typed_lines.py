"""Lines that are typed: with editing and a history on a terminal, else one after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ragcli.cli.output import Output
from ragcli.cli.values import typed

PROMPT = "> "

# What the history keeps: what arrow keys and Ctrl-R can still make use of.
MAX_LINES = 1000


def at_terminal() -> bool:
    """A person types."""
    return sys.stdin.isatty()


def typed_lines(output: Output, history: Path | None) -> Iterator[str]:
    """The lines of stdin until it ends. At a terminal Ctrl-C gives up a line, Ctrl-D ends, and the
    lines are added to the ``history`` as they come."""
    if not at_terminal():
        for line in sys.stdin.buffer:
            yield line.decode("utf-8-sig", "replace").rstrip("\r\n")
        return
    editing = _Editing(history) if output.out_is_terminal else None
    while True:
        try:
            line = typed(_read(output))
        except EOFError:
            output.say("")
            return
        except KeyboardInterrupt:
            output.say("\n/quit or Ctrl-D ends")
            continue
        if editing is not None:
            editing.keep()
        yield line


def _read(output: Output) -> str:
    output.flush()
    if output.out_is_terminal:
        return input(PROMPT)  # readline is told how wide the prompt is
    output.prompt(PROMPT)
    return input()


class _Editing:
    """Line editing, where Python was built with it: ``input`` uses it once it is imported."""

    def __init__(self, history: Path | None) -> None:
        self._history = history
        self._readline: Any = None
        with suppress(ImportError):
            import readline

            self._readline = readline
            readline.clear_history()
            readline.set_history_length(MAX_LINES)
            if history is not None:
                readline.read_history_file(str(history))
            self._length = readline.get_current_history_length()

    def keep(self) -> None:
        """Add the line to the file, unless it was empty."""
        if self._readline is None or self._history is None:
            return
        length = self._readline.get_current_history_length()
        if length > self._length:
            with suppress(OSError):  # of a full disk: the conversation goes on
                self._readline.append_history_file(length - self._length, str(self._history))
        self._length = length
