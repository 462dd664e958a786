"""``rag ls``: the files of the project."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.opening import opened
from ragcli.cli.options import Common, grouped
from ragcli.cli.output import Output, one_line

if TYPE_CHECKING:
    from ragcli.recipes.files import ProjectFile

_UNITS = ("kB", "MB", "GB", "TB")


@grouped
def ls(
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="[PATTERN]", help="A file, a folder, or a pattern: '*.pdf'."),
    ] = None,
    *,
    common: Common,
) -> None:
    """List the files of the project.

    In a pipe: one source a line. On a terminal: a table; ! marks files that could not be read in
    full, ~ those that have changed or gone since they were read.
    """
    with opened(common) as (rag, output):
        files = rag.files(pattern)
        if output.json:
            output.object({"schema": "ragcli.ls/1", "files": [asdict(f) for f in files]})
        elif output.out_is_terminal and files:
            _table(files, output)
        else:
            for file in files:
                output.line(file.source)
        if not files:
            output.note(f"no file matches {pattern}" if pattern else "the project is empty")
            raise typer.Exit(4)


def _table(files: tuple[ProjectFile, ...], output: Output) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", width=1)
    table.add_column("source", overflow="fold", ratio=1)
    for name in ("type", "lang"):
        table.add_column(name, no_wrap=True)
    for name in ("chunks", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("date", no_wrap=True)
    for file in files:
        table.add_row(
            _mark(file),
            one_line(file.source),
            file.format or "",
            file.language or "",
            f"{file.chunks:,}" if file.format else "",
            size(file.size_bytes or 0),
            (file.date or "")[:10],
        )
    output.rich(table)


def _mark(file: ProjectFile) -> str:
    if file.state != "stored":
        return "!"
    return "~" if file.stale else ""


def size(count: int) -> str:
    """Bytes for people: ``812 B``, ``4.1 kB``, ``120 MB``."""
    if count < 1000:
        return f"{count} B"
    power = min((len(str(count)) - 1) // 3, len(_UNITS))
    value = count / 1000**power
    return f"{value:.1f} {_UNITS[power - 1]}" if value < 10 else f"{value:.0f} {_UNITS[power - 1]}"
