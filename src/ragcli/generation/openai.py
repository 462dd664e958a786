"""Answers from any server with OpenAI's chat completions: llama.cpp, vLLM, LM Studio, OpenAI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings
from ragcli.domain import Prompt
from ragcli.errors import ProviderUnavailable
from ragcli.http import (
    ServerRefused,
    describe_error,
    error_text,
    openai_client,
    openai_refusal,
)

if TYPE_CHECKING:
    import httpx

# Any fixed number: the same question over the same passages gets the same answer.
_SEED = 7

# Parameters that some models refuse (OpenAI's reasoning models), and what they take instead.
_INSTEAD = {"max_tokens": "max_completion_tokens", "temperature": None, "seed": None}


class OpenAIGenerator:
    """Streams from ``/chat/completions`` (server-sent events)."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        self._model = model
        self._base_url = settings.openai_base_url.rstrip("/")
        self._key = settings.openai_api_key
        self._timeout_s = settings.timeout_s
        self._context_tokens = settings.context_tokens

    @property
    def name(self) -> str:
        return f"openai:{self._model}"

    @property
    def verbatim(self) -> bool:
        return False

    @property
    def max_context_tokens(self) -> int:
        """What the user set: the protocol has no question for it."""
        return self._context_tokens

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        """Yield the answer as it comes.

        Raises ProviderUnavailable when the server does not answer, refuses the key, the model or
        the prompt's length, or breaks off; what came before was yielded.
        """
        reason = None
        with openai_client(self._base_url, self._key, self._timeout_s) as client:
            for event in self._events(client, prompt):
                choice = (event.get("choices") or [{}])[0]
                text = (choice.get("delta") or {}).get("content")
                if text:
                    yield text
                reason = choice.get("finish_reason") or reason
        if reason is None:
            raise ProviderUnavailable(
                f"{self._base_url} broke off before the answer was complete",
                "look at the server's log",
            )
        if reason == "length":
            warn(f"the answer stops at its limit of {prompt.answer_tokens} tokens")

    def _events(self, client: httpx.Client, prompt: Prompt) -> Iterator[dict[str, Any]]:
        """The events of the answer; a parameter that the model does not know is replaced."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in prompt.messages],
            "stream": True,
            "max_tokens": prompt.answer_tokens,
            "temperature": 0,
            "seed": _SEED,
        }
        while True:
            with client.stream("POST", "/chat/completions", json=body) as response:
                if response.status_code == 200:
                    yield from self._read(response)
                    return
                response.read()
                refusal = self._refusal(response.status_code, error_text(response))
                parameter = _refused_parameter(response)
            if parameter not in body or parameter not in _INSTEAD:
                raise refusal
            value, instead = body.pop(parameter), _INSTEAD[parameter]
            if instead:
                body[instead] = value

    def _read(self, response: httpx.Response) -> Iterator[dict[str, Any]]:
        for line in response.iter_lines():
            field, _, value = line.partition(":")
            if field != "data" or value.strip() == "[DONE]":
                continue  # comments keep the connection alive
            try:
                event = json.loads(value)
            except ValueError:
                event = None
            if not isinstance(event, dict):
                raise ProviderUnavailable(
                    f"{self._base_url} answered something that cannot be read",
                    "is this the right address?",
                )
            if event.get("error"):
                raise self._refusal(response.status_code, describe_error(event["error"]))
            yield event

    def _refusal(self, status: int, said: str) -> ProviderUnavailable:
        refusal = openai_refusal(self._base_url, self._model, status, said)
        if not refusal.too_long:
            return refusal
        return ServerRefused(
            f"the prompt does not fit into the model's context: {said}",
            "lower `context_tokens` to what the server holds, or lower `top_k`",
            status=status,
            said=said,
        )


def _refused_parameter(response: httpx.Response) -> str:
    """The name of the parameter that a 400 is about, where the server says so."""
    try:
        error = response.json()["error"]
        return str(error.get("param")) if response.status_code == 400 else ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
