"""What a model's folder says of it, read from its configuration files without loading the model.

The layout is sentence-transformers' own (``modules.json``, ``sentence_bert_config.json``,
``1_Pooling/config.json``, ``config_sentence_transformers.json``); a plain transformers folder
gets mean pooling, as sentence-transformers gives it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragcli.embedding.hashes import sha256_of
from ragcli.errors import ProviderUnavailable

# A model that states no limit (static embeddings) is given whole chunks of any sensible size.
UNLIMITED_TOKENS = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """``weights`` is one SHA-256 over those of the weights and of the tokenizer."""

    path: Path
    weights: str
    dimension: int
    max_tokens: int
    pooling: str
    prompts: dict[str, str]


def read_folder(path: Path) -> ModelFolder:
    """Raises ProviderUnavailable when the folder does not hold a model that can be used."""
    modules = [path / m["path"] for m in _json(path / "modules.json", [])] or [path]
    config = _json(path / "config.json", {})
    pooling = next((c for m in modules if (c := _pooling(m))), {})
    dimension = _dimension(modules, pooling, config)
    if dimension is None:
        raise ProviderUnavailable(
            f"{path} is not a folder of a sentence-transformers model",
            "give a folder that holds modules.json, or a model's name",
        )
    return ModelFolder(
        path=path,
        weights=_hash_of_weights(path, modules),
        dimension=dimension,
        max_tokens=_max_tokens(path, config),
        pooling=_pooling_name(pooling),
        prompts=dict(_json(path / "config_sentence_transformers.json", {}).get("prompts") or {}),
    )


def _json(path: Path, default: Any) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise ProviderUnavailable(
            f"cannot read {path}: {error}", "the model's folder is damaged; fetch it again"
        ) from error


def _pooling(module: Path) -> dict[str, Any]:
    config = _json(module / "config.json", {})
    return config if any(key.startswith("pooling_mode") for key in config) else {}


def _pooling_name(pooling: dict[str, Any]) -> str:
    mode = pooling.get("pooling_mode")
    if isinstance(mode, str):
        return mode
    on = sorted(k.removeprefix("pooling_mode_") for k, v in pooling.items() if v is True)
    return "+".join(k for k in on if k != "include_prompt") or "mean_tokens"


def _dimension(modules: list[Path], pooling: dict[str, Any], config: dict[str, Any]) -> int | None:
    """Of the last module that states one; a pooling of several modes puts them side by side."""
    for module in reversed(modules):
        own = _json(module / "config.json", {})
        if "out_features" in own:
            return int(own["out_features"])
        if own == pooling and pooling:
            modes = max(1, sum(1 for k, v in own.items() if k.startswith("pooling_mode_") and v))
            size = own.get("word_embedding_dimension") or own.get("embedding_dimension")
            return int(size) * modes if size else None
    static = config.get("embedding_dim") or config.get("hidden_dim")
    hidden = config.get("hidden_size") or config.get("dim") or static
    return int(hidden) if hidden else _static_dimension(modules[0])


def _static_dimension(module: Path) -> int | None:
    """The width of a StaticEmbedding table, from the safetensors header (JSON after 8 bytes)."""
    table = module / "model.safetensors"
    if not table.is_file():
        return None
    with table.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    shapes = [tuple(entry["shape"]) for key, entry in header.items() if key != "__metadata__"]
    return int(shapes[0][1]) if len(shapes) == 1 and len(shapes[0]) == 2 else None


def _max_tokens(path: Path, config: dict[str, Any]) -> int:
    """The limit of sentence-transformers, which the tokenizer's own may undercut or exceed."""
    stated = _json(path / "sentence_bert_config.json", {}).get("max_seq_length")
    if stated:
        return int(stated)
    limits = [_json(path / "tokenizer_config.json", {}).get("model_max_length")]
    positions = config.get("max_position_embeddings")
    # RoBERTa-like models keep two positions for padding: 514 positions hold 512 tokens.
    offset = 2 if "roberta" in str(config.get("model_type")) else 0
    limits.append(positions - offset if positions else None)
    return min((int(n) for n in limits if n and n < UNLIMITED_TOKENS), default=UNLIMITED_TOKENS)


def _hash_of_weights(path: Path, modules: list[Path]) -> str:
    files = [f for m in dict.fromkeys([path, *modules]) for f in sorted(m.glob("*.safetensors"))]
    if not files:
        raise ProviderUnavailable(
            f"{path} holds no *.safetensors",
            "models load from safetensors only; convert it, or choose another model",
        )
    places = dict.fromkeys([path, *modules])
    tokenizer = [f for m in places if (f := m / "tokenizer.json").is_file()] or [
        f for name in ("vocab.txt", "sentencepiece.bpe.model") if (f := path / name).is_file()
    ]
    total = hashlib.sha256()
    for file in (*files, *tokenizer):
        total.update(f"{file.relative_to(path)} {sha256_of(file)}\n".encode())
    return total.hexdigest()
