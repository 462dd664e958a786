"""The helper's side of the socket: one request after the other, until it is idle or outdated.

One is enough: a request takes some 10 ms, and SQLite's connection belongs to one thread. Clients
that come meanwhile wait in the socket's queue.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ragcli import __version__
from ragcli.config import check_private
from ragcli.errors import RagError
from ragcli.serving import protocol
from ragcli.serving.resident import Changed, Declined, Resident

log = logging.getLogger("ragcli")

# How long a client may take to say what it wants: it has it ready when it connects.
REQUEST_S = 1.0
# Clients that may wait at once; one more does its work itself.
QUEUE = 64
# How often an idle helper looks whether its project and its socket are still there: what it keeps
# open takes up the disk until then.
LOOK_S = 10.0


class Running(Exception):
    """A helper for this project runs already."""


def place_for(root: Path | None, environ: Mapping[str, str]) -> Path:
    """Where the socket is to be; its folder is made. Raises RagError."""
    for folder in protocol.folders(environ):
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            check_private(folder)
            if protocol.usable(folder):
                return folder / protocol.name_of(root)
    tried = " or ".join(map(str, protocol.folders(environ)))
    raise RagError(
        f"no private place for the helper's socket: neither {tried} can be used",
        "who owns them, and may others read them? ls -ld",
    )


@contextmanager
def claimed(place: Path) -> Iterator[None]:
    """This process alone may serve there, from before its model is loaded. Raises Running."""
    descriptor = os.open(place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Running from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(place: Path) -> int | None:
    """The process that serves there, or is about to; None where there is none."""
    try:
        descriptor = os.open(place.with_suffix(".lock"), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return int(os.pread(descriptor, 32, 0) or b"0")
    finally:
        os.close(descriptor)
    return None


class Server:
    """Serves from `open` on. ``resident`` is its own to close."""

    def __init__(self, resident: Resident, place: Path, idle_s: float) -> None:
        self._resident = resident
        self._place = place
        self._idle_s = idle_s
        self._requests = 0
        self._last = time.monotonic()

    @contextmanager
    def open(self) -> Iterator[socket.socket]:
        """The socket, listening; what a dead helper left in its place is removed."""
        self._place.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listener.bind(os.fspath(self._place))
        finally:
            os.umask(before)
        listener.listen(QUEUE)
        self._inode = self._place.lstat().st_ino
        try:
            yield listener
        finally:
            if self._is_reachable():
                self._place.unlink(missing_ok=True)
            listener.close()
            self._resident.close()

    def run(self, listener: socket.socket) -> str:
        """Answer until there is a reason to end, which is returned."""
        while True:
            left_s = self._idle_s - (time.monotonic() - self._last)
            if left_s <= 0:
                return f"nobody asked for {self._idle_s:g} s"
            listener.settimeout(min(left_s, LOOK_S))
            try:
                link, _ = listener.accept()
            except TimeoutError:
                end = self._look()
            else:
                with link:
                    end = self._reply(link)
            if end is not None:
                return end

    def _look(self) -> str | None:
        if not self._is_reachable():
            return "its socket is gone"
        try:
            self._resident.check()
        except Changed as changed:
            return str(changed)
        return None

    def _is_reachable(self) -> bool:
        try:
            return self._place.lstat().st_ino == self._inode
        except OSError:
            return False

    def _reply(self, link: socket.socket) -> str | None:
        """Answer one client; the reason to end where there is one."""
        link.settimeout(REQUEST_S)
        end = None
        try:
            if not protocol.is_ours(link):
                return None
            request = protocol.receive(link)
            reply, end = self._answer(request)
            if "declined" in reply:
                log.debug("declined: %s", reply["declined"])
            protocol.send(link, reply)
        except (OSError, ValueError, KeyError, TypeError) as error:  # its client asks nobody else
            log.debug("a client was lost: %s", error)
        return end

    def _answer(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
        kind = request["kind"]
        if kind == "stop":
            return {"answer": self.status()}, "it was told to"
        if kind == "status":
            return {"answer": self.status()}, None
        if (request["protocol"], request["ragcli"]) != (protocol.PROTOCOL, __version__):
            return {"declined": f"it is ragcli {__version__}"}, None
        self._last = time.monotonic()
        self._requests += 1
        try:
            if request["key"] != self._resident.key:
                self._resident.check()  # perhaps its own are outdated
                raise Declined("it runs with other settings")
            return {"answer": self._resident.answer(request)}, None
        except Changed as changed:
            return {"declined": str(changed)}, str(changed)
        except Declined as declined:
            return {"declined": str(declined)}, None
        except Exception as error:  # the command meets it itself, and tells it
            return {"declined": f"{type(error).__name__}: {error}"}, None
        finally:
            self._last = time.monotonic()

    def status(self) -> dict[str, Any]:
        """What it is, and how often it was asked."""
        root = self._resident.root
        return {
            "pid": os.getpid(),
            "project": None if root is None else str(root),
            "model": self._resident.model,
            "idle_s": self._idle_s,
            "requests": self._requests,
        }
