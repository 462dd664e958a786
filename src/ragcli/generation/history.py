"""Earlier turns of a conversation, as a model is told them: they say what a question refers to, and
are never a source. Their passages are not told again, so the markers of answers are left out.

They stand in the message of the user, not as turns of the model's own: it would write on as it
seems to have written, without markers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ragcli.domain import Turn
from ragcli.generation.fencing import neutralised
from ragcli.text.estimate import estimate_tokens
from ragcli.text.sentences import sentence_spans

# What an answer was about is said by its first sentences.
MAX_ANSWER_CHARACTERS = 400

_INTRODUCTION = (
    "Earlier in this conversation. It only tells what the question refers to: it is no source."
)
_MARKER = re.compile(r"\s*\[\d+\]")


def history(turns: Sequence[Turn], room_tokens: int) -> str:
    """The last turns that fit, oldest first, with an empty line behind; nothing without any."""
    blocks: list[str] = []
    room_tokens -= estimate_tokens(_framed([]))
    for turn in reversed(turns):
        block = _block(turn)
        room_tokens -= estimate_tokens(block + "\n\n")
        if room_tokens < 0:
            break
        blocks.insert(0, block)
    return _framed(blocks) if blocks else ""


def _framed(blocks: Sequence[str]) -> str:
    told = "\n\n".join(blocks)
    return f"{_INTRODUCTION}\n<conversation>\n{told}\n</conversation>\n\n"


def _block(turn: Turn) -> str:
    return f"Question: {_told(turn.question)}\nAnswer: {_told(_beginning(turn.answer)) or '(none)'}"


def _told(text: str) -> str:
    """On one line, with nothing in it that could pass for ours."""
    return " ".join(neutralised(text).replace("<", "‹").split())


def _beginning(answer: str) -> str:
    """Its first sentences, one at least, without markers."""
    text = _MARKER.sub("", answer)
    ends = [end for _, end in sentence_spans(text)]
    fitting = [end for end in ends if end <= MAX_ANSWER_CHARACTERS] or [MAX_ANSWER_CHARACTERS]
    return text[: fitting[-1]]
