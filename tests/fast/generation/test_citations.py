"""An answer as it comes: what is shown, what is removed, what each marker rests on."""

from __future__ import annotations

import pytest
from fakes.passages import passage
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.generation.answers import AnswerReader, CheckedAnswer, checked, read_answer
from ragcli.generation.citations import quote_line
from ragcli.generation.markers import clean

TWO = [passage("The warranty runs for 24 months."), passage("It covers parts.", chunk_id="c2")]

# Text that is dense in everything the grammar of markers and sentences is made of.
MARKERS = ["[1]", "[2]", "[9]", "[0]", "[1, 2]", "[1,9]", "[1-3]", "【1】", "【1†L1-L3】", "［２］"]
QUOTED = ['[1: "runs for 24 months"]', "[2 “It covers parts.”]", '[9: "x"]', '[1: "', '"]', '"']
PARTS = ["[", "]", "[[", "]]", "【", "1", "9", ",", "-", "†", "`", "```", " ", "  ", "\n"]
OTHERS = ["word", "Word", "词。", ". ", "? ", ":", "e.g. ", "\x1b", "\ufffd", "\r", "…"]
FRAGMENTS = st.sampled_from([*MARKERS, *QUOTED, *PARTS, *OTHERS])
ANSWERS = st.lists(FRAGMENTS, max_size=30).map("".join)


def read(text: str) -> CheckedAnswer:
    return read_answer(text, TWO, verbatim=False)


@settings(max_examples=500)
@given(ANSWERS, st.lists(st.integers(0, 1000), max_size=12))
def test_a_stream_gives_what_the_whole_gives_however_it_is_cut(text: str, cuts: list[int]) -> None:
    reader = AnswerReader(TWO, verbatim=False)
    sentences, start = [], 0
    for cut in sorted(c % (len(text) + 1) for c in cuts):
        sentences += reader.feed(text[start:cut])
        start = cut
    sentences += [*reader.feed(text[start:]), *reader.end()]
    assert checked(sentences, reader.removed) == read(text)


@settings(max_examples=300)
@given(ANSWERS)
def test_no_marker_that_points_nowhere_is_left(text: str) -> None:
    once = read(text)
    again = read(once.text)
    assert again.removed == () and again.text == once.text


@given(st.text(max_size=60))
def test_text_without_brackets_passes_unchanged(text: str) -> None:
    plain = text.translate(dict.fromkeys(map(ord, "[]【】［］")))
    assert read(plain).text == clean(plain)


@pytest.mark.parametrize(
    ("text", "answer", "numbers", "removed"),
    [
        ("A [1]. B [2].", "A [1]. B [2].", [1, 2], []),
        ("A [2][1].", "A [2][1].", [2, 1], []),
        ("A [1, 2].", "A [1][2].", [1, 2], []),
        ("A [1-2].", "A [1][2].", [1, 2], []),
        ("甲【1】。乙［２］。", "甲[1]。乙[2]。", [1, 2], []),
        ("A 【2†L3-L4】.", "A [2].", [2], []),
        ('A [2: "It covers parts"].', "A [2].", [2], []),
        ("A [2 “it covers parts”].", "A [2].", [2], []),
        ('A [2, "see [1] of it"].', "A [2].", [2], []),
        ("A [9]. B [1].", "A. B [1].", [1], ["[9]"]),
        ("A [1, 7].", "A [1].", [1], ["[7]"]),
        ("A [0].", "A.", [], ["[0]"]),
        ("A [1-900].", "A [1][2].", [1, 2], ["[900]"]),
        ("In [2024] it was.", "In [2024] it was.", [], []),
        ("Use `a[9]` [1].", "Use `a[9]` [1].", [1], []),
        ("```\na[9]\n```\n[1]", "```\na[9]\n```\n[1]", [1], []),
        ("[[9]8]", "[…8]", [], ["[9]"]),
    ],
)
def test_markers(text: str, answer: str, numbers: list[int], removed: list[str]) -> None:
    found = read(text)
    assert found.text == answer
    assert [c.marker for c in found.citations] == numbers
    assert list(found.removed) == removed


def test_each_sentence_is_given_out_when_the_next_has_begun() -> None:
    reader = AnswerReader(TWO, verbatim=False)
    assert reader.feed('It runs for 24 months [1: "runs for 24') == []
    assert reader.feed(' months"].') == []
    (first,) = reader.feed(" It")
    assert first.text == "It runs for 24 months [1]. "
    assert [c.verdict for c in first.citations] == ["supported"]
    assert first.text[: first.marker_ends[0]].endswith("[1]")
    assert reader.feed(" covers parts [2].") == []
    (last,) = reader.end()
    assert last.text == "It covers parts [2]." and last.citations[0].quote == "It covers parts"


@pytest.mark.parametrize(
    ("text", "uncited"),
    [
        ("A is so [1]. B is so.", ["B is so"]),
        ("A is so. [1] B is so. [2]", []),
        ("A is so.\n[1]\nB is so.", ["B is so"]),
        ("There are two:\n- one [1]\n- two", ["two"]),
        ("甲是这样。[1]乙是这样。", ["乙是这样"]),
        ("---", []),
    ],
)
def test_claims_without_a_marker_are_told(text: str, uncited: list[str]) -> None:
    assert list(read(text).uncited) == uncited


def test_what_could_move_a_cursor_is_removed() -> None:
    assert clean("a\x1b]0;x\x07b\r\n\tc\ufffd\x9b\ud800") == "a]0;xb\n\tc"


# ------------------------------------------------------------------ verdicts

