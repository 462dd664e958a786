"""A small stand-in for an OpenAI-compatible server, on a loopback port.

``replies`` are given out in order, one a request; the requests are kept for the test to look at.
``/models`` is answered with ``models``, where there are any, and counted by ``listed``.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """``events`` are sent as server-sent events; else ``body`` as JSON."""

    status: int = 200
    body: Any = None
    events: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def delta(text: str, finish: str | None = None) -> str:
    """The data of one event of a chat."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return json.dumps({"object": "chat.completion.chunk", "choices": [choice]})


@dataclass
class FakeOpenAI:
    replies: list[Reply]
    requests: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    models: Any = None
    listed: int = 0

    def __enter__(self) -> FakeOpenAI:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    fake: FakeOpenAI

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.fake.listed += 1
        known = self.path == "/v1/models" and self.fake.models is not None
        payload = json.dumps(self.fake.models).encode() if known else b"not found"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.fake.requests.append((self.path, body, self.headers.get("Authorization")))
        reply = self.fake.replies.pop(0)
        if reply.events:
            payload = "".join(f"data: {event}\n\n" for event in reply.events).encode()
        else:
            payload = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
