"""Markers such as ``[1: "the words it rests on"]`` in an answer.

A marker is ``[1]``, ``[1, 2]``, ``[1-3]``, ``【1】``, ``【1†…】``, in any width, and each may hold
a quote: ``[1: "…"]``, ``[1 “…”]``. All are shown as ``[1][2]``. One that points to no passage is
taken out. Inside code (`` ` ``) brackets are left alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ragcli.text.unseen import UNSEEN

_OPEN, _CLOSE = r"[\[【［]", r"[\]】］]"
# Three digits: `[2024]` is a year. Length limits keep what is held back in a stream short.
_NUMBER = r"[0-9０-９]{1,3}"
_SEPARATOR = r"[ \t]{0,2}[,，、;；–~-][ \t]{0,2}"
_TAIL = r"†[^\[\]【】［］\n`]{0,60}"
_QUOTE_OPEN, _QUOTE_CLOSE = '["“”„«「『＂]', '["“”»」』＂]'
MAX_QUOTE_CHARACTERS = 600
_QUOTED = (
    rf"[ ]?[:：,，]?[ ]?{_QUOTE_OPEN}"
    rf"(?P<quote>[^\n]{{1,{MAX_QUOTE_CHARACTERS}}}?){_QUOTE_CLOSE}[.。]?"
)
MARKER = (
    rf"{_OPEN}[ ]?(?P<numbers>{_NUMBER}(?:{_SEPARATOR}{_NUMBER}){{0,15}})(?:{_QUOTED})?"
    rf"[ ]?(?:{_TAIL})?{_CLOSE}"
)
# The look-behinds keep a long run of blanks from being tried at each of its characters.
_TOKEN = re.compile(rf"(?P<ticks>`+)|(?P<newline>\n)|(?P<space>(?<![ \t])[ \t]*|){MARKER}")
# What a marker, or a run of backticks, may begin with: at the end of what has come so far, it
# waits. 128 is more than the longest marker's numbers take.
UNFINISHED = re.compile(
    rf"`+$|(?<![ \t])[ \t]*{_OPEN}[0-9０-９,，、;；–~ \t-]{{0,128}}(?:{_TAIL}"
    rf"|[ ]?[:：,，]?[ ]?(?:{_QUOTE_OPEN}[^\n]{{0,{MAX_QUOTE_CHARACTERS + 2}}})?)?$"
)
_RANGE = re.compile(rf"(?P<first>{_NUMBER})[ \t]*[–~-][ \t]*(?P<last>{_NUMBER})|(?P<one>{_NUMBER})")
# A fence of code has three backticks or more (CommonMark 0.31, 4.5); fewer end with their line.
_FENCE_TICKS = 3


def clean(text: str) -> str:
    """Text that hides nothing and cannot move a terminal's cursor: what is not seen goes, but for
    newline and tab.

    U+FFFD goes too: a model that breaks a character in two makes it.
    """
    return "".join(c for c in text if not is_unprintable(c))


def is_unprintable(character: str) -> bool:
    return character == "\ufffd" or UNSEEN.match(character) is not None


class Link(NamedTuple):
    """A marker as it is shown at ``text[start:end]``, the passage it points to, and its quote."""

    start: int
    end: int
    number: int
    quote: str | None


class MarkerReader:
    """Reads an answer piece by piece, each of whole sentences; ``count`` is the number of passages.
    ``removed`` are the markers that pointed nowhere."""

    def __init__(self, count: int) -> None:
        self.removed: list[str] = []
        self._count = count
        self._code = ""  # the backticks that opened the code we are in
        self._last = ""  # the end of what was shown

    def read(self, text: str) -> tuple[str, list[Link]]:
        """The text as it is shown, and its markers."""
        shown = ""
        links: list[Link] = []
        position = 0
        for token in _TOKEN.finditer(text):
            shown += text[position : token.start()]
            position = token.end()
            if not token["numbers"] or self._code:
                if not token["numbers"]:
                    self._code = _code_after(self._code, token[0])
                shown += token[0]
                continue
            valid, invalid = _numbers(token["numbers"], self._count)
            self.removed += [f"[{n}]" for n in invalid]
            shown += token["space"] if valid else self._in_place_of_marker(shown, token["space"])
            for number in valid:
                start = len(shown)
                shown += f"[{number}]"
                links.append(Link(start, len(shown), number, token["quote"]))
        shown += text[position:]
        self._last = (self._last + shown)[-256:]
        return shown, links

    def _in_place_of_marker(self, shown: str, space: str) -> str:
        """Taking a marker out must not make one of what stood around it."""
        last = (self._last + shown)[-256:]
        if last.endswith("`"):
            return space or " "
        return "…" if UNFINISHED.search(last.rstrip(" \t")) else ""


def _code_after(code: str, token: str) -> str:
    """The backticks that we are inside of after this run of backticks, or this newline."""
    if token == "\n":
        return code if len(code) >= _FENCE_TICKS else ""
    if not code:
        return token
    return "" if token == code else code


def _numbers(text: str, count: int) -> tuple[list[int], list[int]]:
    """(valid, invalid) numbers of a marker, in order; of a range, its end speaks for the rest."""
    valid: dict[int, None] = {}
    invalid: dict[int, None] = {}
    for match in _RANGE.finditer(text):
        first, last = int(match["first"] or match["one"]), int(match["last"] or match["one"])
        for n in {first: None, **dict.fromkeys(range(first, min(last, count) + 1)), last: None}:
            (valid if 1 <= n <= count else invalid)[n] = None
    return list(valid), list(invalid)
