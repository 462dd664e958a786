"""The language of a question, where a few words tell."""

from __future__ import annotations

import re

from ragcli.text.language_names import language_name
from ragcli.text.scripts import KANA, SCRIPTS

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z]")
_KANA = re.compile(f"[{KANA}]")

# Words that questions are made with. Two tell, where no other language has as many.
_QUESTION_WORDS = {
    "en": "the what which who whom whose how does did why when where and with from are was has have"
    " can should there is",
    "de": "der die das und ist wie wer wo wann warum welche welcher welches wird werden nicht für"
    " mit ein eine sind hat kann",
    "fr": "le la les est quel quelle quels quelles qui que quand où comment pourquoi combien une"
    " des et dans pour sont du",
    "es": "el los las cuál cuáles quién qué cuándo dónde cómo cuánto cuántos por para una y son"
    " del está es",
    "it": "il lo gli chi che quale quali quando dove come perché quanto quanti di della del è sono"
    " per nella",
    "pt": "o os as qual quais quem quando onde como porquê quanto quantos uma e são do da é não em",
    "nl": "het een wie wat waar wanneer hoe waarom welke zijn van voor niet met hoeveel is",
}
_TELLING = 2


def question_language(question: str) -> str | None:
    """The English name of the question's language; None where its words do not tell.

    A script of one language tells, Han without kana is Chinese; among languages in Latin letters
    that one is named whose question words it has most of, two at least. A word too many costs
    nothing: without a name the model is told to look itself.
    """
    code = _by_script(question) or _by_words(question)
    return language_name(code) if code else None


def _by_script(question: str) -> str | None:
    """By the script of most of its letters, an ideograph or a syllable counting as three."""
    latin = len(_LATIN.findall(question))
    for script, languages in SCRIPTS:
        if 3 * len(re.findall(f"[{script}]", question)) > latin:
            first, *others = languages.split()
            if first == "zh":
                return "ja" if _KANA.search(question) else first
            return None if others else first
    return None


def _by_words(question: str) -> str | None:
    words = set(_WORD.findall(question.casefold()))
    counts = {code: len(words.intersection(own.split())) for code, own in _QUESTION_WORDS.items()}
    best, second, *_ = sorted(counts, key=counts.__getitem__, reverse=True)
    return best if counts[best] >= _TELLING and counts[best] > counts[second] else None
