"""Exports a cross-encoder to ONNX, in a process of its own:

    python -m ragcli.reranking.onnx_export MODEL_FOLDER NEW_FOLDER PRECISION

It is compared with sentence-transformers by the difference of their logits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ragcli.models import Unfit, onnx_export
from ragcli.models.onnx_cache import OnnxModel
from ragcli.models.reference_texts import LONG, SHORT
from ragcli.reranking import PROBES, SAME_LOGIT
from ragcli.reranking.engine import Logits, Pair
from ragcli.reranking.folder import ANY, CrossEncoderFolder, read_folder
from ragcli.reranking.onnx_engine import OnnxEngine
from ragcli.reranking.pairs import PairTokenizer
from ragcli.reranking.torch_engine import load_model, logits

# A question with each of the reference texts, short questions with their neighbours in the list:
# all scripts stand on both sides.
REFERENCE = (
    *((SHORT[1], text) for text in (*SHORT, *LONG)),
    *pairwise(SHORT),
)


def export(model: Any, source: CrossEncoderFolder, target: Path) -> dict[str, Any]:
    """Write the export of a loaded CrossEncoder into an empty folder; its manifest.

    Raises Unfit when it cannot be made or does not agree.
    """
    tokenizer = PairTokenizer(source)
    pairs = [p for one in REFERENCE if len((p := tokenizer.pair(*one)).ids) <= source.max_tokens]
    if len(pairs) < 3:
        raise Unfit(f"it takes {source.max_tokens} tokens, too few to compare it")
    reference = logits(model, [(pair.first, pair.second) for pair in pairs])
    # Two rows of different length: what depends on the mask must show in the trace.
    rows = [("one two three", "four five six"), ("one", "two")]
    example = model.tokenizer(rows, padding=True, return_tensors="pt")
    inputs = onnx_export.known_inputs(example)
    pad_id = int(model.tokenizer.pad_token_id or 0)
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        graph = Path(temporary) / "model.onnx"
        network = model.model
        onnx_export.without_fused_attention(network)
        onnx_export.trace(
            lambda features: network(**features).logits,
            network,
            {name: example[name] for name in inputs},
            "logits",
            graph,
        )
        onnx_export.pack(graph, target)
    engine = OnnxEngine(OnnxModel(target, tuple(inputs), pad_id, "fp32"), 1)
    apart = _differences(engine, pairs, reference)
    if not max(apart) <= SAME_LOGIT:
        raise Unfit(f"its export does not agree with the model (logits differ by {max(apart):.4f})")
    probe = [x for row in engine.logits([tokenizer.pair(*one) for one in PROBES]) for x in row]
    facts = {"precision": "fp32", "inputs": inputs, "pad_id": pad_id}
    return onnx_export.described(target, facts, apart, max(apart), probe)


def _differences(
    engine: OnnxEngine, pairs: Sequence[Pair], reference: Sequence[Logits]
) -> list[float]:
    """How far each pair's logits are from the reference's, alone and in padded batches."""
    try:
        together = engine.logits(pairs)
        alone = [engine.logits([pair])[0] for pair in pairs]
    except Exception as error:  # onnxruntime's errors have no common class of their own
        why = onnx_export.first_line(error)
        raise Unfit(f"ONNX Runtime cannot run its graph: {why}") from error
    return [
        max(abs(x - y) for mine in both for x, y in zip(mine, theirs, strict=True))
        for *both, theirs in zip(together, alone, reference, strict=True)
    ]


def write(source: Path, target: Path, precision: str) -> None:
    """An export, or a manifest that says why there is none. Raises ProviderUnavailable."""
    assert precision == "fp32", "a cross-encoder has no other"
    folder = read_folder(source, ANY)
    model = load_model(folder)
    onnx_export.write(target, lambda: export(model, folder, target))


if __name__ == "__main__":
    onnx_export.run(write)
