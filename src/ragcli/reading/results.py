"""What the child processes have made of one file: itself, its parts, and what was given up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ragcli.domain import Document, Problem
from ragcli.reading.unpack import NOTHING_INSIDE

# A file beside its parts, which count from 0.
ITSELF = -1


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One file, or a part of one, as it was read: ``document``, or the ``problem`` with it, or
    neither for what only holds other files.

    ``content_hash`` is the SHA-256 of its bytes, in hex; when they could not be read it is empty,
    and size and time are 0. The time of a part is None where nothing says it. ``part`` is the
    part's name in its file. ``rest`` says why parts of this file were given up.
    """

    content_hash: str
    size: int
    mtime_ns: int | None
    document: Document | None = None
    problem: Problem | None = None
    part: str = ""
    rest: Problem | None = None


class Whole:
    """A file and its parts, as far as they have come; from one child or several.

    ``careful`` names what crashed a child, and is tried once more without what crashes: the file
    itself (``ITSELF``) or a part by its number.
    """

    def __init__(self) -> None:
        self.parts = 0
        self.is_done = False
        self._result = ReadResult("", 0, 0)
        self._has_itself = False
        self._lost_at = -1
        self._tried_with_care: set[int] = set()
        self.careful: int | None = None

    def begin(self, seen: dict[str, Any]) -> bool:
        """False when the file is not the one any more that the first child saw."""
        if self._has_itself and seen["content_hash"] != self._result.content_hash:
            self.end(asdict(Problem("changed", "it changed while it was read", "read it again")))
            return False
        self._result = replace(self._result, **seen)
        return True

    def itself(self, reply: dict[str, Any], document: Document | None) -> None:
        if not self._has_itself:
            self._has_itself = True
            problem = problem_from(reply["problem"])
            self._result = replace(self._result, document=document, problem=problem)
        self.is_done = not reply["parts"]

    def part(self, name: str, reply: dict[str, Any], document: Document | None) -> ReadResult:
        self.parts += 1
        seen = {key: reply[key] for key in ("content_hash", "size", "mtime_ns")}
        problem = problem_from(reply["problem"])
        return ReadResult(**seen, document=document, problem=problem, part=name)

    def tries_again(self, *, at_part: bool) -> bool:
        """Whether what crashed a child gets its second try; a part, or the file itself."""
        crashed = self.parts if at_part else ITSELF
        if (not at_part and self._has_itself) or crashed in self._tried_with_care:
            return False
        self._tried_with_care.add(crashed)
        self.careful = crashed
        return True

    def lose(self, name: str, problem: Problem) -> ReadResult:
        self.parts += 1
        return ReadResult("", 0, None, problem=problem, part=name)

    def failed(self, problem: Problem, *, for_good: bool) -> None:
        """A child was lost, and what it read is not tried again."""
        if not self._has_itself:
            self._result = replace(self._result, problem=problem)
            self.is_done = True
            return
        told = f"some files in it were given up: {problem.message}"
        self._result = replace(self._result, rest=replace(problem, message=told))
        # Where no part was reached since the last child, none ever will be.
        self.is_done = for_good or self._lost_at == self.parts
        self._lost_at = self.parts

    def end(self, problem: dict[str, Any] | None) -> None:
        """All parts have come, or no more come because of this problem."""
        self.is_done = True
        self._result = replace(self._result, rest=problem_from(problem))

    def result(self) -> ReadResult:
        """The file itself, when it is done."""
        return with_parts(self._result, self.parts)


def with_parts(itself: ReadResult, parts: int) -> ReadResult:
    """A file of which so many parts were read: nothing at all is a problem of its own."""
    if itself.document or itself.problem or parts:
        return itself
    return replace(itself, problem=itself.rest or NOTHING_INSIDE, rest=None)


def problem_from(values: dict[str, Any] | None) -> Problem | None:
    return Problem(**values) if values else None
