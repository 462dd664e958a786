"""``rag import``: a project from the file of an export."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.opening import speaking
from ragcli.cli.options import Common, grouped
from ragcli.cli.wording import count
from ragcli.errors import UsageError


@grouped
def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What rag export wrote.")],
    folder: Annotated[
        str | None, typer.Argument(metavar="DIR", help="Default: this folder.")
    ] = None,
    *,
    common: Common,
) -> None:
    """Make the project of an archive in a folder that has none.

    Everything is checked before anything is put in place: an archive that is damaged gives 13. The
    project may not name servers, providers or downloads until: rag config trust.
    """
    if folder is not None and common.project is not None:
        raise UsageError("DIR and --project name the same thing", "leave one of them out")
    with speaking(common) as output:
        from ragcli.rag import Rag

        done = Rag.import_archive(file, folder or common.project)
        if output.json:
            output.object({"schema": "ragcli.import/1", **asdict(done)})
        told = f"{count(done.files, 'file')}, {count(done.chunks, 'chunk')}"
        output.note(f"Imported {told} into {done.project}")
        output.note("It may name no servers and no downloads until you trust it: rag config trust")
