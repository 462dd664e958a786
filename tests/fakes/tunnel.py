"""A proxy on a loopback port that lets one connection through to a server on this machine."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Tunnel:
    """Answers ``CONNECT`` whatever host it names; ``heard`` is what it was told in the clear."""

    def __init__(self, to_port: int) -> None:
        self.heard = ""
        self._to_port = to_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Tunnel:
        self._thread.start()
        return self

    def __exit__(self, *rest: object) -> None:
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        near, _ = self._listening.accept()
        with near, socket.create_connection(("127.0.0.1", self._to_port)) as far:
            while "\r\n\r\n" not in self.heard:
                self.heard += near.recv(1).decode()
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(far, near))
            back.start()
            _pump(near, far)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
