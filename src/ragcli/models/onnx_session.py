"""ONNX Runtime: the default engine. One session, shared by as many threads as call it.

Each call releases the interpreter's lock while it computes. What comes in many texts is run in
lanes, each call on its caller's thread alone: a pool of the session's own would only compete with
them. A question is one call, so a process that is asked many has such a pool for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ragcli.models import Unfit, log, onnx_cache
from ragcli.models.onnx_cache import GRAPH, OnnxModel, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Padded tokens a run. Activations of more leave the second-level cache: of 1, 256, 512, 1,024,
# 2,048 and 4,096 this was the fastest, or within 1 %, for texts of 60, 180 and 250 tokens
# (all-MiniLM-L6-v2, 2026-11-24, Xeon with AVX-512: 5.6k, 5.4k, 5.3k tokens/s a core; 4,096: 3.9k).
BATCH_TOKENS = 512

E = TypeVar("E")


class OnnxSession:
    """An export's graph, ready to run. Several threads may call `run` at once, each run uses
    ``threads``."""

    def __init__(self, model: OnnxModel, threads: int = 1) -> None:
        self.model = model
        # int8 scales its activations by the largest of a run: a text alone gets the same output
        # whatever its neighbours are.
        self._batch_tokens = BATCH_TOKENS if model.precision == "fp32" else 1
        self._session = _load(model, threads)

    def batches(self, sequences: Sequence[Sequence[int]]) -> Iterator[list[int]]:
        """Places of token sequences, the longest first, within the bound of padded tokens."""
        batch: list[int] = []
        longest = 0
        for i in sorted(range(len(sequences)), key=lambda i: -len(sequences[i])):
            if batch and longest * (len(batch) + 1) > self._batch_tokens:
                yield batch
                batch = []
            longest = longest if batch else len(sequences[i])
            batch.append(i)
        if batch:
            yield batch

    def run(
        self, sequences: Sequence[Sequence[int]], types: Sequence[Sequence[int]] = ()
    ) -> NDArray[np.float32]:
        """The graph's output, a row for each sequence of token ids, padded to the longest.
        ``types`` are their token types, for graphs that tell parts of a text apart; else all 0."""
        import numpy as np

        length = max(map(len, sequences))
        ids = np.full((len(sequences), length), self.model.pad_id, np.int64)
        mask = np.zeros((len(sequences), length), np.int64)
        kinds = np.zeros((len(sequences), length), np.int64)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        for row, kind in enumerate(types):
            kinds[row, : len(kind)] = kind
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        feed = {name: given[name] for name in self.model.inputs}
        rows: NDArray[np.float32] = self._session.run(None, feed)[0]
        return rows


def import_runtime() -> None:
    """Before a thread loads a session, which takes longest: it would wait for the import, and take
    turns with what its caller imports next."""
    import onnxruntime  # noqa: F401


def open_engine(
    source: Source, precision: str, load: Callable[[OnnxModel], E], is_right: Callable[[E], bool]
) -> E:
    """The model's engine, exported when it was not; ``is_right`` says whether it gives what it gave
    when it was made. A damaged export is made again, and never answers. Raises Unfit."""
    for anew in (False, True):
        model = onnx_cache.ensure(source, precision, anew=anew)
        try:
            engine = load(model)
            if is_right(engine):
                return engine
        except Exception as error:  # onnxruntime's errors have no common class of their own
            log.debug("the export in %s cannot be loaded: %s", model.folder, error)
    raise Unfit(f"its export in {model.folder} does not give what it gave when it was made")


def session_options(threads: int = 1) -> Any:
    """So many threads a run, no complaints on stderr."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # fatal only: a failure is an exception, told by us
    return options


def _load(model: OnnxModel, threads: int) -> Any:
    import onnxruntime

    options = session_options(threads)
    # Threads wait for the next run without using a core up.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # The graph was optimised and its weights packed when it was made: 36 ms in place of 280.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        str(model.folder / GRAPH), options, providers=["CPUExecutionProvider"]
    )
