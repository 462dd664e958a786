"""``rag chunks``: how a file was cut."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.opening import opened
from ragcli.cli.options import Common, grouped
from ragcli.cli.output import Output, one_line
from ragcli.cli.wording import count

if TYPE_CHECKING:
    from ragcli.recipes.chunks import CutChunk, CutFile


@grouped
def chunks(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A path or a source.")],
    *,
    common: Common,
) -> None:
    """Show how a file was cut: offsets, tokens, place, headings and first words of each chunk."""
    with opened(common) as (rag, output):
        cut = rag.chunks(file)
        if output.json:
            output.object(_object(cut))
            return
        for one in cut.chunks:
            output.line(_line(one, output))
        output.note(
            f"{cut.source}: {count(len(cut.chunks), 'chunk')}, {cut.chunk_tokens} tokens aimed at"
            f" ({cut.model})"
        )


def _line(one: CutChunk, output: Output) -> str:
    """``number start-end tokens place headings: words``; cut to the width of a terminal."""
    chunk = one.chunk
    place = ""
    if chunk.page is not None:
        place = f"p. {chunk.page}"
    elif chunk.line_start is not None:
        place = f"l. {chunk.line_start}-{chunk.line_end}"
    words = one_line(chunk.text)
    if chunk.headings:
        words = f"{one_line(' › '.join(chunk.headings))}: {words}"
    span = f"{chunk.char_start}-{chunk.char_end}"
    before = f"{one.number:>4}  {span:<13}{chunk.size_tokens:>4} t  {place:<11}"
    room = max(20, output.width - len(before) - 1)
    return before + (words if len(words) <= room else words[: room - 1] + "…")


def _object(cut: CutFile) -> dict[str, Any]:
    return {
        "schema": "ragcli.chunks/1",
        "source": cut.source,
        "model": cut.model,
        "chunk_tokens": cut.chunk_tokens,
        "chunks": [
            {
                "number": one.number,
                "chunk_id": one.chunk_id,
                "embedded": one.embedded,
                **asdict(one.chunk),
            }
            for one in cut.chunks
        ],
    }
