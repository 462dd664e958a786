"""The door of the command line: finds the command, and turns every ending into an exit code."""

from __future__ import annotations

import importlib
import keyword
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any, NoReturn, TextIO

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ragcli import __version__
from ragcli.cli import failures
from ragcli.cli.output import Output
from ragcli.cli.table import COMMANDS
from ragcli.errors import UsageError


class Commands(TyperGroup):
    """The commands of the table, each imported when it is used."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        if cmd_name not in COMMANDS:
            _unknown(cmd_name)
        name = cmd_name.replace("-", "_") + "_" * keyword.iskeyword(cmd_name)
        module = importlib.import_module(f"ragcli.cli.{name}")
        made = getattr(module, "app", None) or _bare_app()
        if not hasattr(module, "app"):
            made.command(cmd_name, epilog=COMMANDS[cmd_name].epilog)(getattr(module, name))
        return get_command(made)

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
        formatter.write(_help())


def _bare_app() -> typer.Typer:
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _unknown(name: str) -> NoReturn:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    if near:
        hint = f"did you mean: rag {near[0]}"
    elif " " in name.strip():
        hint = 'to ask something: rag ask "…"'
    else:
        hint = "see what there is: rag --help"
    raise UsageError(f"there is no command `{name}`", hint)


def _help() -> str:
    """All commands on one screen of 24 lines and 80 columns."""
    lines = ["Usage: rag COMMAND [OPTIONS]    Each has its --help; the version: rag --version"]
    group = ""
    for name, command in COMMANDS.items():
        if command.group != group:
            group = command.group
            lines.append(f"{group}:")
        if command.summary:
            lines.append(f"  {name:<9}{command.summary}")
    return "\n".join(lines) + "\n"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rag {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Ask your own documents."""


# ------------------------------------------------------------------ endings


class Ended(BaseException):
    """SIGTERM: the same clean stop as Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    stdout, stderr = _open_streams()
    output = Output(stdout, stderr, os.environ)
    args = list(sys.argv[1:] if argv is None else argv)
    code = 0
    try:
        code = _run(args, output)
        output.close()
        return code
    except BrokenPipeError:
        return 0
    except OSError as error:  # what was written could not be handed on
        with suppress(OSError):
            output.error(failures.translate(error))
        return code or 1
    finally:
        _hush(stdout, stderr)


def _run(args: list[str], output: Output) -> int:
    if not args:
        output.say(_help().rstrip())
        return 2
    command = get_command(app)
    try:
        # Not `command.main`: that ends the process with 1 when the pipe is closed.
        with _ended_by_sigterm(), command.make_context("rag", args) as context:
            command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    except KeyboardInterrupt:
        if output.err_is_terminal:
            output.say("")  # the terminal shows ^C
        output.say("rag: interrupted; the project holds what was committed")
        return 130
    except Ended:
        output.say("rag: ended; the project holds what was committed")
        return 143
    except BrokenPipeError:
        raise
    except Exception as error:
        known = failures.translate(error)
        with suppress(OSError):  # stderr is full, or nobody reads it
            output.error(known)
        return known.exit_code
    return 0


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    def stop(number: int, frame: object) -> NoReturn:
        raise Ended

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _open_streams() -> tuple[TextIO, TextIO]:
    """stdout and stderr; nothing in the place of each stream that was closed (``>&-``)."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
    return sys.stdout, sys.stderr


def _hush(*streams: TextIO) -> None:
    """What a closed pipe or a full disk did not take is given up, or Python would complain of it
    when it ends."""
    for stream in streams:
        try:
            stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
