"""The passages of a question in a project: joined, told once, with the parts of their score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.project import write

from ragcli import Rag
from ragcli.domain import Mode
from ragcli.errors import UsageError
from ragcli.text.estimate import english_tokens

TOPICS = ["harbour", "glacier", "lighthouse", "orchard", "quarry", "windmill"]


def section(topic: str) -> str:
    """Two paragraphs of a chunk each, under the topic's heading."""
    sentence = f"The {topic} is seen from the {topic} road, and its {topic} keeper knows it well. "
    paragraph = sentence * 6
    return f"## The {topic}\n\n{paragraph.strip()}\n\nOnce more: {paragraph.strip()}\n\n"


@pytest.fixture
def project(home: Path) -> Iterator[Rag]:
    write(home / "guide/guide.md", "# Guide\n\n" + "".join(map(section, TOPICS)))
    write(home / "guide/other.txt", "A sailor came by and told of E4711 on the display.\n")
    write(home / "guide/bread.txt", "Bread is baked of flour, water and salt.\n")
    with Rag.create(home, model="fake:64", chunk_tokens=128) as rag:
        rag.ingest(["guide"])
        yield rag


@pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])
@pytest.mark.parametrize("question", ["glacier road", "what is E4711?", "bread and the windmill"])
def test_the_parts_of_a_score_add_up(project: Rag, question: str, mode: Mode) -> None:
    found = project.query(question, mode=mode, top_k=8, explain=True).passages
    assert found
    for one in found:
        assert one.explain is not None
        assert sum(one.explain.values()) == one.score
    assert all(one.explain is None for one in project.query(question, mode=mode).passages)


def test_neighbours_that_answer_together_are_one_passage(project: Rag) -> None:
    (best, *others) = project.query("the keeper of the glacier").passages
    assert len(best.chunk_ids) > 1
    text = Path("guide/guide.md").read_text(encoding="utf-8")
    assert best.text == text[best.char_start : best.char_end]
    assert best.chunk_id in best.chunk_ids
    assert not {*best.chunk_ids} & {i for one in others for i in one.chunk_ids}
    cut = {c.chunk_id: c for c in project.chunks("guide/guide.md").chunks}
    own = [cut[i].chunk for i in best.chunk_ids]
    assert (own[0].char_start, own[-1].char_end) == (best.char_start, best.char_end)
    assert (own[0].line_start, own[-1].line_end) == (best.line_start, best.line_end)
    assert len(own) < len(cut)


def test_what_is_exact_comes_first(project: Rag) -> None:
    question = "what does the glacier keeper do when the display of the lighthouse shows E4711?"
    assert project.query(question).passages[0].source == "guide/other.txt"


def test_near_duplicates_are_told_once(project: Rag, home: Path) -> None:
    text = (home / "guide/other.txt").read_text(encoding="utf-8")
    long = text.strip() + " " + " ".join(f"word{n}" for n in range(40))
    write(home / "guide/other.txt", f"{long}\n")
    write(home / "guide/sub/again.txt", f"{long} indeed\n")
    project.ingest()
    found = project.query("sailor display", mode="keyword").passages
    (one,) = [p for p in found if "sailor" in p.text]
    assert {one.source, *one.also_in} == {"guide/other.txt", "guide/sub/again.txt"}


def test_a_passage_is_no_longer_than_asked(project: Rag) -> None:
    short = project.query("the keeper of the glacier", passage_tokens=16).passages
    assert all(len(one.chunk_ids) == 1 for one in short)
    long = project.query("the keeper of the glacier", passage_tokens=400).passages
    assert len(long[0].chunk_ids) > 1
    assert all(english_tokens(one.text) <= 401 for one in long)  # and the white space between
    with pytest.raises(UsageError, match="must be at least 16"):
        project.query("the keeper of the glacier", passage_tokens=15)


def test_each_passage_has_a_confidence_and_none_is_above_the_answers(project: Rag) -> None:
    found = project.query("what does the keeper of the glacier road know?", top_k=9)
    sure = [one.confidence for one in found.passages]
    assert found.confidence is not None
    assert all(one is not None and 0 <= one <= found.confidence for one in sure)
    assert max(one for one in sure if one is not None) == found.confidence
    assert not found.weak and not found.passages[0].weak


def test_about_nothing_here_all_is_weak(project: Rag) -> None:
    found = project.query("who painted the ceiling of that chapel?")
    assert found.weak and found.passages and all(one.weak for one in found.passages)


def test_without_a_measure_nothing_is_called_weak(project: Rag) -> None:
    found = project.query("who painted the ceiling of that chapel?", mode="dense")
    assert found.confidence is None and not found.weak
    assert [one.confidence for one in found.passages] == [None] * len(found.passages)
    assert not any(one.weak for one in found.passages)
