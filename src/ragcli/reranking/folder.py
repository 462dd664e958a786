"""What a cross-encoder's folder says of it, read without loading the model.

The layout is transformers' own (``config.json``, ``model.safetensors``, ``tokenizer.json``), as
sentence-transformers' CrossEncoder and the bge-reranker family are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ragcli.errors import ProviderUnavailable
from ragcli.models import safetensors_file
from ragcli.models.files import hash_of_configuration, hash_of_weights, max_tokens, read_json

# Networks whose pairs are known here, by `model_type`.
_FAMILIES = {
    "bert": "BERT",
    "roberta": "RoBERTa",
    "xlm-roberta": "XLM-R",
    "modernbert": "ModernBERT",
}

# The last layer: BERT's and ModernBERT's, RoBERTa's and XLM-R's.
_HEADS = ("classifier.weight", "classifier.out_proj.weight")


class Task(NamedTuple):
    """What a model is wanted for: what it ``does``, in a word or two, how many ``scores`` it has to
    give for a pair (0: any number), what to name in the place of one that does not, and how each of
    them is called, where that matters."""

    does: str
    scores: int
    hint: str
    labels: frozenset[str] = frozenset()


ANY = Task("be run", 0, "give a cross-encoder with safetensors weights")
RERANKING = Task(
    "rerank",
    1,
    "give a cross-encoder with one score a pair and safetensors weights, such as"
    " cross-encoder/ms-marco-MiniLM-L6-v2 or BAAI/bge-reranker-v2-m3",
)
ENTAILMENT = Task(
    "judge claims",
    3,
    "give a cross-encoder for natural language inference with the labels entailment, neutral and"
    " contradiction and safetensors weights, such as cross-encoder/nli-MiniLM2-L6-H768",
    frozenset({"entailment", "neutral", "contradiction"}),
)


@dataclass(frozen=True, slots=True)
class CrossEncoderFolder:
    """``weights`` is one SHA-256 over those of the weights and of the tokenizer, ``configuration``
    one over the model's other JSON files. ``max_tokens`` counts both texts and special tokens,
    ``labels`` are the names of its scores, in lower case, in their order."""

    exporter: ClassVar[str] = "ragcli.reranking.onnx_export"

    path: Path
    weights: str
    configuration: str
    max_tokens: int
    labels: tuple[str, ...]


def read_folder(path: Path, task: Task) -> CrossEncoderFolder:
    """Raises ProviderUnavailable when the folder holds no cross-encoder that can be used for it."""
    config = read_json(path / "config.json", {})
    labels: tuple[str, ...] = ()
    reason = _unfit(path, config)
    if not reason:
        labels = _labels(path, config)
        reason = _untrained(labels, task)
    if reason:
        raise ProviderUnavailable(f"{path} cannot {task.does}: {reason}", task.hint)
    return CrossEncoderFolder(
        path=path,
        weights=hash_of_weights(path, ()),
        configuration=hash_of_configuration(path, ()),
        max_tokens=_max_tokens(path, config),
        labels=labels,
    )


def _untrained(labels: Sequence[str], task: Task) -> str | None:
    """Why a model with these labels is not for the task, in a clause; None where it is."""
    if not labels:
        return "its weights have no last layer that scores"
    if task.scores not in (0, len(labels)):
        wanted = {1: "one", 3: "three"}[task.scores]
        return f"it gives {len(labels)} scores a pair, not {wanted}"
    if missing := sorted(task.labels.difference(labels)):
        return f"its config.json names none of its scores {' or '.join(missing)}"
    return None


def _unfit(path: Path, config: Mapping[str, Any]) -> str | None:
    """Why it is not run, in a clause; None where it is."""
    family = config.get("model_type")
    architecture = next(iter(config.get("architectures") or ()), "")
    modules = [m["type"].rpartition(".")[2] for m in read_json(path / "modules.json", [])]
    own = read_json(path / "config_sentence_transformers.json", {})
    if not config:
        return "there is no model in it"
    if "auto_map" in config:
        return "it needs code of its own, which is never run"
    if not architecture.endswith("ForSequenceClassification") or modules not in (
        [],
        ["Transformer"],
    ):
        return "it is not a cross-encoder (sequence classification)"
    if family not in _FAMILIES:
        return f"it is of the kind `{family}`; {', '.join(_FAMILIES.values())} are run"
    if own.get("default_prompt_name"):
        return "it puts a prompt before its texts, which is not known here"
    if not any(path.glob("*.safetensors")):
        return "its weights are not safetensors, the format that holds no code"
    return None


def _labels(path: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the scores; none where no layer gives any."""
    named = config.get("id2label") or {}
    return tuple(str(named.get(str(i), "")).lower() for i in range(_scores(path)))


def _scores(path: Path) -> int:
    """How many scores the last layer gives; 0 where there is no such layer."""
    for file in sorted(path.glob("*.safetensors")):
        try:
            tensors = safetensors_file.tensors(file)
        except (OSError, ValueError) as error:
            raise ProviderUnavailable(
                f"cannot read {file}: {error}", "the model's folder is damaged; fetch it again"
            ) from error
        for name in _HEADS:
            if name in tensors:
                return tensors[name].shape[0]
    return 0


def _max_tokens(path: Path, config: dict[str, Any]) -> int:
    stated = read_json(path / "sentence_bert_config.json", {}).get("max_seq_length")
    limit = max_tokens(path, config)
    return min(int(stated), limit) if stated else limit
