"""Old and new on the same questions, before one takes the other's place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.passages import passage
from fakes.project import write

from ragcli import Rag
from ragcli.domain import Event
from ragcli.errors import UsageError
from ragcli.evaluation.bootstrap import Difference
from ragcli.recipes import comparison, history
from ragcli.recipes.comparison import judged

WORDS = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "gravel",
    "heath",
    "island",
    "juniper",
    "kelp",
    "lagoon",
]


def difference(mean: float, low: float, high: float) -> Difference:
    return Difference(mean, low, high, up=9, down=1, same=90)


@pytest.mark.parametrize(
    ("mean", "low", "questions", "better"),
    [
        (0.03, 0.01, 100, True),
        (0.004, -0.01, 100, True),  # surely not worse by more than a hundredth
        (0.004, -0.011, 100, False),
        (0.0, 0.0, 100, False),  # the same is not better
        (-0.001, -0.005, 100, False),
        (0.3, 0.2, 29, False),  # too few to tell
    ],
)
def test_better_means(mean: float, low: float, questions: int, better: bool) -> None:
    found, why = judged(difference(mean, low, 0.5), questions)
    assert found is better and f"{mean:+.3f} [{low:+.3f}, +0.500] in ndcg@10" in why


# ------------------------------------------------------------------ a project with questions


@pytest.fixture
def many(home: Path) -> Iterator[Rag]:
    """A file for each pair of words, embedded in eight dimensions, which mix them up."""
    pairs = [(a, b) for i, a in enumerate(WORDS) for b in WORDS[i + 1 :]][:40]
    for number, (one, other) in enumerate(pairs):
        write(home / f"docs/{number:02}.txt", f"Of {one} and of {other} and no more.\n")
    lines = [
        json.dumps({"question": f"{one} {other}", "relevant": [{"file": f"{number:02}.txt"}]})
        for number, (one, other) in enumerate(pairs)
    ]
    write(home / "asked.jsonl", "\n".join(lines))
    with Rag.create(home, model="fake:8", mode="dense") as rag:
        rag.ingest(["docs"])
        yield rag


def stored(rag: Rag) -> dict[str, list[Any]]:
    """Every row of every table, as SQLite would tell."""
    connection = rag.store.connection
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'keyword%'"
        " AND name NOT IN ('sqlite_sequence', 'index_files')"
    ).fetchall()
    return {n: connection.execute(f"SELECT * FROM {n}").fetchall() for (n,) in names}


def test_it_switches_only_if_the_new_one_is_better(many: Rag, home: Path) -> None:
    done = many.reembed("fake:512", questions="asked.jsonl", if_better=True)
    assert done.switched and done.comparison is not None
    quality, old, new = done.comparison.quality, done.comparison.old, done.comparison.new
    assert quality is not None and quality.better and quality.verdict.startswith("better: +")
    assert (old.model, new.model, old.dimension, new.dimension) == ("fake:8", "fake:512", 8, 512)
    assert new.metrics["ndcg@10"].mean > old.metrics["ndcg@10"].mean
    assert new.size_bytes > old.size_bytes and old.latency is not None
    assert quality.questions == 40 and quality.differences["ndcg@10"].low >= -0.01

    worse = many.reembed("fake:4", questions="asked.jsonl", if_better=True)
    assert (worse.changed, worse.switched) == (True, False)
    assert worse.comparison is not None and worse.comparison.quality is not None
    assert worse.comparison.quality.verdict.startswith("not better: -")
    assert many.query("amber").model == "fake:512"
    assert many.status().unfinished == ("fake:4",)
    assert many.doctor(deep=True).healthy
    insisted = many.reembed("fake:4")
    assert insisted.switched and insisted.embedded_chunks == 0 and insisted.comparison is None


@pytest.mark.parametrize("self_made", [False, True])
def test_a_rehearsal_leaves_nothing_behind(many: Rag, home: Path, self_made: bool) -> None:
    long = [f"A sentence about {w} that goes on for rather more than a few words." for w in WORDS]
    write(home / "docs/long.md", "# Trees and shores\n\n" + " ".join(3 * long) + "\n")
    many.ingest()
    if self_made:
        many.reembed("fake:512")  # built; then taken back, so that both sets are there
        many.rollback()
    else:
        many.reembed("fake:4", questions="asked.jsonl", if_better=True)
    before, seen = stored(many), []

    def look(event: Event) -> None:
        if event.kind == "asking" and event.done == 1:
            with Rag.open(home, mode="dense") as reader:
                seen.append(reader.query("amber birch"))
                assert stored(reader) == before

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ragcli.evaluation.bootstrap.FEW", 1)
        patch.setattr(comparison, "judged", lambda *_: (False, "not today"))
        asked: dict[str, Any] = {"self_made": True} if self_made else {"questions": "asked.jsonl"}
        name = "fake:512" if self_made else "fake:4"
        done = many.reembed(name, if_better=True, listener=look, **asked)
    assert not done.switched and done.comparison is not None
    assert done.comparison.quality is not None
    if self_made:  # some were taken out of their documents
        assert '"group": "sentence"' in many.folder.self_made.read_text()
    assert (done.comparison.quality.caution is not None) == self_made
    assert [found.model for found in seen] == ["fake:8", "fake:8"]
    assert stored(many) == before
    assert many.doctor(deep=True).healthy


def test_nothing_to_decide_by_is_told_before_anything_is_embedded(many: Rag, home: Path) -> None:
    write(home / "few.jsonl", (home / "asked.jsonl").read_text().splitlines()[0])
    for asked, message in (
        ({}, "no questions of its own"),
        ({"questions": "few.jsonl"}, "too few"),
    ):
        with pytest.raises(UsageError, match=message):
            many.reembed("fake:512", if_better=True, **asked)
    assert many.status().unfinished == ()


def test_a_switch_goes_on_where_nothing_can_be_compared(many: Rag, home: Path) -> None:
    write(home / "others.jsonl", '{"question": "q", "relevant": [{"file": "elsewhere.txt"}]}\n')
    done = many.reembed("fake:512", questions="others.jsonl")
    assert done.switched and done.comparison is not None
    assert done.comparison.quality is None and "elsewhere.txt" in str(done.comparison.missing)
    assert done.comparison.new.metrics == {}


def test_a_switch_from_a_model_that_is_gone(many: Rag, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    monkeypatch.setenv("FAKE_WEIGHTS", "others")
    with Rag.open(many.folder.root) as rag:
        done = rag.reembed("fake:512", compare=True, listener=lambda e: notes.append(e.message))
    assert done.switched and done.comparison is None
    assert any("not compared" in note and "fake:8" in note for note in notes)


# ------------------------------------------------------------------ the history


def test_questions_of_the_history_are_compared_by_what_they_find(many: Rag) -> None:
    for question in ("amber birch", "cedar delta", "amber birch"):
        history.keep(many.folder, question)
    done = many.reembed("fake:512", compare=True)
    assert done.comparison is not None and done.comparison.overlap is not None
    seen = done.comparison.overlap
    assert (seen.questions, seen.top_k) == (2, 5) and 0 < seen.share < 1
    same = many.reembed("fake:512", chunk_tokens=100, compare=True).comparison  # cut no otherwise
    assert same is not None and same.overlap is not None
    assert (same.overlap.share, same.overlap.same_first) == (1.0, 1.0)


def test_passages_are_the_same_where_they_share_half_of_the_shorter() -> None:
    one = passage("x" * 100, source="a.txt", char_start=0)
    others = [("a.txt", 50, 200, True), ("a.txt", 51, 200, False), ("b.txt", 0, 100, False)]
    for source, start, end, same in others:
        other = passage("x" * (end - start), source=source, char_start=start)
        assert comparison._is_same(one, other) is same


def test_the_history_is_kept_for_its_owner_and_forgotten(many: Rag) -> None:
    history.keep(many.folder, "  what is\nthis? ")
    history.keep(many.folder, "第二个问题")
    file = many.folder.history
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open("ab") as out:
        out.write(b'{"at": "2026')  # the disk was full
    assert [a.question for a in history.read(many.folder)] == ["what is this?", "第二个问题"]
    assert history.forget(many.folder) == 2
    assert history.read(many.folder) == [] and not file.exists()
