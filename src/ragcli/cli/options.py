"""The options that commands share, and how a command gets its project.

with opened(project, json=as_json, quiet=quiet, verbose=verbose, debug=debug) as (rag, output):
    ...
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ragcli.cli.output import Output
from ragcli.domain import Filter
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.background import Deadline
    from ragcli.rag import Rag

ProjectOption = Annotated[
    str | None,
    typer.Option("--project", metavar="DIR", help="The folder that holds .rag (or RAG_PROJECT)."),
]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="Stream events, one JSON a line.")]
ShowPromptOption = Annotated[
    bool, typer.Option("--show-prompt", help="Print what a model would be sent; ask none.")
]
PromptFileOption = Annotated[
    str | None,
    typer.Option("--prompt-file", metavar="FILE", help="A template for the prompt."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Embedding model: a name or a folder."),
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", metavar="NAME", help="What runs a local model: auto, onnx, torch."),
]
PrecisionOption = Annotated[
    str | None,
    typer.Option("--precision", metavar="NAME", help="fp32, or int8: faster, a little less exact."),
]
RerankOption = Annotated[
    str | None,
    typer.Option(
        "--rerank", metavar="MODEL", help="Cross-encoder that reorders: a name, a folder or off."
    ),
]
WaitOption = Annotated[
    str | None,
    typer.Option("--wait", metavar="TIME", help="Wait for another writer: 20s, 10m, 1h30m."),
]
DeadlineOption = Annotated[
    str | None,
    typer.Option("--deadline", metavar="TIME", help="The best that fits this time: 5s, 300ms."),
]
SessionOption = Annotated[
    str | None,
    typer.Option("--session", metavar="NAME", help="Keep the conversation, and go on with it."),
]
GeneratorOption = Annotated[
    str | None,
    typer.Option(
        "--generator",
        metavar="NAME",
        help="Who writes: ollama:MODEL, openai:MODEL or extractive.",
    ),
]
AllowWeakOption = Annotated[
    bool, typer.Option("--allow-weak", help="Answer even where nothing seems to answer it.")
]
ThinkOption = Annotated[
    bool, typer.Option("--think", help="Let the model think first; shown on stderr.")
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", help="Processor cores to embed with; 0: all."),
]

PathOption = Annotated[
    str | None,
    typer.Option("--path", metavar="GLOB", help="Only sources that match: 'docs/*'."),
]
TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Only this type: pdf, markdown.")
]
LangOption = Annotated[
    str | None, typer.Option("--lang", metavar="CODE", help="Only this language: en, zh.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only from this day on.")
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only up to this day.")
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="KEY=VALUE", help="Only with this in the front matter."),
]
FreshOption = Annotated[
    bool, typer.Option("--fresh", help="Leave out files that have changed or gone since ingest.")
]
VerifyOption = Annotated[
    bool, typer.Option("--verify", help="Tell changed files by their hash, not by size and time.")
]


TopKOption = Annotated[
    int | None, typer.Option("--top-k", "-k", metavar="N", help="How many passages, at most.")
]
PassageTokensOption = Annotated[
    int | None,
    typer.Option("--passage-tokens", metavar="N", help="The longest passage, in tokens."),
]
ModeOption = Annotated[
    str | None, typer.Option("--mode", metavar="MODE", help="hybrid, dense or keyword.")
]

# ------------------------------------------------------------------ a command's parts


@contextmanager
def speaking(*, json: bool, quiet: bool, verbose: bool, debug: bool) -> Iterator[Output]:
    """The output of a command that may do without a project."""
    output = Output(sys.stdout, sys.stderr, os.environ, quiet=quiet, verbose=verbose)
    output.json = json
    hearing = _Hearing(output)
    library = logging.getLogger("ragcli")
    library.addHandler(hearing)
    library.setLevel(logging.DEBUG)
    try:
        yield output
    except typer.Exit:
        raise
    except Exception:
        if debug:
            output.trace()
        raise
    finally:
        library.removeHandler(hearing)
        output.close()


class _Hearing(logging.Handler):
    """What the library logs, said as the command's own talk."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self._output.warn(record.getMessage())
        elif record.levelno >= logging.INFO:
            self._output.note(f"note: {record.getMessage()}")
        else:
            self._output.detail(record.getMessage())


