"""What the makers of ONNX exports share. A stage's exporter runs in a process of its own, because
it needs torch:

    python -m ragcli.STAGE.onnx_export MODEL_FOLDER NEW_FOLDER PRECISION

It loads the model with sentence-transformers, traces its forward pass, has it optimised and packed
for this machine, runs it, and compares. Only an export that agrees is trusted.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragcli.models import Unfit, onnx_cache
from ragcli.models.onnx_cache import GRAPH, WEIGHTS
from ragcli.models.onnx_session import session_options

INPUTS = ("input_ids", "attention_mask", "token_type_ids")

# Opset 17 has LayerNormalization as one operator (ONNX 1.12).
OPSET = 17


def known_inputs(features: Mapping[str, Any]) -> list[str]:
    """What a tokenizer hands to its model's graph, in the graph's order. Raises Unfit for what is
    not text alone."""
    tensors = [name for name, value in features.items() if hasattr(value, "shape")]
    if "input_ids" not in tensors or not set(tensors) <= set(INPUTS):
        raise Unfit(f"its graph takes {', '.join(tensors) or 'nothing that is known here'}")
    return [name for name in INPUTS if name in tensors]


def trace(
    forward: Callable[[dict[str, Any]], Any],
    holder: Any,
    example: Mapping[str, Any],
    output: str,
    path: Path,
) -> None:
    """Write the graph of ``forward``, from named tensors to one with a row for each input.

    ``holder`` is the torch module that holds the weights. The rows of ``example`` must differ in
    length: what depends on the mask must show in the trace. Raises Unfit.
    """
    import torch

    inputs = [name for name in INPUTS if name in example]

    class Whole(torch.nn.Module):
        """All from token ids to the output."""

        def __init__(self) -> None:
            super().__init__()
            self.holder = holder

        def forward(self, *tensors: Any) -> Any:
            return forward(dict(zip(inputs, tensors, strict=True)))

    axes: dict[str, dict[int, str]] = {name: {0: "batch", 1: "length"} for name in inputs}
    try:
        with torch.no_grad():
            torch.onnx.export(
                Whole().eval(),
                tuple(example[name] for name in inputs),
                str(path),
                input_names=list(inputs),
                output_names=[output],
                dynamic_axes={**axes, output: {0: "batch"}},
                opset_version=OPSET,
                # Its graphs are 15-20 % slower, and it needs another package.
                dynamo=False,
            )
    except Exception as error:  # tracing runs the model's own code, which may raise anything
        raise Unfit(f"tracing it failed: {first_line(error)}") from error


def without_fused_attention(model: Any) -> None:
    """The fused attention kernels trace into slower graphs (6-10 %), or not at all."""
    if hasattr(model, "set_attn_implementation"):
        model.set_attn_implementation("eager")


def quantized(graph: Path) -> Path:
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


def pack(graph: Path, folder: Path) -> Path:
    """Optimise a graph, and store its weights as this processor wants them, to be mapped.

    Raises Unfit.
    """
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
        raise Unfit(f"ONNX Runtime refuses its graph: {first_line(error)}") from error
    return folder


def described(
    folder: Path,
    facts: Mapping[str, Any],
    agreement: Sequence[float],
    worst: float,
    probe: Sequence[float],
) -> dict[str, Any]:
    """The manifest of a finished export. ``facts`` are its precision, inputs and pad_id,
    ``agreement`` how well each reference text agrees and ``worst`` the worst of that, ``probe``
    what the probe gave."""
    return {
        **facts,
        "agreement_mean": round(sum(agreement) / len(agreement), 7),
        "agreement_worst": round(worst, 7),
        "checked_texts": len(agreement),
        "probe": list(probe),
        "files": onnx_cache.described(folder),
    }


def first_line(error: Exception) -> str:
    """Of what an error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def write(target: Path, export: Callable[[], Mapping[str, Any]]) -> None:
    """What ``export`` writes into the folder with the manifest that it returns, or a manifest that
    says why there is none."""
    try:
        manifest = export()
    except Unfit as error:
        for path in target.iterdir():
            path.unlink()
        manifest = {"unfit": str(error)}
    onnx_cache.write_manifest(target, manifest)


def run(write_export: Callable[[Path, Path, str], None]) -> None:
    """An exporter's command line, handed to its ``write_export``."""
    warnings.simplefilter("ignore")  # of the exporter, about itself
    write_export(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
