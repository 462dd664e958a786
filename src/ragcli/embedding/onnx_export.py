"""Exports an embedding model to ONNX, in a process of its own:

    python -m ragcli.embedding.onnx_export MODEL_FOLDER NEW_FOLDER PRECISION

Pooling, dense layers and normalisation are inside the graph. It is compared with
sentence-transformers by the cosine of their embeddings.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.embedding import PROBE
from ragcli.embedding.engine import Tokenized
from ragcli.embedding.folder import read_folder
from ragcli.embedding.onnx_engine import OnnxEngine
from ragcli.models import Unfit, onnx_export
from ragcli.models.onnx_cache import OnnxModel
from ragcli.models.reference_texts import LONG, SHORT
from ragcli.models.tokenizer import ModelTokenizer

if TYPE_CHECKING:
    from ragcli.domain import Matrix

# fp32 on another runtime differs by about 1e-7; a wrong mask, position or token by 1e-3 and more.
LEAST_COSINE = 0.99999
# int8 of sound models loses half a percent to three (all-MiniLM-L6-v2: 0.993 on average); below
# this something is broken, as with one scale for a whole matrix (0.94).
LEAST_MEAN_COSINE_INT8 = 0.97


def export(model: Any, source: Path, target: Path, precision: str) -> dict[str, Any]:
    """Write the export of a loaded SentenceTransformer into an empty folder; its manifest.

    Raises Unfit when it cannot be made or does not agree.
    """
    tokenizer = ModelTokenizer(source)
    texts = _fitting(tokenizer, model.get_max_seq_length())
    reference = _unit(model.encode([t.text for t in texts], prompt="", show_progress_bar=False))
    # Two rows of different length: what depends on the mask must show in the trace.
    example = model.preprocess(["one two three four five six", "one"])
    inputs = onnx_export.known_inputs(example)
    facts = {"inputs": inputs, "pad_id": int(model.tokenizer.pad_token_id or 0)}
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        graph = Path(temporary) / "model.onnx"
        onnx_export.without_fused_attention(getattr(model[0], "auto_model", None))
        onnx_export.trace(
            lambda features: model(features)["sentence_embedding"],
            model,
            {name: example[name] for name in inputs},
            "embedding",
            graph,
        )
        if precision == "int8":
            whole = onnx_export.pack(graph, Path(temporary) / "fp32")
            _check(_agreement(whole, facts, "fp32", texts, reference), "fp32")
            graph = onnx_export.quantized(graph)
        onnx_export.pack(graph, target)
    cosines = _agreement(target, facts, precision, texts, reference)
    _check(cosines, precision)
    probe = [_tokenized(tokenizer, PROBE)]
    engine = OnnxEngine(_model(target, facts, precision), 1)
    given = [float(x) for x in engine.encode(probe)[0]]
    stated = {"precision": precision, **facts}
    return onnx_export.described(target, stated, cosines, min(cosines), given)


def _fitting(tokenizer: ModelTokenizer, limit: float | None) -> list[Tokenized]:
    """The reference texts that the model takes whole, enough of them to tell."""
    texts = [_tokenized(tokenizer, text) for text in (*SHORT, *LONG)]
    fitting = [one for one in texts if limit is None or len(one.ids) <= limit]
    if len(fitting) < 3:
        raise Unfit(f"it takes {limit} tokens, too few to compare it")
    return fitting


def _tokenized(tokenizer: ModelTokenizer, text: str) -> Tokenized:
    return Tokenized(text, "", tokenizer.encode(text))


def _agreement(
    folder: Path,
    facts: dict[str, Any],
    precision: str,
    texts: Sequence[Tokenized],
    reference: Matrix,
) -> list[float]:
    """The cosine of each text's embedding with the reference, alone and in padded batches."""
    try:
        engine = OnnxEngine(_model(folder, facts, precision), 1)
        together = _unit(engine.encode(texts))
        alone = _unit([engine.encode([text])[0] for text in texts])
    except Exception as error:
        why = onnx_export.first_line(error)
        raise Unfit(f"ONNX Runtime cannot run its graph: {why}") from error
    return [
        float(min(mine @ theirs, other @ theirs))
        for mine, other, theirs in zip(together, alone, reference, strict=True)
    ]


def _model(folder: Path, facts: dict[str, Any], precision: str) -> OnnxModel:
    return OnnxModel(folder, tuple(facts["inputs"]), facts["pad_id"], precision)


def _check(cosines: Sequence[float], precision: str) -> None:
    mean, least = sum(cosines) / len(cosines), min(cosines)
    if precision == "fp32" and not least >= LEAST_COSINE:
        raise Unfit(f"its export does not agree with the model (cosine {least:.6f})")
    if precision == "int8" and not mean >= LEAST_MEAN_COSINE_INT8:
        raise Unfit(f"8 bits are too few for it (cosine {mean:.3f} on average)")


def _unit(vectors: Any) -> Matrix:
    import numpy as np

    matrix = np.asarray(vectors, np.float32)
    unit: Matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


def write(source: Path, target: Path, precision: str) -> None:
    """An export, or a manifest that says why there is none. Raises ProviderUnavailable."""
    from ragcli.embedding.torch_engine import load_model

    model = load_model(read_folder(source))
    onnx_export.write(target, lambda: export(model, source, target, precision))


if __name__ == "__main__":
    onnx_export.run(write)
