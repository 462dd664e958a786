"""``rag rm``: files and folders out of the project."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.opening import opened
from ragcli.cli.options import Common, WaitOption, grouped
from ragcli.cli.output import Output, one_line
from ragcli.cli.values import seconds
from ragcli.cli.wording import count
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.recipes.purge import Purged
    from ragcli.recipes.remove import Removed


@grouped
def rm(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH...]", help="Files and folders, or sources."),
    ] = None,
    purge: Annotated[
        bool,
        typer.Option("--purge", help="Leave no word of them in .rag, nor of what went before."),
    ] = False,
    wait: WaitOption = None,
    *,
    common: Common,
) -> None:
    """Take files and folders out of the project. The files themselves are not touched.

    A file of an ingested folder stays out until it is named to ingest again. A folder that was
    ingested is forgotten with all its files.

    With --purge no word of what was taken out is left in the project's folder, now or before;
    without PATH, of what was taken out before. Saved runs lose their words, conversations and
    logged questions go whole. Exit 3: another command still reads the old state; the next ingest,
    or rag rm --purge, finishes it.
    """
    if not paths and not purge:
        raise UsageError("nothing was named", "name files or folders: rag rm PATH")
    flags = {"wait_s": None if wait is None else seconds(wait)}
    with opened(common, flags=flags) as (rag, output):
        removed = rag.remove(paths or [], purge=purge)
        if output.json:
            output.object({"schema": "ragcli.rm/1", **asdict(removed)})
        else:
            _show(removed, output)
        if removed.purged is not None and not removed.purged.complete:
            raise typer.Exit(3)


def _show(removed: Removed, output: Output) -> None:
    for source in removed.files:
        output.line(one_line(source) if output.out_is_terminal else source)
    for source in removed.roots:
        output.note(f"forgot {source}: rag ingest alone no longer reads it")
    told = f"{count(len(removed.files), 'file')}, {count(removed.chunks, 'chunk')}"
    output.note(f"Removed {told}")
    if removed.purged is not None:
        _show_purged(removed, removed.purged, output)


def _show_purged(removed: Removed, purged: Purged, output: Output) -> None:
    if purged.complete:
        output.note("Purged: no word of what was taken out is left in .rag")
    else:
        output.warn(
            "another command still reads the old state of the store, so its pages are still there;"
            " when it has ended: rag rm --purge"
        )
    if purged.questions:
        output.note(f"  {count(purged.questions, 'question')} about it went, too")
    if purged.runs:
        output.note(f"  {count(purged.runs, 'saved run')} kept the figures, not the words")
    if purged.deleted:
        output.note(f"  deleted: {', '.join(purged.deleted)}")
    if purged.unknown:
        output.warn(f"not ragcli's, and not looked into: .rag/{', .rag/'.join(purged.unknown)}")
    for source in removed.shared:
        output.note(f"  the text of {source} stays: another file of the project is equal")
    output.note(
        "Out of reach: your files themselves, backups and snapshots, blocks that the disk has"
        " freed, and what a terminal has shown."
    )
