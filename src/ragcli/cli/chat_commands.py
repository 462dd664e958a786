"""What can be typed into ``rag chat`` beside questions: /sources, /show, /save, /help, /quit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli import disk
from ragcli.cli.output import Output, one_line, show_safely
from ragcli.cli.show_answer import UNCITED, citation_line, wrapped
from ragcli.cli.show_passages import became, place
from ragcli.cli.wording import count
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.conversation import Conversation
    from ragcli.domain import Answer, Passage, Turn

_HELP = """\
  /sources     the passages of the last answer
  /show N      the text of passage N
  /save FILE   the conversation as Markdown
  /help        this
  /quit        end; so do /exit and Ctrl-D
Everything else is a question. Ctrl-C stops an answer."""

# A question may begin with a path: `/etc/hosts says what?`
_COMMAND = re.compile(r"\s*/(?P<name>[a-zA-Z]+)(?:\s+(?P<rest>.*?))?\s*$")


def is_command(line: str) -> bool:
    return _COMMAND.match(line) is not None


def run(line: str, talk: Conversation, output: Output) -> bool:
    """Do what a command says; whether it ends the conversation. Raises UsageError."""
    match = _COMMAND.match(line)
    assert match is not None, "only commands are run"
    name, rest = match["name"].lower(), match["rest"] or ""
    if name in ("quit", "exit"):
        return True
    if output.json and name in ("sources", "show"):
        raise UsageError(f"/{name} prints no JSON", "each answer's `passages` hold all of it")
    if name == "sources":
        _sources(_last(talk), output)
    elif name == "show":
        _show(_last(talk), rest, output)
    elif name == "save":
        _save(talk.turns, rest, output)
    elif name == "help":
        output.say(_HELP)
    else:
        raise UsageError(f"there is no command /{name}", "/help lists those there are")
    return False


def _last(talk: Conversation) -> Answer:
    if talk.last is None:
        raise UsageError("nothing was answered yet", "ask something first")
    return talk.last


def _sources(answer: Answer, output: Output) -> None:
    if not answer.passages:
        output.note("no passage was found")
    for number, one in enumerate(answer.passages, 1):
        output.line(f"  {number}  {_named(one)}")


def _named(one: Passage) -> str:
    where = f", {place(one)}" if place(one) else ""
    changed = f"  ({became(one)})" if one.stale else ""
    return f"{one_line(one.source)}{where}{changed}"


def _show(answer: Answer, rest: str, output: Output) -> None:
    most = len(answer.passages)
    if not rest.isdecimal() or not 1 <= int(rest) <= most:
        raise UsageError(
            f"`/show {rest}`: the last answer has {count(most, 'passage')}",
            "name one by its number: /show 1",
        )
    one = answer.passages[int(rest) - 1]
    output.line(f"  {_named(one)}")
    output.line(wrapped(show_safely(one.text), output))


# ------------------------------------------------------------------ saved


def _save(turns: list[Turn], rest: str, output: Output) -> None:
    """Raises UsageError; a file that is there is left as it is."""
    if not rest:
        raise UsageError("/save needs the name of a file", "/save answers.md")
    if not turns:
        raise UsageError("nothing was asked yet", "ask something first")
    file = Path(rest).expanduser()
    with disk.place_named(f"write {file}", "name another file"):
        try:
            out = file.open("x", encoding="utf-8", errors="replace")
        except FileExistsError:
            raise UsageError(f"{file} is there already", "name another file") from None
        with out:
            out.write("\n".join(map(_as_markdown, turns)))
    output.note(f"saved {count(len(turns), 'question')} in {file}")


def _as_markdown(turn: Turn) -> str:
    lines = [f"## {one_line(turn.question)}", ""]
    if turn.searched != turn.question:
        lines += [f"*searched for: {one_line(turn.searched)}*", ""]
    lines += [show_safely(turn.answer).strip() or "(not in these documents)", ""]
    sources = [f"- {citation_line(one, turn.answer).strip()}" for one in turn.citations]
    sources += [f"- {UNCITED} {one_line(claim)}" for claim in turn.uncited]
    return "\n".join([*lines, *sources, ""] if sources else lines)
