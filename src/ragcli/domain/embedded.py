"""What is embedded: chunks; and all that decides how they are cut and embedded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of a document: ``document.text[char_start:char_end] == text``, always."""

    text: str
    char_start: int
    char_end: int
    size_tokens: int
    headings: tuple[str, ...] = ()
    page: int | None = None
    page_end: int | None = None
    line_start: int | None = None
    line_end: int | None = None

    @property
    def embed_text(self) -> str:
        """What the embedder is given: the heading path, then the text."""
        return with_headings(self.headings, self.text)


def with_headings(headings: Sequence[str], text: str) -> str:
    """The text under its heading path, as it is embedded."""
    return f"{' > '.join(headings)}\n{text}" if headings else text


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """How documents are cut: two chunk sets with one fingerprint are cut alike.

    ``room_tokens`` is what the embedder's limit leaves for a text, ``counted_by`` the weights
    hash of the embedder whose tokenizer counts.
    """

    size_tokens: int
    room_tokens: int = 0
    counted_by: str = ""
    algorithm: int = 2

    @property
    def fingerprint(self) -> str:
        return _fingerprint(asdict(self))


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """All that decides an embedding. The name is kept but not hashed: the hub's copy and the
    packaged copy of a model are one model. Nor is ``shortened``, which says that fewer dimensions
    were asked for than the model has.

    ``weights`` is the SHA-256 of weights and tokenizer for a local model, the digest for Ollama,
    else provider and model name. ``max_tokens`` counts special tokens and the prompt.
    ``precision`` is ``fp32``, or ``int8`` for quantised arithmetic.
    """

    name: str
    weights: str
    dimension: int
    max_tokens: int
    pooling: str
    normalized: bool = True
    query_prompt: str = ""
    document_prompt: str = ""
    shortened: bool = False
    precision: str = "fp32"

    @property
    def fingerprint(self) -> str:
        facts = asdict(self)
        del facts["name"], facts["shortened"]
        if self.precision == "fp32":  # every engine's; only another one is another identity
            del facts["precision"]
        return _fingerprint(facts)


def _fingerprint(facts: Mapping[str, Any]) -> str:
    canonical = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
