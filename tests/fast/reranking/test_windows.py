"""A text too long for the model is read in parts: all of it, and each part fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ragcli.reranking.windows import windows

PIECES = ["word ", "longer-word ", "End. ", "句子。", "\n\n", "x" * 30, "a", " "]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.integers(1, 40))
def test_nothing_is_left_out_and_all_fits(text: str, room: int) -> None:
    parts = windows(text, lambda part: len(part) <= room)
    assert "".join("".join(part.split()) for part in parts) == "".join(text.split())
    assert all(0 < len(part) <= room for part in parts)


def test_sentences_stay_whole_where_they_fit() -> None:
    text = "One is short. Two is short. Three is as short. " + "y" * 60 + " and more words here."
    parts = windows(text, lambda part: len(part) <= 30)
    assert parts[:2] == ["One is short. Two is short.", "Three is as short."]
    assert parts[2:4] == ["y" * 30, "y" * 30]
    assert parts[4:] == ["and more words here."]


def test_a_long_sentence_is_cut_at_white_space() -> None:
    parts = windows("alpha beta gamma delta epsilon", lambda part: len(part) <= 13)
    assert parts == ["alpha beta", "gamma delta", "epsilon"]
