"""Any cross-encoder by name or folder: BERT, RoBERTa, XLM-R or ModernBERT.

Identity and tokens come from the model's files, without importing torch; the first pairs that are
scored choose the engine that runs it.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from threading import Lock

from ragcli.background import Background
from ragcli.config import Settings, usable_cores
from ragcli.models import Unfit, onnx_cache
from ragcli.models.choice import choose
from ragcli.models.locate import CROSS_ENCODERS, find, full_name
from ragcli.reranking import PROBES
from ragcli.reranking.engine import Engine
from ragcli.reranking.folder import Task, read_folder
from ragcli.reranking.pairs import PairTokenizer


class CrossEncoder:
    """A model for a task, as far as all tasks are alike."""

    def __init__(self, model: str, task: Task, settings: Settings) -> None:
        """Raises ProviderUnavailable (no such model, or one that cannot do this)."""
        self.name = full_name(model, CROSS_ENCODERS)
        self._folder = read_folder(find(model, CROSS_ENCODERS, pickled=False), task)
        self._wanted_engine = settings.engine
        self.lanes = settings.threads or usable_cores()
        self._starting = Lock()
        self._loading: Background[Engine] | None = None

    @property
    def fingerprint(self) -> str:
        return f"{self._folder.weights} {self._folder.configuration}"

    def prepare(self) -> None:
        # Imported by two threads at once, numpy would be seen half-made by one of them.
        import numpy  # noqa: F401

        if self._wanted_engine != "torch":
            from ragcli.models.onnx_session import import_runtime

            import_runtime()
        with self._starting:
            if self._loading is None:
                self._loading = Background(self._open)

    def unknown_share(self, text: str) -> float:
        return self._tokenizer.unknown_share(text)

    # ------------------------------------------------------------ the engine

    @property
    def exports(self) -> list[Path]:
        """Folders of its ONNX exports on this machine."""
        return onnx_cache.exports(self._folder, "fp32")

    def engine_told(self) -> str:
        """What would run the model, in words, without loading anything."""
        if self._wanted_engine == "torch":
            return "torch, as asked for"
        try:
            found = [m for folder in self.exports if (m := onnx_cache.find(folder))]
        except Unfit as unfit:
            return f"torch: {unfit}"
        return "onnx" if found else "onnx, prepared at first use"

    @property
    def engine(self) -> Engine:
        """What runs the model. Raises ProviderUnavailable."""
        self.prepare()
        assert self._loading is not None
        return self._loading.result()

    @cached_property
    def _tokenizer(self) -> PairTokenizer:
        return PairTokenizer(self._folder)

    def _open(self) -> Engine:
        return choose(self._wanted_engine, self.name, self._onnx, self._torch)

    def _onnx(self) -> Engine:
        from ragcli.reranking.onnx_engine import open_engine

        probes = lambda: [self._tokenizer.pair(*one) for one in PROBES]  # noqa: E731
        return open_engine(self._folder, probes, self.lanes)

    def _torch(self) -> Engine:
        from ragcli.reranking.torch_engine import TorchEngine

        return TorchEngine(self._folder, self.lanes)
