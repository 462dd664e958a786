"""Markers: what is let through, what is removed, what each points at."""

from __future__ import annotations

import pytest
from fakes.passages import passage
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.generation.citations import MarkerFilter, clean, quote_line, resolve

TWO = [passage("The warranty runs for 24 months."), passage("It covers parts.", chunk_id="c2")]

# Text that is dense in everything the grammar of markers is made of.
MARKERS = ["[1]", "[2]", "[9]", "[0]", "[1, 2]", "[1,9]", "[1-3]", "【1】", "【1†L1-L3】", "［２］"]
PARTS = ["[", "]", "[[", "]]", "【", "1", "9", ",", "-", "†", "`", "```", " ", "  ", "\n"]
OTHERS = ["word", "词。", ". ", "\x1b", "\ufffd", "\r", "…"]
FRAGMENTS = st.sampled_from([*MARKERS, *PARTS, *OTHERS])
ANSWERS = st.lists(FRAGMENTS, max_size=30).map("".join)


def filtered(text: str, cuts: list[int]) -> tuple[str, list[str]]:
    """The text through a filter, cut at these places."""
    markers = MarkerFilter(2)
    shown, start = "", 0
    for cut in sorted(c % (len(text) + 1) for c in cuts):
        shown += markers.feed(text[start:cut])
        start = cut
    shown += markers.feed(text[start:]) + markers.end()
    return shown, markers.removed


@settings(max_examples=400)
@given(ANSWERS, st.lists(st.integers(0, 1000), max_size=12))
def test_a_stream_shows_what_resolve_gives_however_it_is_cut(text: str, cuts: list[int]) -> None:
    whole = resolve(text, TWO, verbatim=False)
    assert filtered(text, cuts) == (whole.answer, list(whole.removed))


@settings(max_examples=400)
@given(ANSWERS)
def test_no_marker_that_points_nowhere_is_left(text: str) -> None:
    once = resolve(text, TWO, verbatim=False)
    again = resolve(once.answer, TWO, verbatim=False)
    assert again.removed == ()
    assert (again.answer, again.citations) == (once.answer, once.citations)


@given(st.text(max_size=60))
def test_text_without_brackets_passes_unchanged(text: str) -> None:
    plain = text.translate(dict.fromkeys(map(ord, "[]【】［］")))
    assert resolve(plain, TWO, verbatim=False).answer == clean(plain)


@pytest.mark.parametrize(
    ("text", "answer", "numbers", "removed"),
    [
        ("A [1]. B [2].", "A [1]. B [2].", [1, 2], []),
        ("A [2][1].", "A [2][1].", [2, 1], []),
        ("A [1, 2].", "A [1][2].", [1, 2], []),
        ("A [1-2].", "A [1][2].", [1, 2], []),
        ("甲【1】。乙［２］。", "甲[1]。乙[2]。", [1, 2], []),
        ("A 【2†L3-L4】.", "A [2].", [2], []),
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
    resolved = resolve(text, TWO, verbatim=False)
    assert resolved.answer == answer
    assert [c.marker for c in resolved.citations] == numbers
    assert list(resolved.removed) == removed


def test_a_citation_without_a_quote_is_unchecked_and_spans_its_passage() -> None:
    (citation,) = resolve("It covers parts [2]. Yes [2].", TWO, verbatim=False).citations
    assert (citation.quote, citation.verdict) == (None, "unchecked")
    assert (citation.char_start, citation.char_end) == (100, 100 + len(TWO[1].text))
    assert citation.chunk_id == "c2"


@pytest.mark.parametrize(
    ("text", "uncited"),
    [
        ("A is so [1]. B is so.", ["B is so."]),
        ("A is so. [1] B is so. [2]", []),
        ("A is so.\n[1]\nB is so.", ["B is so."]),
        ("There are two:\n- one [1]\n- two", ["- two"]),
        ("甲是这样。[1]乙是这样。", ["乙是这样。"]),
        ("---", []),
    ],
)
def test_claims_without_a_marker_are_told(text: str, uncited: list[str]) -> None:
    assert list(resolve(text, TWO, verbatim=False).uncited) == uncited


def test_what_could_move_a_cursor_is_removed() -> None:
    assert clean("a\x1b]0;x\x07b\r\n\tc\ufffd\x9b\ud800") == "a]0;xb\n\tc"


# ------------------------------------------------------------------ verbatim


@given(st.text(min_size=1, max_size=80), st.text(max_size=40), st.text(max_size=40))
def test_any_quoted_words_are_found_again_exactly(words: str, before: str, after: str) -> None:
    document = passage(before + words + after, char_start=7)
    line = quote_line(words, 1)
    (citation,) = resolve(line, [document], verbatim=True).citations or (None,)
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
    stream = MarkerFilter(1, verbatim=True)
    assert stream.feed(answer) + stream.end() == answer
    resolved = resolve(answer, [document], verbatim=True)
    assert (resolved.answer, resolved.removed, resolved.uncited) == (answer, (), ())
    (citation,) = resolved.citations
    assert (citation.quote, citation.verdict) == (text, "supported")
    assert (citation.line_start, citation.line_end, citation.char_start) == (5, 5, 108)


def test_a_quote_over_two_lines_is_one_line_and_knows_both() -> None:
    document = passage("One\ntwo  three.", line_start=5, line_end=6)
    answer = quote_line("One\ntwo  three.", 1)
    assert answer == '"One two three." [1]'
    (citation,) = resolve(answer, [document], verbatim=True).citations
    assert citation.quote == "One\ntwo  three."
    assert (citation.line_start, citation.line_end) == (5, 6)


def test_words_that_are_not_there_are_not_found() -> None:
    (citation,) = resolve('"It runs for 36 months." [1]', TWO, verbatim=True).citations
    assert citation.verdict == "not_found"
