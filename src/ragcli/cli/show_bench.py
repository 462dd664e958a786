"""Models side by side, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ragcli.cli import show_eval
from ragcli.cli.ls import size
from ragcli.cli.output import Output, one_line
from ragcli.cli.wording import count

if TYPE_CHECKING:
    from ragcli.bench import Contender, Quality
    from ragcli.recipes.thinned import Sample

_LONGEST_NAME = 33


def show_speed(measured: Sequence[Contender], output: Output) -> None:
    """Shown before the questions are asked, which may take much longer."""
    for line in _speeds(measured):
        output.line(line)
    output.flush()


def show_quality(found: Quality, output: Output) -> None:
    from ragcli.recipes import runs

    output.line()
    output.line(_sample(found.sample))
    named = [(_short(name), one) for name, one in found.runs]
    comparisons = runs.compare_all([runs.scored(name, one) for name, one in named])
    show_eval.show_variants(named, comparisons, output)


def _sample(sample: Sample) -> str:
    if sample.is_whole:
        return f"On all {sample.documents:,} documents, {sample.chunks:,} chunks"
    return (
        f"On {sample.documents:,} of {sample.of_documents:,} documents, {sample.chunks:,} of"
        f" {sample.of_chunks:,} chunks: all that answer, and others"
    )


def _speeds(measured: Sequence[Contender]) -> Iterator[str]:
    width = min(_LONGEST_NAME, max(len(_short(one.model)) for one in measured) + 2)
    yield (f"{'':<{width}}{'load':>8}{'chunks/s':>10}{'tokens/s':>10}{'question':>10}{'disk':>8}")
    for one in measured:
        speed = one.speed
        name = f"{'*' if one.used else ' '} {_short(one.model)}"
        name = name if len(name) <= width else name[: width - 1] + "…"
        disk = size(one.size_bytes) if one.size_bytes else "-"
        yield (
            f"{name:<{width}}{_ms(speed.load_ms):>8}{speed.chunks_per_s:>10,.1f}"
            f"{speed.tokens_per_s:>10,.0f}{_ms(speed.question_ms):>10}{disk:>8}"
        )
    chunks = count(max(one.speed.chunks for one in measured), "chunk")
    indexes = ", ".join(f"{_short(one.model)} {size(one.index_bytes)}" for one in measured)
    yield f"* the project's; measured over {chunks} of it; index: {indexes}"


def _ms(value: float) -> str:
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def _short(model: str) -> str:
    return one_line(model).rpartition("/")[2]
