"""One writer at a time.

The lock is the operating system's own (flock): the kernel releases it when its holder dies. What
the file says is for messages only and decides nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ragcli import private
from ragcli.errors import ProjectLocked
from ragcli.store import filesystem

# How often a waiting writer looks again; short beside any ingest, long beside a system call.
POLL_S = 0.1


@contextmanager
def writing(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the project's lock. Raises ProjectLocked after ``wait_s`` seconds, RagError where
    nothing can be written."""
    filesystem.refuse_read_only(path.parent)
    descriptor = private.open_file(path, os.O_RDWR)
    try:
        _acquire(descriptor, path, wait_s)
        about = {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "command": " ".join(["rag", *sys.argv[1:]])[:200],
            "since": time.time(),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(about).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(path: Path) -> str | None:
    """Who holds the project's lock, in brackets where it is known; None when it is free."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # never written, or not by anyone here
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(path)
    finally:
        os.close(descriptor)
    return None


def _acquire(descriptor: int, path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise ProjectLocked(
                    f"another command is writing to this project{_holder(path)}",
                    "wait for it with --wait 10m; queries work meanwhile",
                ) from None
            time.sleep(POLL_S)


def _holder(path: Path) -> str:
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        since = max(0, int(time.time() - about["since"]))
        age = f"{since // 60} min" if since >= 60 else f"{since} s"
        return f" (pid {about['pid']} on {about['host']}, `{about['command']}`, for {age})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
