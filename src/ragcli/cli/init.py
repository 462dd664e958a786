"""``rag init``: make a project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.opening import speaking
from ragcli.cli.options import Common, grouped
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.rag import Rag


@grouped
def init(
    folder: Annotated[
        str | None, typer.Argument(metavar="DIR", help="Default: this folder.")
    ] = None,
    *,
    common: Common,
) -> None:
    """Make a project: a folder .rag that holds the index. One that is there stays as it is."""
    if folder is not None and common.project is not None:
        raise UsageError("DIR and --project name the same thing", "leave one of them out")
    with speaking(common) as output:
        rag, created = made(folder or common.project, {})
        root = rag.folder.root
        rag.close()
        if common.json:
            output.object({"schema": "ragcli.init/1", "project": str(root), "created": created})
        elif created:
            output.note(f"made a project in {root}; next: rag ingest FOLDER")
        else:
            output.note(f"{root} is a project already; nothing was changed")


def made(named: str | None, flags: Mapping[str, Any]) -> tuple[Rag, bool]:
    """(the project in the folder that was named, else in this one; whether it is new)."""
    from ragcli.rag import Rag
    from ragcli.store.folder import ProjectFolder, named_root

    root = named_root(named, os.environ) or Path.cwd()
    existed = ProjectFolder(root).database.exists()
    return Rag.create(named, **flags), not existed
