"""``rag ask``: an answer from the passages, with citations that were checked."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import shapes, show_answer
from ragcli.cli.options import (
    DebugOption,
    EngineOption,
    JsonOption,
    LangOption,
    ModelOption,
    ModeOption,
    PassageTokensOption,
    PathOption,
    ProjectOption,
    QuietOption,
    RerankOption,
    SinceOption,
    TopKOption,
    TypeOption,
    UntilOption,
    VerboseOption,
    WhereOption,
    filter_from,
    opened,
    question_from,
    remember,
    tell_model,
)
from ragcli.cli.output import Output
from ragcli.domain import Answer
from ragcli.errors import RagError

if TYPE_CHECKING:
    from ragcli.rag import Rag


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="- reads it from stdin.")],
    top_k: TopKOption = None,
    passage_tokens: PassageTokensOption = None,
    mode: ModeOption = None,
    path: PathOption = None,
    type_: TypeOption = None,
    lang: LangOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = None,
    model: ModelOption = None,
    engine: EngineOption = None,
    rerank: RerankOption = None,
    generator: Annotated[
        str | None,
        typer.Option(
            "--generator",
            metavar="NAME",
            help="Who writes: ollama:MODEL, openai:MODEL or extractive.",
        ),
    ] = None,
    allow_weak: Annotated[
        bool, typer.Option("--allow-weak", help="Answer even where nothing seems to answer it.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 5 unless every claim is supported.")
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Stream events, one JSON a line.")] = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Answer a question from the documents, with citations."""
    chosen = filter_from(path, type_, lang, since, until, where)
    flags = {
        "model": model,
        "engine": engine,
        "mode": mode,
        "passage_tokens": passage_tokens,
        "generator": generator,
        "reranker": rerank,
    }
    talk = {"json": as_json, "quiet": quiet, "verbose": verbose, "debug": debug}
    with opened(project, **talk, flags=flags, helped=True) as (rag, output):
        tell_model(rag, output)
        asked = question_from(question)
        options: dict[str, Any] = {"top_k": top_k, "chosen": chosen}
        if jsonl:
            answer = _stream_events(rag, output, asked, options, allow_weak)
        else:
            answer = _answer(rag, output, asked, {**options, "allow_weak": allow_weak}, strict)
        remember(rag, output, asked)
        raise typer.Exit(_exit_code(answer, strict))


def _answer(
    rag: Rag, output: Output, question: str, options: Mapping[str, Any], strict: bool
) -> Answer:
    started = perf_counter()
    live = output.out_is_terminal and not strict and not output.json
    if live:
        answer = show_answer.stream(rag.ask_stream(question, **options), output)
    else:
        answer = rag.ask(question, **options)
    if output.json:
        output.object(shapes.answer(answer))
        return answer
    show_answer.show(answer, output, shown_already=live)
    if answer.generator == "extractive" and rag.settings.generator == "auto":
        show_answer.offer_generator(output)
    elif not answer.declined and output.err_is_terminal:
        show_answer.footer(answer, output, perf_counter() - started)
    return answer


def _stream_events(
    rag: Rag, output: Output, question: str, options: Mapping[str, Any], allow_weak: bool
) -> Answer:
    """``retrieved``, ``text``…, ``citation``…, ``done``; or ``error``, wherever it happens."""
    try:
        found = rag.query(question, **options)
        passages = [shapes.passage(p) for p in found.passages]
        output.object({"event": "retrieved", "passages": passages})
        answer = None
        for piece in rag.answer_from(found, allow_weak=allow_weak):
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
