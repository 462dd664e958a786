"""Line numbers are those an editor shows, for every kind of line end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.text.lines import LineTable, line_spans, on_one_line, on_one_line_with_offsets

texts = st.text(st.sampled_from("ab\n\r\u2028\x0b\x0c\x85 字"), max_size=40)


@given(texts)
def test_the_line_of_an_offset_counts_the_line_ends_before_it(text: str) -> None:
    table = LineTable(text)
    for offset in range(len(text)):
        # A line feed after a carriage return ends the line that the carriage return stands on.
        before = text[:offset].replace("\r\n", "\n")
        if text[offset] == "\n" and before.endswith("\r"):
            before = before[:-1]
        assert table.line_at(offset) == 1 + before.count("\n") + before.count("\r")


@given(texts)
def test_spans_and_numbers_of_lines_agree(text: str) -> None:
    table = LineTable(text)
    for number, (start, end) in enumerate(line_spans(text), start=1):
        assert table.line_at(start) == table.line_at(end - 1) == number


@given(texts)
def test_lines_put_together_are_the_text(text: str) -> None:
    assert "".join(text[start:end] for start, end in line_spans(text)) == text


def test_only_line_ends_end_lines() -> None:
    text = "a\u2028b\x0bc\x0cd\x85e\r\nf\rg\nh"
    assert [text[a:b] for a, b in line_spans(text)] == [
        "a\u2028b\x0bc\x0cd\x85e\r\n",
        "f\r",
        "g\n",
        "h",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\n  lines\tand more\n", "two lines and more"),
        ("排第\n几，就得", "排第几，就得"),
        ("完。\r\n下一句", "完。下一句"),
        ("用 GPU\n训练", "用 GPU 训练"),
        ("标题\n\n正文", "标题 正文"),
        ("空 格", "空 格"),
        ("한국어\n문장", "한국어 문장"),
    ],
)
def test_on_one_line(text: str, line: str) -> None:
    assert on_one_line(text) == line


@given(st.text(alphabet="ab 中，\n\t한"))
def test_offsets_of_one_line_lead_back(text: str) -> None:
    line, offsets = on_one_line_with_offsets(text)
    assert offsets == sorted(set(offsets))
    for character, offset in zip(line, offsets, strict=True):
        assert text[offset] == character or (character == " " and text[offset].isspace())
