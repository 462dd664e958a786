"""What a question's terms weigh, and how far a model reads it."""

from __future__ import annotations

import sqlite3
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.retrieval.question import BLIND_SHARE, Question, readable, weigh


@given(st.integers(1, 10**6), st.data())
def test_the_fewer_hold_a_term_the_more_it_weighs(chunks: int, data: st.DataObject) -> None:
    few, many = sorted(data.draw(st.tuples(*[st.integers(0, chunks)] * 2)))
    weights = weigh(["few", "many", "none"], {"few": few, "many": many}, chunks)
    assert weights["none"] >= weights["few"] >= weights["many"] > 0


def test_weights_are_those_of_the_keyword_index() -> None:
    """FTS5 gives a chunk that holds a term once, in a corpus of texts of one length, the term's
    weight: tf (k1 + 1) / (tf + k1) is 1 there."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (body)")
    texts = ["a b", "a c", "a d", "e f", "g h", "i j", "k l"]
    connection.executemany("INSERT INTO t VALUES (?)", [(text,) for text in texts])
    frequencies = {term: sum(term in text for text in texts) for term in "abz"}
    weights = weigh(list("abz"), frequencies, len(texts))
    for term in "ab":
        scored = connection.execute("SELECT -bm25(t) FROM t WHERE t MATCH ?", (term,)).fetchone()
        assert weights[term] == pytest.approx(scored[0])
    connection.close()


def test_terms_that_more_chunks_hold_than_there_are_weigh_least() -> None:
    """Chunks that are removed meanwhile must not make a weight of nothing."""
    weights = weigh(["a"], {"a": 12}, 10)
    assert 0 < weights["a"] < inf


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_a_model_cannot_read_falls_to_nothing(one: float, other: float) -> None:
    less, more = sorted([one, other])
    assert 1 >= readable(less) >= readable(more) >= 0
    assert readable(0) == 1 and readable(BLIND_SHARE) == 0


def test_without_an_embedding_nothing_is_read() -> None:
    question = Question(("a",), {"a": 1.0}, unknown_share=0.0)
    assert question.readable == 0
    assert question._replace(vector=np.ones(2, np.float32)).readable == 1
