"""What every stage that speaks to a server shares: addresses, clients, errors.

A client goes to one address only: redirects are not followed, so that neither a key nor a
document reaches a host that nobody named. Timeouts are always set. ``httpx`` is imported when the
first client is made, never before.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ragcli.errors import ProviderUnavailable, UsageError

if TYPE_CHECKING:
    import httpx

# A host that is up answers a handshake in far less; a loading model is silent only after it.
CONNECT_TIMEOUT_S = 10.0

# Ollama's own defaults (its envconfig/config.go).
_OLLAMA_PORT = 11434
_SCHEME_PORTS = {"http": 80, "https": 443}
_OLLAMA_HINT = "start it: ollama serve, or install it from https://ollama.com"

# How servers name a text or prompt that is too long: Ollama, llama.cpp, OpenAI and vLLM.
_TOO_LONG = (
    "exceeds the context length",
    "exceeds maximum context length",
    "exceed_context_size_error",
    "exceeds the available context size",
    "context_length_exceeded",
    "maximum context length",
    "too large to process",
)


class ServerRefused(ProviderUnavailable):
    """The server answered with an error. ``status`` is the HTTP status, ``said`` its words."""

    def __init__(self, message: str, hint: str, *, status: int, said: str) -> None:
        super().__init__(message, hint)
        self.status = status
        self.said = said

    @property
    def too_long(self) -> bool:
        """True when the server refused because the text does not fit into the model."""
        return self.status in (400, 413, 500) and any(words in self.said for words in _TOO_LONG)


# ------------------------------------------------------------------ addresses


def host_url(value: str) -> str:
    """The address of an Ollama server from a value in the forms that ``OLLAMA_HOST`` allows.

    No scheme means port 11434, ``http://h`` means port 80, ``https://h`` 443; a path is kept.
    ``0.0.0.0`` and ``::`` are what a server listens on; to reach it, dial loopback. Raises
    UsageError for a scheme that is not HTTP.
    """
    scheme, separator, rest = value.strip().partition("://")
    if not separator:
        scheme, rest = "http", value.strip()
    if scheme.lower() not in _SCHEME_PORTS:
        raise UsageError(f"`{value}` is not an address of Ollama", "write host:port")
    default_port = _SCHEME_PORTS[scheme.lower()] if separator else _OLLAMA_PORT
    place, _, path = rest.partition("/")
    host, port = _split_port(place, default_port)
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{scheme.lower()}://{netloc}/{path}".rstrip("/")


def _split_port(place: str, default_port: int) -> tuple[str, int]:
    """(host, port); a bare IPv6 address has no port, an impossible port is the default one."""
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        port = port.removeprefix(":")
    elif place.count(":") > 1:
        host, port = place, ""
    else:
        host, _, port = place.partition(":")
    return host, int(port) if port.isdecimal() and int(port) <= 65535 else default_port


def is_loopback(url: str) -> bool:
    """Whether the address is this machine by its name or number; nothing is looked up."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# ------------------------------------------------------------------ clients


def open_client(
    base_url: str,
    timeout_s: float,
    *,
    key: str | None = None,
    proxies: bool = False,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
) -> httpx.Client:
    """A client for one server; close it. ``timeout_s`` is the longest silence between two bytes.

    ``proxies`` obeys ``HTTP_PROXY`` and its kin, but never for this machine's own addresses.
    Raises UsageError when the address is not one.
    """
    import httpx

    try:
        return httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, connect_timeout_s)),
            follow_redirects=False,
            trust_env=proxies and not is_loopback(base_url),
            # Certificates take 0.03-0.06 s to load, and plain HTTP, never redirected, needs none.
            verify=base_url.lower().startswith("https:"),
        )
    except (httpx.InvalidURL, UnicodeError) as error:
        raise UsageError(
            f"`{base_url}` is not an address: {error}", "write http(s)://host:port"
        ) from error


@contextmanager
def connection_errors(who: str, url: str, timeout_s: float, hint: str) -> Iterator[None]:
    """Turn httpx's connection failures into ProviderUnavailable, told in the user's words."""
    import httpx

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise ProviderUnavailable(f"{who} does not answer at {url}", hint) from error
    except httpx.TimeoutException as error:
        raise ProviderUnavailable(
            f"{who} at {url} was silent for {timeout_s:g} s",
            "raise `timeout_s`, or look at its log",
        ) from error
    except httpx.UnsupportedProtocol as error:
        raise UsageError(f"`{url}` is not an address", "write http(s)://host:port") from error
    except httpx.HTTPError as error:
        raise ProviderUnavailable(
            f"the connection to {who} at {url} broke: {error}", "look at its log, then try again"
        ) from error


def ollama_errors(url: str, timeout_s: float) -> AbstractContextManager[None]:
    """``connection_errors`` with what helps when it is Ollama that does not answer."""
    return connection_errors("Ollama", url, timeout_s, _OLLAMA_HINT)


# ------------------------------------------------------------------ Ollama


