"""Which of the models that Ollama has on this machine answers, where nobody named one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ragcli.errors import ProviderUnavailable
from ragcli.generation.ollama import CONTEXT_STEPS
from ragcli.http import (
    PROBE_CONNECT_S,
    OllamaServer,
    ServerRefused,
    cloud_of,
    context_length,
    host_url,
    is_loopback,
    model_name,
)
from ragcli.models.memory import memory_bytes

# A quarter is left to the system and to other programs: a rule of thumb. A model beyond it would
# make the machine swap.
_SHARE_OF_MEMORY = 0.75

# Of a key and of a value in the cache of an attention head: 16 bit each (llama.cpp's default).
_CACHE_BYTES = 2


def pick_installed(host: str, timeout_s: float, context_tokens: int) -> str | None:
    """The first installed model that runs here, completes text, holds a context of the smallest
    step and fits into this machine's memory; None without one. Ollama lists the newest first.

    None too when nothing answers at ``host`` within half a second, or when it is another machine:
    what was not chosen must not send documents anywhere. For the same reason models that Ollama
    runs in its cloud, behind the same local port, are passed over.
    """
    if not is_loopback(host_url(host)):
        return None
    server = OllamaServer(host, timeout_s, PROBE_CONNECT_S)
    try:
        for tag in server.tags():
            name = model_name(tag)
            if not cloud_of(name, tag) and _answers_here(server, name, tag, context_tokens):
                return name
    except ProviderUnavailable:
        return None
    return None


def _answers_here(
    server: OllamaServer, name: str, tag: Mapping[str, Any], context_tokens: int
) -> bool:
    try:
        shown = server.show(name)
    except ServerRefused:  # removed since, or broken: the next one may do
        return False
    longest = context_length(shown) or CONTEXT_STEPS[0]
    return (
        "completion" in (shown.get("capabilities") or [])
        and not cloud_of(name, shown)
        and longest >= CONTEXT_STEPS[0]
        and needed_bytes(tag, shown, min(context_tokens, longest)) <= _room_bytes()
    )


def needed_bytes(tag: Mapping[str, Any], shown: Mapping[str, Any], context_tokens: int) -> int:
    """The weights, and the cache of keys and values for so many tokens (llama.cpp: for each layer
    and token, two vectors of all key-value heads); without the cache where Ollama does not tell
    its sizes."""
    facts = shown.get("model_info") or {}
    family = facts.get("general.architecture")

    def fact(name: str) -> int:
        value = facts.get(f"{family}.{name}")
        return value if isinstance(value, int) else 0

    heads = fact("attention.head_count")
    width = fact("attention.key_length") or (fact("embedding_length") // heads if heads else 0)
    row = (fact("attention.head_count_kv") or heads) * width
    cache = 2 * _CACHE_BYTES * fact("block_count") * row * context_tokens
    size = tag.get("size")
    return (size if isinstance(size, int) else 0) + cache


def _room_bytes() -> float:
    """What a model may take here; no limit where the system does not tell its memory."""
    total = memory_bytes()
    return float("inf") if total is None else total * _SHARE_OF_MEMORY
