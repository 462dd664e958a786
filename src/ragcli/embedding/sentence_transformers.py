"""Embeddings by sentence-transformers: any model by name or folder.

Everything but the embedding itself (identity, counting) works without importing torch, which
takes seconds; the model is loaded by the first text that is embedded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings
from ragcli.domain import EmbedderIdentity
from ragcli.embedding.folder import read_folder
from ragcli.embedding.locate import find, full_name
from ragcli.embedding.prompts import prompts_for
from ragcli.embedding.tokenizer import ModelTokenizer
from ragcli.errors import ProviderUnavailable, TextTooLong, UsageError

if TYPE_CHECKING:
    from ragcli.domain import Matrix, Vector

# sentence-transformers' own default; larger batches only pad more on a CPU.
BATCH_SIZE = 32


class SentenceTransformersEmbedder:
    """L2-normalised float32 vectors; cosine is their inner product."""

    lanes = 1  # torch threads inside

    def __init__(self, model: str, *, settings: Settings) -> None:
        """Raises ProviderUnavailable (no such model), UsageError (too many dimensions)."""
        self._folder = read_folder(find(model))
        self._threads = settings.threads
        # A tokenizer of the library's own may not be lent to two threads at once.
        self._one_at_a_time = Lock()
        query, document = prompts_for(
            model, self._folder.prompts, settings.query_prompt, settings.document_prompt
        )
        full = self._folder.dimension
        dimension = settings.dimensions or full
        if dimension > full:
            raise UsageError(
                f"`{model}` has {full} dimensions, not {dimension}", "ask for fewer, or for none"
            )
        self.identity = EmbedderIdentity(
            name=full_name(model),
            weights=self._folder.weights,
            dimension=dimension,
            max_tokens=self._folder.max_tokens,
            pooling=self._folder.pooling,
            query_prompt=query,
            document_prompt=document,
            shortened=dimension < full,
        )

    @cached_property
    def counter(self) -> ModelTokenizer:
        return ModelTokenizer(self._folder.path)

    @cached_property
    def room_tokens(self) -> int:
        prompt = self.counter.count(self.identity.document_prompt)
        return self.identity.max_tokens - self.counter.special_tokens - prompt

    def unknown_share(self, text: str) -> float:
        return self.counter.unknown_share(text)

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        return self._embed(texts, self.identity.document_prompt)

    def embed_query(self, text: str) -> Vector:
        vector: Vector = self._embed([text], self.identity.query_prompt)[0]
        return vector

    def _embed(self, texts: Sequence[str], prompt: str) -> Matrix:
        import numpy as np

        room = self.identity.max_tokens - self.counter.special_tokens
        for index, text in enumerate(texts):
            size = self.counter.count(prompt + text)
            if size > room:
                raise TextTooLong(index, size, room)
        with self._one_at_a_time:
            vectors = self._model.encode(
                list(texts),
                prompt=prompt or None,
                batch_size=BATCH_SIZE,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        # A shortened vector is cut, then normalised again (Matryoshka, Kusupati et al. 2022).
        cut = np.asarray(vectors, dtype=np.float32)[:, : self.identity.dimension]
        return np.asarray(cut / np.linalg.norm(cut, axis=1, keepdims=True), dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        # The folder is complete: nothing may be looked up, reported or drawn while it loads.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        os.environ["TRANSFORMERS_VERBOSITY"] = "error"
        if self._threads:  # torch reads it once, when it is imported
            os.environ["OMP_NUM_THREADS"] = str(self._threads)
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(self._folder.path),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise ProviderUnavailable(
                f"the model in {self._folder.path} cannot be loaded: {error}",
                "the folder is damaged or needs another library; fetch the model again",
            ) from error
        self._check_limits(model)
        return model

    def _check_limits(self, model: Any) -> None:
        """What was read from the configuration must be what was loaded, or texts would be cut."""
        limit = model.get_max_seq_length()
        dimension = model.get_embedding_dimension()
        wrong_limit = limit is not None and limit < self.identity.max_tokens
        if wrong_limit or dimension != self._folder.dimension:
            raise ProviderUnavailable(
                f"the model takes {limit} tokens and gives {dimension} dimensions, but its"
                f" configuration says {self.identity.max_tokens} and {self._folder.dimension}",
                "the folder is damaged; fetch the model again",
            )
