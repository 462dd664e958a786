"""What an evaluation says, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ragcli.cli.output import Output, one_line
from ragcli.cli.wording import count
from ragcli.errors import UsageError

if TYPE_CHECKING:
    from ragcli.evaluation.bootstrap import Interval
    from ragcli.evaluation.questions import Question
    from ragcli.recipes.evaluate import Evaluation
    from ragcli.recipes.runs import Comparison
    from ragcli.store.folder import ProjectFolder

# What fits beside a name in 80 columns.
_BESIDE = ("recall@5", "ndcg@10", "char_recall@800t")
_LONGEST_NAME = 20
_FIGURE = len("0.123 ±0.012")
_CHARACTERS = ("char_recall@5", "char_recall@800t")
_BAR = 20
_MISSES = 10


def judged(
    gates: Sequence[tuple[str, float]], metrics: Mapping[str, Interval]
) -> list[dict[str, Any]]:
    """Each gate with its figure and whether it is met. Raises UsageError for a metric that this
    run does not have."""
    for metric, _ in gates:
        if metric not in metrics:
            raise UsageError(
                f"`{metric}` is not measured here", f"choose among: {', '.join(metrics)}"
            )
    figures = [(metric, least, metrics[metric].mean) for metric, least in gates]
    return [
        {"metric": metric, "least": least, "value": value, "met": value >= least}
        for metric, least, value in figures
    ]


def show(done: Evaluation, comparisons: Sequence[Comparison], output: Output) -> None:
    """One run, and how it compares with an earlier one."""
    for line in _page(done, output):
        output.line(line)
    for comparison in comparisons:
        output.line()
        for line in _compared(comparison):
            output.line(line)


def show_variants(
    runs: Sequence[tuple[str, Evaluation]], comparisons: Sequence[Comparison], output: Output
) -> None:
    """Runs beside each other, and which is better."""
    first = runs[0][1]
    output.line(f"{count(len(first.outcomes), 'question')} · {one_line(first.set_name)}")
    output.line()
    for line in _beside([(name, one.metrics, _p50(one)) for name, one in runs], "p50"):
        output.line(line)
    output.line()
    for comparison in comparisons:
        lines = _compared(comparison) if output.verbose else comparison.verdicts
        for line in lines:
            output.line(one_line(line))


def _p50(done: Evaluation) -> str:
    return f"{done.latency.p50_ms:.0f} ms"


def tell(
    runs: Sequence[tuple[str, Evaluation]], gates: Sequence[Mapping[str, Any]], output: Output
) -> None:
    """What a reader of the figures must know. What variants share is told once."""
    done = runs[0][1]
    if done.left_out:
        reasons = {f"{u.place.file}: {u.why}" for u in done.unresolved if u.left_out}
        total = len(done.left_out) + len(done.outcomes)
        output.warn(
            f"{len(done.left_out):,} of {count(total, 'question')} left out of the figures: "
            + _some(sorted(reasons))
        )
    lost = [f"{u.place.file}: {u.why}" for u in done.unresolved if not u.left_out]
    if lost:
        output.warn(
            f"{count(len(lost), 'relevant place')} not in the stored text, which counts as not"
            f" found: {_some(sorted(set(lost)))}"
        )
    for name, one in runs:
        for note in one.notes:
            output.note(f"note: {note}" if len(runs) == 1 else f"note: {name}: {note}")
    if done.caution:
        output.note(f"note: {done.caution}")
    if len(done.outcomes) < _few():
        output.note(
            f"note: {count(len(done.outcomes), 'question')} are few: the intervals are rough"
        )
    for gate in gates:
        if not gate["met"]:
            output.say(
                f"rag: missed: {gate['metric']} is {gate['value']:.3f}, at least"
                f" {gate['least']:g} was asked for"
            )


def _few() -> int:
    from ragcli.evaluation.bootstrap import FEW

    return FEW


def _some(reasons: Sequence[str]) -> str:
    more = f"; and {len(reasons) - 3:,} more" if len(reasons) > 3 else ""
    return "; ".join(reasons[:3]) + more


# ------------------------------------------------------------------ the table


def _page(done: Evaluation, output: Output) -> Iterator[str]:
    subject = done.subject
    yield f"{count(len(done.outcomes), 'question')} · {one_line(done.set_name)}"
    yield (
        f"{subject.mode} · {one_line(subject.model)} · {subject.chunk_tokens}-token chunks ·"
        f" {count(subject.files, 'file')}, {count(subject.chunks, 'chunk')}"
    )
    yield ""
    shown = done.metrics if output.verbose else headline(done.metrics)
    width = max(len(name) for name in shown)
    for name, value in shown.items():
        bar = f"  {_bar(value)}" if output.out_is_terminal else ""
        yield f"{name:<{width}}  {_figure(value)}{bar}".rstrip()
    yield ""
    latency = done.latency
    yield f"latency  p50 {latency.p50_ms:.0f} ms, p95 {latency.p95_ms:.0f} ms"
    yield from _groups(done)
    if output.verbose:
        yield from _misses(done)


def headline(metrics: Mapping[str, Interval]) -> dict[str, Interval]:
    """What is read first: hits only where they are not recall, characters at 5 only."""
    kept = {}
    for name, value in metrics.items():
        family, _, at = name.partition("@")
        if family == "hit" and value == metrics[f"recall@{at}"]:
            continue
        if family.startswith("char") and at not in ("5", "400t", "800t", "1600t"):
            continue
        if family == "answer" and at != "5":
            continue
        kept[name] = value
    return kept


def _figure(value: Interval) -> str:
    return f"{value.mean:.3f}  [{value.low:.3f}, {value.high:.3f}]"


def _bar(value: Interval) -> str:
    """The interval on a line from 0 to 1, the mean on it."""
    low, mean, high = (round(v * (_BAR - 1)) for v in (value.low, value.mean, value.high))
    cells = ["─" if low <= i <= high else "·" for i in range(_BAR)]
    cells[mean] = "●"
    return "".join(cells)


def _groups(done: Evaluation) -> Iterator[str]:
    if done.groups:
        yield ""
        rows = [(g.name, g.metrics, f"{g.questions:,}") for g in done.groups]
        yield from _beside(rows, "questions")


def _beside(rows: Sequence[tuple[str, Mapping[str, Interval], str]], last: str) -> Iterator[str]:
    """A table of (name, metrics, what stands in the column ``last``), 80 columns at most."""
    names = [n for n in _BESIDE if any(n in metrics for _, metrics, _ in rows)]
    width = min(_LONGEST_NAME, max(len(name) for name, _, _ in rows))
    columns = {name: max(len(name), _FIGURE) for name in names}
    headings = "".join(f"  {name:>{columns[name]}}" for name in names)
    yield f"{'':<{width}}{headings}  {last:>9}"
    for name, metrics, told in rows:
        label = one_line(name)
        label = label if len(label) <= width else "…" + label[1 - width :]
        figures = "".join(f"  {_short(metrics.get(n)):>{columns[n]}}" for n in names)
        yield f"{label:<{width}}{figures}  {told:>9}"


def _short(value: Interval | None) -> str:
    """The mean with half the width of its interval."""
    return "-" if value is None else f"{value.mean:.3f} ±{(value.high - value.low) / 2:.3f}"


def _misses(done: Evaluation) -> Iterator[str]:
    missed = [o for o in done.outcomes if o.rank is None or o.rank > 5]
    if not missed:
        return
    yield ""
    yield f"{count(len(missed), 'question')} whose answer is not among the first five:"
    for outcome in missed[:_MISSES]:
        place = f"at {outcome.rank}" if outcome.rank else "not found"
        yield f"  {one_line(outcome.question)}"
        yield f"    {one_line(', '.join(outcome.expected))}: {place};"
        yield f"    first: {one_line(outcome.first or 'nothing')}"
    if len(missed) > _MISSES:
        yield f"  and {len(missed) - _MISSES:,} more, with all figures: --json"


def _compared(comparison: Comparison) -> Iterator[str]:
    both = count(comparison.questions, "question")
    others = f" ({comparison.others:,} others are not in both)" if comparison.others else ""
    yield f"{one_line(comparison.after)} against {one_line(comparison.before)}: {both}{others}"
    for name, change in comparison.differences.items():
        if name.partition("@")[0] in ("recall", "mrr", "ndcg") or name in _CHARACTERS:
            mark = "" if change.is_real else "  (chance)"
            yield (
                f"{name:<16}  {change.mean:+.3f}  [{change.low:+.3f}, {change.high:+.3f}]"
                f"  {change.up:,} up, {change.down:,} down{mark}"
            )
    for sentence in comparison.verdicts:
        yield one_line(sentence)


def kept(question: Question, folder: ProjectFolder) -> str:
    """What was added to the project's own questions."""
    from ragcli.evaluation.questions import told

    places = ", ".join(told(place) for place in question.relevant)
    return f"kept in {folder.source_of(folder.questions)}: {question.text} ({places})"
