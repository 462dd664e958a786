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

_LONGEST_NAME = 33


def show(measured: Sequence[Contender], found: Quality | None, output: Output) -> None:
    for line in _speeds(measured):
        output.line(line)
    if found is None:
        return
    output.line()
    sample = found.sample
    of = "" if sample.is_whole else f" of {sample.of_documents:,}"
    chunks = "" if sample.is_whole else f" of {sample.of_chunks:,}"
    kept = "" if sample.is_whole else ": all that answer, and others"
    output.line(f"On {sample.documents:,}{of} documents, {sample.chunks:,}{chunks} chunks{kept}")
    from ragcli.recipes import runs

    scored = [runs.scored(_short(name), one) for name, one in found.runs]
    named = [(_short(name), one) for name, one in found.runs]
    show_eval.show_variants(named, runs.compare_all(scored), output)


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
