"""``rag reembed``: another model, or other chunks, from the stored text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import show_comparison
from ragcli.cli.opening import opened
from ragcli.cli.options import (
    Common,
    EngineOption,
    ModelOption,
    PrecisionOption,
    ThreadsOption,
    WaitOption,
    grouped,
)
from ragcli.cli.values import seconds
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.cli.output import Output
    from ragcli.rag import Rag


@grouped
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
    if_better: Annotated[
        bool, typer.Option("--if-better", help="Switch only if it finds more; exit 6 if not.")
    ] = False,
    questions: Annotated[
        Path | None,
        typer.Option("--questions", metavar="FILE", help="Compare by these. Default: your own."),
    ] = None,
    self_made: Annotated[
        bool, typer.Option("--self", help="Compare by questions made from the documents.")
    ] = False,
    no_compare: Annotated[bool, typer.Option("--no-compare", help="Switch unasked.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, and change nothing.")
    ] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to what answered before the last switch.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what is kept to go back to, or was begun.")
    ] = False,
    threads: ThreadsOption = None,
    wait: WaitOption = None,
    *,
    common: Common,
) -> None:
    """Switch the embedding model or the chunks, from the stored text: no file is read again.

    Queries are answered with the old model until the switch, which is one commit; old and new
    are compared on your questions before it. Interrupted, the same command goes on where it
    stopped. What is replaced is kept for --rollback. Without options all embeddings are computed
    anew.
    """
    changes: dict[str, Any] = {
        "model": model,
        "dimensions": dimensions,
        "precision": precision,
        "chunk_tokens": chunk_tokens,
    }
    compared = {"questions": questions, "self_made": self_made, "if_better": if_better}
    _check(changes, compared, no_compare, dry_run, rollback, forget)
    flags = {
        "engine": engine,
        "threads": threads,
        "wait_s": None if wait is None else seconds(wait),
    }
    with opened(common, flags=flags) as (rag, output):
        if forget:
            show_comparison.forgotten(rag.forget_kept(), output)
        elif rollback:
            show_comparison.show(rag.rollback(listener=output.listener()), output)
        elif dry_run:
            show_comparison.estimated(rag.reembed_estimate(**changes), output)
        else:
            _reembed(rag, output, {**changes, **compared, "compare": not no_compare})


def _reembed(rag: Rag, output: Output, wanted: Mapping[str, Any]) -> None:
    done = rag.reembed(**wanted, listener=output.listener())
    show_comparison.show(done, output)
    if done.changed and not done.switched:
        raise typer.Exit(6)


def _check(
    changes: Mapping[str, Any],
    compared: Mapping[str, Any],
    no_compare: bool,
    dry_run: bool,
    rollback: bool,
    forget: bool,
) -> None:
    """Raises UsageError for what does not go together."""
    names = {"model": "--model", "questions": "--questions", "self_made": "--self"}
    given = [
        names.get(name, f"--{name.replace('_', '-')}")
        for name, value in {**changes, **compared}.items()
        if value
    ]
    given += ["--no-compare"] * no_compare
    alone = [f"--{name}" for name, value in (("rollback", rollback), ("forget", forget)) if value]
    alone += ["--dry-run"] * (dry_run and bool(alone))
    if alone and len(alone) + len(given) > 1:
        raise UsageError(f"{alone[0]} goes with nothing else", f"run rag reembed {alone[0]}")
    if no_compare and any(compared.values()):
        raise UsageError("--no-compare asks nothing", "leave it out to compare")
