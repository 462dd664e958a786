"""In which language a question is asked, and in which its documents are written.

A short question is too little to tell its language by, its script is not: questions of one script
about documents of one language are put together, and the language of all of them is told.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from ragcli.domain import Document
from ragcli.reading.language import detect_language

# Letters of a document that tell its script.
_SAMPLE = 2000
# Questions that are put together: more tell no more.
_TOGETHER = 200
# Shorter ones are often taken for a kindred language.
_LEAST_LETTERS = 200

# The first words of Unicode's names for the characters of one writing.
_SAME = {"HIRAGANA": "KANA", "KATAKANA": "KANA", "HALFWIDTH": "KANA"}
# Characters that say as much as three letters: a Chinese question quotes long Latin names.
_DENSE = ("CJK", "KANA", "HANGUL")
_LETTERS_A_CHARACTER = 3


def pairs(asked: Sequence[tuple[str, str, Document | None]]) -> Mapping[str, str]:
    """``en → zh`` for each question id of which it can be told; ``asked`` are (id, question, a
    document that answers it). None at all where every question is asked in the language of its
    documents, and that is one language: there is nothing to tell apart."""
    kinds: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for id_, text, document in asked:
        script = script_of(text)
        if document is not None and document.language and script:
            kind = (script, script_of(document.text[:_SAMPLE]), document.language)
            kinds.setdefault(kind, []).append((id_, text))
    named = {}
    for kind, some in kinds.items():
        asked_in = _language(" ".join(text for _, text in some[:_TOGETHER]), *kind)
        named[kind] = f"{asked_in} → {kind[2]}"
    alike = {f"{language} → {language}" for _, _, language in kinds}
    if len(set(named.values())) < 2 and set(named.values()) <= alike:
        return {}
    return {id_: named[kind] for kind, some in kinds.items() for id_, _ in some}


def _language(together: str, script: str, written: str, language: str) -> str:
    """Of questions in one script about documents in one language. In the documents' own script it
    takes more letters to tell another language."""
    if script != written:
        return detect_language(together) or script.lower()
    letters = sum(c.isalpha() for c in together)
    return (letters >= _LEAST_LETTERS and detect_language(together)) or language


def script_of(text: str) -> str:
    """The script of most of its letters, by Unicode's name; empty where there are none."""
    names = (unicodedata.name(c, "").partition(" ")[0] for c in text if c.isalpha())
    counts = Counter(_SAME.get(name, name) for name in names if name)
    for name in _DENSE:
        counts[name] *= _LETTERS_A_CHARACTER
    if counts["KANA"]:
        return "KANA"
    return counts.most_common(1)[0][0] if +counts else ""
