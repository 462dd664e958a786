"""What a question asks for depends on what the corpus holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from ragcli.text.asking import asked_terms
from ragcli.text.terms import terms


class Corpus:
    """Texts, each a chunk, in a language."""

    def __init__(self, *texts: str, language: str | None = None) -> None:
        self._chunks = [terms(text, language) for text in texts]

    def __add__(self, other: Corpus) -> Corpus:
        both = Corpus()
        both._chunks = self._chunks + other._chunks
        return both

    def frequencies(self, terms: Iterable[str]) -> Mapping[str, int]:
        counted = {t: sum(t in chunk for chunk in self._chunks) for t in terms}
        return {t: n for t, n in counted.items() if n}

    def adjacent(self, one: str, other: str) -> bool:
        return any((one, other) in pairwise(chunk) for chunk in self._chunks)


GERMAN = Corpus("Garantie für Häuser", "Garantien", "das Haus", language="de")


def test_stop_words_are_left_out_and_absent_words_too() -> None:
    corpus = Corpus("the warranty of the pump")
    assert asked_terms("What is the warranty of the engine?", (), corpus).found == ["warranti"]
    assert asked_terms("of the", (), corpus).found == ["of", "the"]
    assert asked_terms("?", (), corpus).found == []


def test_a_stem_is_asked_for_where_it_finds_more() -> None:
    assert asked_terms("Garantien", ["de"], GERMAN).found == ["garantien", "garanti"]
    assert asked_terms("Häusern", ["de"], GERMAN).found == ["haus"]
    assert asked_terms("Häusern", (), GERMAN).found == []


def test_a_few_texts_in_another_language_do_not_outweigh_a_word() -> None:
    english = Corpus("mares", "two mares", "a mare")
    both = english + Corpus("el mar", language="es")
    assert asked_terms("mares", ["es"], both).found == ["mare"]


def test_accents_of_vietnamese_are_asked_for_where_they_are_typed() -> None:
    corpus = Corpus("con má", "cây mạ", language="vi")
    assert asked_terms("má", ["vi"], corpus).found == ["ma", "má"]
    assert asked_terms("ma", ["vi"], corpus).found == ["ma"]


def test_compounds_are_found_however_they_are_spaced() -> None:
    for text in ("fooBar", "foo_bar", "foo-bar", "foo bar", "foobar"):
        for question in ("fooBar", "foo_bar", "foo bar", "foobar"):
            assert asked_terms(question, (), Corpus(text)).found, (question, text)


def test_parts_that_stand_apart_are_no_compound() -> None:
    assert asked_terms("carpet", (), Corpus("a pet in a car")).found == []
    assert asked_terms("amino acid", (), Corpus("amino-acid", "amino acid")).found == [
        "amino",
        "acid",
    ]


def test_traditional_and_simplified_chinese_find_each_other() -> None:
    assert asked_terms("資料庫後端", (), Corpus("资料库的后端")).found == ["资料", "料库", "后端"]
    assert asked_terms("资料库", (), Corpus("資料庫")).found == ["资料", "料库"]
