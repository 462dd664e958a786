"""A question of a conversation, made self-contained: what is searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from ragcli.background import Background, Deadline
from ragcli.errors import ProviderUnavailable

if TYPE_CHECKING:
    from ragcli.domain import Generator, Turn

# A question of another language than those whose rules are known is shown to a model when it is
# this short: what can be understood alone has more words, as a rule.
SHORT_WORDS = 8

# Of the time that an answer may take.
REWRITING_SHARE = 0.25


class Wording(NamedTuple):
    """A question as it was ``asked``, and the ``text`` that is searched for: as it is, as a model
    wrote it, or with the terms that it takes from the question before."""

    asked: str
    text: str
    by: Literal["asked", "model", "terms"] = "asked"


def self_contained(
    question: str,
    turns: Sequence[Turn],
    generator: Callable[[], Generator],
    context_tokens: int,
    deadline: Deadline | None = None,
) -> Wording:
    """The question so that it can be understood without the turns before it.

    One that can be already is left alone, and no model is asked. Where the model fails, takes more
    than its share of the time, or what it writes is not the question, terms are carried.
    """
    as_asked = Wording(question, question)
    asked = question.strip()
    if not turns or not asked:
        return as_asked
    from ragcli.text.followups import carried, is_readable, refers_back  # a first question has none

    leans = refers_back(asked)
    if not leans and (is_readable(asked) or len(asked.split()) > SHORT_WORDS):
        return as_asked
    by_model = partial(_by_model, asked, turns, generator, context_tokens)
    text = by_model() if deadline is None else _in_time(by_model, deadline)
    if text is not None:
        return Wording(question, text, "model") if text != asked else as_asked
    text = carried(asked, turns[-1].searched, turns[-1].answer) if leans else asked
    return Wording(question, text, "terms") if text != asked else as_asked


def _in_time(by_model: Callable[[], str | None], deadline: Deadline) -> str | None:
    by = deadline.part(REWRITING_SHARE)
    made = Background(by_model)
    return made.result() if by.allows(made) else None


def _by_model(
    question: str, turns: Sequence[Turn], generator: Callable[[], Generator], context_tokens: int
) -> str | None:
    from ragcli.generation.rewriting import rewriting_prompt, rewritten

    try:
        writer = generator()
        if writer.verbatim:
            return None
        room = min(context_tokens, writer.max_context_tokens)
        prompt = rewriting_prompt(question, turns, room)
        said = "".join(writer.stream(prompt, lambda warning: None))
    except ProviderUnavailable:
        return None  # the answer will meet it, too, and say so
    return rewritten(said, question, turns)
