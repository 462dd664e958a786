"""``rag ingest``: add or update files and folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import show_dry_run, show_ingest
from ragcli.cli.init import made
from ragcli.cli.opening import speaking, tell_model
from ragcli.cli.options import (
    Common,
    EngineOption,
    ModelOption,
    PrecisionOption,
    ThreadsOption,
    WaitOption,
    grouped,
)
from ragcli.cli.output import Output
from ragcli.cli.values import seconds
from ragcli.domain import Event, IngestReport, Listener, Problem
from ragcli.errors import ProjectNotFound, UsageError
from ragcli.fetching.address import has_scheme, is_address, normal

if TYPE_CHECKING:
    from ragcli.rag import Rag
    from ragcli.recipes.dry_run import DryRun

FAIL_ON = ("any", "new", "none")

DimensionsOption = Annotated[
    int | None, typer.Option("--dimensions", metavar="N", help="Shorten the embeddings.")
]
ChunkTokensOption = Annotated[
    int | None, typer.Option("--chunk-tokens", metavar="N", help="Size of a chunk.")
]
ArchivesOption = Annotated[
    bool | None,
    typer.Option("--archives/--no-archives", help="Look into zip, tar and gz files, too."),
]

FailOnOption = Annotated[
    str, typer.Option("--fail-on", metavar="WHICH", help="Problems to exit 3 for: any, new, none.")
]


@grouped
def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files, folders, https addresses; - reads paths from stdin. Default: all known.",
        ),
    ] = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Paths on stdin end with NUL, not newline.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Read files with known problems again.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Tell changed files by their hash, not by size and time."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be done; -v: skips, too.")
    ] = False,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Remove what is gone, however much it is.")
    ] = False,
    archives: ArchivesOption = None,
    time_limit: Annotated[
        str | None,
        typer.Option("--time-limit", metavar="TIME", help="Stop then; the next ingest goes on."),
    ] = None,
    threads: ThreadsOption = None,
    wait: WaitOption = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    precision: PrecisionOption = None,
    dimensions: DimensionsOption = None,
    chunk_tokens: ChunkTokensOption = None,
    fail_on: FailOnOption = "new",
    *,
    common: Common,
) -> None:
    """Add or update files and folders. Again: only what changed; what vanished is removed."""
    if fail_on not in FAIL_ON:
        raise UsageError(
            f"`--fail-on` must be any, new or none, not `{fail_on}`", "leave it out for new"
        )
    flags = {
        "model": model,
        "engine": engine,
        "precision": precision,
        "dimensions": dimensions,
        "chunk_tokens": chunk_tokens,
        "threads": threads,
        "archives": archives,
        "wait_s": None if wait is None else seconds(wait),
    }
    limit_s = None if time_limit is None else seconds(time_limit)
    named = _named_paths(paths, null=null)
    how = {"retry": retry, "verify": verify, "allow_removals": allow_removals}
    with speaking(common) as output:
        if dry_run:
            show_dry_run.show(_foreseen(common.project, flags, named, how), output)
            return
        rag, created = _project(common.project, flags, named, output)
        with rag:
            tell_model(rag, output)
            report = rag.ingest(
                named.there if named else None,
                urls=named.urls if named else (),
                gone=named.gone if named else (),
                time_limit_s=limit_s,
                listener=output.listener(),
                **how,
            )
            report = _with_refused(report, named, output.listener())
            show_ingest.show(report, rag, output, created=created)
        raise typer.Exit(_exit_code(report, fail_on, named is not None))


@dataclass(frozen=True, slots=True)
class _Named:
    """The paths to look at, those on stdin that are not there any more, the addresses to fetch, and
    those that stdin names, which are not fetched."""

    there: list[Path]
    gone: list[Path]
    urls: list[str]
    refused: list[str]


def _named_paths(paths: Sequence[str] | None, *, null: bool) -> _Named | None:
    if null and "-" not in (paths or ()):
        raise UsageError("-0 says how paths on stdin end, but none are read", "rag ingest -0 -")
    if not paths:
        return None
    named = _Named([], [], [], [])
    for path in paths:
        if is_address(path) or (has_scheme(path) and not os.path.lexists(path)):
            named.urls.append(normal(path))
        elif path != "-":
            named.there.append(Path(path).expanduser())
    if "-" in paths:
        for text in _lines_on_stdin(null=null):
            if is_address(text):
                named.refused.append(text)
            else:
                (named.there if os.path.lexists(text) else named.gone).append(Path(text))
    return named


def _lines_on_stdin(*, null: bool) -> list[str]:
    data = sys.stdin.buffer.read()
    ends = data.split(b"\0") if null else [line.rstrip(b"\r") for line in data.split(b"\n")]
    return [os.fsdecode(entry) for entry in ends if entry]


def _with_refused(report: IngestReport, named: _Named | None, listener: Listener) -> IngestReport:
    """A list may come from anywhere; what is fetched is what a person typed."""
    refused = [
        (
            url,
            Problem("refused_address", "an address on stdin is not fetched", f"rag ingest '{url}'"),
        )
        for url in (named.refused if named else ())
    ]
    for url, problem in refused:
        listener(Event("problem", message=f"{url}: {problem.message}: {problem.hint}"))
    return replace(report, new_problems=(*report.new_problems, *refused))


def _project(
    project: str | None, flags: Mapping[str, Any], named: _Named | None, output: Output
) -> tuple[Rag, bool]:
    """The project, made where none is found; whether it was. Says which when it is not plain."""
    from ragcli.rag import Rag

    try:
        rag = Rag.open(project, **flags)
    except ProjectNotFound:
        if named is None:  # nothing to put into one
            raise
        _check_there(named.there)
        rag, created = made(project, flags)
        output.note(f"made a project in {rag.folder.root}")
        return rag, created
    if not rag.folder.database.exists():  # killed while it was made
        return made(str(rag.folder.root), flags)
    if project is None and rag.folder.root != Path.cwd():
        output.note(f"into the project {rag.folder.root}")
    return rag, False


def _foreseen(
    project: str | None,
    flags: Mapping[str, Any],
    named: _Named | None,
    how: Mapping[str, bool],
) -> DryRun:
    """The dry run, also where no project is: then in the folder where one would be made."""
    from ragcli.config import settings_for
    from ragcli.rag import Rag
    from ragcli.reading.ocr import reads_pictures
    from ragcli.reading.options import ReadOptions
    from ragcli.recipes.dry_run import DryRunOptions, dry_run
    from ragcli.store.folder import ProjectFolder, named_root, refuse_unwanted

    there, gone, urls = (named.there, named.gone, named.urls) if named else (None, [], [])
    try:
        rag = Rag.open(project, **flags)
    except ProjectNotFound:
        if there is None:
            raise
        root = named_root(project, os.environ)
        refuse_unwanted(root or Path.cwd(), named=root is not None)
        settings, _ = settings_for(None, flags, os.environ)
        pictures = reads_pictures(ReadOptions.of(settings))
        options = DryRunOptions(
            there, gone, archives=settings.archives, urls=urls, pictures=pictures, **how
        )
        return dry_run(ProjectFolder(root or Path.cwd()), None, options)
    with rag:
        return rag.dry_run(there, urls=urls, gone=gone, **how)


def _check_there(paths: Sequence[Path]) -> None:
    """Before a project is made for them."""
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"{path} does not exist", "check the path; nothing was changed")


def _exit_code(report: IngestReport, fail_on: str, named: bool) -> int:
    problems = len(report.new_problems) + (report.known_problems if fail_on == "any" else 0)
    if fail_on != "none" and (problems or report.held_back):
        return 3
    found_nothing = report.files == 0 and not report.removed and not report.remaining_files
    return 4 if named and found_nothing else 0
