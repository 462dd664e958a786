"""Words without their endings, language by language (Snowball).

A word's own language is often unknown: a question is short, and documents quote each other's
languages. So every word has a common stem that depends on its letters alone (English for Latin
script, Russian for Cyrillic ...), and in a document of another language a second one by that
language's rules. A question asks for the first, and for the second where documents of such a
language are in the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from ragcli.text.folding import plain

_LATIN = "a-zß-ɏḀ-ỿ"
_CYRILLIC = "\u0400-\u052f"
_ARABIC = "\u0620-\u06ff"
_DEVANAGARI = "\u0900-\u097f"

# The language whose rules a script's words are stemmed by when nothing else is known.
_COMMON = {
    _CYRILLIC: "russian",
    "\u0370-\u03ff\u1f00-\u1fff": "greek",
    _ARABIC: "arabic",
    _DEVANAGARI: "hindi",
    "\u0b80-\u0bff": "tamil",
}

# ISO 639-1 -> the rules of Snowball, for words in the letters named.
_OWN: dict[str, tuple[str, str]] = {
    "bs": ("serbian", _LATIN),
    "ca": ("catalan", _LATIN),
    "cs": ("czech", _LATIN),
    "da": ("danish", _LATIN),
    "de": ("german", _LATIN),
    "es": ("spanish", _LATIN),
    "et": ("estonian", _LATIN),
    "eu": ("basque", _LATIN),
    "fa": ("persian", _ARABIC),
    "fi": ("finnish", _LATIN),
    "fr": ("french", _LATIN),
    "hr": ("serbian", _LATIN),
    "hu": ("hungarian", _LATIN),
    "id": ("indonesian", _LATIN),
    "it": ("italian", _LATIN),
    "lt": ("lithuanian", _LATIN),
    "nb": ("norwegian", _LATIN),
    "ne": ("nepali", _DEVANAGARI),
    "nl": ("dutch", _LATIN),
    "nn": ("norwegian", _LATIN),
    "no": ("norwegian", _LATIN),
    "pl": ("polish", _LATIN),
    "pt": ("portuguese", _LATIN),
    "ro": ("romanian", _LATIN),
    "sr": ("serbian", _LATIN + _CYRILLIC),
    "sv": ("swedish", _LATIN),
    "tr": ("turkish", _LATIN),
}

_ARABIC_PREFIX = re.compile("(?:وال|بال|كال|فال|لل|ال)(?=..)|و(?=...)")
_ARABIC_ENDINGS = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")

# Accents tell most words of Vietnamese apart (má, mà, mã, mạ): a word as it is written is a term
# of its own beside the one without them.
AS_WRITTEN = frozenset({"vi"})


def version() -> str:
    """Another Snowball may give other stems."""
    import Stemmer

    return str(Stemmer.version())


def stemmed(languages: Iterable[str]) -> tuple[str, ...]:
    """Those of the languages in which a word has a term beside the common one."""
    return tuple(sorted(set(languages) & (_OWN.keys() | AS_WRITTEN)))


def common_stem(word: str) -> str:
    """By the rules of the word's script. The word is folded and in lower case; the stem is
    without accents."""
    if word.isascii():
        return _stem("english", word) if word.isalpha() else word
    without = plain(word)
    if without.isascii():
        return common_stem(without)
    for letters, rules in _scripts():
        if letters.match(word):
            return _arabic(without) if rules == "arabic" else plain(_stem(rules, word))
    return without


def _arabic(word: str) -> str:
    """The light stemmer "light10" (Larkey, Ballesteros and Connell 2007) of a plain word. Snowball
    takes letters of the root (سيارات) and leaves what is joined before the article (والكتاب)."""
    if prefix := _ARABIC_PREFIX.match(word):
        word = word[prefix.end() :]
    for ending in _ARABIC_ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + 2:
            word = word.removesuffix(ending)
    return word


def own_stem(word: str, language: str) -> str | None:
    """By the rules of a language; None where it has none for these letters. Endings with an
    accent are known by it, so it is taken off last."""
    if language in AS_WRITTEN:
        return None if word.isascii() else word
    rules, letters = _OWN.get(language, ("", ""))
    return plain(_stem(rules, word)) if letters and _letters(letters).match(word) else None


@cache
def _scripts() -> list[tuple[re.Pattern[str], str]]:
    return [(_letters(letters), rules) for letters, rules in _COMMON.items()]


@cache
def _letters(letters: str) -> re.Pattern[str]:
    return re.compile(f"[{letters}\u0300-\u036f]*$")


def _stem(rules: str, word: str) -> str:
    return _stemmer(rules)(word)


@cache
def _stemmer(rules: str) -> Callable[[str], str]:
    import Stemmer

    stem: Callable[[str], str] = Stemmer.Stemmer(rules).stemWord
    return stem
