"""``rag eval``: how well the project answers a question set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli import show_eval
from ragcli.cli.opening import WithCommandsBelow, opened, speaking, tell_model
from ragcli.cli.options import Common, Models, ModeOption, grouped
from ragcli.cli.output import Output, one_line
from ragcli.cli.table import COMMANDS
from ragcli.cli.values import question_from
from ragcli.cli.wording import count
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.recipes.evaluate import Evaluation
    from ragcli.trials import Trial


app = typer.Typer(
    cls=WithCommandsBelow,
    subcommand_metavar="| add QUESTION | history",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True, epilog=COMMANDS["eval"].epilog)
@grouped
def evaluate(
    questions: Annotated[
        str | None,
        typer.Argument(
            metavar="QUESTIONS", help="JSON lines, or a BEIR folder. Default: your own."
        ),
    ] = None,
    self_made: Annotated[
        bool, typer.Option("--self", help="Questions made from the documents' own words.")
    ] = False,
    top_k: Annotated[
        int, typer.Option("--top-k", "-k", metavar="N", min=1, help="Passages a question.")
    ] = 10,
    mode: ModeOption = None,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare", metavar="KEY=A,B", help="Variants of a setting: mode=dense,hybrid."
        ),
    ] = None,
    save: Annotated[
        str | None, typer.Option("--save", metavar="NAME", help="Keep this run under a name.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME", help="Compare with a kept run, by question."),
    ] = None,
    minimum: Annotated[
        list[str] | None,
        typer.Option("--min", metavar="METRIC=X", help="Exit 6 below: --min recall@5=0.9."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write a page with plots, HTML.")
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="Of a folder's qrels: test, dev.")
    ] = None,
    first_page: Annotated[
        int,
        typer.Option("--first-page", metavar="N", min=0, help="What the set calls the first page."),
    ] = 1,
    *,
    models: Models,
    common: Common,
) -> None:
    """Measure how well the project answers questions whose answers are known.

    Recall, hits, MRR, nDCG and characters found, each with its 95 % interval; how long it takes.
    """
    gates = [_gate(text) for text in minimum or ()]
    if compare and (gates or save or against):
        raise UsageError(
            "--compare goes with none of --min, --save and --against", "run it without those"
        )
    if self_made and questions is not None:
        raise UsageError("--self makes its own questions", f"leave out --self, or {questions}")
    _check_place(report)
    flags = {"mode": mode, **models.settings}
    with (
        speaking(common) as output,
        _trial(questions, common.project, flags, split, first_page, self_made, output) as trial,
    ):
        tell_model(trial.rag, output)
        if compare:
            done, shape = _compare(trial, compare, flags, top_k, output)
        else:
            done, shape = _evaluate(trial, top_k, against, gates, output)
        _keep(shape, trial.runs, save, report)
        if output.json:
            output.object(shape)
        show_eval.tell(done, shape["gates"], output)
        if not all(gate["met"] for gate in shape["gates"]):
            raise typer.Exit(6)
        if done[0][1].left_out:
            raise typer.Exit(3)


def _check_place(report: Path | None) -> None:
    """Told before the questions are asked. Raises UsageError."""
    if report and not report.expanduser().absolute().parent.is_dir():
        raise UsageError(f"cannot write {report}: there is no such folder", "name another file")


def _keep(shape: Mapping[str, Any], folder: Path, save: str | None, report: Path | None) -> None:
    if save:
        from ragcli.recipes import runs

        runs.save(folder, save, shape)
    if report:
        from ragcli.cli import report as pages

        pages.write(report.expanduser(), shape)


def _evaluate(
    trial: Trial,
    top_k: int,
    against: str | None,
    gates: Sequence[tuple[str, float]],
    output: Output,
) -> tuple[list[tuple[str, Evaluation]], dict[str, Any]]:
    """One run; shown, unless as JSON."""
    from ragcli import trials
    from ragcli.recipes import runs
    from ragcli.recipes.evaluate import prepare

    earlier = runs.load(trial.runs, against) if against else None
    prepared = prepare(trial.rag.store, trial.asked)
    done = trials.evaluate(trial.rag, prepared, top_k=top_k, listener=output.listener())
    named = [("this run", done)]
    comparisons = [runs.compare(earlier, runs.scored(*named[0]))] if earlier else []
    shape = runs.as_object(named, comparisons)
    shape["gates"] = show_eval.judged(gates, done.metrics)
    if not output.json:
        show_eval.show(done, comparisons, output)
    return named, shape


def _compare(
    trial: Trial, asked: str, flags: Mapping[str, Any], top_k: int, output: Output
) -> tuple[list[tuple[str, Evaluation]], dict[str, Any]]:
    """A run for each variant; shown, unless as JSON."""
    from ragcli import trials
    from ragcli.recipes import runs
    from ragcli.recipes.evaluate import prepare

    variants = trials.Variants.parsed(asked)
    prepared = prepare(trial.rag.store, trial.asked)
    done = trials.compare(trial, prepared, variants, flags, top_k, output.listener())
    comparisons = runs.compare_all([runs.scored(name, one) for name, one in done])
    if not output.json:
        show_eval.show_variants(done, comparisons, output)
    return done, runs.as_object(done, comparisons)


@contextmanager
def _trial(
    questions: str | None,
    project: str | None,
    flags: dict[str, Any],
    split: str | None,
    first_page: int,
    self_made: bool,
    output: Output,
) -> Iterator[Trial]:
    from ragcli import trials

    if self_made:
        with trials.of_itself(project, flags, output.listener()) as trial:
            yield trial
    elif questions is not None and trials.is_corpus(questions):
        folder = Path(questions).expanduser()
        with trials.of_corpus(folder, flags, split, output.listener()) as trial:
            yield trial
    else:
        with trials.of_project(questions, project, flags, split, first_page) as trial:
            yield trial


def _gate(text: str) -> tuple[str, float]:
    """A metric and the least it may be. Raises UsageError."""
    metric, _, value = text.partition("=")
    try:
        return metric.strip().lower(), float(value)
    except ValueError:
        raise UsageError(
            f"`--min {text}` is not METRIC=X", "write it as --min recall@5=0.9"
        ) from None


@app.command(epilog=COMMANDS["eval"].epilog)
@grouped
def add(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="- reads it from stdin.")],
    relevant: Annotated[
        list[str],
        typer.Option(
            "--relevant", metavar="FILE[:PAGE]", help="What answers it; FILE:LINE, FILE:5-8."
        ),
    ],
    *,
    common: Common,
) -> None:
    """Add a question to the project's own; --relevant may be repeated."""
    with opened(common) as (rag, output):
        from ragcli.evaluation.questions import entry_of
        from ragcli.recipes import own_questions

        places = [own_questions.place_named(rag.store, name) for name in relevant]
        made = own_questions.add(rag.folder, question_from(question), places)
        if output.json:
            output.object({"schema": "ragcli.eval-add/1", **entry_of(made)})
        output.note(show_eval.kept(made, rag.folder))


@app.command(epilog=COMMANDS["eval"].epilog)
@grouped
def history(
    forget: Annotated[bool, typer.Option("--forget", help="Delete all of them.")] = False,
    *,
    common: Common,
) -> None:
    """Show the questions that rag query and rag ask have kept, the oldest first.

    They keep none unless it is switched on: rag config set history true.
    """
    with opened(common) as (rag, output):
        from ragcli.recipes import history as recipe

        asked = [] if forget else recipe.read(rag.folder)
        forgotten = recipe.forget(rag.folder) if forget else 0
        if output.json:
            shape = {"questions": [one._asdict() for one in asked], "forgotten": forgotten}
            output.object({"schema": "ragcli.eval-history/1", **shape})
        for one in () if output.json else asked:
            output.line(f"{one_line(one.at)}  {one_line(one.question)}")
        if forget:
            output.note(f"forgot {count(forgotten, 'question')}")
        elif not asked:
            off = "" if rag.settings.history else ": it is off (rag config set history true)"
            output.note(f"no question is kept{off}")
            raise typer.Exit(4)
