"""What an ingest would do, for people, for pipes and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ragcli.cli.ls import size
from ragcli.cli.output import Output, one_line
from ragcli.cli.show_ingest import skipped_counts
from ragcli.cli.wording import count, duration

if TYPE_CHECKING:
    from ragcli.recipes.dry_run import DryRun


def show(found: DryRun, output: Output) -> None:
    """A line for each file that is concerned on stdout, the sums on stderr."""
    if output.json:
        output.object(_object(found, with_skipped=output.verbose))
        return
    for what in ("fetched", "new", "changed", "removed"):
        for source in getattr(found, what):
            output.line(f"{what:<8} {one_line(source)}")
    if output.verbose:
        for source, reason in found.skipped:
            output.line(f"{'skipped':<8} {one_line(source)}: {reason}")
    for reason in found.held_back:
        output.say(f"! {reason}")
    told = [f"{count(len(found.fetched), 'page')} fetched"] if found.fetched else []
    told += [f"{len(found.new):,} new", f"{len(found.changed):,} changed"]
    told += [f"{len(found.removed):,} removed", f"{found.unchanged:,} unchanged"]
    skips = skipped_counts(found.skipped_counts)
    output.note(f"would do: {', '.join(told)}{f'; {skips}' if skips else ''}")
    if found.created:
        output.note(f"would make a project in {found.project}")
    if found.new or found.changed:
        files = count(len(found.new) + len(found.changed), "file")
        output.note(f"{files}, {size(found.size_bytes)}: {_estimate(found)}")


def _estimate(found: DryRun) -> str:
    if found.chunks is None:
        return "chunks and time unknown: this project has seen too little of their formats"
    chunks = f"about {count(found.chunks, 'chunk')}"
    if found.seconds is None:
        return f"{chunks}, time unknown: no ingest here was large enough to tell"
    return f"{chunks}, about {duration(found.seconds)} at the pace of the last large ingest"


def _object(found: DryRun, *, with_skipped: bool) -> dict[str, Any]:
    skipped = [{"source": s, "reason": r} for s, r in found.skipped] if with_skipped else None
    return {
        "schema": "ragcli.dry-run/1",
        "project": found.project,
        "created": found.created,
        "fetched": list(found.fetched),
        "new": list(found.new),
        "changed": list(found.changed),
        "removed": list(found.removed),
        "unchanged": found.unchanged,
        "size_bytes": found.size_bytes,
        "skipped": found.skipped_counts,
        "skipped_files": skipped,
        "held_back": list(found.held_back),
        "estimate": {"chunks": found.chunks, "seconds": found.seconds},
    }
