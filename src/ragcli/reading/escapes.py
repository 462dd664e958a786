"""Escapes that hide words: ``\\u4e2d`` for 中, ``\\n`` before a word of its own."""

from __future__ import annotations

import re

# In their order: characters by number, a line end or tab, any other pair, which stays.
_ESCAPE = re.compile(r"((?:\\u[0-9a-fA-F]{4})+)|\\([nrt])|\\.", re.DOTALL)
_BEYOND_ASCII = re.compile(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")
_GLUED = re.compile(r"\\[nrt]\w")
_WHITE_SPACE = {"n": "\n", "r": "\r", "t": "\t"}


def hides_words(text: str) -> bool:
    """True when words of the text cannot be found, or are glued to the ``n`` of a ``\\n``."""
    return bool(_BEYOND_ASCII.search(text) or _GLUED.search(text))


def revealed(text: str) -> str:
    """The text with such escapes as what they stand for; quotes, backslashes and controls stay
    escaped, so that its structure stays what it is."""
    return _ESCAPE.sub(_replaced, text) if "\\" in text else text


def with_characters(text: str) -> str:
    """The text with escapes of characters beyond ASCII alone as what they stand for: where lines
    have a meaning, no line may begin anew."""
    if not _BEYOND_ASCII.search(text):
        return text
    return _ESCAPE.sub(lambda match: _replaced(match) if match[1] else match[0], text)


def _replaced(match: re.Match[str]) -> str:
    if match[2]:
        return _WHITE_SPACE[match[2]]
    if not match[1]:
        return match[0]
    # Pairs of surrogates are one character; a single one is none.
    written = bytes.fromhex(match[1].replace("\\u", "")).decode("utf-16-be", "replace")
    return "".join(c if _is_plain(c) else f"\\u{ord(c):04x}" for c in written)


def _is_plain(character: str) -> bool:
    return character >= "\xa0" or (" " <= character < "\x7f" and character not in '"\\')
