"""Answers by a deadline: the steps that ran, and those that were left out."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from ragcli import Rag
from ragcli.background import Deadline
from ragcli.domain import Answer, Step
from ragcli.errors import ProviderUnavailable

QUESTION = "The warranty runs for how many months?"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Writer:
    """Writes these pieces; a number among them is what the clock moves on by. Then it is silent,
    when it is ``endless``."""

    name = "test:writer"
    verbatim = False
    max_context_tokens = 4096

    def __init__(self, clock: Clock, pieces: list[str | float], *, endless: bool = False) -> None:
        self._clock = clock
        self._pieces = pieces
        self._endless = endless
        self.go = Event()

    def stream(self, prompt: Any, warn: Any, thought: Any = None) -> Iterator[str]:
        for piece in self._pieces:
            if isinstance(piece, str):
                yield piece
            else:
                self._clock.now += piece
        if self._endless:
            self.go.wait(60)


def ask(rag: Rag, writer: Writer, clock: Clock, seconds: float = 10) -> Answer:
    rag.__dict__["generator"] = writer
    found = rag.query(QUESTION)
    answer = None
    for piece in rag.answer_from(found, allow_weak=True, deadline=Deadline(seconds, clock)):
        answer = piece.answer or answer
    writer.go.set()
    assert answer is not None
    return answer


def step(answer: Answer, name: str) -> Step:
    return next(s for s in answer.steps if s.name == name)


def test_in_time_nothing_is_different(rag: Rag) -> None:
    clock = Clock()
    answer = ask(rag, Writer(clock, ["It runs for 24 ", "months [1]."]), clock)
    assert (answer.answer, answer.generator) == ("It runs for 24 months [1].", "test:writer")
    assert answer.steps == (Step("keyword"), Step("embedding"), Step("generator"))
    assert rag.ask(QUESTION, allow_weak=True).steps == answer.steps


def test_cut_off_in_mid_sentence(rag: Rag) -> None:
    clock = Clock()
    pieces: list[str | float] = ["It runs for 24 months [1]. ", "Batteries run for 1", 11.0]
    answer = ask(rag, Writer(clock, pieces, endless=True), clock)
    assert answer.answer == "It runs for 24 months [1]. Batteries run for 1 …"
    assert answer.generator == "test:writer"
    assert step(answer, "generator") == Step("generator", "partly", "cut off after 10 s")
    assert answer.incomplete == "cut off after 10 s"


def test_one_whole_sentence_is_an_answer(rag: Rag) -> None:
    clock = Clock()
    answer = ask(rag, Writer(clock, ["It runs for 24 months [1].", 11.0], endless=True), clock)
    assert answer.answer == "It runs for 24 months [1]."
    assert step(answer, "generator").state == "partly"


def test_without_one_the_passages_are_quoted(rag: Rag) -> None:
    clock = Clock()
    answer = ask(rag, Writer(clock, ["It runs ", 11.0], endless=True), clock)
    assert answer.generator == "extractive"
    assert "24 months" in answer.answer and "It runs" not in answer.answer
    assert step(answer, "generator") == Step(
        "generator", "left_out", "no sentence came within 10 s"
    )
    assert any("quoted instead of written" in warning for warning in answer.warnings)


def test_with_too_little_left_no_model_is_asked(rag: Rag) -> None:
    clock = Clock()
    answer = ask(rag, Writer(clock, ["never"]), clock, seconds=0.5)
    assert answer.generator == "extractive"
    assert step(answer, "generator").why == "less than 1 s were left for it"


def test_a_generator_that_is_not_ready(rag: Rag, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, go = Clock(), Event()

    def waiting(self: Rag) -> Any:
        clock.now += 11
        go.wait(60)

    monkeypatch.setattr(Rag, "generator", property(waiting))
    found = rag.query(QUESTION)
    pieces = list(rag.answer_from(found, allow_weak=True, deadline=Deadline(10, clock)))
    go.set()
    answer = pieces[-1].answer
    assert answer is not None and answer.generator == "extractive"
    assert step(answer, "generator").why == "it was not ready within 10 s"


def test_one_that_quotes_anyway_is_never_late(rag: Rag) -> None:
    rag.settings = type(rag.settings)(generator="extractive")
    answer = rag.ask(QUESTION, allow_weak=True, deadline=Deadline(0, Clock()))
    assert answer.generator == "extractive"
    assert step(answer, "generator") == Step("generator")


def test_failures_are_raised(rag: Rag) -> None:
    class Broken(Writer):
        def stream(self, *_: Any, **__: Any) -> Iterator[str]:
            raise ProviderUnavailable("it broke", "mend it")

    with pytest.raises(ProviderUnavailable, match="it broke"):
        ask(rag, Broken(Clock(), []), Clock())


def test_a_model_that_is_not_ready_leaves_words(rag: Rag) -> None:
    clock, go = Clock(), Event()

    def waiting(text: str) -> Any:
        clock.now += 11
        go.wait(60)

    embedder = rag.embedder
    embedder.embed_query = waiting  # type: ignore[method-assign]
    found = rag.query(QUESTION, deadline=Deadline(10, clock))
    go.set()
    assert found.mode == "keyword"
    assert found.passages[0].source == "docs/guide.md"
    assert found.steps == (
        Step("keyword"),
        Step("embedding", "left_out", "the model was not ready in time"),
    )


def test_a_model_that_is_ready_is_used(rag: Rag) -> None:
    found = rag.query(QUESTION, deadline=Deadline(10, Clock()))
    assert found.mode == "hybrid"
    assert found.steps == (Step("keyword"), Step("embedding"))
    assert rag.query(QUESTION, mode="keyword").steps == (Step("keyword"),)
    assert rag.query(QUESTION, mode="dense").steps == (Step("embedding"),)


def test_a_reranker_has_what_is_left(rag: Rag) -> None:
    rag.settings = type(rag.settings)(reranker="fake:words", model="fake:64")
    done = rag.query(QUESTION, deadline=Deadline(10, Clock()))
    assert done.steps[-1] == Step("reranker")
    clock, go = Clock(), Event()
    reranker = rag.reranker
    assert reranker is not None

    def waiting(question: str, texts: Any) -> list[float]:
        clock.now += 11
        go.wait(60)
        return []

    reranker.score = waiting  # type: ignore[method-assign]
    found = rag.query(QUESTION, deadline=Deadline(10, clock))
    go.set()
    assert found.steps[-1].state == "left_out"
    assert any("not ready in time" in warning for warning in found.warnings)
