"""ONNX Runtime: the default engine. One session, shared by as many threads as call it.

Each call releases the interpreter's lock while it computes. Documents are embedded in lanes, each
call on its caller's thread alone: a pool of the session's own would only compete with them. A
question is one call, so a process that is asked many has such a pool for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ragcli.embedding import PROBE, PROBE_COSINE, onnx_model
from ragcli.embedding.engine import Tokenized, Unfit, log
from ragcli.embedding.folder import ModelFolder
from ragcli.embedding.onnx_model import GRAPH, OnnxModel
from ragcli.embedding.tokenizer import ModelTokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Matrix, Vector

# Padded tokens a run. Activations of more leave the second-level cache: of 1, 256, 512, 1,024,
# 2,048 and 4,096 this was the fastest, or within 1 %, for texts of 60, 180 and 250 tokens
# (all-MiniLM-L6-v2, 2026-11-24, Xeon with AVX-512: 5.6k, 5.4k, 5.3k tokens/s a core; 4,096: 3.9k).
BATCH_TOKENS = 512


# A question of 14 tokens takes 4.7 ms on one thread, most of which its weights take to come from
# memory, and 2.7 ms on two (2 cores; more were not measured), with the same result to the last bit.
QUESTION_THREADS = 2


class OnnxEngine:
    """Runs an export. ``lanes`` threads may call `encode` at once, each run uses ``threads``."""

    name = "onnx"

    def __init__(self, model: OnnxModel, lanes: int, threads: int = 1) -> None:
        self.model = model
        self.lanes = lanes
        # int8 scales its activations by the largest of a run: a text alone gets the same vector
        # whatever its neighbours are.
        self._batch_tokens = BATCH_TOKENS if model.precision == "fp32" else 1
        self._session = _load(model, threads)
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

        rows: list[NDArray[np.float32]] = []
        order: list[int] = []
        for batch in self._batches(texts):
            order += batch
            rows.append(self._run([texts[i].ids for i in batch]))
        out = np.concatenate(rows)
        out[order] = out.copy()
        return out

    def _batches(self, texts: Sequence[Tokenized]) -> Iterator[list[int]]:
        """Places of texts, the longest first, within the bound of padded tokens."""
        batch: list[int] = []
        longest = 0
        for i in sorted(range(len(texts)), key=lambda i: -len(texts[i].ids)):
            if batch and longest * (len(batch) + 1) > self._batch_tokens:
                yield batch
                batch = []
            longest = longest if batch else len(texts[i].ids)
            batch.append(i)
        if batch:
            yield batch

    def _run(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        import numpy as np

        length = max(map(len, sequences))
        ids = np.full((len(sequences), length), self.model.pad_id, np.int64)
        mask = np.zeros((len(sequences), length), np.int64)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feed = {name: given[name] for name in self.model.inputs}
        vectors: NDArray[np.float32] = self._session.run(None, feed)[0]
        return vectors


def open_engine(
    folder: ModelFolder,
    precision: str,
    tokenizer: Callable[[], ModelTokenizer],
    lanes: int,
    threads: int,
) -> OnnxEngine:
    """The model's engine, exported when it was not; shown to give what it gave when it was made.

    A damaged export is made again, and never answers. ``tokenizer`` is asked for last: meanwhile
    another thread may have loaded it. Raises Unfit.
    """
    for anew in (False, True):
        model = onnx_model.ensure(folder, precision, anew=anew)
        try:
            engine = OnnxEngine(model, lanes, threads)
            if engine.gives_what_it_gave(Tokenized(PROBE, "", tokenizer().encode(PROBE))):
                return engine
        except Exception as error:  # onnxruntime's errors have no common class of their own
            log.debug("the export in %s cannot be loaded: %s", model.folder, error)
    raise Unfit(f"its export in {model.folder} does not give what it gave when it was made")


def _cosine(one: Vector, other: Sequence[float]) -> float:
    """0 for vectors of different length."""
    import numpy as np

    expected = np.array(other, np.float32)
    if expected.shape != one.shape:
        return 0.0
    return float(one @ expected / (np.linalg.norm(one) * np.linalg.norm(expected)))


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
