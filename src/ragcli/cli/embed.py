"""``rag embed``: texts to embeddings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.options import (
    DebugOption,
    EngineOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    ProjectOption,
    QuietOption,
    VerboseOption,
    speaking,
    typed,
)
from ragcli.errors import ProjectNotFound, TextTooLong, UsageError

if TYPE_CHECKING:
    from ragcli.domain import Embedder, Vector

# Lines of stdin that are embedded at once: what comes out keeps up with what goes in.
BATCH = 64


def embed(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT", help="- reads lines of stdin.")],
    as_: Annotated[
        str, typer.Option("--as", metavar="KIND", help="document or query: which prompt is used.")
    ] = "document",
    model: ModelOption = None,
    engine: EngineOption = None,
    precision: PrecisionOption = None,
    dimensions: Annotated[
        int | None, typer.Option("--dimensions", metavar="N", help="Shorten the embeddings.")
    ] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Print the embedding of each text as a line of JSON.

    With the project's model where there is one; with --model or without a project, any model.
    """
    if as_ not in ("document", "query"):
        raise UsageError(
            f"`--as` must be document or query, not `{as_}`", "leave it out for document"
        )
    with speaking(json=as_json, quiet=quiet, verbose=verbose, debug=debug) as output:
        flags = {"model": model, "engine": engine, "precision": precision, "dimensions": dimensions}
        embedder = _embedder(project, flags)
        done = 0
        for batch in _batches(texts):
            vectors = _embed(embedder, batch, as_, done)
            done += len(batch)
            for text, vector in zip(batch, vectors, strict=True):
                output.object(
                    {
                        "schema": "ragcli.embed/1",
                        "text": text,
                        "embedding": vector,
                        "model": embedder.identity.name,
                    }
                )


def _embedder(project: str | None, flags: Mapping[str, Any]) -> Embedder:
    """The project's; the settings' without one, or where another model is named."""
    from ragcli import providers
    from ragcli.rag import Rag, settings_for

    try:
        with Rag.open(project, **flags) as rag:
            if flags["model"] is not None:
                return providers.embedder(rag.settings.model, rag.settings)
            return rag.checked_embedder()
    except ProjectNotFound:
        if project or os.environ.get("RAG_PROJECT"):
            raise
    settings, _ = settings_for(None, flags, os.environ)
    return providers.embedder(settings.model, settings)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    if list(texts) != ["-"]:
        yield [typed(text) for text in texts]
        return
    batch: list[str] = []
    for line in sys.stdin.buffer:
        batch.append(line.decode("utf-8", "replace").rstrip("\r\n"))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _embed(embedder: Embedder, batch: list[str], kind: str, before: int) -> list[list[float]]:
    """Raises UsageError, naming the text that is empty or too long."""
    for index, text in enumerate(batch):
        if not text.strip():
            raise UsageError(f"text {before + index + 1} is empty", "leave it out")
    vectors: list[Vector] = []
    try:
        if kind == "document":
            vectors.extend(embedder.embed_documents(batch))
        else:
            vectors.extend(map(embedder.embed_query, batch))
    except TextTooLong as error:
        number = before + len(vectors) + error.index + 1
        raise UsageError(f"text {number}: {error.message}", error.hint) from error
    return [vector.tolist() for vector in vectors]
