"""``rag embed``: texts to embeddings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ragcli.cli.opening import agrees, speaking
from ragcli.cli.options import Common, EngineOption, ModelOption, PrecisionOption, grouped
from ragcli.cli.output import Output
from ragcli.cli.values import typed
from ragcli.errors import ProjectNotFound, TextTooLong, UsageError

if TYPE_CHECKING:
    from ragcli.domain import Embedder, Vector
    from ragcli.rag import Rag

# Lines of stdin that are embedded at once: what comes out keeps up with what goes in.
BATCH = 64


@grouped
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
    *,
    common: Common,
) -> None:
    """Print the embedding of each text as a line of JSON.

    With the project's model where there is one; with --model or without a project, any model.
    """
    if as_ not in ("document", "query"):
        raise UsageError(
            f"`--as` must be document or query, not `{as_}`", "leave it out for document"
        )
    with speaking(common) as output:
        flags = {"model": model, "engine": engine, "precision": precision, "dimensions": dimensions}
        with _Embedding(common.project, flags, output) as embedding:
            done = 0
            for batch in _batches(texts):
                _refuse_empty(batch, done)
                model, rows = embedding.rows(batch, as_, done)
                done += len(batch)
                for text, row in zip(batch, rows, strict=True):
                    output.object(
                        {
                            "schema": "ragcli.embed/1",
                            "text": text,
                            "embedding": row,
                            "model": model,
                        }
                    )


class _Embedding:
    """Who embeds: the helper where one runs; else the project's model, or the settings' where
    there is no project or a model is named."""

    def __init__(self, project: str | None, flags: Mapping[str, Any], output: Output) -> None:
        from ragcli.config import settings_for
        from ragcli.rag import Rag
        from ragcli.serving.client import Helper

        self._rag: Rag | None = None
        try:
            self._rag = Rag.open(project, **flags)
            self._rag.agrees = partial(agrees, output)
            self._settings, origins = self._rag.settings, self._rag.origins
        except ProjectNotFound:
            if project or os.environ.get("RAG_PROJECT"):
                raise
            self._settings, origins = settings_for(None, flags, os.environ)
        self._own_model = flags["model"] is not None
        root = self._rag.folder.root if self._rag else None
        self._helper = Helper(root, self._settings, origins)

    def __enter__(self) -> _Embedding:
        return self

    def __exit__(self, *exception: object) -> None:
        self._helper.close()
        if self._rag is not None:
            self._rag.close()

    def rows(self, batch: list[str], kind: str, before: int) -> tuple[str, list[list[float]]]:
        """(the model's name, an embedding a text). Raises UsageError, naming a text too long."""
        helped = self._helper.embed(batch, kind)
        if helped is not None:
            return helped
        return self._embedder.identity.name, _embed(self._embedder, batch, kind, before)

    @cached_property
    def _embedder(self) -> Embedder:
        if self._rag is not None and not self._own_model:
            return self._rag.checked_embedder()
        if self._rag is not None:
            self._rag.consent(self._settings.model, here=False)
            return self._rag.agreed(self._named)
        return self._named()

    def _named(self) -> Embedder:
        from ragcli import providers

        settings = self._rag.settings if self._rag else self._settings
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


def _refuse_empty(batch: list[str], before: int) -> None:
    for index, text in enumerate(batch):
        if not text.strip():
            raise UsageError(f"text {before + index + 1} is empty", "leave it out")


def _embed(embedder: Embedder, batch: list[str], kind: str, before: int) -> list[list[float]]:
    """Raises UsageError, naming the text that is too long."""
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
