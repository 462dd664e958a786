"""Embeddings by ONNX Runtime, from an export that is checked before it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ragcli.embedding import PROBE, PROBE_COSINE
from ragcli.embedding.engine import Tokenized
from ragcli.embedding.folder import ModelFolder
from ragcli.models import onnx_session
from ragcli.models.onnx_cache import OnnxModel
from ragcli.models.onnx_session import OnnxSession
from ragcli.models.tokenizer import ModelTokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Matrix, Vector

# A question of 14 tokens takes 4.7 ms on one thread, most of which its weights take to come from
# memory, and 2.7 ms on two (2 cores; more were not measured), with the same result to the last bit.
QUESTION_THREADS = 2


class OnnxEngine:
    """Runs an export. ``lanes`` threads may call `encode` at once, each run uses ``threads``."""

    name = "onnx"

    def __init__(self, model: OnnxModel, lanes: int, threads: int = 1) -> None:
        self.model = model
        self.lanes = lanes
        self._session = OnnxSession(model, threads)
        self._probe: tuple[Sequence[int], Matrix] | None = None

    def gives_what_it_gave(self, probe: Tokenized) -> bool:
        """The probe's embedding is the one that it had when the export was made."""
        vector = self.encode([probe])
        self._probe = (probe.ids, vector)
        return _cosine(vector[0], self.model.probe) >= PROBE_COSINE

    def encode(self, texts: Sequence[Tokenized]) -> Matrix:
        """(len(texts), dimension); texts of like length run together, padded to the longest."""
        import numpy as np

        # A project compares the probe too, right after: it has just been computed.
        if len(texts) == 1 and self._probe and texts[0].ids == self._probe[0]:
            return self._probe[1]

        ids = [text.ids for text in texts]
        rows: list[NDArray[np.float32]] = []
        order: list[int] = []
        for batch in self._session.batches(ids):
            order += batch
            rows.append(self._session.run([ids[i] for i in batch]))
        out = np.concatenate(rows)
        out[order] = out.copy()
        return out


def open_engine(
    folder: ModelFolder,
    precision: str,
    tokenizer: Callable[[], ModelTokenizer],
    lanes: int,
    threads: int,
) -> OnnxEngine:
    """The model's engine, exported when it was not; shown to give what it gave when it was made.

    ``tokenizer`` is asked for last: meanwhile another thread may have loaded it. Raises Unfit.
    """
    return onnx_session.open_engine(
        folder,
        precision,
        lambda model: OnnxEngine(model, lanes, threads),
        lambda engine: engine.gives_what_it_gave(Tokenized(PROBE, "", tokenizer().encode(PROBE))),
    )


def _cosine(one: Vector, other: Sequence[float]) -> float:
    """0 for vectors of different length."""
    import numpy as np

    expected = np.array(other, np.float32)
    if expected.shape != one.shape:
        return 0.0
    return float(one @ expected / (np.linalg.norm(one) * np.linalg.norm(expected)))
