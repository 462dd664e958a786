"""What ``rag reembed`` did, and how old and new compare, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ragcli.cli.ls import size
from ragcli.cli.output import Output, one_line
from ragcli.cli.show_passages import percent
from ragcli.cli.wording import count, duration

if TYPE_CHECKING:
    from ragcli.recipes.comparison import Comparison, Quality, Side
    from ragcli.recipes.estimate import Estimate
    from ragcli.recipes.reembed import Reembedded

SCHEMA = "ragcli.reembed/1"

# Beside each other with their difference: one figure for what is found, one for the order, one for
# the text that is read, at equal length.
_SHOWN = ("recall@5", "ndcg@10", "char_recall@800t")
_LONGEST_NAME = 24


def show(done: Reembedded, output: Output) -> None:
    """What became of the project."""
    if output.json:
        output.object({"schema": SCHEMA, **asdict(done), "kept": _kept(done)})
        return
    if not done.changed:
        output.note(f"nothing to change: the project is embedded with {done.model} as asked")
        return
    if done.comparison is not None:
        for line in _side_by_side(done.comparison, verbose=output.verbose):
            output.line(line)
        _tell(done.comparison, output)
    if not done.switched:
        output.note(
            f"Not switched: {done.old_model} goes on answering. What was embedded stays: switch all"
            " the same without --if-better, or delete it with rag reembed --forget"
        )
        return
    before = "" if done.old_model == done.model else f" (before: {done.old_model})"
    recut = ", cut anew" if done.recut else ""
    output.note(
        f"Switched to {count(done.chunks, 'chunk')}{recut}, embedded with {done.model},"
        f" {done.dimension} dimensions, {done.precision}{before},"
        f" {done.embedded_chunks:,} of them now, in {duration(done.duration_s)}"
    )
    if done.kept is not None:
        output.note(
            f"What was before is kept ({done.kept.told}, {size(done.kept.size_bytes)}):"
            " go back with rag reembed --rollback, free the space with rag reembed --forget"
        )


def forgotten(models: Sequence[str], output: Output) -> None:
    if output.json:
        output.object({"schema": "ragcli.reembed-forget/1", "forgotten": list(models)})
    elif models:
        output.note(f"deleted the embeddings by {', '.join(models)}")
    else:
        output.note("nothing to delete: no other embeddings are kept")


def estimated(found: Estimate, output: Output) -> None:
    if output.json:
        output.object({"schema": "ragcli.reembed-dry-run/1", **asdict(found)})
        return
    about = "about " if found.recut else ""
    rest = found.chunks - found.to_embed
    done = f", {rest:,} of them are embedded already" if rest else ""
    output.line(f"model       {one_line(found.model)}, {found.dimension} dimensions")
    output.line(f"chunks      {about}{found.chunks:,} of {found.chunk_tokens} tokens{done}")
    output.line(f"time        about {duration(found.seconds)}, on this machine as it is now")
    output.line(
        f"on disk     about {size(found.size_bytes)} more, until the old ones are forgotten"
    )


def _kept(done: Reembedded) -> dict[str, Any] | None:
    return None if done.kept is None else done.kept._asdict()


# ------------------------------------------------------------------ old and new


def _tell(found: Comparison, output: Output) -> None:
    """What a reader of the figures must know."""
    if found.missing is not None:
        output.note(f"note: no quality is compared: {found.missing}")
    if found.overlap is not None:
        seen = found.overlap
        output.note(
            f"note: of {count(seen.questions, 'question')} of the history the new one finds"
            f" {percent(seen.share)} of the old one's first {seen.top_k} passages, and the same"
            f" first one for {percent(seen.same_first)}. That is no judgement: other passages may"
            " be better"
        )
    quality = found.quality
    if quality is None:
        return
    if quality.left_out:
        output.warn(f"{count(quality.left_out, 'question')} left out: their files are not here")
    if quality.caution:
        output.note(f"note: {quality.caution}")


def _side_by_side(found: Comparison, *, verbose: bool) -> Iterator[str]:
    quality = found.quality
    if quality is not None:
        yield f"{count(quality.questions, 'question')} · {one_line(quality.set_name)}"
        yield ""
    names = [_name(found.old, found.new), _name(found.new, found.old)]
    rows = [("", *names, "difference" if quality else "")]
    if quality is not None:
        rows += _figures(found, quality, verbose=verbose)
    rows += [
        ("dimensions", *(f"{s.dimension:,}" for s in (found.old, found.new)), ""),
        ("chunks", *(f"{s.chunks:,}" for s in (found.old, found.new)), ""),
        ("size", *(size(s.size_bytes) for s in (found.old, found.new)), ""),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for name, old, new, change in rows:
        line = f"{name:<{widths[0]}}  {old:>{widths[1]}}  {new:>{widths[2]}}  {change}"
        yield line.rstrip()
    if quality is not None:
        yield ""
        yield f"The new one is {quality.verdict}" if quality.better else _capital(quality.verdict)


def _figures(
    found: Comparison, quality: Quality, *, verbose: bool
) -> Iterator[tuple[str, str, str, str]]:
    for name, change in quality.differences.items():
        if verbose or name in _SHOWN:
            old, new = (f"{s.metrics[name].mean:.3f}" for s in (found.old, found.new))
            paired = f"{change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
            yield name, old, new, paired
    times = [s.latency for s in (found.old, found.new)]
    for label, field in (("latency p50", "p50_ms"), ("latency p95", "p95_ms")):
        old, new = (f"{getattr(time, field):.0f} ms" for time in times)
        yield label, old, new, ""


def _name(side: Side, other: Side) -> str:
    """By what tells the two apart."""
    name = side.model.rpartition("/")[2] if side.model != other.model else ""
    if not name and side.precision != other.precision:
        name = side.precision
    if not name and side.dimension != other.dimension:
        name = f"{side.dimension} dimensions"
    return one_line(name or f"{side.chunk_tokens}-token chunks")[:_LONGEST_NAME]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
