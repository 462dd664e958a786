"""A question of a conversation, made self-contained: what is searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from ragcli.errors import ProviderUnavailable
from ragcli.generation.rewriting import rewriting_prompt, rewritten
from ragcli.text.followups import carried, is_readable, refers_back

if TYPE_CHECKING:
    from ragcli.domain import Generator, Turn

# A question of another language than those whose rules are known is shown to a model when it is
# this short: what can be understood alone has more words, as a rule.
SHORT_WORDS = 8


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
) -> Wording:
    """The question so that it can be understood without the turns before it.

    One that can be already is left alone, and no model is asked. Where the model fails, or what it
    writes is not the question, terms are carried.
    """
    asked = question.strip()
    leans = refers_back(asked)
    perhaps = not is_readable(asked) and len(asked.split()) <= SHORT_WORDS
    if not turns or not asked or not (leans or perhaps):
        return Wording(question, question)
    text = _by_model(asked, turns, generator, context_tokens)
    if text is not None:
        return Wording(question, text, "model") if text != asked else Wording(question, question)
    if not leans:
        return Wording(question, question)
    text = carried(asked, turns[-1].searched, turns[-1].answer)
    return Wording(question, text, "terms") if text != asked else Wording(question, question)


def _by_model(
    question: str, turns: Sequence[Turn], generator: Callable[[], Generator], context_tokens: int
) -> str | None:
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
