"""Answers from a model that Ollama serves.

Ollama fails in silence where a prompt does not fit: it cuts the middle out and says so in its own
log only. So the context is always sent, and its count of the prompt's tokens is compared with
what was sent: an answer to half a prompt is an error here, never an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ragcli.config import Settings
from ragcli.domain import Prompt
from ragcli.errors import AnswerVoid, ProviderUnavailable
from ragcli.generation.streaming import SEED, Part, answer_text, check_written, read_less
from ragcli.http import OllamaServer, ServerRefused, cloud_of, context_length, elsewhere

# Contexts that are asked for. Ollama loads a model anew for another one, which takes seconds to
# minutes: with few steps the next question, and the next project, finds it loaded.
CONTEXT_STEPS = (4096, 8192, 16384, 32768, 65536, 131072, 262144)

# What gpt-oss takes for `think` (docs.ollama.com, thinking); it cannot be told not to.
_LEVELS = ("low", "medium", "high")


class OllamaGenerator:
    """Streams from ``/api/chat``. Nothing is asked of the server before it is needed."""

    verbatim = False

    def __init__(self, model: str, *, settings: Settings) -> None:
        self._model = model
        self._think = settings.think
        self._context_tokens = settings.context_tokens
        self._server = OllamaServer(settings.ollama_host, settings.timeout_s)

    @property
    def name(self) -> str:
        return f"ollama:{self._model}"

    @property
    def max_context_tokens(self) -> int:
        """The model's own limit; where Ollama does not say, the limit that the user set.

        Raises ProviderUnavailable when Ollama does not answer or lacks the model.
        """
        return context_length(self._shown) or self._context_tokens

    def sends_to(self) -> Iterator[str]:
        """The server, where it is another machine; then the cloud, where the server hands on to it.

        Raises ProviderUnavailable.
        """
        if host := elsewhere(self._server.url):
            yield host
        if cloud := cloud_of(self._model, self._shown):
            yield cloud

    @cached_property
    def _shown(self) -> dict[str, Any]:
        return self._server.show(self._model)

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        """Yield the answer as it comes.

        Raises ProviderUnavailable when Ollama does not answer, lacks the model, breaks off, or
        (AnswerVoid) has cut the prompt; what came before was yielded.
        """
        request = self._request(prompt, self._thinking(thought is not None, warn))
        last: dict[str, Any] = {}
        wrote = False
        for text in answer_text(self._parts(request, last), thought):
            wrote = True
            yield text
        if not last:
            raise ProviderUnavailable(
                "Ollama broke off before the answer was complete", "look at Ollama's log"
            )
        _check_whole(prompt, last.get("prompt_eval_count"), request["options"]["num_ctx"])
        check_written(wrote, last.get("done_reason") == "length", prompt, warn)

    def _parts(self, request: Mapping[str, Any], last: dict[str, Any]) -> Iterator[Part]:
        """What the model says; ``last`` is filled with what Ollama tells at the end."""
        try:
            for part in self._server.chat(request):
                message = part.get("message") or {}
                yield Part(message.get("content") or "", message.get("thinking") or "")
                if part.get("done"):
                    last.update(part)
        except ServerRefused as refused:
            if refused.too_long:
                raise _too_small() from refused
            raise

    def _request(self, prompt: Prompt, think: bool | str | None) -> dict[str, Any]:
        longest = context_length(self._shown) or prompt.context_tokens
        step = next((s for s in CONTEXT_STEPS if s >= prompt.context_tokens), longest)
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in prompt.messages],
            "stream": True,
            "options": {
                "num_ctx": min(step, longest),
                "num_predict": prompt.answer_tokens,
                "temperature": 0.0,
                "seed": SEED,
            },
        }
        if think is not None:
            request["think"] = think
        if prompt.schema is not None:
            request["format"] = prompt.schema
        return request

    def _thinking(self, wanted: bool, warn: Callable[[str], None]) -> bool | str | None:
        """What is sent as ``think``: on by default where a model can, refused where it cannot."""
        if "thinking" not in (self._shown.get("capabilities") or []):
            if wanted:
                warn(f"`{self._model}` cannot think")
            return None
        if not self._knows_levels:
            return wanted
        if not wanted:
            return _LEVELS[0]
        return self._think if self._think in _LEVELS else "medium"

    @property
    def _knows_levels(self) -> bool:
        """True of gpt-oss; newer versions of Ollama tell it of any model."""
        told = (self._shown.get("thinking") or {}).get("values")
        if told:
            return "low" in told and False not in told
        family = (self._shown.get("details") or {}).get("family", "")
        return "gpt-oss" in self._model.lower() or "gptoss" in str(family).lower()


def _check_whole(prompt: Prompt, counted: int | None, context_tokens: int) -> None:
    """Raise when the server read less than was sent, or filled its whole context with it.

    A prompt cut to the context, or to half of it as Ollama does, falls below what it must have or
    reaches the context, which our estimate from above never does. Some versions omit the count when
    the prompt was cached.
    """
    full = counted is not None and counted >= context_tokens - 1
    if full or read_less(prompt, counted):
        raise _too_small(f": it read {counted} tokens of about {prompt.size_tokens}")


def _too_small(detail: str = "") -> AnswerVoid:
    return AnswerVoid(
        f"the prompt did not fit and was cut by Ollama{detail}; its answer cannot be trusted",
        "lower `context_tokens` or `top_k`, or use a model with a longer context",
    )