SOURCES = [
    passage(
        "The warranty runs for 24 months from the date of de-\nlivery, but **batteries** are"
        " covered for 12 months only.\nMisuse is not covered.",
        line_start=5,
        line_end=7,
    ),
    passage("Alice Miller founded the firm in Berlin on 5 January 1990.", chunk_id="c2"),
    passage("产品保修期为二十四个月，电池不在保修范围内。", chunk_id="c3"),
]


@pytest.mark.parametrize(
    ("text", "verdict", "note"),
    [
        ('It runs for 24 months [1: "runs for 24 months"].', "supported", ""),
        (
            'It runs for 24 months [1: "RUNS for ２４ months from the date of delivery"].',
            "supported",
            "",
        ),
        ("Misuse is not covered [1].", "supported", ""),
        ('The firm was founded on January 5, 1990 [2: "on 5 January 1990"].', "supported", ""),
        ("Alice Miller founded the firm on January 5, 1990 [2].", "unchecked", "no quote"),
        ('保修期为24个月 [3: "保修期为二十四个月"]。', "supported", ""),
        ('It runs for 60 months [1: "runs for 24 months"].', "disagrees", "source says 24 months"),
        ('It runs for 24 days [1: "runs for 24 months"].', "disagrees", "source says 24 months"),
        ('Misuse is covered [1: "Misuse is not covered"].', "disagrees", "“not”"),
        ('It was on 5 March 1990 [2: "on 5 January 1990"].', "disagrees", "March"),
        ('电池在保修范围内 [3: "电池不在保修范围内"]。', "disagrees", "不"),
        ('保修期为36个月 [3: "保修期为二十四个月"]。', "disagrees", "二十四个月"),
        ("It runs for 99 months [1].", "disagrees", "claim says 99 months"),
        (
            'Batteries are covered for 24 months [1: "batteries are covered for 12 months"].',
            "unchecked",
            "does not say 24 months",
        ),
        ('It runs for 36 months [1: "runs for 36 months"].', "not_found", "not there"),
        ('Misuse is covered [1: "misuse is covered"].', "not_found", "not there"),
        ('Alice Miller founded it [1: "Alice Miller founded the firm"].', "misattributed", "[2]"),
        ('The warranty lasts two years [3: "保修期为二十四个月"].', "unchecked", "language"),
        (
            'The warranty runs for 24 months, batteries 12 [1: "The warranty … 12 months only"].',
            "supported",
            "leaves out",
        ),
    ],
)
def test_verdicts(text: str, verdict: str, note: str) -> None:
    found = read_answer(text, SOURCES, verbatim=False)
    (citation,) = found.citations
    assert citation.verdict == verdict, citation
    assert note in citation.note and bool(note) == bool(citation.note)


def test_a_quote_knows_its_lines_and_characters() -> None:
    text = '12 months only for them [1: "are covered for 12 months only"].'
    (citation,) = read_answer(text, SOURCES, verbatim=False).citations
    own = SOURCES[0]
    start, end = citation.char_start - own.char_start, citation.char_end - own.char_start
    assert own.text[start:end] == citation.quote == "are covered for 12 months only"
    assert (citation.line_start, citation.line_end) == (6, 6)


def test_a_citation_that_is_repointed_says_so_in_the_text() -> None:
    found = read_answer(
        'Misuse is not covered [2: "Misuse is not covered"].', SOURCES, verbatim=False
    )
    assert found.text == "Misuse is not covered [1]."
    assert found.citations[0].marker == 1 and found.citations[0].verdict == "misattributed"


# ------------------------------------------------------------------ verbatim


@given(st.text(min_size=1, max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_any_quoted_words_are_found_again_exactly(words: str, before: str, after: str) -> None:
    document = passage(before + words + after, char_start=7)
    line = quote_line(words, 1)
    (citation,) = read_answer(line, [document], verbatim=True).citations or (None,)
    if not clean(words).split():
        assert citation is None or citation.verdict == "not_found"
        return
    assert citation is not None
    assert citation.verdict == "supported"
    start = citation.char_start - 7
    assert document.text[start : citation.char_end - 7] == citation.quote
    assert clean(citation.quote or "").split() == clean(words).split()


def test_a_quote_may_hold_quotation_marks_and_footnotes() -> None:
    text = 'He said "stay" [3], and "go" [1].'
    document = passage(f"Before. {text}\nAfter.", line_start=5, line_end=6)
    answer = quote_line(text, 1)
    stream = AnswerReader([document], verbatim=True)
    assert "".join(s.text for s in [*stream.feed(answer), *stream.end()]) == answer
    resolved = read_answer(answer, [document], verbatim=True)
    assert (resolved.text, resolved.removed, resolved.uncited) == (answer, (), ())
    (citation,) = resolved.citations
    assert (citation.quote, citation.verdict) == (text, "supported")
    assert (citation.line_start, citation.line_end, citation.char_start) == (5, 5, 108)


def test_a_quote_over_two_lines_is_one_line_and_knows_both() -> None:
    document = passage("One\ntwo  three.", line_start=5, line_end=6)
    answer = quote_line("One\ntwo  three.", 1)
    assert answer == '"One two three." [1]'
    (citation,) = read_answer(answer, [document], verbatim=True).citations
    assert citation.quote == "One\ntwo  three."
    assert (citation.line_start, citation.line_end) == (5, 6)


def test_words_that_are_not_there_are_not_found() -> None:
    (citation,) = read_answer('"It runs for 36 months." [1]', TWO, verbatim=True).citations
    assert citation.verdict == "not_found"
