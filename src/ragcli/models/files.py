"""What the files of any model's folder say: configuration, limit, and the hashes that are its
identity. Nothing is loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ragcli.errors import ProviderUnavailable
from ragcli.models.hashes import sha256_of

# Of models from before safetensors; loaded as data alone, never as code (torch's `weights_only`).
PICKLED_WEIGHTS = "pytorch_model.bin"

# A model that states no limit (static embeddings) is given whole chunks of any sensible size.
UNLIMITED_TOKENS = 1 << 20


def read_json(path: Path, default: Any) -> Any:
    """The value in a file; the default where there is none. Raises ProviderUnavailable."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise ProviderUnavailable(
            f"cannot read {path}: {error}", "the model's folder is damaged; fetch it again"
        ) from error


def max_tokens(path: Path, config: dict[str, Any]) -> int:
    """The longest input by the tokenizer's and the network's own limits, special tokens counted."""
    limits = [read_json(path / "tokenizer_config.json", {}).get("model_max_length")]
    positions = config.get("max_position_embeddings")
    # RoBERTa-like models keep two positions for padding: 514 positions hold 512 tokens.
    offset = 2 if "roberta" in str(config.get("model_type")) else 0
    limits.append(positions - offset if positions else None)
    return min((int(n) for n in limits if n and n < UNLIMITED_TOKENS), default=UNLIMITED_TOKENS)


def hash_of_configuration(path: Path, places: Sequence[Path]) -> str:
    """What the graph depends on beside the weights: activation, attention, pooling, limits."""
    total = hashlib.sha256()
    for place in dict.fromkeys([path, *places]):
        for file in sorted(place.glob("*.json")):
            if file.name != "tokenizer.json":  # hashed with the weights, and large
                total.update(f"{file.relative_to(path)}\n".encode() + file.read_bytes())
    return total.hexdigest()


def hash_of_weights(path: Path, places: Sequence[Path]) -> str:
    """One SHA-256 over those of the weights and of the tokenizer. ``places`` are the folders of
    its modules. Raises ProviderUnavailable where there are no weights."""
    folders = dict.fromkeys([path, *places])
    weights = [f for p in folders for f in sorted(p.glob("*.safetensors"))] or [
        f for p in folders if (f := p / PICKLED_WEIGHTS).is_file()
    ]
    if not weights:
        raise ProviderUnavailable(
            f"{path} holds no weights: neither *.safetensors nor {PICKLED_WEIGHTS}",
            "fetch the model again, or choose another one",
        )
    tokenizer = [f for p in folders if (f := p / "tokenizer.json").is_file()] or [
        f for name in ("vocab.txt", "sentencepiece.bpe.model") if (f := path / name).is_file()
    ]
    total = hashlib.sha256()
    for file in (*weights, *tokenizer):
        total.update(f"{file.relative_to(path)} {sha256_of(file)}\n".encode())
    return total.hexdigest()
