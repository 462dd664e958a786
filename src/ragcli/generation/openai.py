"""Answers from any server with OpenAI's chat completions: llama.cpp, vLLM, LM Studio, OpenAI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ragcli.config import Settings
from ragcli.domain import Prompt
from ragcli.errors import AnswerVoid, ProviderUnavailable
from ragcli.generation.streaming import SEED, Part, answer_text, check_written, read_less
from ragcli.http import (
    Reply,
    Server,
    describe_error,
    elsewhere,
    is_openai,
    json_object,
    openai_refusal,
    openai_server,
)

# Parameters that some models refuse (OpenAI's reasoning models), or some servers, and what they
# take instead.
_INSTEAD = {
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "seed": None,
    "chat_template_kwargs": None,
    "reasoning_effort": None,
    "stream_options": None,
}


@dataclass(slots=True)
class _Last:
    """Why an answer ended, and how many tokens the server has read for it, where it counts."""

    reason: str | None = None
    read_tokens: int | None = None


class OpenAIGenerator:
    """Streams from ``/chat/completions`` (server-sent events)."""

    verbatim = False

    def __init__(self, model: str, *, settings: Settings) -> None:
        self._model = model
        self._base_url = settings.openai_base_url.rstrip("/")
        self._key = settings.openai_api_key
        self._timeout_s = settings.timeout_s
        self._context_tokens = settings.context_tokens
        self._think = settings.think

    @property
    def name(self) -> str:
        return f"openai:{self._model}"

    @cached_property
    def max_context_tokens(self) -> int:
        """What the server says that the model holds, as llama.cpp and vLLM do, else the limit that
        the user set. Raises ProviderUnavailable where nothing answers."""
        if is_openai(self._base_url):  # which does not say
            return self._context_tokens
        server = openai_server(self._base_url, self._key, self._timeout_s)
        with server.ask("GET", "/models") as reply:
            listed = reply.object() if reply.status == 200 else {}
        return _held_tokens(listed, self._model) or self._context_tokens

    def sends_to(self) -> Iterator[str]:
        if host := elsewhere(self._base_url):
            yield host

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        """Yield the answer as it comes.

        Raises ProviderUnavailable when the server does not answer, refuses the key, the model or
        (AnswerVoid) the prompt's length, or breaks off; what came before was yielded.
        """
        server = openai_server(self._base_url, self._key, self._timeout_s)
        last = _Last()
        wrote = False
        parts = self._parts(server, self._request(prompt, thought is not None), last)
        for text in answer_text(parts, thought):
            wrote = True
            yield text
        if last.reason is None:
            raise ProviderUnavailable(
                f"{self._base_url} broke off before the answer was complete",
                "look at the server's log",
            )
        if read_less(prompt, last.read_tokens):
            raise AnswerVoid(
                f"the prompt did not fit and was cut by {self._base_url}: it read"
                f" {last.read_tokens} tokens of about {prompt.size_tokens}; its answer cannot be"
                " trusted",
                "lower `context_tokens` to what the server holds, or lower `top_k`",
            )
        check_written(wrote, last.reason == "length", prompt, warn)

    def _request(self, prompt: Prompt, think: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in prompt.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": prompt.answer_tokens,
            "temperature": 0,
            "seed": SEED,
        }
        if prompt.schema is not None:
            named = {"name": "answer", "schema": prompt.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        if not is_openai(self._base_url):
            # llama.cpp and vLLM hand it to the model's template, which knows it (Qwen's and others)
            # or does not.
            body["chat_template_kwargs"] = {"enable_thinking": think}
        if think and self._think not in ("on", "off"):
            body["reasoning_effort"] = self._think
        return body

    def _parts(self, server: Server, body: dict[str, Any], last: _Last) -> Iterator[Part]:
        """What the model says; ``last`` is filled with what the server tells at the end."""
        for event in self._events(server, body):
            choice = (event.get("choices") or [{}])[0]
            delta = choice.get("delta") or {}
            # llama.cpp, vLLM before 0.11 and DeepSeek; vLLM since then, and OpenRouter.
            thoughts = delta.get("reasoning_content") or delta.get("reasoning")
            yield Part(delta.get("content") or "", thoughts or "")
            if choice.get("finish_reason"):
                last.reason = choice["finish_reason"]
            usage = event.get("usage")
            counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
            if isinstance(counted, int) and counted > 0:  # some write 0 where they did not count
                last.read_tokens = counted

    def _events(self, server: Server, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The events of the answer; a parameter that the model does not know is replaced."""
        while True:
            with server.ask("POST", "/chat/completions", body) as reply:
                if reply.status == 200:
                    yield from self._read(reply)
                    return
                error = reply.error()
            parameter = _refused_parameter(reply.status, error, body)
            if parameter is None:
                raise self._refusal(reply.status, describe_error(error))
            value, instead = body.pop(parameter), _INSTEAD[parameter]
            if instead:
                body[instead] = value

    def _read(self, reply: Reply) -> Iterator[dict[str, Any]]:
        for line in reply.lines():
            field, _, value = line.partition(":")
            if field != "data" or value.strip() == "[DONE]":
                continue  # comments keep the connection alive
            event = json_object(value, self._base_url)
            if event.get("error"):
                raise self._refusal(reply.status, describe_error(event["error"]))
            yield event

    def _refusal(self, status: int, said: str) -> ProviderUnavailable:
        refusal = openai_refusal(self._base_url, self._model, status, said)
        if not refusal.too_long:
            return refusal
        return AnswerVoid(
            f"the prompt does not fit into the model's context: {said}",
            "lower `context_tokens` to what the server holds, or lower `top_k`",
        )


def _held_tokens(listed: Mapping[str, Any], model: str) -> int | None:
    """The context of a model in the answer to ``/models``: ``max_model_len`` of vLLM, ``n_ctx`` of
    llama.cpp, there what each of its slots holds. A server with one model answers to any name."""
    models = [one for one in listed.get("data") or [] if isinstance(one, dict)]
    named = [one for one in models if one.get("id") == model]
    for one in named or models[: len(models) == 1]:
        meta = one.get("meta")
        held = one.get("max_model_len") or (isinstance(meta, dict) and meta.get("n_ctx"))
        if isinstance(held, int) and held > 0:
            return held
    return None


def _refused_parameter(status: int, error: Any, body: Mapping[str, Any]) -> str | None:
    """The parameter that can be replaced and that a refusal is about: OpenAI names it in ``param``,
    others in their words."""
    if status not in (400, 422):
        return None
    said = f"{error.get('param')} {describe_error(error)}" if isinstance(error, dict) else error
    return next((name for name in _INSTEAD if name in body and name in str(said)), None)
