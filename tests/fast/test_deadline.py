"""A deadline, by a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from ragcli.background import Background, Deadline, OutOfTime


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_left_and_a_part_of_it() -> None:
    clock = Clock()
    deadline = Deadline(10, clock)
    clock.now += 4
    assert deadline.left_s == 6
    assert deadline.part(0.5).left_s == 3
    clock.now += 7
    assert deadline.left_s == 0 == deadline.part(0.5).left_s


def test_what_comes_in_time_is_waited_for() -> None:
    assert Deadline(10, Clock()).allows(Background(lambda: 7))


def test_what_is_ready_is_had_however_late_it_is() -> None:
    ready = Background(lambda: 7)
    ready.result()
    assert Deadline(0, Clock()).allows(ready)


def test_what_is_late_is_not_waited_for() -> None:
    clock, go = Clock(), Event()

    def compute() -> bool:
        clock.now += 11
        return go.wait(60)

    deadline = Deadline(10, clock)
    begun = Background(compute)
    assert not deadline.allows(begun)
    go.set()
    assert begun.result()


def test_what_fails_is_ready() -> None:
    def compute() -> int:
        raise KeyError("lost")

    assert Deadline(10, Clock()).allows(Background(compute))


def test_pieces_come_until_it_has_passed() -> None:
    clock, go, closed = Clock(), Event(), Event()

    def pieces() -> Iterator[str]:
        try:
            yield "a"
            yield "b"
            clock.now += 11
            go.wait(60)
            yield "c"
            yield "d"
        finally:
            closed.set()

    taken = Deadline(10, clock).limit(pieces)
    assert [next(taken), next(taken)] == ["a", "b"]
    with pytest.raises(OutOfTime):
        next(taken)
    assert not closed.is_set()
    go.set()  # the server speaks again, and is told that nobody listens
    assert closed.wait(60)


def test_all_pieces_and_failures_pass() -> None:
    def pieces() -> Iterator[str]:
        yield "a"
        raise KeyError("lost")

    assert list(Deadline(10, Clock()).limit(lambda: iter("abc"))) == ["a", "b", "c"]
    taken = Deadline(10, Clock()).limit(pieces)
    assert next(taken) == "a"
    with pytest.raises(KeyError, match="lost"):
        next(taken)


def test_what_fails_before_the_first_piece() -> None:
    def pieces() -> Iterator[str]:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        next(Deadline(10, Clock()).limit(pieces))


def test_who_stops_taking_stops_the_making() -> None:
    go, closed = Event(), Event()

    def pieces() -> Iterator[str]:
        try:
            yield "a"
            go.wait(60)
            yield "b"
        finally:
            closed.set()

    taken = Deadline(10, Clock()).limit(pieces)
    assert next(taken) == "a"
    taken.close()
    go.set()
    assert closed.wait(60)
