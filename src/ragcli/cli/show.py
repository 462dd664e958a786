"""``rag show``: the stored text of a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.opening import opened
from ragcli.cli.options import Common, grouped
from ragcli.cli.output import show_safely


@grouped
def show(
    file: Annotated[
        str, typer.Argument(metavar="FILE[:PAGE or :LINE]", help="A path or a source.")
    ],
    *,
    common: Common,
) -> None:
    """Print the stored text of a file, as it was read.

    FILE:3 is page 3 where the file has pages, else line 3 and what follows, 40 lines in all. A
    place as query prints it, FILE#page=3, is understood too.
    """
    with opened(common) as (rag, output):
        shown = rag.show(file)
        if output.json:
            output.object({"schema": "ragcli.show/1", **asdict(shown)})
            return
        if shown.stale:
            output.warn(f"{shown.source} has changed or gone since it was read")
        text = show_safely(shown.text) if output.out_is_terminal else shown.text
        output.text(text if text.endswith("\n") or not text else text + "\n")
