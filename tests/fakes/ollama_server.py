"""A strict stand-in for an Ollama server, on a loopback port.

It speaks the shapes of Ollama's HTTP API that ragcli uses and nothing else: a field, a value or a
path outside them is recorded in ``violations``, which a test asserts to be empty (the context
manager does). What goes wrong is scripted by the fields of ``FakeOllama``.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CREATED = "2026-01-01T00:00:00.000000Z"
_TOKEN = re.compile(r"[A-Za-z]+|[0-9]|[^\sA-Za-z0-9]")
_OPTIONS = {"num_ctx": int, "num_predict": int, "temperature": float, "seed": int}
# Any other window would have the server load its model anew, unless it is the model's own.
_WINDOWS = {4096 << n for n in range(7)}


@dataclass
class FakeModel:
    """An installed model as ``/api/tags`` and ``/api/show`` describe it."""

    name: str
    capabilities: tuple[str, ...] = ("completion",)
    context_length: int = 8192
    dimension: int = 8
    family: str = "llama"
    digest: str = "a" * 64
    remote_host: str = ""
    size: int = 1000
    facts_of_size: dict[str, int] = field(default_factory=dict)  # layers, heads, as Ollama has them
    think_values: tuple[bool | str, ...] = ()  # what newer versions tell

    @property
    def facts(self) -> dict[str, Any]:
        """The remote fields, omitted when empty, as Go's ``omitempty`` does."""
        if not self.remote_host:
            return {}
        return {"remote_model": self.name.rpartition(":")[0], "remote_host": self.remote_host}

    @property
    def details(self) -> dict[str, Any]:
        return {"format": "gguf", "family": self.family, "parameter_size": "1B"}


