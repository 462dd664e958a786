"""``rag doctor``: check everything, name the cures, repair."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.opening import opened
from ragcli.cli.options import Common, WaitOption, grouped
from ragcli.cli.output import show_safely
from ragcli.cli.values import seconds
from ragcli.recipes.checkup import Check

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


@grouped
def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended, then check again.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also try the model, and all words of a large index.")
    ] = False,
    wait: WaitOption = None,
    *,
    common: Common,
) -> None:
    """Check everything: stored texts, embeddings, indexes, files, model, servers, disk.

    Each failure comes with its cure. With --quiet only failures are shown.
    """
    flags = {"wait_s": None if wait is None else seconds(wait)}
    with opened(common, flags=flags) as (rag, output):
        found = rag.doctor(deep=deep, repair=repair)
        if output.json:
            output.object(
                {
                    "schema": "ragcli.doctor/1",
                    "healthy": found.healthy,
                    "checks": [asdict(check) for check in found.checks],
                    "repaired": list(found.repaired),
                }
            )
        else:
            for sentence in found.repaired:
                output.note(f"repaired: {sentence}")
            for check in found.checks:
                if check.state == "fail" or not common.quiet:
                    text = _line(check)
                    output.line(show_safely(text) if output.out_is_terminal else text)
        if not found.healthy:
            raise typer.Exit(6)


def _line(check: Check) -> str:
    cure = f"\n{'':<18}{check.cure}" if check.cure else ""
    return f"{_MARKS[check.state]} {check.name:<16}{check.detail}{cure}"
