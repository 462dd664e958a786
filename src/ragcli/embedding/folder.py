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

# Of models from before safetensors; loaded as data alone, never as code (torch's `weights_only`).
PICKLED_WEIGHTS = "pytorch_model.bin"

# A model that states no limit (static embeddings) is given whole chunks of any sensible size.
UNLIMITED_TOKENS = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """``weights`` is one SHA-256 over those of the weights and of the tokenizer, ``configuration``
    one over the model's other JSON files. ``modules`` are the names of its modules' classes in
    order, each with its folder; a plain transformers folder has none. ``pools_prompt`` is false
    when the pooling leaves the prompt's tokens out."""

    path: Path
    weights: str
    configuration: str
    modules: tuple[tuple[str, Path], ...]
    pools_prompt: bool
    dimension: int
    max_tokens: int
    pooling: str
    prompts: dict[str, str]

    @property
    def is_static(self) -> bool:
        """A table of token vectors, normalised at most: no network follows."""
        names = [name for name, _ in self.modules]
        return names in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])

    @property
    def has_safetensors(self) -> bool:
        """Its weights are in that format, which holds no code."""
        places = (self.path, *(place for _, place in self.modules))
        return any(any(place.glob("*.safetensors")) for place in places)

    @property
    def static_table(self) -> Path:
        """The file that holds the table of a static model."""
        return self.modules[0][1] / "model.safetensors"


def read_folder(path: Path) -> ModelFolder:
    """Raises ProviderUnavailable when the folder does not hold a model that can be used."""
    stated = [(m["type"].rpartition(".")[2], path / m["path"]) for m in _modules(path)]
    modules = [place for _, place in stated] or [path]
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
        configuration=_hash_of_configuration(path, modules),
        modules=tuple(stated),
        pools_prompt=bool(pooling.get("include_prompt", True)),
        dimension=dimension,
        max_tokens=_max_tokens(path, config),
        pooling=_pooling_name(pooling),
        prompts=dict(_json(path / "config_sentence_transformers.json", {}).get("prompts") or {}),
    )


def _modules(path: Path) -> list[dict[str, str]]:
    modules: list[dict[str, str]] = _json(path / "modules.json", [])
    return modules


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
    """The width of a table of token vectors, where the module is one."""
    weights = module / "model.safetensors"
    if not weights.is_file():
        return None
    from ragcli.embedding import safetensors_file

    shapes = [one.shape for one in safetensors_file.tensors(weights).values()]
    tables = [shape for shape in shapes if len(shape) == 2]
    return tables[0][1] if len(tables) == 1 else None


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


def _hash_of_configuration(path: Path, modules: list[Path]) -> str:
    """What the graph depends on beside the weights: activation, attention, pooling, limits."""
    total = hashlib.sha256()
    for place in dict.fromkeys([path, *modules]):
        for file in sorted(place.glob("*.json")):
            if file.name != "tokenizer.json":  # hashed with the weights, and large
                total.update(f"{file.relative_to(path)}\n".encode() + file.read_bytes())
    return total.hexdigest()


def _hash_of_weights(path: Path, modules: list[Path]) -> str:
    places = dict.fromkeys([path, *modules])
    files = [f for m in places for f in sorted(m.glob("*.safetensors"))] or [
        f for m in places if (f := m / PICKLED_WEIGHTS).is_file()
    ]
    if not files:
        raise ProviderUnavailable(
            f"{path} holds no weights: neither *.safetensors nor {PICKLED_WEIGHTS}",
            "fetch the model again, or choose another one",
        )
    tokenizer = [f for m in places if (f := m / "tokenizer.json").is_file()] or [
        f for name in ("vocab.txt", "sentencepiece.bpe.model") if (f := path / name).is_file()
    ]
    total = hashlib.sha256()
    for file in (*files, *tokenizer):
        total.update(f"{file.relative_to(path)} {sha256_of(file)}\n".encode())
    return total.hexdigest()
