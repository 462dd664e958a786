"""``rag ask``: an answer from the passages, with citations that were checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import shapes, show_answer
from ragcli.cli.opening import opened, remember, tell_model
from ragcli.cli.options import (
    Common,
    DeadlineOption,
    Freshness,
    JsonlOption,
    Models,
    Only,
    Search,
    SessionOption,
    ShowPromptOption,
    Writing,
    grouped,
)
from ragcli.cli.output import Output
from ragcli.cli.show_passages import tell_steps
from ragcli.cli.values import deadline_in, filter_from, question_from, refuse_both
from ragcli.domain import Answer
from ragcli.errors import RagError, UsageError

if TYPE_CHECKING:
    from ragcli.conversation import Conversation
    from ragcli.rag import Rag
    from ragcli.recipes.ask import Piece


@grouped
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="- reads it from stdin.")],
    *,
    search: Search,
    only: Only,
    freshness: Freshness,
    models: Models,
    writing: Writing,
    show_prompt: ShowPromptOption = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 5 unless every claim is supported.")
    ] = False,
    deadline: DeadlineOption = None,
    session: SessionOption = None,
    jsonl: JsonlOption = False,
    common: Common,
) -> None:
    """Answer a question from the documents, with citations."""
    by = deadline_in(deadline)
    refuse_both(as_json=common.json, jsonl=jsonl)
    chosen = filter_from(only, fresh=freshness.fresh)
    flags = search.settings | models.settings | writing.settings
    with opened(common, flags=flags, helped=True) as (rag, output):
        tell_model(rag, output)
        asked = question_from(question)
        options: dict[str, Any] = {
            "top_k": search.top_k,
            "chosen": chosen,
            "verify": freshness.verify,
        }
        if show_prompt:
            if jsonl or strict or session or deadline:
                raise UsageError(
                    "`--show-prompt` asks no model: there is no answer to stream, judge or keep",
                    "leave --jsonl, --strict, --session, --deadline out; --json prints the prompt"
                    " as an object",
                )
            raise typer.Exit(
                _show_prompt(rag, output, asked, {**options, "allow_weak": writing.allow_weak})
            )
        talk = conversation(rag, session, output)
        options["deadline"] = by
        rest = {"allow_weak": writing.allow_weak, "strict": strict, "jsonl": jsonl}
        answer = answered(talk, output, asked, options, **rest)
        remember(rag, output, answer.searched_for or asked)
        if by is not None:
            tell_steps(answer.steps, by.seconds, output)
        raise typer.Exit(_exit_code(answer, strict))


def _show_prompt(rag: Rag, output: Output, question: str, options: Mapping[str, Any]) -> int:
    """The exit code of what ``--show-prompt`` prints."""
    from ragcli.cli.show_prompt import show_prepared

    prepared = rag.prompt(question, **options)
    show_prepared(prepared, output)
    return 4 if prepared.declined else 0


def conversation(rag: Rag, session: str | None, output: Output) -> Conversation:
    """The session of this name, or a conversation that nobody keeps. Raises UsageError."""
    from ragcli.conversation import Conversation

    return Conversation(rag, session, lambda text: output.aside(f"searched for: {text}"))


def answered(
    talk: Conversation,
    output: Output,
    question: str,
    options: Mapping[str, Any],
    *,
    allow_weak: bool,
    strict: bool,
    jsonl: bool,
) -> Answer:
    """The answer, shown as it is asked for: to people, as JSON or as events."""
    thoughts = show_answer.Thoughts(output)
    rest: dict[str, Any] = {"allow_weak": allow_weak, "thought": thoughts.tell}
    if jsonl:
        return _stream_events(talk, output, question, options, rest, thoughts)
    pieces = thoughts.before(talk.ask_stream(question, **options, **rest))
    return _answer(talk, output, pieces, strict)


def _answer(talk: Conversation, output: Output, pieces: Iterator[Piece], strict: bool) -> Answer:
    started = perf_counter()
    live = output.out_is_terminal and not strict and not output.json
    answer = None
    try:
        with closing(show_answer.stream(pieces, output, live=live)) as shown:
            for piece in shown:
                answer = piece.answer or answer
    finally:  # also of an answer that was broken off
        if answer is not None and output.json:
            output.object(shapes.answer(answer))
        elif answer is not None:
            show_answer.show(answer, output, shown_already=live)
    assert answer is not None, "the recipe always ends with the answer"
    if output.json:
        return answer
    if answer.generator == "extractive" and talk.rag.settings.generator == "auto":
        _offer_generator(talk, answer, output)
    elif not answer.declined and output.err_is_terminal:
        show_answer.footer(answer, output, perf_counter() - started)
    return answer


def _offer_generator(talk: Conversation, answer: Answer, output: Output) -> None:
    """Once in a conversation, unless there is one that had no time."""
    from ragcli.http import elsewhere, host_url

    late = any(step.name == "generator" and step.state == "left_out" for step in answer.steps)
    if len(talk.turns) == 1 and not late:
        host = elsewhere(host_url(talk.rag.settings.ollama_host))
        show_answer.offer_generator(output, host)


def _stream_events(
    talk: Conversation,
    output: Output,
    question: str,
    options: Mapping[str, Any],
    rest: Mapping[str, Any],
    thoughts: show_answer.Thoughts,
) -> Answer:
    """``retrieved``, ``text``…, ``citation``…, ``done``; or ``error``, wherever it happens, with
    what has come of the answer."""
    answer = None
    try:
        found = talk.query(question, **options)
        passages = [shapes.passage(p) for p in found.passages]
        output.object({"event": "retrieved", "passages": passages})
        rest = {**rest, "deadline": options.get("deadline")}
        for piece in thoughts.before(talk.answer_from(found, **rest)):
            if piece.sentence:
                output.object({"event": "text", "text": piece.sentence.text})
            answer = piece.answer or answer
    except RagError as error:
        output.object(
            {
                "event": "error",
                "error": error.message,
                "hint": error.hint,
                "exit_code": error.exit_code,
                "answer": None if answer is None else shapes.answer(answer),
            }
        )
        raise
    assert answer is not None, "the recipe always ends with the answer"
    for citation in answer.citations:
        output.object({"event": "citation", **shapes.citation(citation)})
    output.object({"event": "done", "answer": shapes.answer(answer)})
    return answer


def _exit_code(answer: Answer, strict: bool) -> int:
    if answer.declined:
        return 4
    unproved = [c for c in answer.citations if c.verdict != "supported"]
    if strict and (unproved or answer.uncited or not answer.citations):
        return 5
    return 0
