"""Chunks by the evidence for them, which adds up."""

from __future__ import annotations

import pytest
from fakes.corpus import Corpus
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Mode
from ragcli.retrieval.exact import exact_pieces
from ragcli.retrieval.retrieve import EXACT_CANDIDATES, LEADING, Ranked, retrieve

QUESTION = "how is the zinc pump sealed"
ABOUT = "the zinc pump is sealed with resin"
OTHER = [f"page {n} tells of ships that sail to harbour {n}" for n in range(20)]


def best(corpus: Corpus, text: str, mode: Mode = "hybrid", **facts: object) -> list[Ranked]:
    return retrieve(corpus, corpus.question(text, exact_pieces(text), **facts), mode, 5).chunks


def by_id(ranked: list[Ranked]) -> dict[int, Ranked]:
    return {one.id: one for one in ranked}


words = st.lists(st.sampled_from(["zinc", "pump", "seal", "ship", "E404", "the"]), min_size=1)
documents = st.lists(st.lists(words.map(" ".join), min_size=1, max_size=4), min_size=1, max_size=12)


@given(documents, st.data())
def test_the_parts_add_up_to_the_score(texts: list[list[str]], data: st.DataObject) -> None:
    count = sum(map(len, texts))
    ids = st.integers(0, count - 1)
    corpus = Corpus(
        texts,
        data.draw(st.dictionaries(ids, st.floats(-1, 1))),
        data.draw(st.lists(ids)),
        data.draw(st.dictionaries(ids, st.floats(0, 1))),
    )
    asked = data.draw(words.map(" ".join))
    mode: Mode = data.draw(st.sampled_from(["hybrid", "dense", "keyword"]))
    ranked = best(corpus, asked, mode, unknown_share=data.draw(st.floats(0, 1)))
    for one in ranked:
        assert one.score == sum(one.parts)
        assert sum(one.parts) == pytest.approx(one.score)
        assert one.found_by
        assert 0 <= one.readable <= 1
        assert mode != "dense" or one.parts.keyword == one.parts.near == one.parts.exact == 0
        assert mode != "keyword" or one.parts.dense == 0
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    assert len(by_id(ranked)) == len(ranked)


def test_each_half_finds_what_the_other_does_not() -> None:
    corpus = Corpus([[ABOUT], ["the gasket keeps the liquid in"], *[[o] for o in OTHER]], {1: 0.8})
    ranked = best(corpus, QUESTION)
    assert {ranked[0].id, ranked[1].id} == {0, 1}
    found = by_id(ranked)[1].found_by
    assert found["dense"].rank == 1 and "keyword" not in found


def test_what_the_model_cannot_read_is_left_to_the_words() -> None:
    corpus = Corpus([[ABOUT], *[[o] for o in OTHER]], {1: 0.9})
    assert best(corpus, QUESTION, unknown_share=1.0)[0].id == 0
    assert all(one.parts.dense == 0 for one in best(corpus, QUESTION, unknown_share=1.0))
    # Asked for alone, the dense half is used all the same.
    assert best(corpus, QUESTION, "dense", unknown_share=1.0)[0].id == 1
    unread = Corpus([[ABOUT], *[[o] for o in OTHER]], {1: 0.9}, readable={1: 0.0})
    assert by_id(best(unread, QUESTION))[1].parts.dense == 0


# ------------------------------------------------------------------ exact pieces


@pytest.mark.parametrize(
    ("holder", "question"),
    [
        ("after E4711 the machine halts", "what does the zinc pump do when E4711 is shown?"),
        ("set maxRetries in the file", "why is the zinc pump slow with maxRetries at 3"),
        ("all in good time they said", 'who said "in good time" of the zinc pump being sealed'),
        # Of stop words alone: neither half would propose it.
        ("to be or not to be", 'zinc pump sealed "to be or not to be"'),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_what_holds_it_exactly_wins(holder: str, question: str, mode: Mode) -> None:
    # More chunks than are read say all the rest of the question, and are near it.
    crowd = [[f"{ABOUT} number {n}"] for n in range(2 * LEADING)]
    corpus = Corpus([*crowd, [holder]], dict.fromkeys(range(len(crowd)), 0.9))
    ranked = best(corpus, question, mode)
    assert ranked[0].id == len(crowd)
    assert ranked[0].parts.exact > 0
    assert all(one.parts.exact == 0 for one in ranked[1:])


def test_what_many_chunks_hold_sets_none_apart() -> None:
    crowd = [[f"{ABOUT} number {n}"] for n in range(2 * LEADING)]
    many = [[f"E4711 again and again {n}"] for n in range(EXACT_CANDIDATES)]
    near = dict.fromkeys(range(len(crowd)), 5.0)  # nearer than anything is: only these are read
    question = "why does E4711 come when the zinc pump is sealed with resin?"
    assert all(one.parts.exact == 0 for one in best(Corpus(crowd + many, near), question))
    assert any(one.parts.exact > 0 for one in best(Corpus(crowd + many[1:], near), question))


def test_an_identifier_is_not_a_part_of_a_longer_one() -> None:
    corpus = Corpus([["E4711x is another code"], ["of E4711 it says"], *[[o] for o in OTHER]])
    assert best(corpus, "what is E4711?")[0].id == 1


# ------------------------------------------------------------------ code


def test_in_code_a_plain_word_says_less() -> None:
    texts = [[ABOUT], [ABOUT], *[[o] for o in OTHER]]
    ranked = by_id(best(Corpus(texts, code=[1]), QUESTION))
    prose, code = ranked[0].parts, ranked[1].parts
    assert 0 < code.keyword < prose.keyword
    assert code.near == 0 < prose.near


def test_an_identifier_wins_in_code_too() -> None:
    corpus = Corpus([[ABOUT], ["int open_valve(pump);"], *[[o] for o in OTHER]], {0: 0.9}, code=[1])
    assert best(corpus, "how is the zinc pump sealed by open_valve")[0].id == 1


# ------------------------------------------------------------------ neighbours


def test_a_chunk_is_lent_by_its_best_neighbour() -> None:
    corpus = Corpus([["it has two parts", ABOUT, "and a lid"], *[[o] for o in OTHER]], {0: 0.2})
    ranked = by_id(best(corpus, QUESTION))
    assert 0 < ranked[1].parts.neighbour < ranked[0].parts.neighbour
    assert ranked[0].parts.neighbour < ranked[1].score - ranked[1].parts.neighbour


def test_a_document_of_one_chunk_lacks_no_neighbours() -> None:
    """It has nothing cut off, so it must not fall behind the same words among others."""
    alone = Corpus([[ABOUT], [ABOUT, ABOUT], *[[o] for o in OTHER]])
    scores = {one.score for one in best(alone, QUESTION)[:3]}
    assert len(scores) == 1
    among_others = Corpus([[ABOUT], ["a lid", ABOUT, "a box"], *[[o] for o in OTHER]])
    ranked = by_id(best(among_others, QUESTION))
    assert ranked[0].score > ranked[2].score


def test_what_only_stands_beside_is_not_found() -> None:
    corpus = Corpus([["nothing of it here", ABOUT], *[[o] for o in OTHER]])
    assert [one.id for one in best(corpus, QUESTION, "keyword")] == [1]
