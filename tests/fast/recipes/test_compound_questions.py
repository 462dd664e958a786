"""A question of several parts in a project: passages and sentences for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.project import write

from ragcli import Rag
from ragcli.domain import Mode

# One part has far more to find than there is room for.
ROAD = """# Road {n}

The glacier road number {n} is closed in winter, and snow lies on the road of the glacier.
"""
DATED = """---
date: {day}
---

# Warranty

The pump has a warranty of {months} months from purchase. It is given by the shop that sold the
pump and by nobody else, in writing, on request.
"""


@pytest.fixture
def project(home: Path) -> Iterator[Rag]:
    for n in range(9):
        write(
            home / f"docs/road{n}.md",
            f"# Road {n}\n\n{ROAD.format(n=n)} Take route {'abcdefghi'[n]}.\n",
        )
    write(home / "docs/office.md", "# Office\n\nThe office in Lisbon opens at nine. Tea is free.\n")
    write(home / "docs/办公室.md", "# 办公室\n\n里斯本的办公室九点开门。茶水免费。\n")
    write(home / "docs/水泵.md", "# 水泵\n\n水泵的保修期为24个月。电池只保修6个月。\n")
    with Rag.create(home, model="fake:64", generator="extractive") as rag:
        rag.ingest(["docs"])
        yield rag


BOTH = pytest.mark.parametrize(
    ("question", "sources", "words"),
    [
        (
            "When is the glacier road closed by snow, and when does the office in Lisbon open?",
            {"docs/road", "docs/office"},
            ("closed in winter", "opens at nine"),
        ),
        (
            "水泵的保修期是多久？办公室几点开门？",
            {"docs/水泵", "docs/办公室"},
            ("24个月", "九点开门"),
        ),
    ],
)


@BOTH
@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_every_part_has_a_passage_and_a_sentence(
    project: Rag, question: str, sources: set[str], words: tuple[str, str], mode: Mode
) -> None:
    found = project.query(question, top_k=2, mode=mode, explain=True)
    assert len(found.parts) == 2
    assert all(any(p.source.startswith(s) for p in found.passages) for s in sources)
    assert [p.score for p in found.passages] == sorted(
        (p.score for p in found.passages), reverse=True
    )
    assert all(sum((p.explain or {}).values()) == pytest.approx(p.score) for p in found.passages)
    answer = project.ask(question, mode=mode, allow_weak=True)
    assert all(word in answer.answer for word in words)
    assert all(c.verdict == "supported" for c in answer.citations)


def test_where_a_passage_was_lost_is_told_of_every_part(project: Rag) -> None:
    question = "When is the glacier road closed by snow, and when does the office in Lisbon open?"
    told = project.why_not(question, "docs/office.md", top_k=2)
    assert told.shown
    assert told.chunks[0].keyword is not None
    assert told.chunks[0].keyword.rank == 1


def test_editions_that_disagree_are_both_answered_with_their_dates(home: Path) -> None:
    write(home / "docs/old.md", DATED.format(day="2019-03-01", months=12))
    write(home / "docs/new.md", DATED.format(day="2024-05-02", months=24))
    with Rag.create(home, model="fake:64", generator="extractive") as rag:
        rag.ingest(["docs"])
        answer = rag.ask("How long is the warranty of the pump?", allow_weak=True)
    first, second, *_ = answer.answer.split("\n")
    assert "24 months" in first and first.endswith("(2024-05-02)")
    assert "12 months" in second and second.endswith("(2019-03-01)")
