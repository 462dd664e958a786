"""An answer by a deadline: who writes it, and what was left out.

A search that ends gives its passages; a model writes until the time is up, and what came counts.
Where it cannot begin in time, or not one sentence of it has come, the passages' own sentences are
quoted, which takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Generator as Generating
from dataclasses import replace
from typing import TYPE_CHECKING

from ragcli.background import Background, Deadline, OutOfTime
from ragcli.domain import Step
from ragcli.recipes.ask import Piece

if TYPE_CHECKING:
    from ragcli.domain import Generator, Prompt, QueryResult

# Less is not enough for a model of this machine to read five passages and begin to write.
LEAST_WRITING_S = 1.0

# Behind the last words of a model that was stopped in mid-sentence.
CUT = "…"
_WHOLE = re.compile(r"[.!?。！？][\s\]】\d\[\"'”’」』)）*_]*$")

Ask = Callable[["QueryResult", Callable[[], "Generator"]], Iterator[Piece]]


def ask_in_time(
    ask: Ask,
    found: QueryResult,
    generator: Callable[[], Generator],
    quoting: Callable[[], Generator],
    deadline: Deadline,
) -> Iterator[Piece]:
    """The answer that ``ask`` gives with the generator, or with one that quotes (``quoting``) where
    that takes too long. Raises what ``ask`` raises."""
    making = Background(lambda: _Limited(generator(), deadline))
    if not deadline.allows(making):
        why = f"it was not ready within {deadline.seconds:g} s"
    else:
        writer = making.result()
        if writer.verbatim or deadline.left_s >= LEAST_WRITING_S:
            told = yield from _written(ask(found, lambda: writer), writer)
            if told:
                return
            why = f"no sentence came within {deadline.seconds:g} s"
        else:
            why = f"less than {LEAST_WRITING_S:g} s were left for it"
    quoted = replace(found, warnings=(*found.warnings, f"quoted instead of written: {why}"))
    for piece in ask(quoted, quoting):
        yield _with_step(piece, Step("generator", "left_out", why))


def _written(pieces: Iterator[Piece], writer: _Limited) -> Generating[Piece, None, bool]:
    """The pieces; whether there was an answer before the time was up."""
    told = False
    for piece in pieces:
        if writer.was_cut and not told and not writer.is_whole:
            return False
        told = True
        yield _cut(piece, writer.seconds) if writer.was_cut else piece
    return True


def _cut(piece: Piece, seconds: float) -> Piece:
    why = f"cut off after {seconds:g} s"
    if piece.answer is not None:
        piece = replace(piece, answer=replace(piece.answer, incomplete=why))
    return _with_step(piece, Step("generator", "partly", why))


def _with_step(piece: Piece, step: Step) -> Piece:
    """The whole answer says how it was written."""
    if piece.answer is None:
        return piece
    steps = tuple(s for s in piece.answer.steps if s.name != step.name)
    return replace(piece, answer=replace(piece.answer, steps=(*steps, step)))


class _Limited:
    """A generator that ends at the deadline."""

    def __init__(self, writer: Generator, deadline: Deadline) -> None:
        self._writer = writer
        self._deadline = deadline
        self.name = writer.name
        self.verbatim = writer.verbatim
        self.max_context_tokens = writer.max_context_tokens
        self.was_cut = False
        self._text = ""

    def sends_to(self) -> Iterator[str]:
        return self._writer.sends_to()

    @property
    def seconds(self) -> float:
        return self._deadline.seconds

    @property
    def is_whole(self) -> bool:
        """What came ends with a sentence."""
        return bool(_WHOLE.search(self._text))

    def stream(
        self,
        prompt: Prompt,
        warn: Callable[[str], None],
        thought: Callable[[str], None] | None = None,
    ) -> Iterator[str]:
        if self.verbatim:
            yield from self._writer.stream(prompt, warn, thought)
            return
        try:
            for piece in self._deadline.limit(lambda: self._writer.stream(prompt, warn, thought)):
                self._text += piece
                yield piece
        except OutOfTime:
            self.was_cut = True
            if not self.is_whole:
                yield CUT if self._text[-1:].isspace() else f" {CUT}"
