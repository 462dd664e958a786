"""What a model's folder says of it, read from its configuration files without loading the model.

The layout is sentence-transformers' own (``modules.json``, ``sentence_bert_config.json``,
``1_Pooling/config.json``, ``config_sentence_transformers.json``); a plain transformers folder
gets mean pooling, as sentence-transformers gives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ragcli.errors import ProviderUnavailable
from ragcli.models.files import hash_of_configuration, hash_of_weights, max_tokens, read_json


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """``weights`` is one SHA-256 over those of the weights and of the tokenizer, ``configuration``
    one over the model's other JSON files. ``modules`` are the names of its modules' classes in
    order, each with its folder; a plain transformers folder has none. ``pools_prompt`` is false
    when the pooling leaves the prompt's tokens out."""

    exporter: ClassVar[str] = "ragcli.embedding.onnx_export"

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
    stated = _stated(path)
    modules = [place for _, place in stated] or [path]
    own = read_json(path / "config_sentence_transformers.json", {})
    pooling = _pooling_of(modules)
    dimension, limit = shape(path)
    if dimension is None:
        raise ProviderUnavailable(
            f"{path} is not a folder of a sentence-transformers model",
            "give a folder that holds modules.json, or a model's name",
        )
    return ModelFolder(
        path=path,
        weights=hash_of_weights(path, modules),
        configuration=hash_of_configuration(path, modules),
        modules=tuple(stated),
        pools_prompt=bool(pooling.get("include_prompt", True)),
        dimension=dimension,
        max_tokens=limit,
        pooling=_pooling_name(pooling),
        prompts=dict(own.get("prompts") or {}),
    )


def shape(path: Path) -> tuple[int | None, int]:
    """(dimension, longest input in tokens) of the model in a folder, without reading its weights;
    no dimension where it is no embedder. Raises ProviderUnavailable (damaged)."""
    modules = [place for _, place in _stated(path)] or [path]
    config = read_json(path / "config.json", {})
    return _dimension(modules, _pooling_of(modules), config), _max_tokens(path, config)


def _stated(path: Path) -> list[tuple[str, Path]]:
    """Class and folder of each module."""
    modules: list[dict[str, str]] = read_json(path / "modules.json", [])
    return [(m["type"].rpartition(".")[2], path / m["path"]) for m in modules]


def _pooling_of(modules: list[Path]) -> dict[str, Any]:
    return next((c for m in modules if (c := _pooling(m))), {})


def _pooling(module: Path) -> dict[str, Any]:
    config = read_json(module / "config.json", {})
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
        own = read_json(module / "config.json", {})
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
    from ragcli.models import safetensors_file

    shapes = [one.shape for one in safetensors_file.tensors(weights).values()]
    tables = [shape for shape in shapes if len(shape) == 2]
    return tables[0][1] if len(tables) == 1 else None


def _max_tokens(path: Path, config: dict[str, Any]) -> int:
    """The limit of sentence-transformers, which the tokenizer's own may undercut or exceed."""
    stated = read_json(path / "sentence_bert_config.json", {}).get("max_seq_length")
    return int(stated) if stated else max_tokens(path, config)
