"""Inflected words are found in their own languages, different words are not, and accents that a
question leaves out cost nothing."""

from __future__ import annotations

import pytest

from ragcli.text.terms import phrase, question_words, terms

# Forms of one word, by language.
FORMS = {
    "ar": "كتاب الكتاب والكتاب كتابه|مدرسة المدرسة|جامعة الجامعة جامعات|معلم المعلمين",
    "ca": "universitat universitats|país països|parlar parlava parlat",
    "cs": "kniha knihy knihu|město města|univerzita univerzity",
    "da": "hus huset huse|skole skoler skolen|forsikring forsikringer",
    "de": "Haus Häuser Häusern Haeuser|Versicherung Versicherungen|Straße Straßen",
    "el": "σπίτι σπίτια|βιβλίο βιβλία βιβλίου|χώρα χώρες|άνθρωπος άνθρωποι ανθρώπων",
    "en": "warranty warranties|connect connected connecting",
    "es": "niño niños niña|acción acciones|publicar publicó publicado|país países",
    "et": "raamat raamatud",
    "fa": "کتاب کتابها کتاب‌ها|دانشگاه دانشگاهها",
    "fi": "talo talon talossa talot|kirja kirjan kirjat|yliopisto yliopiston yliopistossa",
    "fr": "maison maisons|manger mangé mangée|développement développer développé|général générale",
    "hi": "किताब किताबें किताबों|भाषा भाषाएँ भाषाओं",
    "hu": "ház házak házban|könyv könyvek könyvet|város városok városban",
    "id": "buku bukunya|rumah rumahnya",
    "it": "libro libri|azione azioni|nazionale nazionali|amico amici",
    "lt": "namas namai namų|knyga knygos knygų",
    "nl": "boek boeken|verzekering verzekeringen",
    "no": "hus huset husene|skole skoler skolen|forsikring forsikringer",
    "pl": "dom domu domy domów|uniwersytet uniwersytetu|szkoła szkoły",
    "pt": "casa casas|falar falou falava|universidade universidades",
    "ro": "carte cărți cărții|universitate universități",
    "ru": "книга книги книг книгу|новый новая новые нового|российский российская",
    "sr": "kuća kuće|књига књиге књигу",
    "sv": "hus huset husen|flicka flickor|försäkring försäkringar",
    "ta": "புத்தகம் புத்தகங்கள்",
    "tr": "ev evler evde evlerden|kitap kitaplar|yıl yıllar yılda|gün günler",
}

# Different words that look alike.
DIFFERENT = {
    "ar": "كتاب كلب|علم عمل|بيت بنت|ولد والد|بحر حرب",
    "de": "Land Landung|Kirche Kirsche|Rat Ratte|Wand Wunde|Rose Rost",
    "en": "organ orange|new newt|policy polish",
    "es": "peso pesca|rey real|ciudad cuidado|hombre hambre",
    "fa": "کار کر|شیر شهر|مرد مردم",
    "fi": "tuli tuuli|kuka kukka|maa maku",
    "fr": "poisson poison|livre livret|roman romain",
    "hi": "कल काल|दिन दान|पल फल",
    "hu": "fal fél|ház has",
    "it": "pena penna|anno nonno|capello cappello",
    "nl": "man maan|bom boom|bos boos",
    "ru": "мир мирра|стол столица|вода водка",
    "sv": "hus hust|bok bock",
    "tr": "el ev|at et|baş beş",
}


def groups(table: dict[str, str]) -> list[tuple[str, list[str]]]:
    return [(code, words.split()) for code, text in table.items() for words in text.split("|")]


def asked(word: str, language: str) -> set[str]:
    return {t for w in question_words(word, [language]) for t in w.terms}


@pytest.mark.parametrize(("language", "words"), groups(FORMS))
def test_forms_of_a_word_find_each_other(language: str, words: list[str]) -> None:
    first = words[0]
    for other in words[1:]:
        assert asked(first, language) & set(terms(other, language)), other
        assert asked(other, language) & set(terms(first, language)), other


@pytest.mark.parametrize(("language", "words"), groups(DIFFERENT))
def test_different_words_stay_apart(language: str, words: list[str]) -> None:
    one, other = words
    assert not asked(one, language) & set(terms(other, language))


@pytest.mark.parametrize(
    ("language", "typed", "written"),
    [
        ("fr", "universite", "université"),
        ("tr", "yillar", "yıllar"),
        ("pl", "domow", "domów"),
        ("pt", "pao", "pão"),
        ("hu", "nok", "nők"),
        ("de", "hauser", "Häuser"),
        ("vi", "ha noi", "Hà Nội"),
    ],
)
def test_a_question_without_accents_finds_the_word(language: str, typed: str, written: str) -> None:
    assert asked(typed, language) & set(terms(written, language))


def test_a_quotation_in_another_language_is_found_by_its_common_stem() -> None:
    german = set(terms("die warranties und книги", "de"))
    assert {"warranti", *terms("книга")} <= german


def test_what_a_language_adds_does_not_part_a_phrase() -> None:
    quoted = phrase("Garantien der Häuser")
    text = terms("Alle Garantien der Häuser gelten", "de")
    assert any(text[i : i + len(quoted)] == quoted for i in range(len(text)))
    assert "haus" in text
