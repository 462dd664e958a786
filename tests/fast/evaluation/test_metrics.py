"""The metrics, beside a slow and plain second implementation."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Passage
from ragcli.evaluation.metrics import Gold, Judged, score

FILES = ("a.md", "b.md")


def passage(source: str = "a.md", start: int = 0, end: int = 100, **facts: object) -> Passage:
    fields = {
        "rank": 1,
        "score": 1.0,
        "source": source,
        "title": None,
        "headings": (),
        "page": None,
        "page_end": None,
        "line_start": None,
        "line_end": None,
        "char_start": start,
        "char_end": end,
        "text": "x" * (end - start),
        "chunk_id": "c",
        "chunk_ids": ("c",),
        "also_in": (),
        "stale": False,
        "date": None,
        "date_origin": None,
        "found_by": {},
    }
    return Passage(**(fields | facts))  # type: ignore[arg-type]


def span(start: int, end: int, source: str = "a.md", **facts: object) -> Gold:
    return Gold(source, "span", spans=((start, end),), **facts)  # type: ignore[arg-type]


def figures(gold: list[Gold], passages: list[Passage], top_k: int = 10, **more: object):
    return score(Judged(tuple(gold), **more), passages, top_k, len)  # type: ignore[arg-type]


def test_a_span_is_found_by_half_of_the_shorter():
    assert figures([span(90, 130)], [passage(end=110)])["hit@1"] == 1
    assert figures([span(90, 130)], [passage(end=109)])["hit@1"] == 0
    assert figures([span(0, 1000)], [passage(start=950, end=1050)])["hit@1"] == 1
    assert figures([span(0, 50, "b.md")], [passage()])["hit@1"] == 0


def test_a_page_is_found_by_a_passage_that_touches_it():
    gold = Gold("a.md", "page", page=4)
    assert figures([gold], [passage(page=3, page_end=4)])["hit@1"] == 1
    assert figures([gold], [passage(page=5, page_end=6)])["hit@1"] == 0
    assert figures([gold], [passage()])["hit@1"] == 0
    assert "char_recall@5" not in figures([gold], [passage(page=4)])


def test_files_are_ranked_by_their_first_passage():
    found = [passage("b.md"), passage("b.md", 100, 200), passage("c.md"), passage("a.md")]
    result = figures([Gold("a.md", "file")], found)
    assert result["mrr@10"] == pytest.approx(1 / 3)
    assert result["recall@3"] == 1
    also = [passage("b.md", also_in=("a.md",))]
    assert figures([Gold("a.md", "file")], also)["hit@1"] == 1


def test_the_questions_own_file_is_no_place():
    result = figures([Gold("a.md", "file")], [passage("q.md"), passage("a.md")], excluded="q.md")
    assert result["mrr@10"] == 1


def test_ndcg_of_grades_by_hand():
    gold = [Gold("a.md", "file", grade=2), Gold("b.md", "file", grade=1), Gold("c.md", "file")]
    gold[2] = Gold("c.md", "file", grade=0)
    result = figures(gold, [passage("c.md"), passage("b.md"), passage("a.md")])
    expected = (1 / math.log2(3) + 2 / math.log2(4)) / (2 + 1 / math.log2(3))
    assert result["ndcg@10"] == pytest.approx(expected)
    assert result["mrr@10"] == pytest.approx(1 / 2)
    assert result["recall@10"] == 1


def test_fewer_passages_give_fewer_figures():
    result = figures([Gold("a.md", "file")], [passage("b.md"), passage("a.md")], top_k=3)
    assert {"recall@1", "recall@3", "mrr@3", "ndcg@3"} <= result.keys()
    assert not any(name.endswith(("@5", "@10")) for name in result)
    assert "recall@100" in figures([Gold("a.md", "file")], [passage()], top_k=100)


def test_equal_tokens_cut_the_last_passage():
    result = figures([span(0, 1000)], [passage(end=300), passage(start=300, end=1000)])
    assert result["char_recall@400t"] == pytest.approx(0.4)
    assert result["char_recall@1600t"] == 1


def test_of_equal_words_the_best_found_count():
    gold = Gold("a.md", "span", spans=((500, 550), (0, 50)))
    result = figures([gold], [passage(end=100)])
    assert (result["hit@1"], result["char_recall@1"]) == (1, 1)


def test_a_lost_place_is_one_that_is_not_found():
    result = figures([span(0, 100), Gold("a.md", "span", lost=True)], [passage()])
    assert result["recall@1"] == 0.5
    assert result["char_recall@1"] == 0.5
    assert not any(figures([Gold("a.md", "span", lost=True)], [passage()]).values())
    assert figures([Gold("a.md", "file", lost=True)], [passage()])["hit@1"] == 0


def test_an_answer_must_stand_there_whole():
    found = [passage(end=50), passage(start=50, end=100)]
    split = figures([span(0, 100)], found, answers=(span(45, 55),))
    assert split["answer@10"] == 0
    whole = figures([span(0, 100)], found, answers=(span(60, 70), span(900, 901)))
    assert (whole["answer@1"], whole["answer@3"]) == (0, 1)


def test_nothing_found():
    result = figures([span(0, 10)], [])
    assert set(result.values()) == {0.0}


# ------------------------------------------------------------------ a second implementation

SPANS = st.tuples(st.sampled_from(FILES), st.integers(0, 40), st.integers(1, 20))


@given(st.lists(SPANS, min_size=1, max_size=4), st.lists(SPANS, max_size=6))
def test_characters_one_by_one(gold_spans, found_spans):
    gold = [span(start, start + size, source) for source, start, size in gold_spans]
    found = [passage(source, start, start + size) for source, start, size in found_spans]
    result = figures(gold, found)
    wanted = {(s, i) for s, start, size in gold_spans for i in range(start, start + size)}
    for k in (1, 3, 5, 10):
        read = [(s, i) for s, start, size in found_spans[:k] for i in range(start, start + size)]
        both = wanted & set(read)
        assert result[f"char_recall@{k}"] == pytest.approx(len(both) / len(wanted))
        precision = len(both) / len(read) if read else 0
        assert result[f"char_precision@{k}"] == pytest.approx(precision)
        either = len(read) + len(wanted - both)
        assert result[f"char_iou@{k}"] == pytest.approx(len(both) / either)


@given(st.lists(st.integers(0, 9), unique=True), st.sets(st.integers(0, 9), min_size=1))
def test_rankings_one_by_one(ranking, relevant):
    names = [f"{n}.md" for n in range(10)]
    gold = [Gold(names[n], "file") for n in sorted(relevant)]
    result = figures(gold, [passage(names[n]) for n in ranking])
    for k in (1, 3, 5, 10):
        held = relevant & set(ranking[:k])
        assert result[f"recall@{k}"] == len(held) / len(relevant)
        assert result[f"hit@{k}"] == bool(held)
    places = [rank for rank, n in enumerate(ranking, 1) if n in relevant]
    assert result["mrr@10"] == (1 / places[0] if places else 0)
    best = sum(1 / math.log2(r + 1) for r in range(1, len(relevant) + 1))
    assert result["ndcg@10"] == pytest.approx(sum(1 / math.log2(r + 1) for r in places) / best)
