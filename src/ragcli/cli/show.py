"""``rag show``: the stored text of a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.options import (
    DebugOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    VerboseOption,
    opened,
)
from ragcli.cli.output import show_safely


def show(
    file: Annotated[
        str, typer.Argument(metavar="FILE[:PAGE or :LINE]", help="A path or a source.")
    ],
    project: ProjectOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Print the stored text of a file, as it was read.

    FILE:3 is page 3 where the file has pages, else line 3 and what follows, 40 lines in all. A
    place as query prints it, FILE#page=3, is understood too.
    """
    with opened(project, json=as_json, quiet=quiet, verbose=verbose, debug=debug) as (rag, output):
        shown = rag.show(file)
        if output.json:
            output.object({"schema": "ragcli.show/1", **asdict(shown)})
            return
        if shown.stale:
            output.warn(f"{shown.source} has changed or gone since it was read")
        text = show_safely(shown.text) if output.out_is_terminal else shown.text
        output.text(text if text.endswith("\n") or not text else text + "\n")
