"""``rag eval``: its table, its JSON, its gates, and how a set of one's own grows."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

LINES = [
    {"id": "w", "question": "how long is the warranty?", "relevant": [{"file": "guide.md"}]},
    {
        "id": "p",
        "question": "when was the picnic?",
        "group": "notes",
        "relevant": [{"file": "notes.txt", "text": "The picnic of 1998 was on a Sunday."}],
    },
]


@pytest.fixture
def questions(project: Path) -> str:
    return write(LINES)


def write(lines: list[dict[str, object]]) -> str:
    Path("q.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return "q.jsonl"


def test_the_table(questions, rag):
    run = rag("eval", questions)
    assert run.code == 0
    chunk_tokens = rag("config", "get", "chunk_tokens").out.strip()
    lines = run.out.splitlines()
    assert lines[0] == "2 questions · q.jsonl"
    assert lines[1].startswith(f"hybrid · fake:64 · {chunk_tokens}-token chunks · 3 files, ")
    assert any(line.startswith("recall@5 ") and "1.000  [1.000, 1.000]" in line for line in lines)
    assert not any(line.startswith(("hit@5", "char_recall@3")) for line in lines)
    assert any(line.startswith("notes ") for line in lines)
    assert "2 questions are few" in run.err
    everything = rag("eval", questions, "--verbose").out
    assert "hit@5" in everything and "char_recall@3" in everything
    assert "●" in rag("eval", questions, terminal=True).out


def test_json(questions, rag):
    found = rag("eval", questions, "--json", "-k", "3", "--mode", "keyword").object
    (run,) = found["runs"]
    assert (run["mode"], run["questions"], found["top_k"]) == ("keyword", 2, 3)
    assert run["metrics"]["recall@3"]["mean"] == 1
    assert run["results"][1]["rank"] == 1
    assert run["results"][1]["expected"] == ["notes.txt"]
    assert run["groups"][0]["name"] == "notes"


def test_what_was_missed_is_shown_when_asked(project, rag):
    file = write([{"id": 1, "question": "zebra?", "relevant": [{"file": "guide.md"}]}])
    run = rag("eval", file, "--mode", "keyword", "-v")
    assert "1 question whose answer is not among the first five:" in run.out
    assert "guide.md: not found;" in run.out


def test_gates(questions, rag):
    assert rag("eval", questions, "--min", "recall@5=0.9", "--min", "mrr@10=0.5").code == 0
    run = rag("eval", write([*LINES, {**LINES[0], "id": "x", "question": "zebra?"}]),
              "--mode", "keyword", "--min", "recall@5=0.9", "--json", "--quiet")  # fmt: skip
    assert run.code == 6
    (gate,) = run.object["gates"]
    assert (gate["metric"], gate["least"], gate["met"]) == ("recall@5", 0.9, False)
    assert run.err == "rag: missed: recall@5 is 0.667, at least 0.9 was asked for\n"


@pytest.mark.parametrize(
    ("gate", "why"),
    [("recall@5", "is not METRIC=X"), ("recall@5=high", "is not METRIC=X"),
     ("recall@7=1", "`recall@7` is not measured here")],
)  # fmt: skip
def test_gates_that_cannot_be(questions, rag, gate, why):
    run = rag("eval", questions, "--min", gate)
    assert (run.code, run.out) == (2, "")
    assert why in run.err


def test_questions_about_other_files_are_told(project, rag):
    file = write([LINES[0], {"id": "o", "question": "?!", "relevant": [{"file": "other.md"}]}])
    run = rag("eval", file, "--json")
    assert run.code == 3
    assert run.object["runs"][0]["left_out"] == ["o"]
    assert (
        "rag: warning: 1 of 2 questions left out of the figures: other.md: it is not in this"
        " project" in run.err
    )
    run = rag("eval", write([{"id": "o", "question": "?!", "relevant": [{"file": "other.md"}]}]))
    assert (run.code, run.out) == (4, "")
    run = rag("eval", write([{"question": "?"}]))
    assert run.code == 2
    assert "q.jsonl: line 1: nothing relevant is known for it" in run.err


def test_save_and_against(questions, rag):
    assert rag("eval", questions, "--save", "first", "--mode", "keyword").code == 0
    assert json.loads(Path(".rag/evaluations/first.json").read_text())["schema"] == "ragcli.eval/1"
    run = rag("eval", questions, "--against", "first")
    assert "this run against first: 2 questions" in run.out
    assert "this run and first: every question has the same ndcg@10" in run.out
    (found,) = rag("eval", questions, "--against", "first", "--json").object["comparisons"]
    assert (found["before"], found["questions"], found["others"]) == ("first", 2, 0)
    run = rag("eval", questions, "--against", "second")
    assert run.code == 4
    assert "there are first" in run.err


def test_a_set_of_ones_own_grows_in_two_ways(project, rag):
    run = rag("eval")
    assert run.code == 2
    assert "rag eval add" in run.err and "--mark" in run.err
    run = rag("eval", "add", "how long is the warranty?", "--relevant", "docs/guide.md:5")
    assert (run.code, run.out) == (0, "")
    assert run.err.startswith("kept in .rag/questions.jsonl: how long is the warranty?")
    found = rag("query", "picnic of 1998", "--mark", "1")
    assert found.code == 0
    assert "kept in .rag/questions.jsonl: picnic of 1998" in found.err
    run = rag("eval", "--json")
    assert run.object["set"] == ".rag/questions.jsonl"
    assert run.object["runs"][0]["metrics"]["hit@5"]["mean"] == 1
    assert run.object["runs"][0]["results"][1]["expected"][0].startswith("docs/notes.txt")


def test_what_was_added_as_json(project, rag):
    run = rag("eval", "add", "how long is the warranty?", "--relevant", "docs/guide.md:5", "--json")
    (line,) = Path(".rag/questions.jsonl").read_text(encoding="utf-8").splitlines()
    assert run.object == {"schema": "ragcli.eval-add/1", **json.loads(line)}


def test_what_cannot_be_marked(project, rag):
    run = rag("query", "picnic", "--mark", "1,99")
    assert run.code == 2
    assert "there is no passage 99 to mark" in run.err
    assert rag("query", "picnic", "--mark", "first").code == 2
    assert rag("query", "--batch", "-", "--mark", "1").code == 2
    assert rag("query", "zebra", "--mode", "keyword", "--mark", "1").code == 2
    assert not Path(".rag/questions.jsonl").exists()
    run = rag("eval", "add", "lost?", "--relevant", "docs/nothing.md")
    assert run.code == 4


def test_a_beir_folder_needs_no_project(surroundings, rag, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(surroundings / "cache"))
    folder = surroundings / "tiny"
    (folder / "qrels").mkdir(parents=True)
    entries = [{"_id": "d1", "title": "", "text": "the warranty runs for 24 months"}]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, entries)))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": "warranty"}))
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n1\td1\t1\n")
    run = rag("eval", "tiny", "--model", "fake:64", "--json")
    assert run.code == 0
    assert run.object["runs"][0]["metrics"]["ndcg@10"]["mean"] == 1
    assert "the corpus is kept in" in run.err


# ------------------------------------------------------------------ variants


def test_modes_are_compared_in_the_project(questions, rag):
    before = sorted(Path(".rag").iterdir())
    run = rag("eval", questions, "--compare", "mode=dense,keyword,hybrid")
    assert run.code == 0
    table = run.out.splitlines()[2:6]
    assert [line.split()[0] for line in table[1:]] == ["dense", "keyword", "hybrid"]
    assert "keyword and dense: " in run.out and "hybrid and keyword: " in run.out
    assert sorted(Path(".rag").iterdir()) == before
    long = {"id": "l", "question": "warranty " * 300, "relevant": ["guide.md"]}
    run = rag("eval", write([*LINES, long]), "--compare", "mode=keyword,hybrid")
    assert "note: hybrid: 1 of 3 questions: the text has 300 tokens" in run.err
    found = rag("eval", write(LINES), "--compare", "mode=dense,keyword", "--json").object
    assert [r["mode"] for r in found["runs"]] == ["dense", "keyword"]
    (comparison,) = found["comparisons"]
    assert (comparison["after"], comparison["before"]) == ("keyword", "dense")
    assert len(comparison["verdicts"]) == 2


@pytest.mark.parametrize(
    ("asked", "field", "values"),
    [
        ("model=fake:64,fake:128", "model", ["fake:64", "fake:128"]),
        ("chunk_tokens=16,254", "chunk_tokens", [16, 254]),
        ("dimensions=8,64", "model", ["fake:64", "fake:64"]),
        ("query_prompt=,query: ", "model", ["fake:64", "fake:64"]),
    ],
)
def test_other_models_and_chunks_are_built_beside_it(questions, rag, asked, field, values):
    before = Path(".rag/store.sqlite").read_bytes()
    run = rag("eval", questions, "--compare", asked, "--json", "-v")
    assert run.code == 0, run.err
    assert [r[field] for r in run.object["runs"]] == values
    assert not any(r["notes"] for r in run.object["runs"])
    assert Path(".rag/store.sqlite").read_bytes() == before
    assert rag("status", "--json").object["model"]["name"] == "fake:64"


def test_rerankers_are_compared_and_named(questions, rag):
    found = rag("eval", questions, "--compare", "reranker=off,fake:contrary", "--json").object
    assert [r["name"] for r in found["runs"]] == ["reranker=off", "reranker=fake:contrary"]
    assert [r["reranker"] for r in found["runs"]] == [None, "fake:contrary"]
    plain, contrary = (r["metrics"]["mrr@10"]["mean"] for r in found["runs"])
    assert contrary < plain
    run = rag("eval", questions, "--rerank", "fake:words")
    assert "fake:64 · reranked by fake:words · " in run.out.splitlines()[1]


def test_more_than_the_model_takes_is_told(questions, rag):
    run = rag("eval", questions, "--compare", "chunk_tokens=254,999")
    assert "chunk_tokens=999: fake:64 takes 256 at most" in run.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--compare", "reranker=off"], "names one value"),
        (["--compare", "generator=a,b"], "`generator` is not compared"),
        (["--compare", "mode=dense"], "names one value"),
        (["--compare", "mode=dense,dense"], "names one value"),
        (["--compare", "mode=dense,deep"], "`mode` must be one of"),
        (["--compare", "chunk_tokens=64,x"], "`chunk_tokens` must be a whole number"),
        (["--compare", "mode=dense,hybrid", "--save", "x"], "goes with none of"),
    ],
)
def test_what_cannot_be_compared(questions, rag, options, why):
    run = rag("eval", questions, *options)
    assert (run.code, run.out) == (2, "")
    assert why in run.err


# ------------------------------------------------------------------ made from the documents


def test_self(documents, rag):
    farm = "The {} of the valley are kept by farmers who know them well, as they say. "
    Path("docs/farm.txt").write_text("".join(farm.format(f"animals{n}") for n in range(20)))
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    run = rag("eval", "--self", "--save", "base")
    assert run.code == 0
    assert ".rag/self-questions.jsonl (made from the documents)" in run.out
    assert "sentence" in run.out and "these questions were made from the documents" in run.err
    again = rag("eval", "--self", "--against", "base", "--json").object
    assert again["comparisons"][0]["others"] == 0
    assert again["runs"][0]["caution"]
    assert rag("eval", "--self", "--compare", "mode=dense,keyword").code == 0
    assert rag("eval", "--self", "q.jsonl").code == 2
    with closing(sqlite3.connect(".rag/store.sqlite")) as connection, connection:
        connection.execute("DELETE FROM embeddings WHERE id = 1")
    run = rag("eval", "--self")
    assert (run.code, run.out) == (2, "")
    assert "not every chunk is embedded yet" in run.err
