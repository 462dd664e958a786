"""What every stage that speaks to a server shares: addresses, one way to ask, errors.

A server is asked at its own address only: redirects are not followed, so that neither a key nor a
document reaches a host that nobody named. Timeouts are always set. ``http.client`` of the standard
library does the talking: it is there in 0.05 s, and an answer should not wait for its client.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import sleep
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from ragcli import __version__
from ragcli.errors import ProviderUnavailable, UsageError

log = logging.getLogger("ragcli")

# A host that is up answers a handshake in far less; a loading model is silent only after it.
CONNECT_TIMEOUT_S = 10.0
# Of a server on this machine that may not be there: long enough for a socket, short enough not to
# be felt where nothing listens.
PROBE_CONNECT_S = 0.5

# Of a host that cannot be reached, and of one that asks to be asked later: a short fault of the
# network is over by then. Nothing of an answer has come, so nothing is written twice.
_TRIES = 3
_PAUSE_S = 0.5
# A person waits as long for an answer, and limits by the minute are over by then.
_LONGEST_WAIT_S = 60.0

# Events and lines hold a token, an error some sentences.
_MAX_LINE_BYTES = 1 << 20
_MAX_ERROR_BYTES = 1 << 16

# Ollama's own defaults (its envconfig/config.go).
_OLLAMA_PORT = 11434
_SCHEME_PORTS = {"http": 80, "https": 443}
# How the models are named that Ollama runs in its cloud.
CLOUD_NAMES = ("-cloud", ":cloud")
OLLAMA_HINT = "start it: ollama serve, or install it from https://ollama.com"

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
    UsageError for a scheme that is not HTTP, and for a name or password.
    """
    scheme, separator, rest = value.strip().partition("://")
    if not separator:
        scheme, rest = "http", value.strip()
    if scheme.lower() not in _SCHEME_PORTS:
        raise UsageError(f"`{value}` is not an address of Ollama", "write host:port")
    default_port = _SCHEME_PORTS[scheme.lower()] if separator else _OLLAMA_PORT
    place, _, path = rest.partition("/")
    if "@" in place:
        raise UsageError("the address of Ollama holds a name or password", "write host:port")
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


def elsewhere(url: str) -> str | None:
    """The host and port of the address; None where it is this machine."""
    return None if is_loopback(url) else urlsplit(url).netloc.rpartition("@")[2]


# ------------------------------------------------------------------ asking


