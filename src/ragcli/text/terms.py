"""Search terms: what the keyword index stores and what a question is turned into.

One set of functions serves both sides, so that they can never disagree. Text is folded
(``folding.py``), words are stemmed (``stems.py``), scripts without spaces become overlapping
pieces (``grams.py``), and identifiers are kept whole and in parts: ``foo_bar`` gives ``foobar``,
``foo``, ``bar``, as ``fooBar`` does; ``D123-4`` gives ``d123-4``, ``d123``, ``123``, ``4``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import zip_longest

from ragcli.text.folding import fold
from ragcli.text.grams import beside, pieces
from ragcli.text.scripts import HAN, INDIC, UNSPACED
from ragcli.text.stems import AS_WRITTEN, common_stem, own_stem, stemmed, version

# Raise it whenever `terms` gives other terms for some text.
_RULES = 3

# Longer runs are data (base64, hashes), not words; their first characters still find them.
MAX_TERM_CHARACTERS = 64

# A word with what joins its parts, underscores before one, or an option (``--dry-run``). No group:
# then `findall` gives strings, which takes half the time of matches.
_INSIDE = rf"\w*(?:[{INDIC}]\w*)*"
_THOUSAND = r"(?<=\d),(?=\d{3}(?!\d))"
_WORD = re.compile(
    rf"[^\W_]{_INSIDE}(?:(?:[-./@+'’]|::?|{_THOUSAND})[^\W_]{_INSIDE})*(?:\+\+|\#(?!\w))?"
    rf"|_+[^\W_]{_INSIDE}|--(?<![\w-]--)[a-z][\w-]*"
)
_SEPARATOR = re.compile(rf"[^\w{INDIC}]+|_+")
_STEP = re.compile(r"[/@]|::")
_POSSESSIVE = re.compile(r"['’]s?$|['’]s?(?=\W)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTER_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_HYPHENS = re.compile("[-_]+")

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


def terms_version() -> str:
    """Part of the on-disk format: by another one the keyword index is built again by the next
    writer. The stems are Snowball's, so its version counts."""
    return f"{_RULES}, Snowball {version()}"


def terms(text: str, language: str | None = None) -> list[str]:
    """The index terms of a text in a language (ISO 639-1), repetitions kept: as `phrase` has them,
    then what its language and its scripts add."""
    words, found, added = _read(fold(text))
    for code in stemmed([language or ""]):
        own = _own(code)
        found += [term for word in words for term in own(word)]
    return found + added


def phrase(text: str) -> list[str]:
    """The terms that every text has for this one, in order: where it is quoted, they stand one
    after the other."""
    return _read(fold(text))[1]


def _read(folded: str) -> tuple[list[str], list[str], list[str]]:
    """(the words of scripts with spaces, the terms of all in order, what is beside the pieces of
    scripts without)"""
    if folded.isascii():
        plain = _WORD.findall(folded)
        return plain, [term for word in plain for term in _common_terms(word)], []
    words: list[str] = []
    found: list[str] = []
    unspaced = False
    for spaced, run in _cut(folded):
        if len(spaced) > 1 or spaced.isalnum():
            here = _WORD.findall(spaced)
            words += here
            found += [term for word in here for term in _common_terms(word)]
        if run:
            unspaced = True
            found += pieces(run)
    return words, found, beside(folded) if unspaced else []


@dataclass(frozen=True, slots=True)
class Word:
    """What one word of a question may be found by. ``text`` is in lower case, ``term`` what every
    text has for it, ``stems`` the other ones of the corpus' languages, ``exact`` the word with its
    accents, where a language needs them. ``is_plain`` is false for parts of identifiers and for
    pieces of scripts without spaces."""

    text: str
    term: str
    stems: tuple[str, ...] = ()
    exact: str | None = None
    is_plain: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        return (self.term, *self.stems, *([self.exact] if self.exact else []))


def question_words(question: str, languages: Iterable[str] = ()) -> list[Word]:
    """A question word by word, stop words too, in order, for a corpus in these languages."""
    others = stemmed(languages)
    folded = fold(question)
    found: list[Word] = []
    for spaced, run in _cut(folded):
        for word in _WORD.findall(spaced):
            units = parts(word)
            asked = (_asked(unit, others, is_plain=len(units) == 1) for unit in units)
            found += [unit for unit in asked if unit.term]
        found += [Word(piece, piece) for piece in (pieces(run) if run else ())]
    return found + [Word(word, word) for word in beside(folded)]


