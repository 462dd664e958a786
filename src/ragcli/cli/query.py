"""``rag query``: the passages for a question."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import shapes, show_passages
from ragcli.cli.opening import opened, remember, tell_model
from ragcli.cli.options import Common, DeadlineOption, Freshness, Models, Only, Search, grouped
from ragcli.cli.output import Output
from ragcli.cli.values import deadline_in, filter_from, question_from
from ragcli.errors import TextTooLong, UsageError

if TYPE_CHECKING:
    from ragcli.domain import QueryResult
    from ragcli.rag import Rag


@grouped
def query(
    question: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="- reads it from stdin.")
    ] = None,
    *,
    search: Search,
    only: Only,
    freshness: Freshness,
    models: Models,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each passage's ranks and scores.")
    ] = False,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch", metavar="FILE", help='Lines {"id", "question", "k"?}; - reads stdin.'
        ),
    ] = None,
    mark: Annotated[
        str | None,
        typer.Option("--mark", metavar="1,3", help="These answer it: keep that for rag eval."),
    ] = None,
    deadline: DeadlineOption = None,
    common: Common,
) -> None:
    """Find the passages for a question.

    In a pipe they come as lines: path:line: text.
    """
    if mark is not None and batch is not None:
        raise UsageError("--mark is for one question", "leave --batch out")
    if deadline is not None and batch is not None:
        raise UsageError("--deadline is for one question", "leave --batch out")
    by = deadline_in(deadline)
    ranks = _ranks(mark)
    if (question is None) == (batch is None):
        raise UsageError("name one question, or --batch FILE", 'ask something: rag query "…"')
    chosen = filter_from(only, fresh=freshness.fresh)
    options: dict[str, Any] = {"chosen": chosen, "explain": explain, "verify": freshness.verify}
    flags = search.settings | models.settings
    with opened(common, flags=flags, helped=True) as (rag, output):
        tell_model(rag, output)
        if batch is not None:
            raise typer.Exit(_answer_lines(rag, output, batch, search.top_k, options))
        asked = question_from(question)
        result = rag.query(asked, top_k=search.top_k, deadline=by, **options)
        remember(rag, output, result.question)
        _show(result, output)
        if by is not None:
            show_passages.tell_steps(result.steps, by.seconds, output)
        if ranks:
            _keep(rag, result, ranks, output)
        if not result.passages:
            raise typer.Exit(4)


def _ranks(mark: str | None) -> list[int]:
    try:
        return [int(part) for part in (mark or "").split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"`--mark {mark}` names no passages", "write it as --mark 1,3") from None


def _keep(rag: Rag, result: QueryResult, ranks: Sequence[int], output: Output) -> None:
    """The question and what answers it, among the project's own questions."""
    from ragcli.cli.show_eval import kept
    from ragcli.recipes import own_questions

    places = own_questions.marked(result.passages, ranks)
    output.note(kept(own_questions.add(rag.folder, result.question, places), rag.folder))


def _show(result: QueryResult, output: Output) -> None:
    if output.json:
        output.object(shapes.query(result))
        return
    for warning in result.warnings:
        output.warn(warning)
    if result.mode != "keyword":
        show_passages.tell_share(result, output)
    show_passages.show(result, output)
    show_passages.tell_stale(result, output)
    show_passages.tell_weak(result, output)
    if not result.passages:
        output.note("no passage found")
    elif output.out_is_terminal and output.err_is_terminal:
        took_s = sum(result.timings_ms.values()) / 1000
        output.note(f"{took_s:.2f} s · {len(result.passages)} passages · {result.mode}")


# ------------------------------------------------------------------ many questions


def _answer_lines(
    rag: Rag, output: Output, batch: str, top_k: int | None, options: Mapping[str, Any]
) -> int:
    """An object a line, in the order of the questions; the exit code. What is said of the corpus
    stands in the first."""
    from ragcli.recipes.languages import is_untaught

    code = 0
    told: set[str] = set()
    for number, line in enumerate(_lines(batch), 1):
        if not line.strip():
            continue
        identity: Any = None
        try:
            asked = _parse(line)
            identity = asked.get("id")
            result = rag.query(_question(asked), top_k=_k(asked, top_k), **options)
            warnings = tuple(w for w in result.warnings if w not in told)
            told.update(filter(is_untaught, warnings))
            output.object({"id": identity, **shapes.query(replace(result, warnings=warnings))})
        except (UsageError, TextTooLong) as error:
            output.object({"id": identity, "error": error.message})
            output.warn(f"line {number}: {error.message}")
            code = 3
    return code


def _lines(batch: str) -> Iterator[bytes]:
    if batch == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(batch).expanduser().open("rb") as file:
            yield from file
    except OSError as error:
        raise UsageError(f"cannot read {batch}: {error.strerror}", "check the path") from error


def _parse(line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line.decode("utf-8-sig"))
    except ValueError as error:
        raise UsageError(f"not JSON: {error}") from None
    if not isinstance(asked, dict):
        raise UsageError("not a JSON object")
    return asked


def _question(asked: dict[str, Any]) -> str:
    question = asked.get("question")
    if not isinstance(question, str):
        raise UsageError("no `question`, or one that is not text")
    return question.encode("utf-8", "replace").decode()  # JSON can hold half a surrogate pair


def _k(asked: dict[str, Any], default: int | None) -> int | None:
    k = asked.get("k", default)
    if k is not None and (isinstance(k, bool) or not isinstance(k, int)):
        raise UsageError(f"`k` must be a whole number, not {k!r}")
    return k
