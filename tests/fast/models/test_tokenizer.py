"""Counting a document's slices from one encoding: exactly what counting each would give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes.tiny_models import byte_pairs, word_pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.chunking.measure import Measure
from ragcli.models import tokenizer
from ragcli.models.tokenizer import ModelTokenizer

PIECES = [
    "the",
    "vector",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\f",
    "\x1f",
    "\u3000",
    "\x85",
    "é",
    "e\u0301",
]
PIECES += [
    "保修期",
    "。",
    "-",
    "...",
    "[SEP]",
    "[MASK]",
    "\u200d",
    "🙂",
    "x" * 120,
    "don't",
    "\0",
    "Σ",
]


@pytest.fixture(scope="module")
def pieces_of_words(tmp_path_factory: pytest.TempPathFactory) -> ModelTokenizer:
    folder = tmp_path_factory.mktemp("model")
    word_pieces().save(str(folder / "tokenizer.json"))
    return ModelTokenizer(folder)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.data())
def test_a_slice_has_the_tokens_that_end_in_it(
    pieces_of_words: ModelTokenizer, text: str, data: st.DataObject
) -> None:
    measure = Measure(text, pieces_of_words, 254, 254)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    part = text[start:end]
    assert measure.count(start, end) == pieces_of_words.count(part)
    if part and part == part.strip():  # as chunks are
        headings = ("One", "Two, three")
        together = f"One > Two, three\n{part}"
        assert measure.count_chunk(headings, start, end) == pieces_of_words.count(together)


def test_a_long_text_is_encoded_in_pieces(
    pieces_of_words: ModelTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a vector of words " * 60 + "x" * 400 + " the end"
    whole = list(pieces_of_words.token_ends(text) or ())
    small = re.compile(tokenizer._PIECE.pattern.replace("65536", "50"), re.DOTALL)
    monkeypatch.setattr(tokenizer, "_PIECE", small)
    assert list(pieces_of_words.token_ends(text) or ()) == whole
    assert len(whole) == pieces_of_words.count(text)


def test_a_byte_level_tokenizer_is_asked_each_time(tmp_path: Path) -> None:
    byte_pairs(None, "<end>").save(str(tmp_path / "tokenizer.json"))
    counter = ModelTokenizer(tmp_path)
    assert counter.token_ends("a vector of words") is None
    measure = Measure("a vector of words", counter, 254, 254)
    assert measure.count(2, 8) == counter.count("vector")