class OllamaServer:
    """The part of Ollama's API that more than one stage needs.

    Proxies are never used: Ollama is on this machine or in its network. Every method raises
    ProviderUnavailable when the server does not answer, ServerRefused when it answers an error.
    """

    def __init__(
        self, host: str, timeout_s: float, connect_timeout_s: float = CONNECT_TIMEOUT_S
    ) -> None:
        self.url = host_url(host)
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s

    def tags(self) -> list[dict[str, Any]]:
        """The installed models, each as ``/api/tags`` describes it."""
        models = self._call("GET", "/api/tags", None).get("models") or []
        return [m for m in models if isinstance(m, dict) and model_name(m)]

    def show(self, model: str) -> dict[str, Any]:
        """What ``/api/show`` says of one model."""
        return self._call("POST", "/api/show", {"model": model})

    def embed(self, model: str, texts: list[str]) -> list[list[float]]:
        """One raw embedding a text, in order; a text that is too long is refused, never cut."""
        body = {"model": model, "input": texts, "truncate": False}
        embeddings = self._call("POST", "/api/embed", body).get("embeddings")
        return embeddings if isinstance(embeddings, list) else []

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        with (
            open_client(
                self.url, self._timeout_s, connect_timeout_s=self._connect_timeout_s
            ) as client,
            ollama_errors(self.url, self._timeout_s),
        ):
            response = client.request(method, path, json=body)
        if response.status_code != 200:
            model = str(body["model"]) if body else ""
            raise ollama_refusal(model, response.status_code, error_text(response))
        return json_object(response, f"Ollama at {self.url}")


def model_name(tag: Mapping[str, Any]) -> str:
    """The name of a model in ``/api/tags``: ``model``, and ``name`` in older versions."""
    return str(tag.get("model") or tag.get("name") or "")


def context_length(shown: Mapping[str, Any]) -> int | None:
    """The longest context in tokens from ``/api/show``; None where it does not say."""
    facts = shown.get("model_info") or {}
    lengths = [v for k, v in facts.items() if k.endswith(".context_length")]
    return lengths[0] if lengths and isinstance(lengths[0], int) else None


def ollama_refusal(model: str, status: int, said: str) -> ServerRefused:
    """Ollama's error answer as ours."""
    if status == 404 and "not found" in said:
        message, hint = f"Ollama's model `{model}` not found", f"ollama pull {model}"
    else:
        message, hint = f"Ollama failed: {said or f'status {status}'}", "look at Ollama's log"
    return ServerRefused(message, hint, status=status, said=said)


# ------------------------------------------------------------------ answers


def json_object(response: httpx.Response, who: str) -> dict[str, Any]:
    """The JSON object that an answer carries. Raises ProviderUnavailable when it is none."""
    try:
        value = response.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ProviderUnavailable(
            f"{who} answered something that is not JSON", "is this the right address?"
        )
    return value


def error_text(response: httpx.Response) -> str:
    """The server's own words for an error: ``{"error": …}`` in its usual forms, else the body."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return response.text.strip()[:500]
    return describe_error(error)


def describe_error(error: object) -> str:
    """One line from an error that is text, or an object of message, type and code."""
    if not isinstance(error, Mapping):
        return str(error)
    parts = (error.get(name) for name in ("message", "type", "code"))
    return " ".join(str(part) for part in parts if part)


# ------------------------------------------------------------------ OpenAI-compatible servers


@contextmanager
def openai_client(base_url: str, key: str | None, timeout_s: float) -> Iterator[httpx.Client]:
    """A client for an OpenAI-compatible endpoint; the key goes to it and nowhere else.

    Connection failures inside become ProviderUnavailable. Raises it at once when the endpoint is
    OpenAI's own and there is no key: nothing is sent in vain.
    """
    if not key and urlsplit(base_url).hostname == "api.openai.com":
        raise ProviderUnavailable(
            "OpenAI needs a key", "set OPENAI_API_KEY, or `openai_base_url` to your own server"
        )
    hint = "start the server, or check `openai_base_url`"
    with (
        open_client(base_url, timeout_s, key=key, proxies=True) as client,
        connection_errors("the server", base_url, timeout_s, hint),
    ):
        yield client


def openai_refusal(base_url: str, model: str, status: int, said: str) -> ServerRefused:
    """An OpenAI-compatible server's error answer as ours."""
    if status in (401, 403):
        message = f"{base_url} refused the key"
        hint = "set OPENAI_API_KEY to a key of this server"
    elif status == 404:
        message = f"model `{model}` not found at {base_url}"
        hint = "check the model's name and `openai_base_url` (it usually ends in /v1)"
    elif status == 429:
        message = f"{base_url} refuses for now: {said}"
        hint = "wait, or check the account's limits"
    elif 300 <= status < 400:
        message = f"{base_url} points to another address, which was not followed"
        hint = "set `openai_base_url` to the final address"
    else:
        message = f"{base_url} failed: {said or f'status {status}'}"
        hint = "look at the server's log"
    return ServerRefused(message, hint, status=status, said=said)