@dataclass
class FakeOllama:
    """``pieces`` is the answer; see each field for what can go wrong."""

    models: list[FakeModel] = field(default_factory=lambda: [FakeModel("tiny:latest")])
    pieces: tuple[str, ...] = ("The warranty ", "runs for 24 months [1].")
    thoughts: str = "Let me think."
    done_reason: str = "stop"
    pause_s: float = 0.0  # between two pieces
    delay_s: float = 0.0  # silence before the first byte of a chat: a model being loaded
    error_before: tuple[int, str] | None = None  # (status, words) instead of an answer
    error_after: int | None = None  # pieces before an error line in mid-stream
    break_after: int | None = None  # pieces before the connection ends without a last line
    busy: list[str] = field(default_factory=list)  # Retry-After of each refusal, before the answer
    counted: int | None = None  # tokens of the prompt, where not all were read
    omit_count: bool = False  # some versions do, when the prompt was cached
    short_by: int = 0  # embeddings that are missing
    max_words: int = 400  # what an embedding model takes
    violations: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)  # when each chat's first piece left

    def __post_init__(self) -> None:
        self.stopped = threading.Event()  # a reader went away before the answer's end

    def __enter__(self) -> FakeOllama:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if kind is None:
            assert self.violations == []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def asked(self, path: str) -> list[dict[str, Any]]:
        return [body for asked, body in self.requests if asked == path]

    def find(self, name: str) -> FakeModel | None:
        return next((m for m in self.models if m.name in (name, f"{name}:latest")), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeOllama

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._route({"/api/tags": self._tags, "/api/version": self._version}, {})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        routes = {"/api/show": self._show, "/api/chat": self._chat, "/api/embed": self._embed}
        self._route(routes, json.loads(raw))

    def _route(
        self, routes: dict[str, Callable[[dict[str, Any]], None]], body: dict[str, Any]
    ) -> None:
        self.fake.requests.append((self.path, body))
        if self.headers.get("Authorization"):
            self._violation("a key was sent")
        if self.path not in routes:
            self._violation(f"{self.command} {self.path}")
            self._json(404, {"error": "no such path"})
            return
        routes[self.path](body)

    def _violation(self, what: str) -> None:
        self.fake.violations.append(f"{self.path}: {what}")

    def _expect(self, body: dict[str, Any], kinds: dict[str, type], optional: str = "") -> None:
        for name in body.keys() - kinds.keys():
            self._violation(f"unknown field {name}")
        for name in kinds.keys() - body.keys() - set(optional.split()):
            self._violation(f"missing field {name}")
        for name in kinds.keys() & body.keys():
            if type(body[name]) is not kinds[name]:
                self._violation(f"{name} is {body[name]!r}")

    def _json(
        self, status: int, value: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        payload = json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _known(self, name: str) -> FakeModel | None:
        model = self.fake.find(name)
        if model is None:
            self._json(404, {"error": f"model '{name}' not found"})
        return model

    # -------------------------------------------------------------- the API

    def _version(self, body: dict[str, Any]) -> None:
        self._json(200, {"version": "0.30.5"})

    def _tags(self, body: dict[str, Any]) -> None:
        models = [
            {
                "name": m.name,
                "model": m.name,
                "modified_at": CREATED,
                "size": m.size,
                "digest": m.digest,
                "details": m.details,
                **m.facts,
            }
            for m in self.fake.models
        ]
        self._json(200, {"models": models})

    def _show(self, body: dict[str, Any]) -> None:
        self._expect(body, {"model": str})
        if model := self._known(body["model"]):
            info = {
                "general.architecture": model.family,
                f"{model.family}.context_length": model.context_length,
                f"{model.family}.embedding_length": model.dimension,
                **{f"{model.family}.{name}": n for name, n in model.facts_of_size.items()},
            }
            shown: dict[str, Any] = {
                "details": model.details,
                "model_info": info,
                "modified_at": CREATED,
            }
            if model.think_values:
                shown["thinking"] = {"values": list(model.think_values)}
            self._json(200, {**shown, "capabilities": list(model.capabilities), **model.facts})

    def _embed(self, body: dict[str, Any]) -> None:
        self._expect(body, {"model": str, "input": list, "truncate": bool})
        if body.get("truncate") is not False:
            self._violation("would cut texts in silence")
        model = self._known(body["model"])
        if model is None:
            return
        if any(len(text.split()) > self.fake.max_words for text in body["input"]):
            self._json(400, {"error": "the input length exceeds the context length"})
            return
        rows = [_embedding(text, model.dimension) for text in body["input"] if text]
        rows = rows[: len(rows) - self.fake.short_by]
        self._json(200, {"model": model.name, "embeddings": rows, "prompt_eval_count": 3})

    def _chat(self, body: dict[str, Any]) -> None:
        kinds = {"model": str, "messages": list, "stream": bool, "options": dict}
        think = type(body.get("think", False))
        own = {"think": think, "format": dict, "tools": list}
        self._expect(body, {**kinds, **own}, optional=" ".join(own))
        self._expect(body.get("options", {}), _OPTIONS)
        for message in body.get("messages", []):
            self._expect(message, {"role": str, "content": str})
        if body.get("tools") or body.get("stream") is not True:
            self._violation("tools, or no stream")
        model = self._known(body["model"])
        if model is None:
            return
        if body["options"]["num_ctx"] not in {*_WINDOWS, model.context_length}:
            self._violation(f"a window of {body['options']['num_ctx']}")
        levels = ("low", "medium", "high") if model.family == "gptoss" else (True, False)
        if "think" in body and body["think"] not in levels:
            self._violation(f"think is {body['think']!r}")
        if body.get("think") and "thinking" not in model.capabilities:
            self._json(400, {"error": f'"{model.name}" does not support thinking'})
            return
        time.sleep(self.fake.delay_s)
        if self.fake.busy:
            self._json(503, {"error": "server busy"}, {"Retry-After": self.fake.busy.pop(0)})
            return
        if self.fake.error_before:
            status, words = self.fake.error_before
            self._json(status, {"error": words})
            return
        self._stream(model, body)

    def _stream(self, model: FakeModel, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        try:
            if self._pieces(model, body):
                self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.fake.stopped.set()

    def _pieces(self, model: FakeModel, body: dict[str, Any]) -> bool:
        """Whether the answer came to its end."""
        if "thinking" in model.capabilities and body.get("think") is not False:
            self._line(model, {"role": "assistant", "content": "", "thinking": self.fake.thoughts})
        for index, piece in enumerate(self.fake.pieces):
            if index == self.fake.error_after:
                self._chunk({"error": "an error was encountered while running the model"})
                return True
            if index == self.fake.break_after:
                return False
            self._line(model, {"role": "assistant", "content": piece})
            if index == 0:
                self.fake.first_tokens.append(time.perf_counter())
            time.sleep(self.fake.pause_s)
        prompt = " ".join(m["content"] for m in body["messages"])
        # As Ollama does: no window is wider than the model's, and a longer prompt is cut to it.
        window = min(body["options"]["num_ctx"], model.context_length)
        last: dict[str, Any] = {"done_reason": self.fake.done_reason, "eval_count": 7}
        if not self.fake.omit_count:
            read = min(len(_TOKEN.findall(prompt)), window)
            last["prompt_eval_count"] = self.fake.counted or read
        self._line(model, {"role": "assistant", "content": ""}, done=True, **last)
        return True

    def _line(
        self, model: FakeModel, message: dict[str, str], *, done: bool = False, **more: Any
    ) -> None:
        line = {"model": model.name, "created_at": CREATED, "message": message, "done": done}
        self._chunk({**line, **more})

    def _chunk(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode() + b"\n"
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()


def _embedding(text: str, dimension: int) -> list[float]:
    """A vector of length 1 that only this text has."""
    raw = [float((sum(map(ord, text)) * (i + 3)) % 97 + 1) for i in range(dimension)]
    length = sum(x * x for x in raw) ** 0.5
    return [x / length for x in raw]
