"""Where a passage was lost: every stage of its way, told as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.project import paged_pdf, write
from fakes.reading import InProcessReader

from ragcli import Rag
from ragcli.domain import Filter
from ragcli.errors import NotInProject, UsageError
from ragcli.recipes.why_not import WhyNot, ordinal
from ragcli.trust import Trust

MANY = 260
QUESTION = "how is the zinc pump sealed?"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many notes about one thing, of which the first are nearest, and some about others; ingested
    once, and copied for each test."""
    root = tmp_path_factory.mktemp("built")
    for n in range(MANY):
        filler = " ".join(f"note{n}x{i}" for i in range(n // 8))
        pump = "The zinc pump is sealed." if n < 200 else "A pump."
        write(root / f"notes/{n:03}.txt", f"{pump} {filler}\n")
    write(root / "notes/other.txt", "Gulls nest on the cliff.\n")
    write(root / "notes/copy/000.txt", "The zinc pump is sealed. \n\n")
    write(root / "notes/empty.txt", "")
    write(root / "notes/.hidden/deep.txt", "hidden\n")
    write(root / "notes/guide.md", "# One\n\nOf salt.\n\n\n\n# Two\n\nOf bread.\n")
    (root / "notes/scan.pdf").write_bytes(paged_pdf(["Of flour", " ", "Of rye"]))
    (root / "notes/broken.pdf").write_bytes(b"%PDF-1.4 broken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
        with Rag.create(root, model="fake:64") as rag:
            rag.ingest([root / "notes"])
    return root


@pytest.fixture
def project(built: Path, home: Path) -> Iterator[Rag]:
    shutil.copytree(built, home, dirs_exist_ok=True)
    Trust(home).give()
    with Rag.open(home) as rag:
        yield rag


def asked(rag: Rag, name: str, question: str = QUESTION, **options: object) -> WhyNot:
    return rag.why_not(question, f"notes/{name}", **options)  # type: ignore[arg-type]


def test_it_agrees_with_the_query(project: Rag) -> None:
    for mode in ("hybrid", "keyword", "dense"):
        found = project.query(QUESTION, mode=mode, top_k=20, explain=True).passages
        named = {one.source: one for one in found}
        beside = {source for one in found for source in one.also_in}
        for n in range(0, MANY, 20):
            source = f"notes/{n:03}.txt"
            told = project.why_not(QUESTION, source, mode=mode, top_k=20)
            assert told.shown == (source in named.keys() | beside), (mode, source)
            if told.stage == "shown":
                (chunk,) = told.chunks
                assert chunk.passage == named[source].rank
                assert chunk.score == named[source].score
                assert chunk.explain == named[source].explain
                assert chunk.chunk_id == named[source].chunk_id


def test_ranks_are_those_of_the_whole_corpus(project: Rag) -> None:
    dense = project.query(QUESTION, mode="dense", top_k=MANY + 10).passages
    words = project.query(QUESTION, mode="keyword", top_k=MANY + 10).passages
    place = {p.source: p.found_by["dense"] for p in dense}
    for name in ("150.txt", "259.txt", "other.txt"):
        (chunk,) = asked(project, name).chunks
        found = place[f"notes/{name}"]
        assert chunk.dense is not None
        assert chunk.dense.score == found.score
        equal = [f.rank for f in place.values() if f.score == found.score]
        assert chunk.dense.rank == min(r for r in equal if r is not None)
    (chunk,) = asked(project, "150.txt").chunks
    found = next(p.found_by["keyword"] for p in words if p.source == "notes/150.txt")
    assert chunk.keyword is not None and chunk.keyword.score == found.score
    every = [p.found_by["keyword"] for p in words]
    assert chunk.keyword.rank == min(f.rank or MANY for f in every if f.score == found.score)
    (chunk,) = asked(project, "other.txt").chunks
    assert chunk.keyword is None


def test_the_first_is_shown(project: Rag) -> None:
    best = project.query(QUESTION).passages[0].source
    told = project.why_not(QUESTION, best)
    assert (told.shown, told.stage, told.why) == (True, "shown", "it is passage 1")


def test_a_copy_is_named_beside_the_one_that_stands_for_it(project: Rag) -> None:
    best = project.query(QUESTION).passages[0]
    assert {best.source, *best.also_in} >= {"notes/000.txt", "notes/copy/000.txt"}
    for name in ("000.txt", "copy/000.txt"):
        told = asked(project, name)
        assert told.shown
        assert (told.stage == "duplicate") == (f"notes/{name}" != best.source)


def test_cut_by_k(project: Rag) -> None:
    found = project.query(QUESTION, top_k=4).passages
    told = project.why_not(QUESTION, found[3].source, top_k=2)
    assert (told.shown, told.stage) == (False, "cut")
    assert (told.why, told.hint) == ("it is passage 4, and -k is 2", "ask for more: -k 4")
    assert project.why_not(QUESTION, found[3].source, top_k=4).shown


def test_not_read(project: Rag) -> None:
    told = [asked(project, f"{n:03}.txt") for n in range(0, 200, 10)]
    unread = [one for one in told if one.stage == "not_read"]
    assert unread
    for one in unread:
        (chunk,) = one.chunks
        assert chunk.candidate is not None and chunk.rank is None and chunk.passage is None
        assert one.read < chunk.candidate <= one.candidates
        assert f"{ordinal(chunk.candidate)} of {one.candidates} candidates" in one.why


def test_not_proposed(project: Rag) -> None:
    told = asked(project, "259.txt")
    assert (told.shown, told.stage) == (False, "not_proposed")
    (chunk,) = told.chunks
    assert chunk.candidate is None
    assert told.hint.endswith("--path 'notes/259.txt'")
    alone = project.query(QUESTION, chosen=Filter(path="notes/259.txt")).passages
    assert [p.source for p in alone] == ["notes/259.txt"]


def test_filtered(project: Rag) -> None:
    told = asked(project, "000.txt", chosen=Filter(path="notes/1*", format="text"))
    assert (told.stage, told.why) == ("filtered", "the filter leaves it out: --path")
    told = asked(project, "guide.md", chosen=Filter(format="text", language="zh"))
    assert told.why == "the filter leaves it out: --type, --lang"
    assert asked(project, "guide.md", chosen=Filter(format="markdown")).stage != "filtered"


def test_ranks_are_among_what_the_filter_lets_through(project: Rag) -> None:
    (chunk,) = asked(project, "guide.md:3", chosen=Filter(format="markdown")).chunks
    assert chunk.dense is not None and chunk.dense.of == 1


@pytest.mark.parametrize(
    ("name", "stage", "why"),
    [
        ("empty.txt", "empty", "the file is empty"),
        (".hidden/deep.txt", "skipped", "its folder notes/.hidden was passed over: hidden"),
        ("new.txt", "not_ingested", "it was not ingested"),
        ("guide.md:4", "no_text", "there is no text in line 4; the file has 9"),
        ("guide.md:99", "no_text", "there is no text in line 99; the file has 9"),
        ("scan.pdf:2", "no_text", "page 2 has no text"),
        ("scan.pdf#page=9", "no_text", "its last page with text is 3"),
        ("broken.pdf", "unread", "it could not be read"),
    ],
)
def test_what_is_no_text_of_the_project(
    project: Rag, home: Path, name: str, stage: str, why: str
) -> None:
    write(home / "notes/new.txt", "new\n")
    told = asked(project, name)
    assert (told.shown, told.stage) == (False, stage)
    assert told.why.startswith(why) and not told.chunks
    assert told.hint or stage in ("empty", "no_text")


def test_taken_out(project: Rag) -> None:
    project.remove(["notes/other.txt"])
    told = asked(project, "other.txt")
    assert (told.stage, told.hint) == ("removed", "take it in again: rag ingest 'notes/other.txt'")


def test_of_a_file_the_part_that_came_furthest(project: Rag) -> None:
    told = asked(project, "guide.md", question="bread")
    assert told.shown
    told = asked(project, "guide.md:9", question="bread")
    assert told.shown and told.line_start == told.line_end == 9
    assert told.chunks[0].line_end == 9


def test_what_is_not_embedded_is_told(project: Rag) -> None:
    connection = project.store.connection
    with project.store.transaction():
        connection.execute("DELETE FROM embeddings")
    (chunk,) = asked(project, "000.txt", mode="keyword").chunks
    assert not chunk.embedded


def test_what_nothing_has_is_an_error_that_names_the_nearest(project: Rag) -> None:
    with pytest.raises(NotInProject) as caught:
        asked(project, "gude.md")
    assert "notes/guide.md" in caught.value.hint
    with pytest.raises(NotInProject, match="is a folder"):
        project.why_not(QUESTION, "notes")
    with pytest.raises(UsageError, match="question is empty"):
        asked(project, "guide.md", question=" ")
    with pytest.raises(UsageError, match="at least 1"):
        asked(project, "guide.md", top_k=0)


def test_before_the_first_ingest(home: Path) -> None:
    with Rag.create(home, model="fake:64") as rag:
        assert rag.why_not(QUESTION, "docs/guide.md").stage == "not_ingested"


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (112, "112th"), (1203, "1,203rd")],
)
def test_ordinals(number: int, word: str) -> None:
    assert ordinal(number) == word
