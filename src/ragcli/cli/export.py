"""``rag export``: the project as one file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.ls import size
from ragcli.cli.opening import opened
from ragcli.cli.options import Common, grouped
from ragcli.cli.wording import count
from ragcli.errors import UsageError


@grouped
def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What to write.")],
    paths: Annotated[
        str,
        typer.Option("--paths", metavar="HOW", help="keep, relative or none."),
    ] = "keep",
    *,
    common: Common,
) -> None:
    """Write the project into one file, which rag import reads. Others may go on writing.

    It holds the text, embeddings, settings, question sets and saved runs; no keys, no trust, no
    conversations, nothing that was removed, and no file of yours. Paths outside the project's
    folder are absolute: --paths relative tells them from there, --paths none leaves out all
    paths, and with them question sets and saved runs. An earlier archive is replaced.
    """
    with opened(common) as (rag, output):
        from ragcli.recipes.export_project import PATHS

        how = next((one for one in PATHS if one == paths), None)
        if how is None:
            raise UsageError(
                f"`--paths {paths}` is none of {', '.join(PATHS)}", "see: rag export --help"
            )
        done = rag.export(file, paths=how)
        if output.json:
            output.object({"schema": "ragcli.export/1", **asdict(done)})
        told = f"{count(done.files, 'file')}, {count(done.chunks, 'chunk')}"
        output.note(f"Exported {told} to {done.file} ({size(done.size_bytes)})")
