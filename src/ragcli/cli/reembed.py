"""``rag reembed``: another model, or other chunks, from the stored text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.options import (
    DebugOption,
    EngineOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    ProjectOption,
    QuietOption,
    ThreadsOption,
    VerboseOption,
    WaitOption,
    opened,
    seconds,
)
from ragcli.cli.wording import count, duration


def reembed(
    model: ModelOption = None,
    engine: EngineOption = None,
    precision: PrecisionOption = None,
    dimensions: Annotated[
        int | None, typer.Option("--dimensions", min=1, metavar="N", help="Shorten embeddings.")
    ] = None,
    chunk_tokens: Annotated[
        int | None, typer.Option("--chunk-tokens", min=16, metavar="N", help="Size of a chunk.")
    ] = None,
    threads: ThreadsOption = None,
    wait: WaitOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Switch the embedding model, from the stored text: no file is read again.

    Queries are answered with the old model until the switch, which is one commit. Interrupted,
    the same command goes on where it stopped. Without options all embeddings are computed anew.
    """
    flags = {
        "engine": engine,
        "threads": threads,
        "wait_s": None if wait is None else seconds(wait),
    }
    talk = {"json": as_json, "quiet": quiet, "verbose": verbose, "debug": debug}
    with opened(project, **talk, flags=flags) as (rag, output):
        done = rag.reembed(
            model,
            dimensions=dimensions,
            precision=precision,
            chunk_tokens=chunk_tokens,
            listener=output.listener(),
        )
        if output.json:
            output.object({"schema": "ragcli.reembed/1", **asdict(done)})
        elif not done.changed:
            output.note(f"nothing to change: the project is embedded with {done.model} as asked")
        else:
            switched = "" if done.old_model == done.model else f" (before: {done.old_model})"
            recut = ", cut anew" if done.recut else ""
            output.note(
                f"Embedded {count(done.chunks, 'chunk')}{recut} in {duration(done.duration_s)}"
                f" with {done.model}, {done.dimension} dimensions, {done.precision}{switched}"
            )
