"""``rag status``: the project at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.ls import size
from ragcli.cli.opening import opened
from ragcli.cli.options import Common, grouped
from ragcli.cli.output import one_line
from ragcli.cli.show_passages import percent
from ragcli.domain import State, state_of
from ragcli.text.language_names import language_name

if TYPE_CHECKING:
    from ragcli.domain import Problem
    from ragcli.recipes.status import Status

# How many languages and formats are named.
_TOP = 4
# Shares that round to nothing are words in passing: of a test, a name, a list of languages.
_SHARE_TO_SHOW = 0.005


@grouped
def status(
    problems: Annotated[
        bool, typer.Option("--problems", help="Each file and page with its reason and cure.")
    ] = False,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="What was passed over, and why.")
    ] = False,
    *,
    common: Common,
) -> None:
    """Show the project at a glance: files, chunks, model, size, when, problems."""
    with opened(common) as (rag, output):
        found = rag.status(problems=problems, skipped=skipped)
        if output.json:
            output.object(_object(found))
            return
        for line in _listing(found) if problems or skipped else _glance(found):
            output.line(line)
        for note in found.notes:
            output.note(f"note: {note}")


def _glance(found: Status) -> Iterator[str]:
    told = [f"{n:,} {wording(state)}" for state, n in found.states.items() if state != "stored"]
    detail = f" ({', '.join(told)})" if told else ""
    yield _row("project", found.folder)
    yield _row("files", f"{sum(found.states.values()):,}{detail}")
    if found.parts:
        yield _row("parts", f"{found.parts:,} inside them: attachments, messages, members")
    yield _row("documents", f"{found.documents:,}{_top(found.formats)}{_top(found.languages)}")
    by_words = {code: share for code, share in found.by_words.items() if share >= _SHARE_TO_SHOW}
    if by_words and found.model:
        taught = f"{found.model.name.rpartition('/')[2]} was not taught"
        shares = ", ".join(f"{language_name(c)} {percent(s)}" for c, s in by_words.items())
        yield _row("by words", f"{shares} of the text, which {taught}")
    share = f", {found.embedded_chunks:,} ({percent(found.embedded_share)}) embedded: rag ingest"
    yield _row("chunks", f"{found.chunks:,}{share if found.embedded_share < 1 else ''}")
    if found.model:
        model = found.model
        yield _row("model", f"{model.name}, {model.dimension} dimensions")
        if model.engine:
            yield _row("engine", f"{model.precision}, {model.engine}")
        yield _row("fingerprint", model.fingerprint[:12])
        yield _row("chunk size", f"{model.chunk_tokens} tokens")
    if found.reranker:
        engine = f", {found.reranker.engine}" if found.reranker.engine else ""
        yield _row("reranker", found.reranker.name + engine)
    if found.index:
        yield _row("index", f"{found.index.file}, {found.index.chunks:,} chunks")
    parts = ", ".join(f"{part} {size(found.size_bytes[part])}" for part in ("store", "vectors"))
    yield _row("on disk", f"{size(sum(found.size_bytes.values()))} ({parts})")
    yield _row("created", found.created or "")
    yield _row("last ingest", found.last_ingest or "never")
    for number, root in enumerate(found.roots):
        gone = "" if root.present else "  (not there now)"
        yield _row("" if number else "folders", root.source + gone)
    if found.unfinished:
        begun = f"a switch to {found.unfinished[-1]}: finish it with the same rag reembed"
        yield _row("unfinished", begun)
    if found.kept:
        about = f"{found.kept.told}, {size(found.kept.size_bytes)}"
        yield _row("kept", f"{about}: rag reembed --rollback, or --forget")
    if found.stale:
        yield _row("stale", f"{found.stale:,} files changed or gone since read: rag ingest")
    if found.problem_count:
        yield _row("problems", f"{found.problem_count:,}: rag status --problems")
    if found.skipped_count:
        yield _row("skipped", f"{found.skipped_count:,}: rag status --skipped")


def _row(name: str, value: str) -> str:
    return f"{name:<13}{one_line(value)}"


def _top(counted: Mapping[str, int]) -> str:
    """The most frequent, with how many of each."""
    if not counted:
        return ""
    told = [f"{name} {count:,}" for name, count in list(counted.items())[:_TOP]]
    return f" · {', '.join(told)}{', …' if len(counted) > _TOP else ''}"


def _listing(found: Status) -> Iterator[str]:
    for source, problem in found.problems or ():
        yield one_line(f"{_place(source, problem)}: {_told(problem)}")
        if problem.hint:
            yield f"  {one_line(problem.hint)}"
    for source, reason in found.skipped or ():
        yield one_line(f"{source}: {reason}")


def _told(problem: Problem) -> str:
    """The state and the reason, which may begin with the state's word."""
    state = wording(state_of(problem.code))
    told = problem.message.startswith(state)
    return problem.message if told else f"{state}: {problem.message}"


def wording(state: State) -> str:
    """A state as people read it: ``no text``."""
    return state.replace("_", " ")


def _place(source: str, problem: Problem) -> str:
    return source if problem.page is None else f"{source}#page={problem.page}"


def _object(found: Status) -> dict[str, Any]:
    kept = None if found.kept is None else found.kept._asdict()
    shape = {"schema": "ragcli.status/1", **asdict(found), "kept": kept}
    if found.problems is not None:
        shape["problems"] = [
            {"source": s, "state": state_of(p.code), **asdict(p)} for s, p in found.problems
        ]
    if found.skipped is not None:
        shape["skipped"] = [{"source": s, "reason": r} for s, r in found.skipped]
    return shape
