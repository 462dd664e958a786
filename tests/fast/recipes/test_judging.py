"""An answer whose claims a model judges: what it is asked, and what happens when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from ragcli import Rag
from ragcli.background import Deadline
from ragcli.domain import Answer, Inference, Step

QUESTION = "The warranty runs for how many months?"
WRITTEN = 'All parts are covered for that long [1: "The warranty runs for 24 months"].'


class Writer:
    name = "test:writer"
    verbatim = False
    max_context_tokens = 4096

    def __init__(self, *pieces: str) -> None:
        self._pieces = pieces

    def stream(self, prompt: Any, warn: Any, thought: Any = None) -> Iterator[str]:
        yield from self._pieces


def ask(rag: Rag, *pieces: str, model: str = "contrary", deadline: Any = None) -> Answer:
    rag.settings = type(rag.settings)(entailment_model=f"fake:{model}", model="fake:64")
    rag.__dict__["generator"] = Writer(*pieces)
    return rag.ask(QUESTION, allow_weak=True, deadline=deadline)


def test_each_claim_is_judged_beside_the_sentence_that_it_cites(
    rag: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def infer(self: object, text: str, claim: str) -> Inference:
        asked.append((text, claim))
        return Inference(0.1, 0.1, 0.8)

    monkeypatch.setattr("ragcli_fake.FakeEntailmentModel.infer", infer)
    answer = ask(rag, WRITTEN)
    assert len(asked) == 1
    assert asked[0][0].startswith("The warranty runs for 24 months")
    assert asked[0][1] == "All parts are covered for that long"
    assert [c.verdict for c in answer.citations] == ["disagrees"]
    assert answer.sentences[0].citations == answer.citations
    assert answer.entailment_model == "fake:contrary"
    assert answer.steps[-1] == Step("entailment")


def test_without_one_nothing_is_judged(rag: Rag) -> None:
    rag.__dict__["generator"] = Writer(WRITTEN)
    answer = rag.ask(QUESTION, allow_weak=True)
    assert answer.entailment_model is None and answer.citations[0].inference is None
    assert "entailment" not in {step.name for step in answer.steps}


def test_quotes_claim_nothing_that_could_be_judged(rag: Rag) -> None:
    rag.settings = type(rag.settings)(
        entailment_model="fake:nobody", generator="extractive", model="fake:64"
    )
    assert rag.ask(QUESTION, allow_weak=True).entailment_model is None


def test_what_the_model_cannot_read_is_told_once_and_left(rag: Rag) -> None:
    foreign = '保修期为二十四个月 [1: "runs for 24 months"]。'
    answer = ask(rag, foreign, foreign)
    assert {c.inference for c in answer.citations} == {None}
    told = "fake:contrary cannot read some of what is claimed or cited: not judged"
    assert answer.warnings.count(told) == 1


def test_a_claim_that_is_too_long_is_told_and_left(rag: Rag) -> None:
    answer = ask(rag, "word " * 200 + '[1: "runs for 24 months"].')
    assert answer.citations[0].inference is None
    assert any("a claim was not judged by fake:contrary" in w for w in answer.warnings)


def test_a_deadline_ends_the_judging(rag: Rag, monkeypatch: pytest.MonkeyPatch) -> None:
    now, go = [0.0], Event()

    def infer(self: object, text: str, claim: str) -> Inference:
        if "parts" in claim:
            now[0] += 11
            go.wait(60)
        return Inference(0.1, 0.1, 0.8)

    monkeypatch.setattr("ragcli_fake.FakeEntailmentModel.infer", infer)
    first = 'You have that long [1: "runs for 24 months"]. '
    answer = ask(rag, first, WRITTEN, deadline=Deadline(10, lambda: now[0]))
    go.set()
    assert [c.verdict for c in answer.citations] == ["disagrees", "unchecked"]
    assert answer.steps[-1] == Step("entailment", "partly", "1 of 2 claims")
