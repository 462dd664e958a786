"""One form for what is written in several: what search ignores, the text keeps.

Unicode's own rules where it has some: compatibility (NFKC: full-width and half-width, ligatures,
superscripts), case folding, the decimal value of a digit of any script, canonical decomposition
for accents, Equivalent_Unified_Ideograph for radicals; CLDR's Latin-ASCII for letters that do not
decompose (ø, ł). Beyond them what the languages' own spelling leaves open: simplified and
traditional Chinese, alef, ya and ta marbuta, Hindi's nasals.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Case, accents and the forms of Arabic letters stay in `fold`: case parts ``fooBar``, and stemmers
# know é from e. Removed are vowel points of Hebrew and Arabic, tatweel, the nukta (which
# Hindi often leaves out), accents that compose with no letter, and what only shapes or hyphenates
# a word: soft hyphen, joiners, marks of direction, variation selectors.
_IGNORED = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u093c\u00ad\u034f\u061c\u115f\u1160"
    "\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3164\ufe00-\ufe0f\ufeff"
    "\U000e0100-\U000e01ef]"
)

_OTHER = {
    "ँ": "ं",  # Hindi: the nasal sign with the moon is printed without it above the line
    "।": " ",
    "॥": " ",
    "॰": " ",
    "٫": ".",
    "٬": ",",
    "\u2010": "-",  # NFKC has already made the non-breaking hyphen this one
}

_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]+")

# An accent, but not that of й and ў, nor of ї: letters of their own, as Unicode collates them.
_ACCENT = re.compile(
    "[\u0300-\u0305\u0307\u0309-\u036f\u0653-\u0655]|(?<![иу])\u0306|(?<!і)\u0308", re.IGNORECASE
)
# Latin by CLDR's transform Latin-ASCII. Arabic by Lucene's Arabic and Persian normalizers, for
# letters that are typed for one another: alef maqsura and the Persian yeh for ya, ta marbuta and
# other forms of heh for heh, the Persian kaf for kaf; alef with hamza or madda decomposes to alef.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ĸ": "q", "ł": "l"}
    | {"ŋ": "n", "þ": "th", "ŧ": "t"}
    | {"ى": "ي", "ی": "ي", "ے": "ي", "ة": "ه", "ھ": "ه", "ہ": "ه", "ە": "ه", "ک": "ك", "ٱ": "ا"}
)

# हिन्दी and हिंदी: a nasal before a consonant of its own row may be written as the sign.
_HOMORGANIC = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")


_HALVES = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """Halves of surrogate pairs, which are no characters, become U+FFFD: neither a model nor a
    store takes them."""
    return _HALVES.sub("\ufffd", text)


def fold(text: str) -> str:
    """A text without what search ignores, case and accents apart (see `plain`)."""
    if text.isascii():
        return text
    # NFKC in two steps, which takes a tenth of the time where little is to be done.
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFKD", text))
    table = _table()
    return _OUTSIDE_ASCII.sub(lambda run: run[0].translate(table), composed)


def plain(word: str) -> str:
    """A folded word in lower case without accents."""
    word = word.casefold()
    if word.isascii():
        return word
    without = _ACCENT.sub("", unicodedata.normalize("NFD", word))
    return _HOMORGANIC.sub("ं", unicodedata.normalize("NFC", without).translate(_LETTERS))


class _Table(dict[int, str | None]):
    """For `str.translate`: what each character becomes, found once."""

    def __missing__(self, point: int) -> str | None:
        folded = self[point] = _character(chr(point))
        return folded


@cache
def _table() -> _Table:
    from ragcli.text.han import FOLDED

    return _Table(zip(map(ord, FOLDED[::2]), FOLDED[1::2], strict=True))


def _character(c: str) -> str | None:
    if _IGNORED.match(c):
        return None
    if c.isdecimal():
        return str(unicodedata.decimal(c))
    if "\u0900" <= c <= "\u097f":
        c = unicodedata.normalize("NFD", c)[0]  # without its nukta
    return _OTHER.get(c, c)
