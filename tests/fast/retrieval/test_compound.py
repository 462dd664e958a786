"""Several questions in one: taken apart where each part asks, and each part has its passages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Found
from ragcli.retrieval.compound import MAX_PARTS, joined, parts
from ragcli.retrieval.fusion import Parts
from ragcli.retrieval.retrieve import Ranked, Ranking


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "How long is the warranty, and are batteries covered?",
            ("How long is the warranty", "are batteries covered?"),
        ),
        (
            "How do I install the pump? Where is the office in Lisbon?",
            ("How do I install the pump?", "Where is the office in Lisbon?"),
        ),
        (
            "how does the pump start and where is the office in Lisbon",
            ("how does the pump start", "where is the office in Lisbon"),
        ),
        ("保修期是多久，电池保修吗？", ("保修期是多久", "电池保修吗？")),
        ("水泵的保修期是多久？办公室几点开门？", ("水泵的保修期是多久？", "办公室几点开门？")),
        (
            "水泵的保修期是多久以及办公室几点开门",
            ("水泵的保修期是多久", "办公室几点开门"),
        ),
        (
            "Wie lange gilt die Garantie? Wann öffnet das Büro am Montag?",
            ("Wie lange gilt die Garantie?", "Wann öffnet das Büro am Montag?"),
        ),
        (
            "I bought a pump. How long is the warranty? Are batteries covered?",
            ("I bought a pump. How long is the warranty?", "Are batteries covered?"),
        ),
    ],
)
def test_each_part_asks_for_itself(question: str, expected: tuple[str, ...]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "how long is the warranty?",
        "What is the difference between who and whom?",
        "Who was born in Ulm and was president of Poland?",
        "What, according to the manual, is the pressure of the pump?",
        "In Lisbon, which office is the largest?",
        "Who wrote the manual and when was it published?",  # the second leans on the first
        "Why? Because of what?",
        "What do research and development cost?",
        "Is it on? Off?",
        "华沙何时被占领，由谁占领？",
        "在冬天，水泵怎么用？",
        "sort a list and return the index python",
        "",
        "???",
    ],
)
def test_one_question_stays_one(question: str) -> None:
    assert parts(question) == ()


@given(st.text(alphabet="what how 是什么 and, pump水泵保修？?;，", max_size=120))
def test_parts_are_slices_of_the_question_in_order(question: str) -> None:
    found = parts(question)
    assert len(found) != 1 and len(found) <= MAX_PARTS
    at = 0
    for part in found:
        assert part
        at = question.index(part, at) + len(part)


def ranking(scores: dict[int, float]) -> Ranking:
    chunks = [Ranked(i, s, {"keyword": Found(1, s)}, Parts(keyword=s)) for i, s in scores.items()]
    return Ranking(chunks, {i: [i + 1] for i in scores}, [*scores, 99], len(scores))


def test_the_best_of_each_part_come_first() -> None:
    first, second = ranking({1: 0.9, 2: 0.8, 3: 0.7}), ranking({4: 0.3, 5: 0.1})
    whole = joined([first, second], ranking({1: 0.9, 2: 0.8}))
    assert {r.id for r in whole.chunks[:2]} == {1, 4}
    assert {r.id for r in whole.chunks} == {1, 2, 3, 4, 5}
    scores = [r.score for r in whole.chunks]
    assert scores == sorted(scores, reverse=True)
    assert scores == pytest.approx([r.parts.score for r in whole.chunks])
    assert whole.read == 5 and whole.candidates == [1, 2, 3, 4, 5, 99]


def test_the_order_of_addition_decides_nothing() -> None:
    """1.1 * 0.3 / 0.3 is a little less than 1.1, and what is as good as the first is no part's
    best."""
    first, second = ranking({1: 1.1, 2: 1.1}), ranking({4: 0.3})
    assert [r.id for r in joined([first, second], ranking({1: 1.1, 2: 1.1})).chunks] == [1, 4, 2]


def test_of_two_that_say_as_much_of_a_part_the_whole_question_chooses() -> None:
    whole = joined([ranking({1: 0.9}), ranking({4: 0.3, 5: 0.3})], ranking({1: 0.5, 5: 0.4}))
    assert [r.id for r in whole.chunks] == [1, 5, 4]


def test_a_part_without_any_evidence_leaves_the_others() -> None:
    whole = joined([ranking({}), ranking({4: 0.3}), ranking({5: -0.1})], ranking({4: 0.3}))
    assert whole.chunks[0].id == 4
