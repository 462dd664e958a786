"""Question sets: every shape that is promised, and what is refused with its line."""

from __future__ import annotations

import json

import pytest

from ragcli.errors import UsageError
from ragcli.evaluation import beir
from ragcli.evaluation.questions import Relevant, line_of, parse, told


def one(**entry: object) -> str:
    return json.dumps({"question": "how long?", "relevant": [{"file": "a.md"}], **entry})


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        ({}, Relevant("a.md")),
        ({"page": 3}, Relevant("a.md", page=3)),
        ({"start": 5, "end": 9, "text": "four"}, Relevant("a.md", start=5, end=9, text="four")),
        ({"lines": 7}, Relevant("a.md", lines=(7, 7))),
        ({"lines": [7, 9]}, Relevant("a.md", lines=(7, 9))),
        ({"lines": "7-9"}, Relevant("a.md", lines=(7, 9))),
        ({"text": "  "}, Relevant("a.md")),
        ({"grade": 2}, Relevant("a.md", grade=2)),
    ],
)
def test_the_ways_to_say_what_is_relevant(place, meant):
    (question,) = parse([one(relevant=[{"file": "a.md", **place}])], "set")
    assert question.relevant == (meant,)
    assert parse([line_of(question)], "set") == (question,)


def test_a_file_may_stand_alone_and_ids_may_be_numbers():
    (question,) = parse(["\ufeff" + one(id=7, relevant=["a.md"], group="manuals")], "set")
    assert (question.id, question.group, question.of_files) == ("7", "manuals", True)


def test_a_question_without_an_id_gets_one_from_its_words():
    assert parse([one()], "set")[0].id == parse(["", one()], "set")[0].id


def test_pages_that_count_from_zero():
    line = one(relevant=[{"file": "a.pdf", "page": 0}])
    with pytest.raises(UsageError, match=r"line 1: page 0 .*--first-page 0"):
        parse([line], "set")
    assert parse([line], "set", first_page=0)[0].relevant[0].page == 1


def test_lines_with_one_id_are_one_question():
    lines = [one(id="x"), one(id="x", relevant=["b.md", "a.md"])]
    (question,) = parse(lines, "set")
    assert [r.file for r in question.relevant] == ["a.md", "b.md"]
    with pytest.raises(UsageError, match=r"line 3: the id `x` is another question's, of line 1"):
        parse([*lines, one(id="x", question="how wide?")], "set")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        (one(question=" "), "no `question`"),
        (one(relevant=[]), "nothing relevant is known"),
        (one(relevant=[{"file": "a.md", "grade": 0}]), "nothing relevant is known"),
        (one(relevant=[{"page": 1}]), "without `file`"),
        (one(relevant="a.md"), "not a list"),
        (one(relevant=[{"file": "a.md", "start": 1}]), "go together"),
        (one(relevant=[{"file": "a.md", "start": 4, "end": 4}]), "holds nothing"),
        (one(relevant=[{"file": "a.md", "page": "3"}]), "whole number"),
        (one(relevant=[{"file": "a.md", "lines": [9, 7]}]), "`lines` must be"),
        (one(relevant=[{"file": "a.md", "text": 3}]), "`text` is not text"),
    ],
)
def test_what_is_no_question_is_refused_with_its_line(line, why):
    with pytest.raises(UsageError, match=rf"^set: line 2: .*{why}"):
        parse([one(), line], "set")


def test_many_bad_lines_are_counted():
    with pytest.raises(UsageError, match=r"line 5: [^;]*; and 2 more lines$"):
        parse(["{"] * 7, "set")


def test_the_digest_changes_with_what_is_relevant():
    first, second = parse([one(id=1), one(id=2, relevant=["b.md"])], "set")
    assert first.digest != second.digest
    assert first.digest == parse([one(id=9, group="g")], "set")[0].digest


def test_places_in_words():
    places = [
        Relevant("a.pdf", page=3),
        Relevant("a.md", lines=(3, 4)),
        Relevant("a.md"),
        Relevant("a.md", start=1, end=2),
    ]
    assert [told(p) for p in places] == [
        "a.pdf#page=3",
        "a.md:3",
        "a.md",
        "a.md, characters 1-2",
    ]


# ------------------------------------------------------------------ BEIR and TREC

QUERIES = ['{"_id": "1", "text": "what?"}', "", '{"_id": "2", "text": "who?", "metadata": {}}']
NAMES = ("queries.jsonl", "test.tsv")


def test_beir_queries_with_graded_judgements():
    qrels = ["query-id\tcorpus-id\tscore\n", "1\td 1\t2\n", "1\td2\t0\n", "2\td2\t1\n", "3\td1\t1"]
    first, second = beir.questions(QUERIES, qrels, NAMES)
    assert first.relevant == (Relevant("d 1", grade=2),)
    assert (second.text, second.excluded) == ("who?", "2")


def test_trec_judgements_and_queries():
    found = beir.questions(["1\twhat?\n"], ["1 0 d1 1\n", "1 0 d2 -2\n"], ("topics.tsv", "qrels"))
    assert [(q.id, q.text, q.relevant) for q in found] == [("1", "what?", (Relevant("d1"),))]


def test_a_query_that_is_its_own_answer_is_not_excluded():
    (found,) = beir.questions(QUERIES, ["1\t1\t1"], NAMES)
    assert found.excluded is None


def test_beir_files_that_are_none():
    with pytest.raises(UsageError, match=r"test.tsv, line 2: not a judgement"):
        beir.questions(QUERIES, ["1\td1\t1", "1\td1\tyes"], NAMES)
    with pytest.raises(UsageError, match=r"queries.jsonl, line 1: no `_id`"):
        beir.questions(['{"text": "x"}'], [], NAMES)
    with pytest.raises(UsageError, match=r"corpus.jsonl, line 1: not a JSON object"):
        list(beir.corpus(["[]"], "corpus.jsonl"))


def test_a_corpus_without_words_is_left_out():
    lines = ['{"_id": 1, "title": "T", "text": ""}', '{"_id": 2, "text": " "}']
    assert list(beir.corpus(lines, "corpus.jsonl")) == [beir.Entry("1", "T", "")]
