"""What makes an ONNX export, in a process of its own, because it needs torch:

    python -m ragcli.embedding.onnx_export MODEL_FOLDER NEW_FOLDER PRECISION

sentence-transformers loads the model; its whole forward pass (pooling, dense layers and
normalisation inside) is traced, optimised and packed for this machine, run, and compared with
sentence-transformers on real texts. Only an export that agrees is trusted.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.embedding import PROBE, onnx_model
from ragcli.embedding.engine import Tokenized, Unfit
from ragcli.embedding.folder import ModelFolder, read_folder
from ragcli.embedding.onnx_engine import OnnxEngine, session_options
from ragcli.embedding.onnx_model import GRAPH, WEIGHTS, OnnxModel
from ragcli.embedding.reference_texts import LONG, SHORT
from ragcli.embedding.tokenizer import ModelTokenizer

if TYPE_CHECKING:
    from ragcli.domain import Matrix

# fp32 on another runtime differs by about 1e-7; a wrong mask, position or token by 1e-3 and more.
LEAST_COSINE = 0.99999
# int8 of sound models loses half a percent to three (all-MiniLM-L6-v2: 0.993 on average); below
# this something is broken, as with one scale for a whole matrix (0.94).
LEAST_MEAN_COSINE_INT8 = 0.97

INPUTS = ("input_ids", "attention_mask", "token_type_ids")

# Opset 17 has LayerNormalization as one operator (ONNX 1.12).
OPSET = 17


def export(model: Any, source: Path, target: Path, precision: str) -> dict[str, Any]:
    """Write the export of a loaded SentenceTransformer into an empty folder; its manifest.

    Raises Unfit when it cannot be made or does not agree.
    """
    tokenizer = ModelTokenizer(source)
    texts = _fitting(tokenizer, model.get_max_seq_length())
    reference = _unit(model.encode([t.text for t in texts], prompt="", show_progress_bar=False))
    inputs = _inputs(model)
    facts = {"inputs": inputs, "pad_id": int(model.tokenizer.pad_token_id or 0)}
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        graph = Path(temporary) / "model.onnx"
        _trace(model, inputs, graph)
        if precision == "int8":
            whole = Path(temporary) / "fp32"
            _check(_agreement(_pack(graph, whole), facts, "fp32", texts, reference), "fp32")
            graph = _quantized(graph)
        _pack(graph, target)
    cosines = _agreement(target, facts, precision, texts, reference)
    _check(cosines, precision)
    probe = [_tokenized(tokenizer, PROBE)]
    engine = OnnxEngine(_model(target, facts, precision), 1)
    return {
        "precision": precision,
        **facts,
        "cosine_mean": round(sum(cosines) / len(cosines), 7),
        "cosine_least": round(min(cosines), 7),
        "checked_texts": len(cosines),
        "probe": [float(x) for x in engine.encode(probe)[0]],
        "files": onnx_model.described(target),
    }


def _fitting(tokenizer: ModelTokenizer, limit: float | None) -> list[Tokenized]:
    """The reference texts that the model takes whole, enough of them to tell."""
    texts = [_tokenized(tokenizer, text) for text in (*SHORT, *LONG)]
    fitting = [one for one in texts if limit is None or len(one.ids) <= limit]
    if len(fitting) < 3:
        raise Unfit(f"it takes {limit} tokens, too few to compare it")
    return fitting


def _tokenized(tokenizer: ModelTokenizer, text: str) -> Tokenized:
    return Tokenized(text, "", tokenizer.encode(text))


def _inputs(model: Any) -> list[str]:
    """What the model's tokenizer hands to its graph. Raises Unfit for what is not text alone."""
    features = model.preprocess(["a text", "another, longer text"])
    tensors = [name for name, value in features.items() if hasattr(value, "shape")]
    if "input_ids" not in tensors or not set(tensors) <= set(INPUTS):
        raise Unfit(f"its graph takes {', '.join(tensors) or 'nothing that is known here'}")
    return [name for name in INPUTS if name in tensors]


def _trace(model: Any, inputs: Sequence[str], path: Path) -> None:
    import torch

    class Whole(torch.nn.Module):
        """The pipeline of modules, from token ids to the sentence embedding."""

        def __init__(self) -> None:
            super().__init__()
            self.pipeline = model

        def forward(self, *tensors: Any) -> Any:
            features = dict(zip(inputs, tensors, strict=True))
            return self.pipeline(features)["sentence_embedding"]

    # The fused attention kernels trace into slower graphs (6-10 %), or not at all.
    inner: Any = getattr(model[0], "auto_model", None)
    if hasattr(inner, "set_attn_implementation"):
        inner.set_attn_implementation("eager")
    # Two rows of different length: what depends on the mask must show in the trace.
    example = model.preprocess(["one two three four five six", "one"])
    axes: dict[str, dict[int, str]] = {name: {0: "batch", 1: "length"} for name in inputs}
    try:
        with torch.no_grad():
            torch.onnx.export(
                Whole().eval(),
                tuple(example[name] for name in inputs),
                str(path),
                input_names=list(inputs),
                output_names=["embedding"],
                dynamic_axes={**axes, "embedding": {0: "batch"}},
                opset_version=OPSET,
                # Its graphs are 15-20 % slower, and it needs another package.
                dynamo=False,
            )
    except Exception as error:  # tracing runs the model's own code, which may raise anything
        raise Unfit(f"tracing it failed: {_first_line(error)}") from error


def _quantized(graph: Path) -> Path:
    """Weights of the matrix products in 8 bits, a scale for each column; activations are scaled
    as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = graph.with_name("int8.onnx")
    large = sum(f.stat().st_size for f in graph.parent.iterdir()) >= 1 << 31
    quantize_dynamic(
        graph,
        target,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        use_external_data_format=large,
    )
    return target


def _pack(graph: Path, folder: Path) -> Path:
    """Optimise a graph, and store its weights as this processor wants them, to be mapped."""
    import onnxruntime

    folder.mkdir(exist_ok=True)
    options = session_options()
    options.optimized_model_filepath = str(folder / GRAPH)
    prefix = "session.optimized_model_external_initializers_"
    options.add_session_config_entry(f"{prefix}file_name", WEIGHTS)
    options.add_session_config_entry(f"{prefix}min_size_in_bytes", "1024")
    options.add_session_config_entry("session.save_external_prepacked_constant_initializers", "1")
    try:
        onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common class of their own
        raise Unfit(f"ONNX Runtime refuses its graph: {_first_line(error)}") from error
    return folder


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
        raise Unfit(f"ONNX Runtime cannot run its graph: {_first_line(error)}") from error
    return [
        float(min(mine @ theirs, other @ theirs))
        for mine, other, theirs in zip(together, alone, reference, strict=True)
    ]


def _model(folder: Path, facts: dict[str, Any], precision: str) -> OnnxModel:
    return OnnxModel(folder, tuple(facts["inputs"]), facts["pad_id"], precision, (), 0.0, 0.0)


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


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def write(source: ModelFolder, target: Path, precision: str) -> None:
    """An export, or a manifest that says why there is none. Raises ProviderUnavailable."""
    from ragcli.embedding.torch_engine import load_model

    try:
        manifest = export(load_model(source), source.path, target, precision)
    except Unfit as error:
        for path in target.iterdir():
            path.unlink()
        manifest = {"unfit": str(error)}
    onnx_model.write_manifest(target, manifest)


def main() -> None:
    """The command line above."""
    warnings.simplefilter("ignore")  # of the exporter, about itself
    write(read_folder(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3])


if __name__ == "__main__":
    main()
