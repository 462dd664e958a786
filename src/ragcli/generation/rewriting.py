"""A follow-up question, made self-contained by a model: what it is asked, and what of it is taken.

A small model may answer instead, go on about something else, or add what nobody said. So its
question counts only when it is one, holds what was asked, and has no name or number that neither
the question nor the conversation has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragcli.domain import Message, Prompt, Turn
from ragcli.generation.fencing import without_tokens
from ragcli.generation.history import history
from ragcli.generation.markers import clean
from ragcli.generation.prompt import TEMPLATE_TOKENS
from ragcli.text.estimate import estimate_tokens
from ragcli.text.scripts import unspaced_share
from ragcli.text.terms import question_terms

SYSTEM = """\
You rewrite the last question of a conversation so that it can be understood without the \
conversation. Put in what its pronouns stand for and what it leaves out. Add nothing else, and do \
not answer it. Keep its language. If it can be understood alone, repeat it as it is. Write the \
question only, on one line."""

# A question of two lines; room for a model that writes one character a token.
ANSWER_TOKENS = 128

# A rewritten question is as long as the one before it and the follow-up together, or so.
_MORE_CHARACTERS = 160
# Of the follow-up's own terms, at least so many must stand in it: it may write another form of one.
_LEAST_KEPT = 0.5

_LABEL = re.compile(
    r"^\W*(?:rewritten|standalone|self-contained|last|the|new|question|问题|改写后?的?问题)"
    r"[\w\s-]{0,24}[:：]\s*",
    re.IGNORECASE,
)
_NAME_OR_NUMBER = re.compile(r"(?<=\s)[A-Z][\w-]+|\d[\d.,]*\d|\d")
_QUOTES = "\"'“”„«»「」『』`* \t"


def rewriting_prompt(question: str, turns: Sequence[Turn], context_tokens: int) -> Prompt:
    """What a model is sent. ``context_tokens`` is that of answers: another one would have Ollama
    load the model anew."""
    told = history(turns, context_tokens // 4)
    messages = (
        Message("system", SYSTEM),
        Message("user", f"{told}Last question: {without_tokens(question)}"),
    )
    size = sum(estimate_tokens(m.text) for m in messages) + TEMPLATE_TOKENS
    return Prompt(messages, size, context_tokens, ANSWER_TOKENS)


def rewritten(said: str, question: str, turns: Sequence[Turn]) -> str | None:
    """The question in what a model said; None where it cannot be trusted."""
    lines = [line.strip() for line in clean(said).splitlines() if line.strip()]
    if not lines:
        return None
    text = _LABEL.sub("", lines[0]).strip(_QUOTES)
    known = [question, *(t for turn in turns for t in (turn.searched, turn.answer))]
    if not text or len(text) > len(question) + len(turns[-1].searched) + _MORE_CHARACTERS:
        return None
    if not _keeps(text, question) or _adds(text, " ".join(known)):
        return None
    return text


def _keeps(text: str, question: str) -> bool:
    """It asks what was asked, in the same script."""
    if abs(unspaced_share(text) - unspaced_share(question)) > 0.5:
        return False
    own = question_terms(question)
    kept = set(question_terms(text))
    return sum(term in kept for term in own) >= _LEAST_KEPT * len(own)


def _adds(text: str, known: str) -> bool:
    """It has a name or a number that nobody said."""
    said = known.casefold()
    return any(m[0].casefold() not in said for m in _NAME_OR_NUMBER.finditer(text))