class Server:
    """A server at one address, called ``who`` in messages; ``hint`` says what to do where it does
    not answer. ``timeout_s`` is the longest silence between two bytes.

    ``proxies`` obeys ``HTTP_PROXY`` and its kin, but never for this machine's own addresses.
    Raises UsageError when the address is not one.
    """

    def __init__(
        self,
        url: str,
        who: str,
        hint: str,
        timeout_s: float,
        *,
        key: str | None = None,
        proxies: bool = False,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self.url = url
        self._parts = _parts(url)
        self._who = who
        self._hint = hint
        self._timeout_s = timeout_s
        self._key = key
        self._proxies = proxies and not is_loopback(url)
        self._connect_timeout_s = min(timeout_s, connect_timeout_s)

    @contextmanager
    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Iterator[Reply]:
        """The server's reply to a request, closed afterwards, read or not.

        Asked again, before anything of an answer came, where the server says when (429 and 503
        with ``Retry-After``). Raises ProviderUnavailable, also while the reply is read.
        """
        with self._failures():
            for tries_left in reversed(range(_TRIES)):
                with (
                    closing(self._connected()) as connection,
                    closing(self._send(connection, method, path, body)) as reply,
                ):
                    wait_s = reply.wait_s if tries_left else None
                    if wait_s is None:
                        yield reply
                        return
                log.info("%s at %s asks to wait %g s", self._who, self.url, wait_s)
                sleep(wait_s)

    def _connected(self) -> HTTPConnection:
        """Raises ProviderUnavailable; for another machine not at the first failure."""
        for tries_left in reversed(range(_TRIES)):
            connection = self._connection()
            try:
                connection.connect()
                connection.sock.settimeout(self._timeout_s)
                return connection
            except ssl.SSLCertVerificationError as error:
                connection.close()
                raise ProviderUnavailable(
                    f"{self._who} at {self.url} cannot prove who it is: {error.verify_message}",
                    "an authority of your own is trusted where SSL_CERT_FILE names it",
                ) from error
            except OSError as error:
                connection.close()
                silent = isinstance(error, TimeoutError)  # it was waited for long enough
                if not tries_left or silent or is_loopback(self.url):
                    raise ProviderUnavailable(
                        f"{self._who} does not answer at {self.url}", self._hint
                    ) from error
                sleep(_PAUSE_S)
            except UnicodeError as error:  # a name that cannot be looked up
                raise _no_address(self.url) from error
        raise AssertionError("the last try returns or raises")

    def _connection(self) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        proxy = self._proxy()
        to = (host, port) if proxy is None else (proxy.hostname or "", proxy.port or 80)
        if self._parts.scheme == "http":
            return HTTPConnection(*to, timeout=self._connect_timeout_s)
        import httpx  # the certificates that all other clients of ragcli trust

        secure = HTTPSConnection(
            *to, timeout=self._connect_timeout_s, context=httpx.create_ssl_context()
        )
        if proxy is not None:
            secure.set_tunnel(host, port or 443, _proxy_headers(proxy))
        return secure

    def _proxy(self) -> SplitResult | None:
        if not self._proxies:
            return None
        from urllib.request import getproxies, proxy_bypass

        found = getproxies()
        value = found.get(self._parts.scheme) or found.get("all")
        if not value or proxy_bypass(self._parts.hostname or ""):
            return None
        return _parts(value if "://" in value else f"http://{value}", userinfo=True)

    def _send(
        self, connection: HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Reply:
        target = f"{self._parts.path.rstrip('/')}{path}"
        headers = {"Accept": "*/*", "User-Agent": f"ragcli/{__version__}"}
        proxy = self._proxy()
        if proxy is not None and self._parts.scheme == "http":
            target = f"http://{self._parts.netloc}{target}"
            headers |= {"Host": self._parts.netloc} | _proxy_headers(proxy)
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, target, data, headers)
        except (ValueError, UnicodeError) as error:  # a line end, or a letter that no header takes
            raise UsageError(
                f"the address or key for {self.url} cannot be sent: it has signs that none has",
                "look for a space or a line end in it",
            ) from error
        return Reply(connection.getresponse(), f"{self._who} at {self.url}")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What goes wrong once the server is reached, told in the user's words."""
        try:
            yield
        except TimeoutError as error:
            raise ProviderUnavailable(
                f"{self._who} at {self.url} was silent for {self._timeout_s:g} s",
                "raise `timeout_s`, or look at its log",
            ) from error
        except (OSError, HTTPException) as error:
            raise ProviderUnavailable(
                f"the connection to {self._who} at {self.url} broke: {error}",
                "look at its log, then try again",
            ) from error


class Reply:
    """What a server answers, as far as it has come."""

    def __init__(self, response: HTTPResponse, who: str) -> None:
        self._response = response
        self._who = who
        self.status = response.status

    def close(self) -> None:
        """Hang up, read or not: ``http.client`` leaves that to the response where the server will
        close, too."""
        self._response.close()

    @property
    def wait_s(self) -> float | None:
        """How long the server asks to wait before it is asked again; None where it does not, or
        for longer than anyone waits."""
        said = self._response.headers.get("Retry-After", "")
        if self.status not in (429, 503) or not said.isdecimal() or int(said) > _LONGEST_WAIT_S:
            return None
        return float(said)

    def lines(self) -> Iterator[str]:
        """The lines of the body, each as soon as it is there, without its end."""
        while line := self._response.readline(_MAX_LINE_BYTES):
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def object(self) -> dict[str, Any]:
        """The JSON object that it carries. Raises ProviderUnavailable when it is none."""
        return json_object(self._response.read(), self._who)

    def error(self) -> Any:
        """What stands under ``error`` in its JSON, else its text."""
        text = self._response.read(_MAX_ERROR_BYTES).decode("utf-8", "replace").strip()
        try:
            return json.loads(text)["error"]
        except (ValueError, KeyError, TypeError):
            return text[:500]


def json_object(text: str | bytes, who: str) -> dict[str, Any]:
    """Raises ProviderUnavailable for what is no JSON object."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ProviderUnavailable(
            f"{who} answered something that cannot be read", "is this the right address?"
        )
    return value


def describe_error(error: object) -> str:
    """One line from an error that is text, or an object of message, type and code."""
    if not isinstance(error, Mapping):
        return str(error)
    parts = (error.get(name) for name in ("message", "type", "code"))
    return " ".join(str(part) for part in parts if part)


def _parts(url: str, *, userinfo: bool = False) -> SplitResult:
    """Raises UsageError; a name and password may stand in a proxy's address only."""
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in _SCHEME_PORTS and parts.hostname and parts.port != 0
        if well_formed and (userinfo or "@" not in parts.netloc):
            return parts
    except ValueError:  # a port that is no number
        pass
    raise _no_address(url.rpartition("@")[2])


def _no_address(url: str) -> UsageError:
    return UsageError(f"`{url}` is not an address", "write http(s)://host:port")


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    from base64 import b64encode

    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


# ------------------------------------------------------------------ Ollama


class OllamaServer:
    """Ollama's API, as far as ragcli uses it.

    Proxies are never used: Ollama is on this machine or in its network. Every method raises
    ProviderUnavailable when the server does not answer, ServerRefused when it answers an error.
    """

    def __init__(
        self, host: str, timeout_s: float, connect_timeout_s: float = CONNECT_TIMEOUT_S
    ) -> None:
        self.url = host_url(host)
        self._server = Server(
            self.url, "Ollama", OLLAMA_HINT, timeout_s, connect_timeout_s=connect_timeout_s
        )

    def tags(self) -> list[dict[str, Any]]:
        """The installed models, each as ``/api/tags`` describes it."""
        with self._asked("GET", "/api/tags") as reply:
            models = reply.object().get("models") or []
        return [m for m in models if isinstance(m, dict) and model_name(m)]

    def show(self, model: str) -> dict[str, Any]:
        """What ``/api/show`` says of one model."""
        with self._asked("POST", "/api/show", {"model": model}) as reply:
            return reply.object()

    def embed(self, model: str, texts: list[str]) -> list[list[float]]:
        """One raw embedding a text, in order; a text that is too long is refused, never cut."""
        body = {"model": model, "input": texts, "truncate": False}
        with self._asked("POST", "/api/embed", body) as reply:
            embeddings = reply.object().get("embeddings")
        return embeddings if isinstance(embeddings, list) else []

    def chat(self, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The parts of a streamed answer; the last one has ``done``."""
        with self._asked("POST", "/api/chat", body) as reply:
            for line in reply.lines():
                part = json_object(line, f"Ollama at {self.url}")
                if part.get("error"):
                    raise ollama_refusal(str(body["model"]), 200, str(part["error"]))
                yield part

    @contextmanager
    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Iterator[Reply]:
        with self._server.ask(method, path, body) as reply:
            if reply.status != 200:
                model = str(body["model"]) if body else ""
                raise ollama_refusal(model, reply.status, describe_error(reply.error()))
            yield reply


def model_name(tag: Mapping[str, Any]) -> str:
    """The name of a model in ``/api/tags``: ``model``, and ``name`` in older versions."""
    return str(tag.get("model") or tag.get("name") or "")


def context_length(shown: Mapping[str, Any]) -> int | None:
    """The longest context in tokens from ``/api/show``; None where it does not say."""
    facts = shown.get("model_info") or {}
    lengths = [v for k, v in facts.items() if k.endswith(".context_length")]
    return lengths[0] if lengths and isinstance(lengths[0], int) else None


def cloud_of(model: str, facts: Mapping[str, Any]) -> str | None:
    """The host to which Ollama hands this model's prompts, by its name or by the remote fields in
    ``/api/tags`` and ``/api/show``; None for a model that runs where Ollama does."""
    remote = facts.get("remote_host")
    if remote or facts.get("remote_model") or model.lower().endswith(CLOUD_NAMES):
        return (urlsplit(str(remote)).hostname if remote else None) or "ollama.com"
    return None


def ollama_refusal(model: str, status: int, said: str) -> ServerRefused:
    """Ollama's error answer as ours."""
    if status == 404 and "not found" in said:
        message, hint = f"Ollama's model `{model}` not found", f"ollama pull {model}"
    else:
        message, hint = f"Ollama failed: {said or f'status {status}'}", "look at Ollama's log"
    return ServerRefused(message, hint, status=status, said=said)


# ------------------------------------------------------------------ OpenAI-compatible servers


def openai_server(base_url: str, key: str | None, timeout_s: float) -> Server:
    """An OpenAI-compatible endpoint; the key goes to it and nowhere else.

    Raises ProviderUnavailable at once when the endpoint is OpenAI's own and there is no key:
    nothing is sent in vain.
    """
    if not key and is_openai(base_url):
        raise ProviderUnavailable(
            "OpenAI needs a key", "set OPENAI_API_KEY, or `openai_base_url` to your own server"
        )
    hint = "start the server, or check `openai_base_url`"
    return Server(base_url, "the server", hint, timeout_s, key=key, proxies=True)


def is_openai(base_url: str) -> bool:
    """Whether the endpoint is OpenAI's own."""
    return urlsplit(base_url).hostname == "api.openai.com"


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
