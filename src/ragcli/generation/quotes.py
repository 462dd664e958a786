"""Does a quote stand in a text? Read as a person reads, whatever the typography.

Both are brought to one form: compatibility forms, case, quotation marks, dashes, white space,
hyphens within words and Markdown's emphasis make no difference; a letter, a digit or a sign of
value more or less does. Words that are left out must be shown as left out, by an ellipsis.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from ragcli.text.scripts import unspaced_share
from ragcli.text.unseen import JOINERS, UNSEEN

# Quotation marks of all kinds, and what only marks up or shapes a word.
_DROPPED = frozenset("\"'`´‘’‚‛“”„‟«»‹›「」『』《》〈〉*_")
# The brackets that the prompt writes in the place of a document's own (``fencing.py``), and theirs.
_BRACKETS = str.maketrans("⟦⟧⟨⟩【】", "[]<>[]")
_HYPHENS = frozenset("-‐‑‒–—―−")
# A Markdown link or image shows what stands between its brackets.
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_ELLIPSIS = re.compile(r"\s*[\[(（【]?\s*(?:…+|\.{3,}|。{3,})\s*[\])）】]?\s*")

# What may be left out at one ellipsis, in characters: a sentence or two. Over more a quote could be
# put together from anything.
MAX_GAP_CHARACTERS = 300


class Span(NamedTuple):
    """Where a quote stands in a text; ``gaps`` are the words that it leaves out, as they stand."""

    start: int
    end: int
    gaps: tuple[str, ...] = ()


def find_quote(quote: str, text: str) -> Span | None:
    """The first place where the quote stands, from word to word; None where it does not."""
    pieces = [form.text for piece in _ELLIPSIS.split(quote) if (form := _form(piece)).text]
    if not pieces:
        return None
    form = _form(text)
    for first in _occurrences(form, text, pieces[0], 0):
        spans = [first]
        for piece in pieces[1:]:
            later = next(_occurrences(form, text, piece, spans[-1][1]), None)
            if later is None or later[0] - spans[-1][1] > MAX_GAP_CHARACTERS:
                break
            spans.append(later)
        else:
            own = [(form.offsets[start], form.offsets[end - 1] + 1) for start, end in spans]
            gaps = (text[one[1] : other[0]].strip() for one, other in pairwise(own))
            return Span(own[0][0], own[-1][1], tuple(filter(None, gaps)))
    return None


class _Form(NamedTuple):
    """A text as it is compared, and the offset that each of its characters comes from."""

    text: str
    offsets: list[int]


@lru_cache(64)  # an answer's passages, each looked at for every quote
def _form(text: str) -> _Form:
    kept: list[str] = []
    offsets: list[int] = []
    hidden = _link_markup(text)
    parted = False
    for at, character in enumerate(text):
        if at in hidden:
            continue
        for one in unicodedata.normalize("NFKD", character).casefold().translate(_BRACKETS):
            if one.isspace():
                parted = True
            elif not _is_dropped(one):
                if parted and kept and kept[-1].isdigit() and one.isdigit():
                    kept.append(" ")  # two numbers are not one
                    offsets.append(at - 1)
                kept.append("-" if one in _HYPHENS else one)
                offsets.append(at)
                parted = False
    # A hyphen stays where it parts two numbers or is a minus.
    for i in range(len(kept) - 1, -1, -1):
        if kept[i] == "-" and not "".join(kept[i + 1 : i + 2]).isdigit():
            del kept[i], offsets[i]
    return _Form("".join(kept), offsets)


def _is_dropped(one: str) -> bool:
    return one in _DROPPED or one in JOINERS or UNSEEN.match(one) is not None


def _link_markup(text: str) -> set[int]:
    """The offsets of links' brackets and addresses."""
    hidden: set[int] = set()
    if "](" in text:
        for link in _LINK.finditer(text):
            hidden |= {*range(link.start(), link.start(1)), *range(link.end(1), link.end())}
    return hidden


def _occurrences(form: _Form, text: str, piece: str, start: int) -> Iterator[tuple[int, int]]:
    """(start, end) of each place from ``start`` on where the piece stands as whole words."""
    at = form.text.find(piece, start)
    while at >= 0:
        end = at + len(piece)
        if not (_cuts_word(text, form.offsets[at]) or _cuts_word(text, form.offsets[end - 1] + 1)):
            yield at, end
        at = form.text.find(piece, at + 1)


# Where the first ends and the second begins, one number goes on: 1|24, 3|.5, 1,|000, -|5
_NUMBER_GOES_ON = re.compile(r"\d[.,]?\|[.,]?\d|(?:^|[^\w)])[-−]\|\d")


_HAN_NOT = tuple("不没沒无無未非")


def _cuts_word(text: str, at: int) -> bool:
    """A cut before this offset would part a word or a number, or leave its not behind."""
    before, after = text[max(0, at - 2) : at], text[at : at + 2]
    if before[-1:] in _HAN_NOT and after:
        return True
    if _NUMBER_GOES_ON.search(f"{before}|{after}"):
        return True
    both = before[-1:].isalnum() and after[:1].isalnum()
    return both and not unspaced_share(before[-1:] + after[:1])
