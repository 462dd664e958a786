"""What an ingest did, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ragcli.cli.output import Output
from ragcli.cli.wording import count, duration
from ragcli.domain import IngestReport, Problem, state_of

if TYPE_CHECKING:
    from ragcli.rag import Rag


def show(report: IngestReport, rag: Rag, output: Output, *, created: bool) -> None:
    """The summary is talk: it goes to stderr; with ``--json`` an object goes to stdout too."""
    # Problems and notes have been told as they came.
    for reason in report.held_back:
        output.say(f"! {reason}")
    if report.held_back:
        output.say("  if they are gone for good: rag ingest --allow-removals")
    if output.json:
        output.object(_object(report, rag, created=created))
        return
    if report.files == 0 and not report.remaining_files:
        output.note("nothing to search yet: no text was found" + _skipped(report))
        return
    output.note(_headline(report))
    details = _details(report)
    if details:
        output.note(f"  {details}")
    if report.remaining_files or report.remaining_chunks:
        output.note(_remaining(report))
    elif report.added and report.added == report.files:
        output.note('Ask away:  rag ask "…"')


def _remaining(report: IngestReport) -> str:
    """Only a time limit leaves something undone."""
    told = []
    if report.remaining_files:
        total = report.remaining_files + report.read_files
        told.append(f"{report.remaining_files:,} of {count(total, 'file')} not read yet")
    if report.remaining_chunks:
        told.append(f"{count(report.remaining_chunks, 'chunk')} not embedded yet")
    return f"stopped at the time limit: {', '.join(told)}: rag ingest goes on"


def _headline(report: IngestReport) -> str:
    inside = f" with {count(report.parts, 'part')} inside" if report.parts else ""
    total = f"{count(report.files, 'file')}{inside}, {count(report.chunks, 'chunk')}"
    took = duration(report.duration_s)
    changes = {
        "added": report.added,
        "updated": report.updated,
        "moved": report.moved,
        "removed": report.removed,
    }
    if report.added and report.added == report.files:
        model = f"{report.model.rpartition('/')[2]}, {report.dimension} dimensions"
        return f"Stored {total} in {took}  ({model})"
    told = ", ".join(f"{n:,} {what}" for what, n in changes.items() if n)
    if not told and report.embedded_chunks:
        told = f"{count(report.embedded_chunks, 'chunk')} embedded"
    if told:
        return f"Brought up to date in {took}: {told}; now {total}"
    return f"Up to date: {total} ({took})"


def _details(report: IngestReport) -> str:
    failed = len({source for source, _ in report.new_problems})
    parts = []
    if report.unchanged and (report.added or report.updated):
        parts.append(f"{report.unchanged:,} unchanged")
    skipped = _skipped(report).lstrip("; ")
    if skipped and (report.added or report.updated):
        parts.append(skipped)
    if failed:
        parts.append(f"{failed:,} with problems")
    if report.known_problems:
        parts.append(f"{report.known_problems:,} still unread")
    told = " · ".join(parts)
    return f"{told}: rag status --problems" if failed or report.known_problems else told


def _skipped(report: IngestReport) -> str:
    told = skipped_counts(report.skipped)
    return f"; {told}" if told else ""


def skipped_counts(skipped: Mapping[str, int]) -> str:
    """``12 skipped (9 hidden, 3 binary)``; nothing when there are none."""
    if not skipped:
        return ""
    most_first = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in most_first)
    return f"{sum(skipped.values()):,} skipped ({reasons})"


def _object(report: IngestReport, rag: Rag, *, created: bool) -> dict[str, Any]:
    return {
        "schema": "ragcli.ingest/1",
        "project": str(rag.folder.root),
        "created": created,
        "files": report.files,
        "parts": report.parts,
        "chunks": report.chunks,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "moved": report.moved,
        "removed": report.removed,
        "read_files": report.read_files,
        "read_parts": report.read_parts,
        "embedded_chunks": report.embedded_chunks,
        "remaining_files": report.remaining_files,
        "remaining_chunks": report.remaining_chunks,
        "skipped": dict(report.skipped),
        "new_problems": [_problem(source, one) for source, one in report.new_problems],
        "known_problems": report.known_problems,
        "held_back": list(report.held_back),
        "model": report.model,
        "dimension": report.dimension,
        "duration_s": round(report.duration_s, 3),
    }


def _problem(source: str, one: Problem) -> dict[str, Any]:
    return {
        "source": source,
        "page": one.page,
        "state": state_of(one.code),
        "code": one.code,
        "message": one.message,
        "hint": one.hint,
    }
