"""Models whose files lie on this machine: in the package, in the hub's cache, in folders. Their
small files are read, no weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragcli.config import DEFAULT_MODEL
from ragcli.errors import ProviderUnavailable
from ragcli.models.files import PICKLED_WEIGHTS, read_json
from ragcli.models.known import Role, known
from ragcli.models.locate import hub_cache, in_hub_cache, packaged

NEEDS_CODE = "it asks for code of its own, which is never run"

# A sentence-transformers embedder has one of these after its network, or in its place.
_EMBEDS = {"Pooling", "StaticEmbedding", "Dense", "Normalize", "WordEmbeddings"}


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """``where`` is ``package``, ``hub`` or ``folder``. ``obstacle`` says why it cannot be run, in a
    clause."""

    name: str
    role: Role
    where: str
    folder: Path
    size_bytes: int
    obstacle: str | None


def installed(folders: Sequence[str]) -> tuple[list[InstalledModel], list[str]]:
    """Embedders and rerankers on this machine, by name, and what should be known of those that are
    damaged. ``folders`` are names from the settings; those that are no folder are passed over."""
    found: list[InstalledModel] = []
    notes: list[str] = []
    places = [*_in_package(notes), *_in_hub(), *_in_folders(folders)]
    for name, where, folder in places:
        try:
            role = _role(name, folder)
            if role is not None:
                size = size_of(folder)
                found.append(InstalledModel(name, role, where, folder, size, _obstacle(folder)))
        except (OSError, ProviderUnavailable) as error:
            notes.append(str(getattr(error, "message", error)))
    return sorted(found, key=lambda model: model.name.lower()), notes


def size_of(folder: Path) -> int:
    """Bytes of all files in a model's folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _in_package(notes: list[str]) -> Iterator[tuple[str, str, Path]]:
    try:
        folder = packaged()
    except ProviderUnavailable as error:
        notes.append(error.message)
        return
    if folder is not None:
        yield DEFAULT_MODEL, "package", folder


def _in_hub() -> Iterator[tuple[str, str, Path]]:
    with suppress(OSError):
        for repository in sorted(hub_cache().glob("models--*")):
            name = repository.name.removeprefix("models--").replace("--", "/", 1)
            if folder := in_hub_cache(name):
                yield name, "hub", folder


def _in_folders(names: Sequence[str]) -> Iterator[tuple[str, str, Path]]:
    for name in dict.fromkeys(names):
        with suppress(OSError):
            folder = Path(name).expanduser()
            if folder.is_dir():
                yield name, "folder", folder.resolve()


def _role(name: str, folder: Path) -> Role | None:
    """None for what does neither: a language model, or a classifier of another kind."""
    config = read_json(folder / "config.json", {})
    modules = read_json(folder / "modules.json", [])
    if any(str(m.get("type", "")).rpartition(".")[2] in _EMBEDS for m in modules):
        return "embedder"
    if _scores_pairs(config):
        return "reranker"
    listed = known().find(name)
    return listed.role if listed else None


def _scores_pairs(config: Mapping[str, Any]) -> bool:
    architecture = next(iter(config.get("architectures") or ()), "")
    labels = config.get("id2label") or {}
    return str(architecture).endswith("ForSequenceClassification") and len(labels) == 1


def _obstacle(folder: Path) -> str | None:
    if "auto_map" in read_json(folder / "config.json", {}):
        return NEEDS_CODE
    weights = any(folder.rglob("*.safetensors")) or (folder / PICKLED_WEIGHTS).is_file()
    return None if weights else "its weights are not there"
