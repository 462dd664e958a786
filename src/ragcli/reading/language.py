"""Which language a text is written in."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from ragcli.domain import Document
from ragcli.text.scripts import HAN, HANGUL, KANA

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# Three samples of this many code points (beginning, middle, end) decide as surely as the whole.
_SAMPLE_CODE_POINTS = 1000

# A paragraph of any language tells.
_TELLING_LETTERS = 100
# Below this a name or a number would be given a language by chance (measured with py3langid:
# `hello` is Breton, "Ceci est un texte." French at 0.53).
_LEAST_LETTERS = 20
_LEAST_PROBABILITY = 0.6
# Ideographs and syllables say more than letters do: four are a phrase, one is worth three letters.
_LEAST_CHARACTERS = 4
_LETTERS_PER_CHARACTER = 3
# Japanese text is about half kana; Chinese text quotes a brand name or a `の` at most.
_JAPANESE_KANA_SHARE = 0.1

_CHARACTERS = {
    "han": re.compile(f"[{HAN}]"),
    "kana": re.compile(f"[{KANA}]"),
    "hangul": re.compile(f"[{HANGUL}]"),
}
# Every sixth word of English prose is one of these, and hardly a word of any other language is:
# the common case needs no model, which takes 0.6 s to unpack, and 100 MB.
_ENGLISH = re.compile(r"\b(?:the|of|and|to|that|with|for|this|from|which|are|by)\b", re.IGNORECASE)
_ENGLISH_SHARE = 0.12
_LEAST_WORDS = 20
_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
_LOADING = Lock()
# Scripts that serve one language, or nearly so (Unicode 16, Blocks.txt).
_ONE_LANGUAGE = {
    "th": re.compile("[\u0e00-\u0e7f]"),
    "lo": re.compile("[\u0e80-\u0eff]"),
    "my": re.compile("[\u1000-\u109f]"),
    "km": re.compile("[\u1780-\u17ff]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "hy": re.compile("[\u0530-\u058f]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
}


def with_language(document: Document) -> Document:
    """The document with its language, where it has none and is no code."""
    if document.language is not None or document.format == "code":
        return document
    return replace(document, language=detect_language(document.text))


def hinted(text: str, stated: str | None) -> str | None:
    """The language that a document states of itself, where its text is too short to tell; None
    where the text will. Templates state a wrong one often enough."""
    code = (stated or "").partition("-")[0].partition("_")[0].lower()
    is_short = len(_LETTER.findall(text[: 2 * _TELLING_LETTERS])) < _TELLING_LETTERS
    return code if is_short and len(code) == 2 and code.isalpha() else None


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; None when it is too short or too mixed to say."""
    sample = _sample(text)
    letters = len(_LETTER.findall(sample))
    return _by_script(sample, letters) or _by_words(sample, letters)


def _sample(text: str) -> str:
    size = _SAMPLE_CODE_POINTS
    if len(text) <= 3 * size:
        return text
    middle = (len(text) - size) // 2
    return "\n".join((text[:size], text[middle : middle + size], text[-size:]))


def _by_script(sample: str, letters: int) -> str | None:
    counts = {name: len(pattern.findall(sample)) for name, pattern in _CHARACTERS.items()}
    east_asian = sum(counts.values())
    if east_asian >= _LEAST_CHARACTERS and (
        east_asian * _LETTERS_PER_CHARACTER > letters - east_asian
    ):
        if counts["hangul"] > east_asian / 2:
            return "ko"
        return "ja" if counts["kana"] > east_asian * _JAPANESE_KANA_SHARE else "zh"
    for language, pattern in _ONE_LANGUAGE.items():
        found = len(pattern.findall(sample))
        if found >= _LEAST_CHARACTERS and found > letters / 2:
            return language
    return None


def _by_words(sample: str, letters: int) -> str | None:
    if letters < _LEAST_LETTERS:
        return None
    words = len(_WORD.findall(sample))
    if words >= _LEAST_WORDS and len(_ENGLISH.findall(sample)) >= words * _ENGLISH_SHARE:
        return "en"
    language, probability = _identifier().classify(sample)
    return str(language) if probability >= _LEAST_PROBABILITY else None


def _identifier() -> LanguageIdentifier:
    with _LOADING:  # by one thread, once
        return _loaded()


@cache
def _loaded() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # The model also knows languages without an ISO 639-1 code, and `zxx`, no language at all.
    identifier.set_languages([code for code in identifier.labels if len(code) == 2])
    return identifier