def _asked(part: str, languages: Sequence[str], *, is_plain: bool) -> Word:
    term = _common(part)
    own = {code: stem[:MAX_TERM_CHARACTERS] for code in languages if (stem := own_stem(part, code))}
    exact = next((own[code] for code in own if code in AS_WRITTEN and own[code] != term), None)
    stems = {stem: None for code, stem in own.items() if code not in AS_WRITTEN and stem != term}
    return Word(part, term, tuple(stems), exact, is_plain and part.isalpha())


def question_terms(question: str) -> list[str]:
    """The distinct terms of a question without stop words, in order, where no corpus is at hand
    (`asked_terms` is for one).

    A question of nothing but stop words ("to be or not to be") keeps them all.
    """
    distinct = dict.fromkeys(terms(question))
    return [t for t in distinct if t not in STOP_WORDS] or list(distinct)


def characters(text: str) -> list[str]:
    """The Han characters of a text one by one, folded, in order, repetitions kept.

    Evidence beside the pairs: where a text says 保修的期限 and the question 保修期, no pair of the
    last character matches, but the character does. On XQuAD-zh they gain 0.5 points of nDCG@10.
    """
    return [] if text.isascii() else _han_character().findall(fold(text))


def _cut(folded: str) -> Iterator[tuple[str, str]]:
    """(text with spaces between its words, the run of a script without that follows it)."""
    cut = [folded] if folded.isascii() else _unspaced().split(folded)
    return zip_longest(cut[::2], cut[1::2], fillvalue="")


@cache
def _unspaced() -> re.Pattern[str]:
    """A run of scripts without spaces. The class takes some ms to compile, which an ASCII question
    need not wait for."""
    return re.compile(f"([{UNSPACED}]+)")


@cache
def _han_character() -> re.Pattern[str]:
    return re.compile(f"[{HAN}]")


@lru_cache(maxsize=65536)
def _common_terms(word: str) -> tuple[str, ...]:
    if word.isascii() and word.isalpha() and (word.islower() or word.istitle()):
        return (_common(word.lower()),)  # most words are plain, and have one part
    # Of a word of nothing but what is ignored nothing is left.
    return tuple(dict.fromkeys(term for part in parts(word) if (term := _common(part))))


@cache
def _own(language: str) -> Callable[[str], tuple[str, ...]]:
    """What gives the terms that a word has in this language alone."""

    @lru_cache(maxsize=65536)
    def own(word: str) -> tuple[str, ...]:
        stems = (own_stem(part, language) for part in parts(word))
        found = dict.fromkeys(stem[:MAX_TERM_CHARACTERS] for stem in stems if stem)
        common = _common_terms(word)
        return tuple(stem for stem in found if stem not in common)

    return own


def parts(word: str) -> tuple[str, ...]:
    """A word in lower case; an identifier whole, then its parts."""
    if word.startswith("--"):
        return (word.casefold(), *parts(word[2:]))
    word = _POSSESSIVE.sub("", word.strip("_")) or word
    if word.isalpha() and (word.islower() or word.istitle() or word.isupper()):
        return (word.casefold(),)
    found = {_whole(word): None}
    steps = _STEP.split(word)
    if len(steps) > 1:
        found |= {step.casefold(): None for step in steps if _SEPARATOR.search(step)}
    for piece in _SEPARATOR.split(word):
        camel = _CAMEL.split(piece)
        for part in (piece, *camel, *(p for c in camel for p in _LETTER_DIGIT.split(c))):
            folded = part.casefold()
            if len(folded) > 1 or folded.isdigit():
                found[folded] = None
    return tuple(found)


def _whole(word: str) -> str:
    """``e-mail`` is ``email``, ``foo_bar`` and ``fooBar`` are ``foobar``, 1,234 is 1234; what else
    holds a digit or a sign is kept as it is."""
    joined = _HYPHENS.sub("", word)
    return (joined if joined.isalpha() else word.replace(",", "")).casefold()


def _common(part: str) -> str:
    return (part if part in STOP_WORDS else common_stem(part))[:MAX_TERM_CHARACTERS]
