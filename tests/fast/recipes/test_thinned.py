"""A thinned-out store holds all that is needed, and answers as if the rest had never been."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.project import sources, write

from ragcli import Rag, trials
from ragcli.recipes.thinned import thin_out


@pytest.fixture
def many(rag: Rag) -> Rag:
    for number in range(20):
        write(rag.folder.root / f"docs/more/{number}.txt", f"filler number {number}\n")
    rag.ingest()
    return rag


def left(rag: Rag, needed: set[str], most: int | None) -> list[str]:
    with trials.copied(rag, {}) as copy:
        thin_out(copy.store, needed, most, 3.0)
        return [source for source in sources(copy) if Path(source).suffix]


def test_what_is_needed_stays_and_others_fill_up(many: Rag) -> None:
    (needed,) = [source for source in sources(many) if source.endswith("19.txt")]
    found = left(many, {needed}, 5)
    assert needed in found and len(found) == 5
    assert left(many, {needed}, 5) == found
    assert left(many, {needed}, 1) == [needed]


def test_more_may_be_needed_than_was_asked_for(many: Rag) -> None:
    needed = {source for source in sources(many) if "more" in source}
    assert set(left(many, needed, 1)) == needed


def test_a_small_corpus_and_a_whole_one_stay_as_they_are(many: Rag) -> None:
    assert left(many, set(), None) == left(many, set(), 10_000) == sources(many)


def test_the_copy_answers_and_is_sound(many: Rag) -> None:
    (needed,) = [source for source in sources(many) if source.endswith("/7.txt")]
    with trials.copied(many, {}) as copy:
        sample = thin_out(copy.store, {needed}, 3, 3.0)
        found = copy.query("filler number 7", top_k=10)
        assert found.passages[0].source == needed
        assert len({passage.source for passage in found.passages}) <= 3
        assert (sample.documents, sample.of_documents) == (3, 23)
        assert sample.chunks == copy.store.counts()["chunks"]
        failed = [c for c in copy.doctor().checks if c.state == "fail"]
        assert failed == []
    assert len(sources(many)) == 23
