"""``rag rm``: files and folders out of the project."""

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
    WaitOption,
    opened,
    seconds,
)
from ragcli.cli.wording import count


def rm(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files and folders, or sources.")
    ],
    wait: WaitOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Take files and folders out of the project. The files themselves are not touched.

    A file of an ingested folder stays out until it is named to ingest again. A folder that was
    ingested is forgotten with all its files.
    """
    flags = {"wait_s": None if wait is None else seconds(wait)}
    talk = {"json": as_json, "quiet": quiet, "verbose": verbose, "debug": debug}
    with opened(project, **talk, flags=flags) as (rag, output):
        removed = rag.remove(paths)
        if output.json:
            output.object({"schema": "ragcli.rm/1", **asdict(removed)})
            return
        for source in removed.files:
            output.line(source)
        for source in removed.roots:
            output.note(f"forgot {source}: rag ingest alone no longer reads it")
        told = f"{count(len(removed.files), 'file')}, {count(removed.chunks, 'chunk')}"
        output.note(f"Removed {told}")
