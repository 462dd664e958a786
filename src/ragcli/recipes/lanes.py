"""Threads that embed: texts go in, vectors come out. They see no store.

An executor of ``concurrent.futures`` joins its threads when Python ends: Ctrl-C would wait for a
server's answer. These threads are given up.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread, current_thread, get_native_id
from time import monotonic
from typing import TYPE_CHECKING

from ragcli.store.rows import Pending

if TYPE_CHECKING:
    from ragcli.domain import Matrix

# How long a stop waits for the calls that run. A task on a local model takes about a second; a
# thread that is still inside a native library when Python ends could crash it.
GRACE_S = 2.0


@dataclass(slots=True)
class Task:
    """Texts that are embedded in one call; then their ``vectors``, or the ``error`` it raised."""

    batch: Sequence[Pending]
    vectors: Matrix | None = None
    error: Exception | None = None


class Lanes:
    """``size`` calls run at once. ``busy`` counts the tasks that were put and not yet taken."""

    def __init__(self, embed: Callable[[Sequence[str]], Matrix]) -> None:
        self._embed = embed
        self._waiting: SimpleQueue[Task | None] = SimpleQueue()
        self._finished: SimpleQueue[Task] = SimpleQueue()
        self._threads: list[Thread] = []
        self._yielding = False
        self.busy = 0

    @property
    def size(self) -> int:
        return len(self._threads)

    def grow(self, size: int, *, yielding: bool = False) -> None:
        """Let ``size`` calls run at once. ``yielding`` ones take only the time that nothing else
        wants."""
        self._yielding = yielding
        while len(self._threads) < size:
            self._threads.append(self._lane(yielding))
            self._threads[-1].start()

    def _lane(self, yielding: bool, first: Task | None = None) -> Thread:
        name = "embedding lane"
        return Thread(target=self._work, args=(yielding, first), name=name, daemon=True)

    def put(self, task: Task) -> None:
        self.busy += 1
        self._waiting.put(task)

    def take(self, timeout_s: float = 0.0) -> Task | None:
        """A task that is done; None when none is within the time."""
        try:
            task = self._finished.get(block=timeout_s > 0, timeout=timeout_s or None)
        except Empty:
            return None
        self.busy -= 1
        return task

    def drop_waiting(self) -> None:
        """Forget the tasks that no thread has begun."""
        while not self._waiting.empty():
            try:
                task = self._waiting.get_nowait()
            except Empty:  # a thread was quicker
                return
            self.busy -= task is not None

    def close(self) -> None:
        """End the threads; what they still do is given up after a short while."""
        self.drop_waiting()
        for _ in self._threads:
            self._waiting.put(None)
        deadline = monotonic() + GRACE_S
        for place in range(self.size):
            thread = None
            while thread is not self._threads[place]:  # one that yielded may have a successor
                thread = self._threads[place]
                thread.join(max(0.0, deadline - monotonic()))

    def _work(self, yielding: bool, task: Task | None) -> None:
        if yielding:
            _yield_to_others()
        while task or (task := self._waiting.get()) is not None:
            if yielding and not self._yielding:
                # A priority that was lowered cannot be raised again: another thread goes on.
                successor = self._lane(False, task)
                successor.start()  # before it can be joined
                self._threads[self._threads.index(current_thread())] = successor
                return
            try:
                task.vectors = self._embed([entry.text for entry in task.batch])
            except Exception as error:  # the main thread raises it
                task.error = error
            self._finished.put(task)
            task = None


def _yield_to_others() -> None:
    """The lowest priority for this thread; only Linux gives threads priorities of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), 19)
