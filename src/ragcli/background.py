"""A value that is computed while its user does something else."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


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

    def result(self) -> T:
        """The value, waited for. Raises what computing it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
