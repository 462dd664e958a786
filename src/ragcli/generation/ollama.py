"""Answers from a model that Ollama serves.

Ollama fails in silence where a prompt does not fit: it cuts the middle out and says so in its own
log only. So the context is always sent, and its count of the prompt's tokens is compared with
what was sent: an answer to half a prompt is an error here, never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli.config import Settings
from ragcli.domain import Prompt
from ragcli.errors import ProviderUnavailable
from ragcli.http import (
    CONNECT_TIMEOUT_S,
    OllamaServer,
    ServerRefused,
    context_length,
    host_url,
    is_loopback,
    model_name,
    ollama_errors,
    ollama_refusal,
)

if TYPE_CHECKING:
    import httpx
    import ollama

# Any fixed number: the same question over the same passages gets the same answer.
_SEED = 7
# Long enough for a socket on this machine, short enough not to be felt where nothing listens.
_PROBE_CONNECT_S = 0.5

_WORD = re.compile(r"[A-Za-z]+")
_HAN = re.compile(r"[\u3400-\u9fff]")


class OllamaGenerator:
    """Streams from ``/api/chat``. Nothing is asked of the server before it is needed."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        self._model = model
        self._timeout_s = settings.timeout_s
        self._context_tokens = settings.context_tokens
        self._server = OllamaServer(settings.ollama_host, settings.timeout_s)

    @property
    def name(self) -> str:
        return f"ollama:{self._model}"

    @property
    def verbatim(self) -> bool:
        return False

    @property
    def max_context_tokens(self) -> int:
        """The model's own limit; where Ollama does not say, the limit that the user set.

        Raises ProviderUnavailable when Ollama does not answer or lacks the model.
        """
        return context_length(self._shown) or self._context_tokens

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
        has cut the prompt; what came before was yielded.
        """
        last = None
        with _client(self._server.url, self._timeout_s) as client, self._errors():
            for part in client.chat(**self._request(prompt)):
                if part.message.content:
                    yield part.message.content
                last = part if part.done else None
        if last is None:
            raise ProviderUnavailable(
                "Ollama broke off before the answer was complete", "look at Ollama's log"
            )
        _check_whole(prompt, last.prompt_eval_count)
        if last.done_reason == "length":
            warn(f"the answer stops at its limit of {prompt.answer_tokens} tokens")

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in prompt.messages],
            "stream": True,
            "options": {
                "num_ctx": prompt.context_tokens,
                "num_predict": prompt.answer_tokens,
                "temperature": 0.0,
                "seed": _SEED,
            },
        }
        # On by default where a model can; gpt-oss knows levels only, and cannot be told not to.
        if "thinking" in (self._shown.get("capabilities") or []) and not self._is_gpt_oss:
            request["think"] = False
        return request

    @property
    def _is_gpt_oss(self) -> bool:
        family = (self._shown.get("details") or {}).get("family", "")
        return "gpt-oss" in self._model.lower() or "gptoss" in str(family).lower()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import ollama

        try:
            with ollama_errors(self._server.url, self._timeout_s):
                yield
        except ollama.ResponseError as error:
            refused = ollama_refusal(self._model, error.status_code, error.error)
            raise _too_small() if refused.too_long else refused from error
        except ValueError as error:  # a line that is no JSON, or JSON of another shape
            raise ProviderUnavailable(
                f"Ollama at {self._server.url} answered something that cannot be read",
                "is this the right address?",
            ) from error


def _client(url: str, timeout_s: float) -> ollama.Client:
    """Ollama's own client, for this address only: no proxy, no redirect, no key.

    Left alone it would send ``OLLAMA_API_KEY`` to any host; Ollama's servers ask for none.
    """
    import httpx
    import ollama

    def without_key(request: httpx.Request) -> httpx.Request:
        request.headers.pop("authorization", None)
        return request

    return ollama.Client(
        host=url,
        timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
        follow_redirects=False,
        trust_env=False,
        verify=url.startswith("https:"),
        auth=without_key,
    )


def _check_whole(prompt: Prompt, counted: int | None) -> None:
    """Raise when the server read less than was sent, or filled its whole context with it.

    Every word of letters is a token at least, and no vocabulary puts more than four Han characters
    into one on average. A prompt cut to the context, or to half of it as Ollama does, falls below
    that or reaches the context, which our estimate from above never does. Where the server omits
    the count (some versions do when the prompt was cached) there is nothing to compare.
    """
    if counted is None:
        return
    sent = "\n".join(m.text for m in prompt.messages)
    least = len(_WORD.findall(sent)) + len(_HAN.findall(sent)) // 4
    if counted < least or counted >= prompt.context_tokens - 1:
        raise _too_small(f": it read {counted} tokens of about {prompt.size_tokens}")


def _too_small(detail: str = "") -> ProviderUnavailable:
    return ProviderUnavailable(
        f"the prompt did not fit and was cut by Ollama{detail}; its answer cannot be trusted",
        "lower `context_tokens` or `top_k`, or use a model with a longer context",
    )


def pick_installed(host: str, timeout_s: float) -> str | None:
    """The first installed model that runs here and completes text; None without one.

    None too when nothing answers at ``host`` within half a second, or when it is another machine:
    what was not chosen must not send documents anywhere. For the same reason models that Ollama
    runs in its cloud, behind the same local port, are passed over.
    """
    if not is_loopback(host_url(host)):
        return None
    server = OllamaServer(host, timeout_s, _PROBE_CONNECT_S)
    try:
        for tag in server.tags():
            name = model_name(tag)
            if not is_cloud(name, tag) and _completes_here(server, name):
                return name
    except ProviderUnavailable:
        return None
    return None


def _completes_here(server: OllamaServer, name: str) -> bool:
    try:
        shown = server.show(name)
    except ServerRefused:  # removed since, or broken: the next one may do
        return False
    return "completion" in (shown.get("capabilities") or []) and not is_cloud(name, shown)


def is_cloud(name: str, facts: Mapping[str, Any]) -> bool:
    """Whether Ollama hands this model to its cloud, by its name or its remote fields."""
    return name.endswith(("-cloud", ":cloud")) or bool(
        facts.get("remote_host") or facts.get("remote_model")
    )
