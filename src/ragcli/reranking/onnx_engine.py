"""Pairs scored by ONNX Runtime, from an export that is checked before it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ragcli.models import onnx_session
from ragcli.models.onnx_cache import OnnxModel
from ragcli.models.onnx_session import OnnxSession
from ragcli.reranking import SAME_LOGIT
from ragcli.reranking.engine import Logits, Pair
from ragcli.reranking.folder import CrossEncoderFolder


class OnnxEngine:
    """Runs an export, each batch on a thread of its own, ``lanes`` at once."""

    name = "onnx"

    def __init__(self, model: OnnxModel, lanes: int) -> None:
        self.model = model
        self._lanes = lanes
        self._session = OnnxSession(model)

    def gives_what_it_gave(self, probes: Sequence[Pair]) -> bool:
        """The probes' logits are those that they had when the export was made."""
        given = [x for logits in self.logits(probes) for x in logits]
        expected = self.model.probe
        return len(given) == len(expected) and all(
            abs(one - other) <= SAME_LOGIT for one, other in zip(given, expected, strict=True)
        )

    def logits(self, pairs: Sequence[Pair]) -> list[Logits]:
        """Those of each pair; pairs of like length run together."""
        batches = list(self._session.batches([pair.ids for pair in pairs]))
        if self._lanes == 1 or len(batches) == 1:
            rows = [self._run(pairs, batch) for batch in batches]
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(self._lanes) as lanes:
                rows = list(lanes.map(lambda batch: self._run(pairs, batch), batches))
        logits = dict(
            zip((i for b in batches for i in b), (x for row in rows for x in row), strict=True)
        )
        return [logits[i] for i in range(len(pairs))]

    def _run(self, pairs: Sequence[Pair], batch: Sequence[int]) -> list[Logits]:
        some = [pairs[i] for i in batch]
        rows = self._session.run([p.ids for p in some], [p.types for p in some])
        return [tuple(map(float, row)) for row in rows]


def open_engine(
    folder: CrossEncoderFolder, probes: Callable[[], Sequence[Pair]], lanes: int
) -> OnnxEngine:
    """The model's engine, exported when it was not; shown to give what it gave when it was made.
    Raises Unfit."""
    return onnx_session.open_engine(
        folder,
        "fp32",
        lambda model: OnnxEngine(model, lanes),
        lambda engine: engine.gives_what_it_gave(probes()),
    )
