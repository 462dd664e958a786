"""Questions that follow one another, asked of a project."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from ragcli import Rag
from ragcli.background import Deadline
from ragcli.conversation import Conversation
from ragcli.domain import Prompt
from ragcli.errors import ProviderUnavailable
from ragcli.recipes import sessions

FIRST = "For how many months does the warranty run?"
SECOND = "And for batteries?"
CARRIED = "And for batteries? (how many months warranty run)"


class Model:
    """Answers with a canned sentence, and rewrites to ``rewritten``. It keeps what it was sent."""

    name = "test:model"
    verbatim = False
    max_context_tokens = 4096

    def __init__(self, rewritten: str = "") -> None:
        self.rewritten = rewritten
        self.prompts: list[Prompt] = []

    def stream(self, prompt: Prompt, warn: Any, thought: Any = None) -> Iterator[str]:
        self.prompts.append(prompt)
        if prompt.passages:
            yield "It runs for 24 months [1]. "
            yield "That is long [1]."
        else:
            yield self.rewritten


@pytest.fixture
def model(rag: Rag) -> Model:
    rag.__dict__["generator"] = made = Model()
    return made


@pytest.fixture
def quoting(rag: Rag) -> Rag:
    rag.settings = type(rag.settings)(generator="extractive", model="fake:64")
    return rag


def test_without_a_model_terms_are_carried(quoting: Rag) -> None:
    told: list[str] = []
    talk = Conversation(quoting, searched_for=told.append)
    first = talk.ask(FIRST, allow_weak=True)
    assert (first.question, first.searched_for, told) == (FIRST, None, [])
    second = talk.ask(SECOND, allow_weak=True)
    assert (second.question, second.searched_for, told) == (SECOND, CARRIED, [CARRIED])
    assert [t.searched for t in talk.turns] == [FIRST, CARRIED]
    assert talk.last == second


def test_a_model_rewrites(rag: Rag, model: Model) -> None:
    talk = Conversation(rag)
    talk.ask(FIRST, allow_weak=True)
    model.rewritten = "For how many months does the warranty for batteries run?"
    second = talk.ask(SECOND, allow_weak=True)
    assert second.searched_for == model.rewritten
    assert len(model.prompts) == 3
    asked, answered = model.prompts[1:]
    assert asked.context_tokens == answered.context_tokens
    assert "Last question: And for batteries?" in asked.messages[-1].text
    assert f"Question: {model.rewritten}" in answered.messages[-1].text
    assert "It runs for 24 months. That is long." in answered.messages[-1].text
    assert answered.size_tokens + answered.answer_tokens <= 4096


def test_what_it_makes_of_it_is_checked(rag: Rag, model: Model) -> None:
    talk = Conversation(rag)
    talk.ask(FIRST, allow_weak=True)
    model.rewritten = "The warranty runs for 36 months."
    assert talk.ask(SECOND, allow_weak=True).searched_for == CARRIED


def test_a_question_that_can_be_understood_alone_is_not_shown_to_it(rag: Rag, model: Model) -> None:
    talk = Conversation(rag)
    talk.ask(FIRST, allow_weak=True)
    model.rewritten = "What does the guide say about batteries?"
    second = talk.ask("What do the notes say about batteries?", allow_weak=True)
    assert second.searched_for is None
    assert [bool(p.passages) for p in model.prompts] == [True, True]


def test_a_short_question_of_another_language_is_shown_to_it(rag: Rag, model: Model) -> None:
    talk = Conversation(rag)
    talk.ask("Wie lange läuft die warranty?", allow_weak=True)
    model.rewritten = "Wie lange läuft die warranty für batteries?"
    assert talk.ask("Und für batteries?", allow_weak=True).searched_for == model.rewritten
    model.rewritten = ""
    assert talk.ask("Und für returns?", allow_weak=True).searched_for is None


def test_a_model_that_fails_at_it_leaves_the_terms(rag: Rag) -> None:
    class Broken(Model):
        def stream(self, prompt: Prompt, warn: Any, thought: Any = None) -> Iterator[str]:
            if not prompt.passages:
                raise ProviderUnavailable("it broke", "mend it")
            yield from super().stream(prompt, warn)

    rag.__dict__["generator"] = Broken()
    talk = Conversation(rag)
    talk.ask(FIRST, allow_weak=True)
    assert talk.ask(SECOND, allow_weak=True).searched_for == CARRIED


def test_one_that_is_too_slow_at_it_leaves_the_terms(rag: Rag, model: Model) -> None:
    now, go = [0.0], Event()

    class Slow(Model):
        def stream(self, prompt: Prompt, warn: Any, thought: Any = None) -> Iterator[str]:
            if not prompt.passages:
                now[0] += 2.6  # of 10 s, a quarter is for this
                go.wait(60)
            yield from super().stream(prompt, warn)

    talk = Conversation(rag)
    talk.ask(FIRST, allow_weak=True)
    rag.__dict__["generator"] = Slow()
    deadline = Deadline(10, lambda: now[0])
    answer = talk.ask(SECOND, allow_weak=True, deadline=deadline)
    go.set()
    assert answer.searched_for == CARRIED


def test_terms_that_lead_to_nothing_are_dropped(quoting: Rag, monkeypatch: Any) -> None:
    talk = Conversation(quoting)
    talk.ask("Who painted the ceiling of that chapel?", allow_weak=True)
    asked: list[str] = []
    query = Rag.query

    def weak_when_carried(self: Rag, question: str, **options: Any) -> Any:
        from dataclasses import replace

        asked.append(question)
        found = query(self, question, **options)
        return replace(found, confidence=0.1 if "(" in question else 0.9)

    monkeypatch.setattr(Rag, "query", weak_when_carried)
    answer = talk.ask("And for the warranty?")
    assert len(asked) == 2
    assert answer.searched_for is None and not answer.declined
    assert talk.turns[-1].searched == "And for the warranty?"


def test_a_session_goes_on(quoting: Rag) -> None:
    Conversation(quoting, "s").ask(FIRST, allow_weak=True)
    again = Conversation(quoting, "s")
    assert again.ask(SECOND, allow_weak=True).searched_for == CARRIED
    kept = sessions.read(quoting.folder, "s")
    assert [t.question for t in kept] == [FIRST, SECOND]
    assert kept[0].citations[0].source == "docs/guide.md" and kept[0].asked_at
    assert Conversation(quoting, "other").turns == []


def test_an_answer_that_is_given_up_is_kept_as_far_as_it_came(rag: Rag, model: Model) -> None:
    talk = Conversation(rag, "s")
    pieces = talk.ask_stream(FIRST, allow_weak=True)
    assert next(pieces).sentence is not None
    pieces.close()
    assert [t.answer.strip() for t in sessions.read(rag.folder, "s")] == [
        "It runs for 24 months [1]."
    ]


def test_what_never_began_is_not_kept(rag: Rag) -> None:
    class Broken(Model):
        def stream(self, prompt: Prompt, warn: Any, thought: Any = None) -> Iterator[str]:
            raise ProviderUnavailable("it broke", "mend it")

    rag.__dict__["generator"] = Broken()
    talk = Conversation(rag, "s")
    with pytest.raises(ProviderUnavailable):
        talk.ask(FIRST, allow_weak=True)
    assert talk.turns == sessions.read(rag.folder, "s") == []
