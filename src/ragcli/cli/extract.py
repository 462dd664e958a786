"""``rag extract``: what a reader makes of a file."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.opening import speaking
from ragcli.cli.options import Common, grouped
from ragcli.cli.output import show_safely
from ragcli.domain import state_of
from ragcli.errors import ProjectNotFound

if TYPE_CHECKING:
    from ragcli.config import Settings
    from ragcli.domain import Document


@grouped
def extract(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Any file; it is not ingested.")],
    *,
    common: Common,
) -> None:
    """Print the text of a file as the readers see it, and store nothing.

    Works without a project; the settings of one count where there is one. What could not be read
    is told on stderr, with its cure, and gives 3.
    """
    with speaking(common) as output:
        from ragcli.reading.options import ReadOptions
        from ragcli.recipes.extract import extract as read

        document = read(Path(file), ReadOptions.of(_settings(common.project)))
        if output.json:
            output.object(_object(file, document))
        else:
            text = show_safely(document.text) if output.out_is_terminal else document.text
            output.text(text if text.endswith("\n") else text + "\n")
        for problem in document.problems:
            place = file if problem.page is None else f"{file}, p. {problem.page}"
            cure = f": {problem.hint}" if problem.hint else ""
            output.warn(f"{place}: {problem.message}{cure}")
        if document.problems:
            raise typer.Exit(3)


def _settings(project: str | None) -> Settings:
    from ragcli.config import settings_for
    from ragcli.rag import Rag

    try:
        return Rag.open(project).settings
    except ProjectNotFound:
        if project or os.environ.get("RAG_PROJECT"):
            raise
        return settings_for(None, {}, os.environ)[0]


def _object(file: str, document: Document) -> dict[str, Any]:
    headings = (block for block in document.blocks if block.kind == "heading" and block.title)
    return {
        "schema": "ragcli.extract/1",
        "source": file,
        "format": document.format,
        "title": document.title,
        "language": document.language,
        "date": document.date,
        "metadata": dict(document.metadata),
        "has_lines": document.has_lines,
        "length": len(document.text),
        "pages": [asdict(page) for page in document.pages],
        "headings": [
            {
                "level": block.level,
                "title": block.title,
                "char_start": block.char_start,
                "char_end": block.char_end,
            }
            for block in headings
        ],
        "blocks": [
            {"kind": block.kind, "char_start": block.char_start, "char_end": block.char_end}
            for block in document.blocks
        ],
        "problems": [
            {"state": state_of(problem.code), **asdict(problem)} for problem in document.problems
        ],
        "text": document.text,
    }