class WithCommandsBelow(TyperGroup):
    """A command below it is one where its name comes first (``rag eval add …``); all else is the
    command itself, whose argument may stand anywhere."""

    allow_interspersed_args = True

    def make_context(
        self, info_name: Any, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        below = self.commands.get(args[0]) if args else None
        if below is not None:
            return below.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@contextmanager
def opened(
    project: str | None,
    *,
    json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
    flags: Mapping[str, Any] | None = None,
    helped: bool = False,
) -> Iterator[tuple[Rag, Output]]:
    """The project, found or named, and the command's output. ``flags`` are settings by name.
    ``helped``: its questions go to the helper first, where one runs.

    Raises ProjectNotFound, UsageError.
    """
    with speaking(json=json, quiet=quiet, verbose=verbose, debug=debug) as output:
        from ragcli.rag import Rag
        from ragcli.serving.client import HelpedRag

        kind = HelpedRag if helped else Rag
        with kind.open(project, **(flags or {})) as rag:
            rag.agrees = partial(agrees, output)
            yield rag, output


def agrees(output: Output, host: str, name: str) -> bool:
    """Whether whoever sits at the terminal agrees, once for each host; no where nobody does."""
    if not (output.err_is_terminal and sys.stdin.isatty()):
        return False
    output.say(f"`{name}` sends what it is asked, and what it reads, to {host}.")
    output.prompt("Agree, for this and all later times? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def tell_model(rag: Rag, output: Output) -> None:
    """Say so when a settings file names another model than the project's."""
    note = rag.note_on_model()
    if note:
        output.note(f"note: {note}")


def remember(rag: Rag, output: Output, question: str) -> None:
    """Keep a question, where the user has switched that on."""
    if not rag.settings.history:
        return
    from ragcli.recipes import history

    try:
        history.keep(rag.folder, question)
    except OSError as error:
        output.warn(f"the question is not kept in the history: {error.strerror}")


# ------------------------------------------------------------------ values


def question_from(argument: str | None) -> str:
    """The question that was asked; of stdin where ``-`` says so. Raises UsageError."""
    if argument is None:
        raise UsageError("the question is missing", 'ask something: rag query "…"')
    if argument == "-":
        return sys.stdin.buffer.read().decode("utf-8-sig", "replace").strip()
    return typed(argument)


def typed(argument: str) -> str:
    """What was typed, read as UTF-8 also where the locale says otherwise."""
    return os.fsencode(argument).decode("utf-8", "replace")


def refuse_both(*, as_json: bool, jsonl: bool) -> None:
    """Raises UsageError where one answer is asked for in two forms."""
    if as_json and jsonl:
        raise UsageError(
            "`--json` and `--jsonl` are two forms of one answer",
            "leave one out: --json prints it whole, --jsonl as it comes",
        )


def filter_from(
    path: str | None = None,
    type_: str | None = None,
    lang: str | None = None,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    *,
    fresh: bool = False,
) -> Filter:
    """The filter of the filter options. Raises UsageError."""
    return Filter(
        path=path,
        format=None if type_ is None else _format(type_),
        language=None if lang is None else lang.lower(),
        since=None if since is None else _day("--since", since, last=False),
        until=None if until is None else _day("--until", until, last=True),
        where=tuple(_pair(text) for text in where or ()),
        fresh=fresh,
    )


_SHORT_TYPES = {"md": "markdown", "txt": "text", "htm": "html"}


def _format(name: str) -> str:
    from ragcli.reading.table import READERS

    wanted = name.lower().lstrip(".")
    wanted = _SHORT_TYPES.get(wanted, wanted)
    if wanted in READERS:
        return wanted
    raise UsageError(f"there is no type `{name}`", f"choose one of: {', '.join(sorted(READERS))}")


_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def _day(option: str, text: str, *, last: bool) -> str:
    """The day that is meant: of a year or a month its first, or its last."""
    match = _DATE.fullmatch(text)
    if match:
        year, month, day = match.groups()
        months = [month] if month else ["12" if last else "01"]
        days = [day] if day else (["31", "30", "29", "28"] if last else ["01"])
        for candidate in (f"{year}-{months[0]}-{d}" for d in days):
            try:
                return date.fromisoformat(candidate).isoformat()
            except ValueError:
                continue
    raise UsageError(
        f"`{option} {text}` is not a date", f"write it as {option} 2026-01-31, 2026-01 or 2026"
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(
            f"`--where {text}` is not KEY=VALUE", "write it as --where author=Curie, once for each"
        )
    return key.strip(), value.strip()


def deadline_in(text: str | None) -> Deadline | None:
    """The moment that is so far away. Raises UsageError."""
    if text is None:
        return None
    from ragcli.background import Deadline

    limit_s = seconds(text)
    if not limit_s:
        raise UsageError("a deadline of no time at all", "write it as --deadline 5s")
    return Deadline(limit_s)


_TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)(?:s|$))?(?:(\d+)ms)?")


def seconds(text: str) -> float:
    """``20s``, ``10m``, ``1h30m``, ``300ms`` or ``90`` (seconds). Raises UsageError."""
    match = _TIME.fullmatch(text.strip().lower().replace(" ", ""))
    if match is None or not any(match.groups()):
        raise UsageError(
            f"`{text}` is not a length of time", "write it as 20s, 10m, 1h30m or 300ms"
        )
    hours, minutes, rest, thousandths = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest + thousandths / 1000
