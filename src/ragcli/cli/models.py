"""``rag models``: what this machine has, what is worth knowing, and which is best here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import show_bench, show_eval, show_models
from ragcli.cli.opening import WithCommandsBelow, opened, speaking
from ragcli.cli.options import Common, EngineOption, ModeOption, ThreadsOption, grouped
from ragcli.cli.table import COMMANDS
from ragcli.errors import NotInProject, ProjectNotFound, UsageError

if TYPE_CHECKING:
    from ragcli.config import Settings
    from ragcli.recipes.models import Corpus, Models

app = typer.Typer(
    cls=WithCommandsBelow,
    subcommand_metavar="| bench MODEL...",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True, epilog=COMMANDS["models"].epilog)
@grouped
def models(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="All that is known of these: bge-m3."),
    ] = None,
    *,
    common: Common,
) -> None:
    """Show the models of this machine and those worth knowing, and how they fit the project.

    Nothing is fetched; without a project it works too. What is best here: rag models bench.
    """
    from ragcli.recipes import models as recipe

    with speaking(common) as output, _surroundings(common.project) as (corpus, settings):
        found = recipe.models(corpus, settings)
        if names:
            found = _chosen(found, names)
        if output.json:
            output.object(recipe.as_object(found))
        elif names:
            show_models.show_some(found.here, found.known, output)
        else:
            show_models.show(found, output)
        for note in found.notes:
            output.note(f"note: {note}")
        if not names and not output.json:
            output.note("Of one: rag models NAME. Side by side here: rag models bench MODEL...")


@app.command(epilog=COMMANDS["models"].epilog)
@grouped
def bench(
    names: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="As rag reembed takes them.")
    ],
    questions: Annotated[
        str | None,
        typer.Option("--questions", metavar="FILE", help="Default: your own, else self-made."),
    ] = None,
    only_speed: Annotated[
        bool, typer.Option("--speed", help="Speed only; no question is asked.")
    ] = False,
    chunks: Annotated[
        int | None,
        typer.Option("--chunks", metavar="N", min=1, help="Of a sample. Default: 2000."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole corpus instead of a sample.")
    ] = False,
    top_k: Annotated[
        int, typer.Option("--top-k", "-k", metavar="N", min=1, help="Passages a question.")
    ] = 10,
    mode: ModeOption = None,
    engine: EngineOption = None,
    threads: ThreadsOption = None,
    *,
    common: Common,
) -> None:
    """Measure models side by side: speed here, and quality on this project's own text.

    The project's model is measured with them. The project is not touched: a copy is thinned out,
    embedded with each model, asked, and deleted. Models that are not here are fetched.
    """
    if everything and chunks is not None:
        raise UsageError("--all goes without --chunks", "leave one of them out")
    flags = {"engine": engine, "mode": mode, "threads": threads}
    with opened(common, flags=flags) as (rag, output):
        from ragcli import bench as benches

        most = None if everything else chunks or benches.SAMPLE_CHUNKS
        options = benches.Options(questions, top_k, most)
        wanted = benches.names(rag, names)
        measured = benches.contenders(rag, wanted, output.listener())
        if not output.json:
            show_bench.show_speed(measured, output)
        found = None
        if not only_speed:
            found = benches.quality(rag, wanted, measured, options, flags, output.listener())
        if output.json:
            output.object(benches.as_object(measured, found))
        if found is not None:
            if not output.json:
                show_bench.show_quality(found, output)
            show_eval.tell(found.runs, (), output)
            if found.runs[0][1].left_out:
                raise typer.Exit(3)


@contextmanager
def _surroundings(project: str | None) -> Iterator[tuple[Corpus | None, Settings]]:
    """The project's corpus and settings; outside any, the user's settings."""
    from ragcli.config import settings_for
    from ragcli.rag import Rag
    from ragcli.recipes.models import corpus_of

    try:
        rag = Rag.open(project)
    except ProjectNotFound:
        if project or os.environ.get("RAG_PROJECT"):
            raise
        yield None, settings_for(None, {}, os.environ)[0]
        return
    with rag:
        yield corpus_of(rag.store, rag.settings), rag.settings


def _chosen(found: Models, names: list[str]) -> Models:
    """Those whose name holds one of these. Raises NotInProject where one names none."""
    from dataclasses import replace

    everything = [one.name for one in found.here] + [one.model.name for one in found.known]
    for name in names:
        if not any(name.lower() in one.lower() for one in everything):
            raise NotInProject(f"no model has `{name}` in its name", "see all: rag models")

    def wanted(one: str) -> bool:
        return any(name.lower() in one.lower() for name in names)

    here = tuple(one for one in found.here if wanted(one.name))
    known: Any = tuple(one for one in found.known if wanted(one.model.name))
    return replace(found, here=here, known=known)
