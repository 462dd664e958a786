"""Sentences end where a reader of the language says they do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.text.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith met Mrs. Jones at 5 p.m. on Monday.", "They talked."],
        ["See Fig. 3 and Eq. 4, e.g. for U.S. data.", "Then stop."],
        ["J. R. R. Tolkien wrote it.", "Is that so?", "Yes!"],
        ["It costs 3.50 euros in version 1.2.3 of the list.", "Cheap."],
        ['He said: "Stop."', "She did not (or so it seems.)", "End."],
        ["Well … maybe not.", "We shall see…", "Or not."],
        ["Ask me at example.com or never.", "No stop at the end"],
        ["今天天气很好。", "我们去公园吧！", "你来吗？", "他说：“好的。”", "走了"],
        ["昨日は雨でした。", "「行きますか？」", "はい｡"],
        ["هل تعرف الجواب؟", "نعم أعرفه.", "شكرا"],
        ["यह पहला वाक्य है।", "यह दूसरा है॥", "अंत"],
        ["یہ پہلا جملہ ہے۔", "یہ دوسرا ہے۔"],
    ],
)
def test_sentences(expected: list[str]) -> None:
    joined = " ".join(expected)
    assert sentences(joined) == expected


def test_cjk_stops_need_no_space() -> None:
    assert sentences("他来了。她走了！（真的？）是。") == [
        "他来了。",
        "她走了！",
        "（真的？）",
        "是。",
    ]


def test_an_empty_line_ends_a_sentence_and_a_line_end_does_not() -> None:
    assert sentences("A title\n\nOne sentence\nover two lines.\r\n\r\nEnd") == [
        "A title",
        "One sentence\nover two lines.",
        "End",
    ]


def test_a_slice_keeps_to_its_bounds() -> None:
    text = "One. Two. Three. Four."
    assert [text[a:b] for a, b in sentence_spans(text, 5, 16)] == ["Two.", "Three."]


def test_a_row_of_a_million_dots_is_read_once() -> None:
    assert len(sentence_spans("." * 1_000_000)) == 1
    assert len(sentence_spans("।" * 1_000_000)) == 1


@given(st.text(st.sampled_from("aB .!?。…\n\r\"')”।"), max_size=60) | st.text())
def test_every_character_is_in_one_sentence_in_order(text: str) -> None:
    position = 0
    for start, end in sentence_spans(text):
        assert text[position:start].strip() == ""
        assert text[start:end] == text[start:end].strip() != ""
        position = end
    assert text[position:].strip() == ""
