"""Search terms: what the keyword index stores and what a question is turned into.

One function serves both sides, so that they can never disagree. Text is folded (NFKC, case,
accents), words are stemmed (English, Snowball), scripts without spaces become overlapping pairs
of characters, and identifiers are kept whole and in parts: ``foo_bar`` gives ``foo_bar``,
``foo``, ``bar``; ``D123-4`` gives ``d123-4``, ``d123``, ``123``, ``4``.

Pairs of characters need no dictionary and no loading time; on XQuAD-zh their plain overlap
reaches R@5 0.9875, where white-space terms reach 0.128.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from ragcli.text.scripts import HAN, INDIC, UNSPACED

# Part of the on-disk format: raise it whenever `terms` gives other terms for some text, and the
# keyword index is rebuilt by the next writer.
TERMS_VERSION = 1

# Longer runs are data (base64, hashes), not words; their first characters still find them.
MAX_TERM_CHARACTERS = 64

_SEPARATOR = re.compile(rf"[^\w{INDIC}]+|_+")
_POSSESSIVE = re.compile(r"['’]s?$|['’]s?(?=\W)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTER_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
# Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels and tatweel; and what only shapes
# or hyphenates a word: soft hyphen, joiners, byte order mark.
_ACCENT = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u00ad\u200c\u200d\u2060\ufeff]+"
)

# Words that stand in most English chunks: they cost time and decide nothing (Lucene's
# EnglishAnalyzer set, with the question words and auxiliaries that questions are made of).
STOP_WORDS = frozenset(
    """
    a an and are as at be but by for if in into is it no not of on or such that the their then
    there these they this to was will with what which who whom whose when where why how do does
    did has have had can could should would may might must i you he she we me my your his her
    its our from about been being were am than so
    """.split()  # noqa: SIM905 - a quoted word each would fill a page
)


def terms(text: str) -> list[str]:
    """The index terms of a text, in order, repetitions kept."""
    found: list[str] = []
    folded = _fold(text)
    for run in _runs(folded.isascii()).findall(folded):
        # Only a run of a script without spaces begins with one of its characters.
        if not run.isascii() and _unspaced().match(run):
            found += _pairs(run)
        else:
            found += _word_terms(run)
    return found


def question_terms(question: str) -> list[str]:
    """The distinct terms of a question without stop words, in order.

    A question of nothing but stop words ("to be or not to be") keeps them all.
    """
    distinct = dict.fromkeys(terms(question))
    return [t for t in distinct if t not in STOP_WORDS] or list(distinct)


def characters(text: str) -> list[str]:
    """The Han characters of a text one by one, in order, repetitions kept.

    Evidence beside the pairs: where a text says 保修的期限 and the question 保修期, no pair of the
    last character matches, but the character does. On XQuAD-zh they gain 0.5 points of nDCG@10.
    """
    return [] if text.isascii() else _han_character().findall(_fold(text))


@cache
def _runs(ascii_only: bool) -> re.Pattern[str]:
    """A run of a script without spaces, a word, or underscores before one.

    No group: then `findall` gives strings, which takes half the time of matches. The classes of
    all scripts take 10 ms to compile, which an ASCII question need not wait for.
    """
    spaced = "" if ascii_only else f"(?![{UNSPACED}])"
    inside = r"\w" if ascii_only else rf"[\w{INDIC}]"
    unspaced = "" if ascii_only else f"[{UNSPACED}]+|"
    return re.compile(
        rf"{unspaced}(?:{spaced}[^\W_])(?:{spaced}{inside}"
        rf"|[-.:/@+'’](?={spaced}[^\W_]))*(?:\+\+|\#(?!\w))?"
        rf"|_+(?:{spaced}\w)+"
    )


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{UNSPACED}]")


@cache
def _han_character() -> re.Pattern[str]:
    return re.compile(f"[{HAN}]")


def _fold(text: str) -> str:
    """NFKC without accents; case is kept, because ``fooBar`` has two parts."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for i in range(len(run) - 1):
        yield run[i : i + 2]


@lru_cache(maxsize=65536)
def _word_terms(word: str) -> tuple[str, ...]:
    """A word's terms: itself (stemmed when it is a plain word), then its parts."""
    word = _POSSESSIVE.sub("", word.strip("_")) or word
    lower = word.casefold()
    if word.isalpha() and (word.islower() or word.istitle() or word.isupper()):
        return (_stem(lower)[:MAX_TERM_CHARACTERS],)
    parts: dict[str, None] = {lower[:MAX_TERM_CHARACTERS]: None}
    for piece in _SEPARATOR.split(word):
        camel = _CAMEL.split(piece)
        for part in (piece, *camel, *(p for c in camel for p in _LETTER_DIGIT.split(c))):
            folded = part.casefold()
            if len(folded) > 1 or folded.isdigit():
                parts[_stem(folded)[:MAX_TERM_CHARACTERS]] = None
    return tuple(parts)


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    if word in STOP_WORDS or not (word.isascii() and word.isalpha()):
        return word
    return str(_english_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _english_stemmer():  # type: ignore[no-untyped-def]
    import Stemmer

    return Stemmer.Stemmer("english")
