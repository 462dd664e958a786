"""A value that is computed while its user does something else, and how long that may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any, Generic, TypeVar

T = TypeVar("T")

# How often one who waits looks at the clock: what is ready at once is had however late it is, and
# a deadline is overrun by no more.
LOOK_S = 0.05


class OutOfTime(Exception):
    """The deadline has passed."""


class Deadline:
    """A moment to be done by, ``seconds`` from now."""

    def __init__(self, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left_s(self) -> float:
        """Seconds that are left; 0 once it has passed."""
        return max(0.0, self._end - self._clock())

    def part(self, share: float, spare_s: float = 0.0) -> Deadline:
        """An earlier moment: after this share, 0 to 1, of what is left without ``spare_s``."""
        return Deadline(max(0.0, self.left_s - spare_s) * share, self._clock)

    def allows(self, value: Background[Any]) -> bool:
        """Wait for a value; whether it came in time (or failed)."""
        while not value.done:
            value.wait(LOOK_S)
            if not self.left_s:
                return value.done
        return True

    def limit(self, pieces: Callable[[], Iterator[T]]) -> Iterator[T]:
        """The pieces as they come, made on a thread of its own. Raises OutOfTime; what makes them
        is closed as soon as it comes back with another piece."""
        queue: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        given_up = Event()

        def make() -> None:
            try:
                for piece in pieces():
                    if given_up.is_set():
                        return  # a generator that nobody holds any more is closed
                    queue.put((True, piece))
                queue.put((False, None))
            except BaseException as error:  # told to whoever takes the pieces
                queue.put((False, error))

        # A daemon: nobody waits for a server that is silent.
        Thread(target=make, daemon=True).start()
        try:
            yield from self._taken(queue)
        finally:
            given_up.set()

    def _taken(self, queue: SimpleQueue[tuple[bool, Any]]) -> Iterator[Any]:
        while True:
            try:
                more, piece = queue.get(timeout=LOOK_S)
            except Empty:
                if not self.left_s:
                    raise OutOfTime from None
                continue
            if more:
                yield piece
            elif piece is None:
                return
            else:
                raise piece


class Background(Generic[T]):
    """Begins at once, on a thread of its own."""

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._value: T | None = None
        self._error: BaseException | None = None
        # Not a daemon: a program that ends while ONNX Runtime loads would be aborted by it (SIGABRT
        # in one of two runs). Commands end by `os._exit` and wait for nothing.
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._compute()
        except BaseException as error:  # told to whoever asks for the value
            self._error = error

    @property
    def done(self) -> bool:
        """The value is there, or computing it has failed."""
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait for the value, so long at most."""
        self._thread.join(seconds)

    def result(self) -> T:
        """The value, waited for. Raises what computing it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
