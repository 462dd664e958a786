"""Reading in a child process, so that a native crash or a hang costs one file.

The parent writes requests to the child's stdin and reads replies from its stdout (``wire.py``). For
each file the child replies twice: what it read (hash, size, time), then the document or the
problem, so that the hash is known of a file that crashed it. The files inside a file follow one by
one, each with its name before it is read; where one costs the child, another goes on behind it.
What crashes a child is tried once more without PDFium, which has another reader behind it. A
large document stays in its child until it is asked for, and a child that it made large ends with
it: what is held is bounded.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import repeat
from pathlib import Path
from queue import Empty, Full, Queue, SimpleQueue
from threading import Event
from typing import Any, BinaryIO

from ragcli.domain import Document, Problem
from ragcli.errors import RagError
from ragcli.reading.language import with_language
from ragcli.reading.ocr import reads_pictures
from ragcli.reading.options import ReadOptions
from ragcli.reading.results import ReadResult, Whole
from ragcli.reading.wire import LENGTH, document_from, write_message

# -P: the user's folder may hold a `json.py`, which must not be run.
_CHILD = ("-P", "-m", "ragcli.reading.child")
_PIPE_BYTES = 1 << 16
# A child imports in 0.1 s; on a machine that swaps, in seconds.
_START_TIMEOUT_S = 60.0
# Timers overflow on what means "never".
_LONGEST_TIMEOUT_S = 86400.0
# Two children make a folder of PDFs nearly twice as fast and leave a small machine room to embed.
_CHILDREN = 2
# A child takes 0.1 s of processor time to start and to import a format's libraries. Texts take
# milliseconds each: the second is started when the first, once it has begun, keeps somebody waiting
# for so long, as PDFs do.
_PATIENCE_S = 0.1
# Documents read ahead of the one asked for: enough to keep the children busy, few to hold.
_READ_AHEAD = 4
# The same of the parts of one file: the pipe to the child holds some more.
_PARTS_AHEAD = 2
# A reader that waits for room notices within this time that nobody wants the rest.
_CLOSED_AFTER_S = 0.2
# A file may cost so many children; then its other parts are given up. One bad attachment is an
# accident, ten are made to be bad.
_CHILDREN_FOR_PARTS = 10
# All parts of one file together may take so many times the limit for one: an hour by default.
_TIMEOUTS_FOR_PARTS = 30
# What is larger waits in its child until it is asked for; nearly every document is smaller.
_TAKEN_AHEAD_BYTES = 1 << 20
_LOOK_AGAIN_S = 0.1
# The kernel kills for want of memory; C++ libraries abort, PDFium traps.
_WANT_OF_MEMORY = ("SIGKILL", "SIGABRT", "SIGTRAP", "SIGILL")
_MORE_MEMORY = "where memory was short: rag config set read_memory_mb {}"


_Results = Queue[ReadResult | BaseException]  # of one file: its parts, then itself


class _Silence(Exception):
    """The child did not reply in time."""


class _Death(Exception):
    """The child is gone."""


class ReaderProcess:
    """One child; started at the first read, and again after each one that it did not survive.

    Not for use by several threads at once.
    """

    def __init__(self, options: ReadOptions) -> None:
        self._timeout_s = min(options.timeout_s, _LONGEST_TIMEOUT_S)
        self._options = replace(options, timeout_s=self._timeout_s)
        self._closed = False
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The running child's process id; None when there is none."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start the child, unless it runs. Raises RagError."""
        if self.pid is None:
            self._start()

    def read(
        self, path: Path, wanted: Event | None = None, *, below: int = 0, charset: str = ""
    ) -> ReadResult:
        """The file without its parts. Raises RagError when no child can be started."""
        results = self.read_with_parts(path, wanted, below=below, charset=charset)
        return deque(results, 1).pop()

    def read_with_parts(
        self, path: Path, wanted: Event | None = None, *, below: int = 0, charset: str = ""
    ) -> Iterator[ReadResult]:
        """The parts of the file, if it has any, and last the file itself; each is read within the
        limits. ``below`` of the last parts of its path are not followed if they are links,
        ``charset`` is what a server declared of it. A large document is taken from the child once
        ``wanted`` is set. Raises RagError when no child can be started."""
        name = os.fsencode(path.absolute()).decode("latin-1")
        request = {"path": name, "below": below, "charset": charset}
        whole = Whole()
        give_up_at = time.monotonic() + _TIMEOUTS_FOR_PARTS * self._timeout_s
        for _ in range(_CHILDREN_FOR_PARTS):
            yield from self._read_on(request, whole, wanted, give_up_at)
            if whole.is_done:
                break
        yield whole.result()

    def _read_on(
        self, request: dict[str, Any], whole: Whole, wanted: Event | None, give_up_at: float
    ) -> Iterator[ReadResult]:
        """The parts that ``whole`` has not got yet, as far as this child comes."""
        self.start()
        part = ""
        try:
            deadline = time.monotonic() + self._timeout_s
            self._send(request | {"skip": whole.parts, "careful": whole.careful})
            if not whole.begin(self._receive(deadline)):
                self.rest()
                return
            reply = self._receive(deadline, wanted)
            whole.itself(reply, self._document(reply, deadline, wanted))
            while not whole.is_done:
                deadline = min(time.monotonic() + self._timeout_s, give_up_at)
                reply = self._receive(deadline)
                if "end" in reply:
                    whole.end(reply["problem"])
                else:
                    part = reply["part"]
                    found = self._receive(deadline, wanted)
                    yield whole.part(part, found, self._document(found, deadline, wanted))
                    part = ""
            if reply["spent"]:
                self.rest()
        except (_Silence, _Death) as lost:
            silent = isinstance(lost, _Silence)
            problem, crashed = (self._late(), False) if silent else self._last_words()
            if crashed and whole.tries_again(at_part=bool(part)):
                return
            if part:
                yield whole.lose(part, problem)
            whole.failed(problem, for_good=time.monotonic() >= give_up_at)
        except GeneratorExit:
            self.rest()  # it is in the midst of a file that nobody wants any more
            raise

    def _late(self) -> Problem:
        self.rest()
        late = f"the reader took longer than {self._timeout_s:g} s"
        hint = f"where it needs more: rag config set read_timeout_s {2 * self._timeout_s:g}"
        return Problem("timeout", late, hint)

    def _document(
        self, reply: dict[str, Any], deadline: float, wanted: Event | None
    ) -> Document | None:
        if (message := reply["document"]) is None:
            return None
        text = self._receive_bytes(message["text_bytes"], deadline, wanted).decode()
        # Here and not in the child: the model is large, and each child would have its own.
        return with_language(document_from(message, text))

    def kill(self) -> None:
        """Ends the child for good, whatever it is doing; may be called by any thread."""
        self._closed = True
        if child := self._child:
            _end(child)

    def close(self) -> None:
        """Ends the child and frees what it held."""
        self.kill()
        self.rest()

    def rest(self) -> None:
        """Ends the child; the next file starts another."""
        child, self._child = self._child, None
        if child:
            _end(child)
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    pipe.close()

    def _start(self) -> None:
        self.rest()
        debug = bool(os.environ.get("RAG_DEBUG"))
        self._child = subprocess.Popen(
            [sys.executable, *_CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if debug else subprocess.DEVNULL,
            bufsize=0,
            process_group=0,
        )
        if self._closed:  # `kill` may have come before there was a child to end
            _end(self._child)
        try:
            self._send(asdict(self._options))
            self._receive(time.monotonic() + _START_TIMEOUT_S)
        except (_Silence, _Death):
            self.rest()
            raise RagError(
                "the reader process does not start", "RAG_DEBUG=1 shows what it says"
            ) from None

    def _send(self, message: dict[str, Any]) -> None:
        try:
            write_message(self._pipe("stdin"), message)
        except OSError:
            raise _Death from None

    def _receive(self, deadline: float, wanted: Event | None = None) -> dict[str, Any]:
        (length,) = LENGTH.unpack(self._receive_bytes(LENGTH.size, deadline))
        message: dict[str, Any] = json.loads(self._receive_bytes(length, deadline, wanted))
        return message

    def _receive_bytes(self, count: int, deadline: float, wanted: Event | None = None) -> bytearray:
        if count > _TAKEN_AHEAD_BYTES and wanted:
            while not (wanted.wait(_LOOK_AGAIN_S) or self._closed):
                pass
            deadline = time.monotonic() + self._timeout_s
        descriptor = self._pipe("stdout").fileno()
        poll = select.poll()  # select() refuses descriptors above 1023
        poll.register(descriptor, select.POLLIN)
        received = bytearray()
        while len(received) < count:
            wait_s = deadline - time.monotonic()
            if wait_s <= 0 or not poll.poll(wait_s * 1000):
                raise _Silence
            piece = os.read(descriptor, min(_PIPE_BYTES, count - len(received)))
            if not piece:
                raise _Death
            received += piece
        return received

    def _pipe(self, name: str) -> BinaryIO:
        pipe: BinaryIO | None = getattr(self._child, name, None)
        if pipe is None:
            raise _Death
        return pipe

    def _last_words(self) -> tuple[Problem, bool]:
        """What became of a child that is gone, and whether a library crashed in it."""
        child = self._child
        status = child.wait() if child else 0
        self.rest()
        if status >= 0:
            return Problem("crashed", f"the reader ended with status {status}"), False
        name = signal.Signals(-status).name
        crashed = name != "SIGKILL"  # which is the kernel's, or a person's
        if name in _WANT_OF_MEMORY:
            told = f"the reader was ended ({name}), perhaps for want of memory"
            hint = _MORE_MEMORY.format(2 * self._options.memory_mb)
            return Problem("crashed", told, hint), crashed
        return Problem("crashed", f"the reader crashed ({name})"), crashed


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends a child with the programs that it runs, unless it has ended."""
    if child.poll() is None:
        with suppress(ProcessLookupError, PermissionError):  # it ends just now
            os.killpg(child.pid, signal.SIGKILL)


class ReaderPool:
    """Children that read side by side. A context manager: leaving it ends them."""

    def __init__(self, options: ReadOptions, children: int = _CHILDREN) -> None:
        self.reads_pictures = reads_pictures(options)
        self._processes = [ReaderProcess(options) for _ in range(children)]
        self._free: SimpleQueue[ReaderProcess] = SimpleQueue()
        self._free.put(self._processes[0])
        self._reserve = self._processes[1:]
        self._has_read = False
        self._closed = False
        self._threads = ThreadPoolExecutor(children, thread_name_prefix="reader")

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the children; what they were reading is given up."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.kill()
        self._threads.shutdown(wait=True)
        for process in self._processes:
            process.close()

    def begin(self) -> None:
        """Start the first child, and do not wait for it: there will be something to read. Where it
        does not start, the first to read meets that."""
        self._threads.submit(self._start_one)

    def _start_one(self) -> None:
        process = self._take()
        try:
            process.start()
        finally:
            self._free.put(process)

    def read(self, path: Path, wanted: Event | None = None, *, below: int = 0) -> ReadResult:
        """One file, without its parts. Raises RagError when no reader process can be started."""
        return deque(self.read_with_parts(path, wanted, below=below), 1).pop()

    def read_with_parts(
        self, path: Path, wanted: Event | None = None, *, below: int = 0, charset: str = ""
    ) -> Iterator[ReadResult]:
        """As ``ReaderProcess.read_with_parts``, by a child that is free."""
        process = self._take()
        try:
            for result in process.read_with_parts(path, wanted, below=below, charset=charset):
                # With the first part and not the last: who waits for room keeps its child, and the
                # file that is to come before may wait for another.
                self._has_read = True
                yield result
        finally:
            self._free.put(process)

    def _read_into(self, path: Path, below: int, wanted: Event, results: _Results) -> None:
        try:
            for result in self.read_with_parts(path, wanted, below=below):
                if not self._put(result, results):
                    return
        except BaseException as error:
            self._put(error, results)

    def _put(self, result: ReadResult | BaseException, results: _Results) -> bool:
        """Wait for room; false when the pool is closed meanwhile."""
        while not self._closed:
            with suppress(Full):
                results.put(result, timeout=_CLOSED_AFTER_S)
                return True
        return False

    def _take(self) -> ReaderProcess:
        """A child that is free; one more where the first one is always busy."""
        while True:
            try:
                return self._free.get(timeout=_PATIENCE_S)
            except Empty:
                with suppress(IndexError):
                    if self._has_read:
                        return self._reserve.pop()

    def read_all(
        self, paths: Iterable[Path], below: Iterable[int] = repeat(0)
    ) -> Iterator[ReadResult]:
        """The files in their order, each behind its parts; read a few ahead of what is asked for.
        ``below`` as in ``read_with_parts``, one for each. The children rest when all are read: what
        follows may take hours.

        Raises RagError when no reader process can be started.
        """
        ahead: deque[tuple[Event, Future[None], _Results]] = deque()
        try:
            for path, steps in zip(paths, below, strict=False):
                wanted, results = Event(), _Results(_PARTS_AHEAD)
                future = self._threads.submit(self._read_into, path, steps, wanted, results)
                ahead.append((wanted, future, results))
                if len(ahead) > _READ_AHEAD:
                    yield from self._taken(ahead.popleft())
            while ahead:
                yield from self._taken(ahead.popleft(), last=not ahead)
        finally:
            for wanted, future, _ in ahead:
                future.cancel()
                wanted.set()

    def _taken(
        self, begun: tuple[Event, Future[None], _Results], *, last: bool = False
    ) -> Iterator[ReadResult]:
        """One file's results as they come; the file itself is the last."""
        wanted, future, results = begun
        wanted.set()
        while True:
            result = results.get()
            if isinstance(result, BaseException):
                raise result
            if not result.part:
                future.result()
                if last:
                    for process in self._processes:
                        process.rest()
                yield result
                return
            yield result
