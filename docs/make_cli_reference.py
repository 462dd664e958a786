"""Write the generated parts of docs/cli.md: the settings, and each command's help.

python docs/make_cli_reference.py            # after a change of a command or a setting
python docs/make_cli_reference.py --check    # exit 1 when the page is not up to date
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typer.main

from ragcli.cli.app import app, main
from ragcli.config import Settings

PAGE = Path(__file__).resolve().parent / "cli.md"


def commands(
    group: Any = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command as it is typed, in the order of the help, with what typer made of it."""
    group = group or typer.main.get_command(app)
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield (*path, name), command
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    """What `rag <path> --help` prints on a terminal of 80 columns."""
    printed = io.StringIO()
    with patch.dict(os.environ, {"COLUMNS": "80", "NO_COLOR": "1"}), redirect_stdout(printed):
        main([*path, "--help"])
    lines = printed.getvalue().rstrip().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def command_part() -> str:
    parts = [f"```\n{help_of(())}\n```"]
    parts += [f"### rag {' '.join(p)}\n\n```\n{help_of(p)}\n```" for p, _ in commands()]
    return "\n\n".join(parts)


def setting_part() -> str:
    lines = ["| setting | default | variable | what it is |", "|---|---|---|---|"]
    for spec in fields(Settings):
        variables = [f"`RAG_{spec.name.upper()}`"]
        if spec.metadata["env"]:
            variables.append(f"`{spec.metadata['env']}`")
        default = "" if spec.default is None else f"`{spec.default}`"
        about = spec.metadata["about"]
        lines.append(f"| `{spec.name}` | {default} | {', '.join(variables)} | {about} |")
    return "\n".join(lines)


def generated(page: str) -> str:
    """The page with its generated parts made anew."""
    for name, make in (("settings", setting_part), ("commands", command_part)):
        begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"the page must hold `{begin}` and `{end}` once")
        before, rest = page.split(begin)
        after = rest.split(end)[1]
        page = f"{before}{begin}\n{make()}\n{end}{after}"
    return page


def run(args: list[str]) -> int:
    page = PAGE.read_text(encoding="utf-8")
    fresh = generated(page)
    if "--check" in args:
        return int(fresh != page)
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
