"""How a command gets its output and its project.

with opened(common) as (rag, output):
    ...
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from ragcli.cli.options import Common
from ragcli.cli.output import Output

if TYPE_CHECKING:
    from ragcli.rag import Rag


@contextmanager
def speaking(common: Common) -> Iterator[Output]:
    """The output of a command that may do without a project."""
    output = Output(sys.stdout, sys.stderr, os.environ, quiet=common.quiet, verbose=common.verbose)
    output.json = common.json
    hearing = _Hearing(output)
    library = logging.getLogger("ragcli")
    library.addHandler(hearing)
    library.setLevel(logging.DEBUG)
    try:
        yield output
    except typer.Exit:
        raise
    except Exception:
        if common.debug:
            output.trace()
        raise
    finally:
        library.removeHandler(hearing)
        output.close()


class _Hearing(logging.Handler):
    """What the library logs, said as the command's own talk."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self._output.warn(record.getMessage())
        elif record.levelno >= logging.INFO:
            self._output.note(f"note: {record.getMessage()}")
        else:
            self._output.detail(record.getMessage())


class WithCommandsBelow(TyperGroup):
    """A command below it is one where its name comes first (``rag eval add …``); all else is the
    command itself, whose argument may stand anywhere."""

    allow_interspersed_args = True

    def make_context(
        self, info_name: Any, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        below = self.commands.get(args[0]) if args else None
        if below is not None:
            return below.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@contextmanager
def opened(
    common: Common, *, flags: Mapping[str, Any] | None = None, helped: bool = False
) -> Iterator[tuple[Rag, Output]]:
    """The project, found or named, and the command's output. ``flags`` are settings by name.
    ``helped``: its questions go to the helper first, where one runs.

    Raises ProjectNotFound, UsageError.
    """
    with speaking(common) as output:
        from ragcli.rag import Rag
        from ragcli.serving.client import HelpedRag

        kind = HelpedRag if helped else Rag
        with kind.open(common.project, **(flags or {})) as rag:
            rag.agrees = partial(agrees, output)
            yield rag, output


def agrees(output: Output, host: str, name: str) -> bool:
    """Whether whoever sits at the terminal agrees, once for each host; no where nobody does."""
    if not (output.err_is_terminal and sys.stdin.isatty()):
        return False
    output.say(f"`{name}` sends what it is asked, and what it reads, to {host}.")
    output.prompt("Agree, for this and all later times? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def tell_model(rag: Rag, output: Output) -> None:
    """Say so when a settings file names another model than the project's."""
    note = rag.note_on_model()
    if note:
        output.note(f"note: {note}")


def remember(rag: Rag, output: Output, question: str) -> None:
    """Keep a question, where the user has switched that on."""
    if not rag.settings.history:
        return
    from ragcli.recipes import history

    try:
        history.keep(rag.folder, question)
    except OSError as error:
        output.warn(f"the question is not kept in the history: {error.strerror}")
