"""What one file may cost in memory and give in text, and what is said of one that goes beyond."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from ragcli.errors import Unreadable
from ragcli.reading import options

MB = 1024 * 1024
# What may take part of a file and leave the rest stops before the parent ends all of it.
_SHARE_OF_TIME = 0.8
# A text is encoded in slices: a second copy of all of it is not needed to write or to count it.
SLICE = 1 << 20


def limit_memory() -> None:
    """Hold this process to ``memory_mb``: what asks for more gets a MemoryError, in a native
    library a null pointer. Where the system has no such limit, or refuses it, there is none."""
    try:
        import resource
    except ImportError:
        return
    # RLIMIT_DATA and not RLIMIT_AS: mapped libraries and files cost little and are no fault of
    # the document's (Linux counts private writable memory here, since 4.7).
    wanted = options.current().memory_mb * MB
    with suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        if most != resource.RLIM_INFINITY:
            wanted = min(wanted, most)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))


def begin_file() -> None:
    """The time for a file runs from here."""
    global _began
    _began = time.monotonic()


def time_left_s() -> float:
    """How long what can be left undone may still go on."""
    allowed_s = _SHARE_OF_TIME * options.current().timeout_s
    return allowed_s if _began is None else _began + allowed_s - time.monotonic()


_began: float | None = None


def peak_memory() -> int:
    """The most bytes this process has held in memory so far; 0 where the system does not say.

    Not ``getrusage``: its peak is that of the process it was forked from, where that was larger.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    held = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(held.split()[1]) * 1024


def needs_more_memory() -> Unreadable:
    """What a file is told that reached the limit."""
    limit = options.current().memory_mb
    return Unreadable(
        "too_large",
        f"reading it needs more than {limit} MB of memory",
        f"raise the limit: rag config set read_memory_mb {2 * limit}",
    )


def check_output(text: str) -> None:
    """Raises Unreadable (``too_large``) for more text than one file may give."""
    check_length(len(text))
    most = options.current().output_mb * MB
    if len(text) * 4 > most and utf8_length(text) > most:
        raise too_much_text()


def check_length(least: int) -> None:
    """The same of a text that is still being put together: so many bytes in UTF-8 at least."""
    if least > options.current().output_mb * MB:
        raise too_much_text()


def fitting(text: str) -> int:
    """How many of its code points one file may give."""
    left = options.current().output_mb * MB
    if len(text) * 4 <= left:
        return len(text)
    for start in range(0, len(text), SLICE):
        piece = text[start : start + SLICE].encode(errors="surrogatepass")
        if len(piece) > left:
            return start + len(piece[:left].decode(errors="ignore"))
        left -= len(piece)
    return len(text)


def too_much_text(size: int = 0) -> Unreadable:
    """What a file is told that holds more text than it may give; ``size`` bytes of it, if that is
    known."""
    limit = options.current().output_mb
    enough = max(2 * limit, -(-size // MB))
    return Unreadable(
        "too_large",
        f"it holds more than {limit} MB of text",
        f"split it into parts, or raise the limit: rag config set read_output_mb {enough}",
    )


def utf8_length(text: str) -> int:
    """How many bytes a text without lone surrogates takes in UTF-8."""
    if text.isascii():
        return len(text)
    return sum(len(text[i : i + SLICE].encode()) for i in range(0, len(text), SLICE))
