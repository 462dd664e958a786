"""``rag chat``: a conversation with the documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli import chat_commands, failures
from ragcli.cli.ask import answered, conversation
from ragcli.cli.opening import opened, tell_model
from ragcli.cli.options import (
    Common,
    DeadlineOption,
    Freshness,
    JsonlOption,
    Models,
    Only,
    Search,
    SessionOption,
    Writing,
    grouped,
)
from ragcli.cli.output import Output
from ragcli.cli.show_passages import tell_steps
from ragcli.cli.typed_lines import at_terminal, typed_lines
from ragcli.cli.values import deadline_in, filter_from, refuse_both
from ragcli.cli.wording import count
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.conversation import Conversation
    from ragcli.rag import Rag


@grouped
def chat(
    session: SessionOption = None,
    sessions: Annotated[
        bool, typer.Option("--sessions", help="List the sessions that are kept.")
    ] = False,
    forget: Annotated[
        str | None, typer.Option("--forget", metavar="NAME", help="Delete a session.")
    ] = None,
    forget_all: Annotated[
        bool, typer.Option("--forget-all", help="Delete all of them, and the lines typed.")
    ] = False,
    *,
    search: Search,
    only: Only,
    freshness: Freshness,
    models: Models,
    writing: Writing,
    deadline: DeadlineOption = None,
    jsonl: JsonlOption = False,
    common: Common,
) -> None:
    """Ask questions that follow one another; answers as rag ask gives them.

    At a terminal /help lists what else may be typed. Otherwise each line of stdin is a question.
    """
    refuse_both(as_json=common.json, jsonl=jsonl)
    chosen = filter_from(only, fresh=freshness.fresh)
    deadline_in(deadline)  # what is no length of time is told before anything is typed
    flags = search.settings | models.settings | writing.settings
    as_json = common._replace(json=common.json or jsonl)
    with opened(as_json, flags=flags, helped=True) as (rag, output):
        if sessions or forget is not None or forget_all:
            raise typer.Exit(_look_after(rag, output, forget, forget_all=forget_all))
        tell_model(rag, output)
        talk = conversation(rag, session, output)
        options = {"top_k": search.top_k, "chosen": chosen, "verify": freshness.verify}

        def ask(question: str) -> None:
            by = deadline_in(deadline)  # for each question
            rest = {"allow_weak": writing.allow_weak, "strict": False, "jsonl": jsonl}
            answer = answered(talk, output, question, {**options, "deadline": by}, **rest)
            if by is not None:
                tell_steps(answer.steps, by.seconds, output)
            if not output.json:
                output.line()

        raise typer.Exit(_converse(talk, output, ask, debug=common.debug))


def _converse(
    talk: Conversation, output: Output, ask: Callable[[str], None], *, debug: bool
) -> int:
    """Until /quit, or the end of stdin; the exit code. What fails is told, and that is all."""
    typing = at_terminal()
    code = 0
    if typing:
        before = f" {len(talk.turns)} questions so far." if talk.turns else ""
        output.note(f"Ask on.{before} /help lists what else can be typed, Ctrl-D ends.")
    for line in typed_lines(output, _history(talk.rag, output) if typing else None):
        try:
            if chat_commands.is_command(line):
                if chat_commands.run(line, talk, output):
                    break
            elif line.strip():
                ask(line)
        except KeyboardInterrupt:
            if not typing:
                raise
            output.say("\nstopped")
        except BrokenPipeError:
            raise
        except Exception as error:
            if debug:
                output.trace()
            output.error(failures.translate(error))
            code = 0 if typing else 3
        output.flush()
    return code


def _history(rag: Rag, output: Output) -> Path | None:
    """Where the lines that are typed are kept; None where nothing can be written."""
    from ragcli.recipes import sessions

    try:
        return sessions.typed_lines(rag.folder)
    except UsageError as error:
        output.detail(error.message)
        return None


def _look_after(rag: Rag, output: Output, forget: str | None, *, forget_all: bool) -> int:
    """Forget what is to be forgotten, or list what is kept; the exit code."""
    from ragcli.recipes import sessions

    if forget_all:
        gone = sessions.forget_all(rag.folder)
        output.note(f"forgot {count(gone, 'session')}, and the lines typed")
    if forget is not None:
        sessions.forget(rag.folder, forget)
        output.note(f"forgot the session {forget}")
    kept = sessions.kept(rag.folder)
    if output.json:
        output.object({"schema": "ragcli.sessions/1", "sessions": [asdict(one) for one in kept]})
    elif forget is None and not forget_all:
        for one in kept:
            output.line(f"{one.name}\t{one.turns}\t{one.last_at}")
        if not kept:
            output.note("no session is kept; begin one: rag chat --session NAME")
            return 4
    return 0
