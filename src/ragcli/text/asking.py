"""What a question asks the keyword index for, among the terms that the corpus holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from ragcli.text.terms import MAX_TERM_CHARACTERS, STOP_WORDS, Word, question_words

# A shorter half of a compound is there by chance (Koehn and Knight 2003).
_LEAST_HALF = 3


class Vocabulary(Protocol):
    """What is asked of the keyword index."""

    def frequencies(self, terms: Iterable[str]) -> Mapping[str, int]:
        """Of the terms those that occur, with how many chunks hold each."""
        ...

    def adjacent(self, one: str, other: str) -> bool:
        """Some chunk holds the second term right after the first."""
        ...


class Asked(NamedTuple):
    """The terms of a question that occur in a corpus, and those of its words that do not."""

    found: list[str]
    missing: list[str]


def asked_terms(question: str, languages: Sequence[str], vocabulary: Vocabulary) -> Asked:
    """What a question asks of a corpus with documents in these languages, without stop words,
    unless there is nothing else.

    * A word's term; its stem in a language of the corpus, too, where that finds more chunks.
    * Two words that the corpus writes as one: "data base" asks for `database`, too.
    * A word that occurs nowhere, as the two that the corpus writes it with: "database" asks for
      `data` and `base` where "data base" stands.
    """
    words = question_words(question, languages)
    told = [w for w in words if w.term not in STOP_WORDS] or words
    joined = dict(_joined(words, languages))
    known = vocabulary.frequencies(_terms_of([*told, *joined.values()]))
    found: dict[str, None] = {}
    missing: dict[str, None] = {}
    for word in told:
        chosen = _chosen(word, known)
        # Longer ones are data: there are as many ways to cut one in two as it has letters.
        if not chosen and word.is_plain and len(word.text) <= MAX_TERM_CHARACTERS:
            chosen = _split(word, languages, vocabulary)
        found |= dict.fromkeys(chosen)
        if not chosen:
            missing[word.term] = None
    for (one, other), word in joined.items():
        # Parts of a hyphenated or camel-case word are terms, too: more often, then, than the whole.
        if known.get(word.term, 0) > min(known.get(one.term, 0), known.get(other.term, 0)):
            found |= dict.fromkeys(_chosen(word, known))
    return Asked(list(found), list(missing))


def _terms_of(words: Iterable[Word]) -> list[str]:
    return list(dict.fromkeys(t for word in words for t in word.terms))


def _chosen(word: Word, known: Mapping[str, int]) -> list[str]:
    common = known.get(word.term, 0)
    wider = [stem for stem in word.stems if known.get(stem, 0) > common]
    return [t for t in (word.term, *wider, word.exact) if t is not None and t in known]


def _joined(
    words: Sequence[Word], languages: Sequence[str]
) -> Iterator[tuple[tuple[Word, Word], Word]]:
    for one, other in pairwise(words):
        if one.is_plain and other.is_plain and not {one.term, other.term} & STOP_WORDS:
            yield (one, other), question_words(one.text + other.text, languages)[0]


def _split(word: Word, languages: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    text = word.text
    cuts = range(_LEAST_HALF, len(text) - _LEAST_HALF + 1)
    halves = {c: question_words(f"{text[:c]} {text[c:]}", languages) for c in cuts}
    known = vocabulary.frequencies(_terms_of(w for pair in halves.values() for w in pair))
    for pair in halves.values():
        chosen = [_chosen(half, known) for half in pair]
        if len(chosen) == 2 and all(chosen) and vocabulary.adjacent(chosen[0][0], chosen[1][0]):
            return [*chosen[0], *chosen[1]]
    return []
