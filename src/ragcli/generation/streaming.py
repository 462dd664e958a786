"""What the answers of all servers have in common as they stream: thoughts apart, and a true end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ragcli.domain import Prompt
from ragcli.errors import AnswerVoid, ProviderUnavailable

# How DeepSeek, Qwen and others write thoughts into their text, where no server parts them.
_OPEN, _CLOSE = "<think>", "</think>"

# Any fixed number: the same question over the same passages gets the same answer.
SEED = 7

_WORD = re.compile(r"[A-Za-z]+")
_HAN = re.compile(r"[\u3400-\u9fff]")


class Part(NamedTuple):
    """What came at once: text, thoughts that the server has parted from it, or both."""

    text: str
    thoughts: str = ""


def answer_text(parts: Iterable[Part], thought: Callable[[str], None] | None) -> Iterator[str]:
    """The text alone, from its first word on; ``thought`` is told the thoughts.

    Raises AnswerVoid where thoughts end that never began: what came before them was given out as
    text.
    """
    begun = False
    for text, thoughts in _parted(parts):
        if thoughts and thought:
            thought(thoughts)
        shown = text if begun else text.lstrip()
        if shown:
            begun = True
            yield shown


def _parted(parts: Iterable[Part]) -> Iterator[Part]:
    """The same parts, with thoughts that stand in the text as such, and no tag."""
    thinks, held = False, ""
    for part in parts:
        if part.thoughts:
            yield Part("", part.thoughts)
        held += part.text
        while tag := _first_tag(held, thinks):
            before, _, held = held.partition(tag)
            if not thinks and tag == _CLOSE:
                raise _unparted()
            yield Part("", before) if thinks else Part(before)
            thinks = not thinks
        end = len(held) - _unfinished(held)
        yield Part("", held[:end]) if thinks else Part(held[:end])
        held = held[end:]
    yield Part("", held) if thinks else Part(held)


def _first_tag(text: str, thinks: bool) -> str:
    """The tag that counts, if any: within thoughts only their end does."""
    tags = (_CLOSE,) if thinks else (_OPEN, _CLOSE)
    return min((t for t in tags if t in text), key=text.index, default="")


def read_less(prompt: Prompt, counted: int | None) -> bool:
    """The server has read fewer tokens than the prompt must have: part of it was cut off.

    Every word of letters is a token at least, and no vocabulary puts more than four Han characters
    into one on average. Where a server omits the count there is nothing to compare.
    """
    sent = "\n".join(m.text for m in prompt.messages)
    least = len(_WORD.findall(sent)) + len(_HAN.findall(sent)) // 4
    return counted is not None and counted < least


def check_written(wrote: bool, at_limit: bool, prompt: Prompt, warn: Callable[[str], None]) -> None:
    """At the end of an answer: was there one, and is it whole? Raises ProviderUnavailable."""
    if wrote:
        if at_limit:
            warn(f"the answer stops at its limit of {prompt.answer_tokens} tokens")
        return
    if at_limit:
        raise ProviderUnavailable(
            f"the model spent all {prompt.answer_tokens} tokens of its answer on thinking",
            "raise `answer_tokens`, or choose a model that thinks less",
        )
    raise ProviderUnavailable("the model wrote nothing", "ask again, or choose another model")


def _unfinished(text: str) -> int:
    """How many characters at the end may be the beginning of a tag."""
    start = text.rfind("<")
    tail = text[start:] if start >= 0 else "."
    return len(tail) if any(tag.startswith(tail) for tag in (_OPEN, _CLOSE)) else 0


def _unparted() -> AnswerVoid:
    return AnswerVoid(
        "the server gives out what the model thinks as its answer",
        "tell it to part them (llama.cpp: --reasoning-format deepseek; vLLM: --reasoning-parser),"
        " or use a model that does not think",
    )
