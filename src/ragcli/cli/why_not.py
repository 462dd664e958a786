"""``rag why-not``: where a passage was lost."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ragcli.cli.opening import opened, tell_model
from ragcli.cli.options import Common, Models, Only, Search, grouped
from ragcli.cli.output import Output, one_line
from ragcli.cli.values import filter_from, question_from

if TYPE_CHECKING:
    from ragcli.recipes.why_not import ChunkPlace, HalfPlace, WhyNot


@grouped
def why_not(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="- reads it from stdin.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE[:PAGE or :LINE]", help="What you expected to find.")
    ],
    *,
    search: Search,
    only: Only,
    models: Models,
    common: Common,
) -> None:
    """Say where a passage was lost: not in the project, filtered out, or ranked too low.

    Exits with 0 when it is among the passages, with 4 when it is not.
    """
    chosen = filter_from(only)
    flags = search.settings | models.settings
    with opened(common, flags=flags) as (rag, output):
        tell_model(rag, output)
        found = rag.why_not(question_from(question), file, top_k=search.top_k, chosen=chosen)
        if output.json:
            output.object({"schema": "ragcli.why-not/1", **asdict(found)})
        else:
            _show(found, output)
        if not found.shown:
            raise typer.Exit(4)


def _show(found: WhyNot, output: Output) -> None:
    for warning in found.warnings:
        output.warn(warning)
    verdict = "among the passages" if found.shown else "not among the passages"
    output.line(f"{one_line(_named(found))}: {verdict}; {one_line(found.why)}.")
    if found.chunks:
        _show_chunk(found.chunks[0], found, output)
    if found.hint:
        output.note(f"hint: {found.hint}")


def _named(found: WhyNot) -> str:
    if found.page is not None:
        return f"{found.source}, p. {_range(found.page, found.page_end)}"
    if found.line_start is not None:
        return f"{found.source}, {_lines(found.line_start, found.line_end)}"
    return found.source


def _range(first: int, last: int | None) -> str:
    return f"{first}" if last in (None, first) else f"{first}-{last}"


def _lines(first: int, last: int | None) -> str:
    return f"line{'' if last in (None, first) else 's'} {_range(first, last)}"


def _show_chunk(one: ChunkPlace, found: WhyNot, output: Output) -> None:
    where = f"characters {one.char_start}-{one.char_end}"
    if one.page is not None:
        where = f"p. {_range(one.page, one.page_end)}, {where}"
    elif one.line_start is not None:
        where = _lines(one.line_start, one.line_end)
    of = f", the best of its {found.chunk_count:,} there" if found.chunk_count > 1 else ""
    output.line(f"  chunk       {where}{of}")
    if found.mode != "keyword":
        missing = "not embedded yet: rag ingest" if not one.embedded else "not searched"
        output.line(f"  by meaning  {_half(one.dense, 'chunks', 'cosine', missing)}")
    if found.mode != "dense":
        missing = "no word of the question stands in it"
        holders = "chunks with a word of the question"
        output.line(f"  by words    {_half(one.keyword, holders, 'BM25', missing)}")
    if one.rank is not None and one.explain is not None:
        parts = " + ".join(f"{name} {value:.3g}" for name, value in one.explain.items())
        output.line(f"  together    {one.rank} of {found.ranked}: {parts} = {one.score:.3g}")
    elif one.candidate is not None:
        output.line(f"  candidate   {one.candidate} of {found.candidates}, {found.read} are read")


def _half(half: HalfPlace | None, of: str, measure: str, missing: str) -> str:
    if half is None:
        return missing
    return f"{half.rank:,} of {half.of:,} {of}, {measure} {half.score:.3g}"
