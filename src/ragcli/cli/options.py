"""The options that commands share, one by one and in groups.

@grouped
def show(file: str, *, only: Only, common: Common) -> None:
    with opened(common) as (rag, output):
        ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

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

# ------------------------------------------------------------------ groups


class Common(NamedTuple):
    """Which project, and how a command speaks: every command has these."""

    project: ProjectOption = None
    json: JsonOption = False
    quiet: QuietOption = False
    verbose: VerboseOption = False
    debug: DebugOption = False


class Only(NamedTuple):
    """The filter: which documents are looked at."""

    path: PathOption = None
    type: TypeOption = None
    lang: LangOption = None
    since: SinceOption = None
    until: UntilOption = None
    where: WhereOption = None


class Freshness(NamedTuple):
    """What is done about files that have changed since they were read."""

    fresh: FreshOption = False
    verify: VerifyOption = False


class Search(NamedTuple):
    """How passages are found, and how many."""

    top_k: TopKOption = None
    passage_tokens: PassageTokensOption = None
    mode: ModeOption = None

    @property
    def settings(self) -> dict[str, Any]:
        """Those that are settings, by their names."""
        return {"passage_tokens": self.passage_tokens, "mode": self.mode}


class Models(NamedTuple):
    """What embeds and reranks."""

    model: ModelOption = None
    engine: EngineOption = None
    rerank: RerankOption = None

    @property
    def settings(self) -> dict[str, Any]:
        """All three, by the settings' names."""
        return {"model": self.model, "engine": self.engine, "reranker": self.rerank}


class Writing(NamedTuple):
    """Who writes an answer, and how."""

    generator: GeneratorOption = None
    think: ThinkOption = False
    allow_weak: AllowWeakOption = False
    prompt_file: PromptFileOption = None

    @property
    def settings(self) -> dict[str, Any]:
        """Those that are settings, by their names."""
        return {
            "generator": self.generator,
            "think": "on" if self.think else None,
            "prompt_file": self.prompt_file,
        }


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer reads it: each parameter that is a group is spread into its options,
    in the group's order, under their own names."""
    hints = get_type_hints(command, include_extras=True)
    parameters = signature(command).parameters.values()
    groups = {one.name: hints[one.name] for one in parameters if _is_group(hints[one.name])}
    options = {name: get_type_hints(kind, include_extras=True) for name, kind in groups.items()}
    spread = []
    for one in parameters:
        if one.name in groups:
            defaults = groups[one.name]._field_defaults
            spread += [_option(n, defaults[n], hint) for n, hint in options[one.name].items()]
        else:
            spread.append(_option(one.name, one.default, hints[one.name]))

    @wraps(command)
    def called(**values: Any) -> None:
        for name, kind in groups.items():
            values[name] = kind(**{option: values.pop(option) for option in options[name]})
        command(**values)

    called.__signature__ = Signature(spread)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in spread}
    return called


def _is_group(hint: Any) -> bool:
    return isinstance(hint, type) and hasattr(hint, "_field_defaults")


def _option(name: str, default: Any, annotation: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
