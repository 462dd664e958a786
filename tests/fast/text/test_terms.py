"""What is written in a document is found by what is asked, however either is spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.text.terms import (
    MAX_TERM_CHARACTERS,
    STOP_WORDS,
    characters,
    question_terms,
    question_words,
    terms,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo_bar", ["foobar", "foo", "bar"]),
        ("fooBar", ["foobar", "foo", "bar"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("fooCaches", ["foocach", "foo", "cach"]),
        ("FOO-123", ["foo-123", "foo", "123"]),
        ("std::vector", ["std::vector", "std", "vector"]),
        ("a.b.c", ["a.b.c"]),
        ("--dry-run", ["--dry-run", "dryrun", "dri", "run"]),
        ("word--word, -5", ["word", "word", "5"]),
        ("1,234,567", ["1234567", "1", "234", "567"]),
        ("__init__", ["init"]),
        ("E1234", ["e1234", "1234"]),
        ("D123-4", ["d123-4", "d123", "123", "4"]),
        ("v1.2.3", ["v1.2.3", "v1", "1", "2", "3"]),
        ("x86_64", ["x86_64", "x86", "86", "64"]),
        ("docs/setup.md", ["docs/setup.md", "setup.md", "doc", "setup", "md"]),
        ("me@example.org", ["me@example.org", "example.org", "me", "exampl", "org"]),
        ("C++ C#", ["c++", "c#"]),
    ],
)
def test_identifiers_are_found_whole_and_in_parts(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("⽤户", "用户"),  # a Kangxi radical, as real PDFs have them
        ("ＡＢＣ", "abc"),
        ("ｶﾅ", "カナ"),
        ("⻓⻋", "长车"),  # radicals that NFKC does not know
        ("資料庫後臺", "资料库后台"),
        ("裡面", "裏面"),
        ("広島", "廣島"),
        ("२०२४", "2024"),
        ("١٢٣", "123"),
        ("हिन्दी", "हिंदी"),
        ("क़लम", "कलम"),
        ("أحمد", "احمد"),
        ("مدرسة", "مدرسه"),
        ("مستشفى", "مستشفي"),
        ("کتاب", "كتاب"),
        ("نٰمـــه", "نمه"),
        ("นํ้า", "น้ำ"),
        ("Ёлка", "елка"),
        ("Łódź", "lodz"),
        ("Đà Nẵng", "da nang"),
        ("İstanbul", "istanbul"),
        ("smørrebrød", "smorrebrod"),
        ("D123\u20114", "D123-4"),
        ("e-mail", "e_mail"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("ﬁle", "file"),
        ("warranties", "Warranty"),
        ("café", "CAFE"),
        ("cafe\u0301", "café"),
        ("STRASSE", "straße"),
        ("John's", "john"),
        ("John’s", "john"),
        ("war\u00adranty", "warranty"),  # a soft hyphen
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_two_spellings_are_one(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_scripts_without_spaces_become_pairs() -> None:
    assert terms("数据库") == ["数据", "据库"]
    assert terms("用 C 语言") == ["用", "c", "语言"]
    assert terms("使用Python3编程") == ["使用", "python3", "python", "3", "编程"]
    assert terms("人工知能・テスト") == ["人工", "工知", "知能", "テス", "スト", "テスト"]


def test_a_korean_word_is_found_without_its_particle() -> None:
    assert terms("학교에서") == ["학교", "교에", "에서"]  # its pair is the noun
    assert terms("대학교는") == ["대학", "학교", "교는", "대학교"]
    assert terms("물은 책") == ["물은", "책", "물"]


def test_a_foreign_word_in_katakana_is_found_whole() -> None:
    assert "コンピュータ" in terms("コンピューターを") and "コンピュータ" in terms("コンピュータ")


def test_alphabets_without_spaces_are_cut_between_letters() -> None:
    assert terms("ภาษาไทย") == ["ภาษา", "าษาไ", "ษาไท", "าไทย"]
    assert terms("เป็นภาษา")[0] == "เป็น"  # a vowel sign stays with its consonant
    assert terms("ខ្មែរ") == ["ខ្មែ"]
    assert terms("น้ำ ๑๒") == ["น้ํา", "12"]


@pytest.mark.parametrize("word", ["தமிழ்", "বাংলা", "తెలుగు"])
def test_vowel_signs_do_not_cut_a_word(word: str) -> None:
    assert terms(f"{word}। {word}") == [word, word]


def test_single_characters_are_folded_too() -> None:
    assert characters("資料庫 DB") == ["资", "料", "库"]


def test_a_vietnamese_word_has_a_term_with_its_accents() -> None:
    assert terms("má mạ", "vi") == ["ma", "ma", "má", "mạ"]
    assert terms("má mạ") == ["ma", "ma"]


def test_letters_that_are_no_accents_stay() -> None:
    assert terms("йод") != terms("иод") and terms("їх") != terms("іх")


def test_a_question_drops_stop_words_and_repetitions() -> None:
    assert question_terms("What is the warranty of the warranties?") == ["warranti"]
    assert question_terms("to be or not to be") == ["to", "be", "or", "not"]
    assert question_terms("?!") == []


def test_a_long_run_is_found_by_its_beginning() -> None:
    run = "a1" * 500
    assert terms(run)[0] == run[:MAX_TERM_CHARACTERS]


anything = st.text() | st.text(st.sampled_from("aB1_-.'’/é中カ्हि+# "), max_size=200)


@given(anything)
def test_a_question_asks_only_for_what_the_index_holds(text: str) -> None:
    assert set(question_terms(text)) <= set(terms(text))


@given(anything, st.sampled_from([None, "en", "de", "vi", "ru", "fa", "xx"]))
def test_a_word_asks_only_for_what_its_language_has(text: str, language: str | None) -> None:
    asked = question_words(text, [language] if language else [])
    assert {t for word in asked for t in word.terms} == set(terms(text, language))


@given(anything)
def test_no_term_is_long_or_has_white_space(text: str) -> None:
    for term in terms(text):
        assert 0 < len(term) <= MAX_TERM_CHARACTERS
        assert not any(c.isspace() for c in term)


@given(st.lists(st.sampled_from(sorted(STOP_WORDS)), min_size=1))
def test_a_question_of_stop_words_keeps_them(words: list[str]) -> None:
    assert question_terms(" ".join(words)) == list(dict.fromkeys(words))


@given(st.text(alphabet=[chr(c) for c in range(32, 127)]))
def test_ascii_texts_have_the_terms_that_the_rule_for_all_scripts_gives(text: str) -> None:
    with_another = [t for t in terms(text + " \u4e00") if t != "\u4e00"]
    assert terms(text) == with_another


def test_no_term_is_empty() -> None:
    """Of a word of accents alone nothing is left; found by fuzzing."""
    assert all(terms("fo\r\0\0\u7104\0\ufffd\u0390\ufffd't"))
