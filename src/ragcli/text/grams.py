"""Terms of scripts without spaces between words: overlapping pieces, no dictionary.

A piece must say about as much as a word does. Two Han characters or two syllables of Hangul do
(XQuAD-zh: R@5 0.9875 with pairs). Two letters of an alphabet do not: English articles with their
spaces taken out, asked likewise, give nDCG@10 0.53 with pairs, 0.94 with three letters, 0.95 with
four, 0.94 with five, and 0.97 with their words (COVID-QA: 0.24, 0.64, 0.66, 0.65; 0.69). So Thai,
Lao, Khmer and Burmese are cut into pieces of at least four code points, between letters with their
vowel and tone marks, never inside one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_LEAST_CODE_POINTS = 4

# Folded text has no half-width kana.
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30ff]+")
_HANGUL = re.compile("[\uac00-\ud7a3]{2,}")

# Particles after a Korean noun, the longest first: 학교에서 is 학교 with "at".
_PARTICLE = re.compile(
    "(?:에게서|으로서|으로써|에서는|에서도|이라는|이라고|까지|부터|처럼|보다|에서|에게|한테|께서|으로|"
    "로서|로써|하고|이나|이란|라는|마다|조차|밖에|은|는|이|가|을|를|의|에|도|로|와|과|만)$"
)


def pieces(run: str) -> list[str]:
    """The terms of a folded run of scripts without spaces."""
    return _letters(run) if run[0] < "\u1100" or "\u1780" <= run[0] < "\u1800" else _pairs(run)


def beside(text: str) -> list[str]:
    """Words of a folded text that are terms beside its pieces, where a script tells them.

    A Korean word without its particle. A word in katakana, since a change of script parts words,
    with or without its last long vowel (コンピュータ, コンピューター).
    """
    nouns = (_PARTICLE.sub("", word) for word in _HANGUL.findall(text))
    found = [noun for noun in nouns if noun and len(noun) != 2]
    words = (word.rstrip("ー") for word in _KATAKANA.findall(text))
    return found + [word for word in words if len(word) > 2]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _letters(run: str) -> list[str]:
    """Pieces of whole letters, as many as make four code points; a shorter run is one."""
    run = _SIGN_BEFORE_TONE.sub(r"\2\1", run)
    ends = [0, *(letter.end() for letter in _letter().finditer(run))]
    found: list[str] = []
    last = 0
    for start in ends:
        while ends[last] - start < _LEAST_CODE_POINTS:
            last += 1
            if last == len(ends):
                return found or [run]
        found.append(run[start : ends[last]])
    return found


# น้ำ: the sign that NFKC takes from the vowel ำ stands after the tone; some type it before.
_SIGN_BEFORE_TONE = re.compile("([\u0e4d\u0ecd])([\u0e48-\u0e4b\u0ec8-\u0ecb])")


@cache
def _letter() -> re.Pattern[str]:
    """A letter with its marks; the stacked consonants of Khmer and Burmese are one."""
    blocks = (*range(0x0E00, 0x0F00), *range(0x1000, 0x10A0), *range(0x1780, 0x1800))
    marks = "".join(chr(p) for p in blocks if unicodedata.category(chr(p)).startswith("M"))
    return re.compile(f".(?:[\u1039\u17d2].|[{marks}])*", re.DOTALL)
