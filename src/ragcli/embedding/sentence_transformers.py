"""Any sentence-transformers model by name or folder: what it is, its prompts and its limits.

Identity and counting come from the model's files, without importing torch. The first text that is
embedded chooses the engine that runs it (``engine.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from ragcli.background import Background
from ragcli.config import Settings, usable_cores
from ragcli.domain import EmbedderIdentity
from ragcli.embedding import gpu
from ragcli.embedding.engine import Engine, Tokenized
from ragcli.embedding.folder import read_folder
from ragcli.embedding.languages import foreign_share, taught
from ragcli.embedding.prompts import prompts_for
from ragcli.errors import TextTooLong, UsageError
from ragcli.models import Unfit
from ragcli.models.choice import choose
from ragcli.models.locate import find, full_name
from ragcli.models.tokenizer import ModelTokenizer

if TYPE_CHECKING:
    from ragcli.domain import Matrix, Vector

# Fewer texts are embedded by the cores before torch and CUDA are up: 10 s, in which 16 cores and
# an H100 were even at 14,400 chunks (docs/benchmarks.md).
GPU_PAYS_TEXTS_A_CORE = 1_000

# A second or so on one core with the default model. A GPU is through with a batch before the next
# has been asked for: it gets a window at once, and one more is prepared meanwhile.
CPU_BATCH_TEXTS = 32
GPU_BATCH_TEXTS = 1_024
GPU_LANES = 2


# More than one answer takes: the question and its parts, each read for the search and once more
# for the choice of sentences.
MANY_QUESTIONS = 12


class SentenceTransformersEmbedder:
    """L2-normalised float32 vectors; cosine is their inner product."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        """Raises ProviderUnavailable (no such model), UsageError (too many dimensions)."""
        self._folder = read_folder(find(model))
        self._wanted_engine = settings.engine
        self._threads = settings.threads or usable_cores()
        self._on_gpu = False
        self._starting = Lock()
        self._loading: Background[Engine] | None = None
        self._questions = 0
        self._for_questions: Background[Engine] | None = None
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
            precision=settings.precision,
        )

    @cached_property
    def counter(self) -> ModelTokenizer:
        return ModelTokenizer(self._folder.path, special_tokens=not self._folder.is_static)

    @cached_property
    def room_tokens(self) -> int:
        prompt = self.counter.count(self.identity.document_prompt)
        return self.identity.max_tokens - self.counter.special_tokens - prompt

    @property
    def lanes(self) -> int:
        """Of the engine; a thread for each core is assumed until it is loaded."""
        if self._on_gpu:
            return GPU_LANES
        loaded = self._loading is not None and self._loading.done
        return self.engine.lanes if loaded else self._threads

    @property
    def batch_texts(self) -> int:
        return GPU_BATCH_TEXTS if self._on_gpu else CPU_BATCH_TEXTS

    def prepare(self, texts: int) -> None:
        """Begin to load the engine in the background. Where a GPU is to be had and so many texts
        repay torch's start, it takes them, also in place of an engine that is loaded."""
        # Imported by two threads at once, numpy would be seen half-made by one of them.
        import numpy  # noqa: F401

        if self._wanted_engine != "torch" and not self._folder.is_static:
            from ragcli.models.onnx_session import import_runtime

            import_runtime()

        with self._starting:
            on_gpu = self._wanted_engine == "auto" and not self._on_gpu and self._gpu_pays(texts)
            if on_gpu:
                self._on_gpu = True
                self._loading = Background(lambda: self._torch("cuda"))
            elif self._loading is None:
                self._loading = Background(self._cpu_engine)

    @cached_property
    def languages(self) -> frozenset[str] | None:
        return taught(self.identity.name, self._folder.path)

    def unknown_share(self, text: str) -> float:
        foreign = foreign_share(text, self.languages)
        return max(foreign, self.counter.unknown_share(text)) if foreign < 1 else foreign

    def embed_documents(self, texts: Sequence[str]) -> Matrix:
        return self._embed(texts, self.identity.document_prompt)

    def embed_query(self, text: str) -> Vector:
        engine = self._question_engine()
        vector: Vector = self._embed([text], self.identity.query_prompt, engine)[0]
        return vector

    def _embed(self, texts: Sequence[str], prompt: str, engine: Engine | None = None) -> Matrix:
        import numpy as np

        if not texts:
            return np.empty((0, self.identity.dimension), np.float32)
        tokenized = [Tokenized(t, prompt, self.counter.encode(prompt + t)) for t in texts]
        for index, one in enumerate(tokenized):
            if len(one.ids) > self.identity.max_tokens:
                room = self.identity.max_tokens - self.counter.special_tokens
                raise TextTooLong(index, len(one.ids) - self.counter.special_tokens, room)
        vectors = (engine or self.engine).encode(tokenized)
        # A shortened vector is cut, then normalised again (Matryoshka, Kusupati et al. 2022).
        cut = vectors[:, : self.identity.dimension]
        lengths = np.linalg.norm(cut, axis=1, keepdims=True)
        return np.asarray(cut / np.maximum(lengths, np.finfo(np.float32).tiny), dtype=np.float32)

    # ------------------------------------------------------------ the engine

    @property
    def exports(self) -> list[Path]:
        """Folders of its ONNX exports on this machine, in its precision."""
        from ragcli.models import onnx_cache

        return onnx_cache.exports(self._folder, self.identity.precision)

    def engine_told(self) -> str:
        """What would run the model, in words, without loading anything."""
        from ragcli.models import onnx_cache

        if self._wanted_engine == "torch":
            return "torch, as asked for"
        if self._folder.is_static:
            return "static: a table of token vectors"
        try:
            found = [m for folder in self.exports if (m := onnx_cache.find(folder))]
        except Unfit as unfit:
            return f"torch: {unfit}"
        if not found:
            return "onnx, prepared at first use"
        exact = found[-1].precision == "fp32"
        agreement = f"cosine {found[-1].agreement_mean:.4f} on average with fp32's embeddings"
        return "onnx" if exact else f"onnx: {agreement}, {found[-1].agreement_worst:.4f} at least"

    @property
    def engine(self) -> Engine:
        """What runs the model. Raises ProviderUnavailable, UsageError."""
        if self._loading is None:
            self.prepare(1)
        assert self._loading is not None
        return self._loading.result()

    def _question_engine(self) -> Engine:
        """Where many are asked and it is loaded by then, one that uses several threads for one
        text: a process that answers once would only wait for it. It gives the same."""
        self._questions += 1
        if self._questions == MANY_QUESTIONS and self._threads > 1 and self.engine.name == "onnx":
            self._for_questions = Background(lambda: self._fast_engine(for_questions=True))
        loaded = self._for_questions
        return loaded.result() if loaded is not None and loaded.done else self.engine

    def _cpu_engine(self) -> Engine:
        return choose(
            self._wanted_engine,
            self.identity.name,
            self._fast_engine,
            lambda: self._torch("cpu"),
            needs_fast=self.identity.precision != "fp32",
        )

    def _fast_engine(self, *, for_questions: bool = False) -> Engine:
        """Raises Unfit."""
        if not self._folder.pools_prompt and (
            self.identity.query_prompt or self.identity.document_prompt
        ):
            raise Unfit("its pooling leaves out the prompt, which an exported graph cannot")
        if self._folder.is_static:
            if self.identity.precision != "fp32":
                raise Unfit("a table of token vectors has no arithmetic to do in 8 bits")
            from ragcli.embedding.static_engine import StaticEngine

            return StaticEngine(self._folder.static_table)
        from ragcli.embedding.onnx_engine import QUESTION_THREADS, open_engine

        precision = self.identity.precision
        cores = self._threads
        lanes, threads = (1, min(cores, QUESTION_THREADS)) if for_questions else (cores, 1)
        return open_engine(self._folder, precision, lambda: self.counter, lanes, threads)

    def _torch(self, device: str) -> Engine:
        if self.identity.precision != "fp32":
            raise UsageError(
                "the engine torch has no int8", "leave `--engine` out, or choose --precision fp32"
            )
        from ragcli.embedding.torch_engine import TorchEngine

        return TorchEngine(self._folder, device, self._threads)

    def _gpu_pays(self, texts: int) -> bool:
        fp32 = self.identity.precision == "fp32"
        enough = texts >= GPU_PAYS_TEXTS_A_CORE * self._threads
        return fp32 and enough and gpu.cuda_is_usable()
