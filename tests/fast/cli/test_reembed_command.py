"""``rag reembed`` as typed: what is compared, switched, kept and taken back; the history."""

from __future__ import annotations

import json

import pytest

from ragcli.recipes import comparison


def questions(folder, count):
    lines = [
        json.dumps({"id": str(n), "question": q, "relevant": [{"file": f}]})
        for n, (q, f) in zip(
            range(count),
            [("warranty months", "guide.md"), ("picnic of 1998", "notes.txt")] * count,
            strict=False,
        )
    ]
    (folder / "asked.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return "asked.jsonl"


def test_old_and_new_stand_side_by_side(project, rag):
    asked = questions(project, 4)
    run = rag("reembed", "--model", "fake:32", "--questions", asked)
    assert run.code == 0
    lines = run.out.splitlines()
    assert lines[0] == "4 questions · asked.jsonl"
    heads = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert heads[1:] == ["recall@5", "ndcg@10", "latency", "latency", "dimensions", "chunks",
                         "size", "Too"]  # fmt: skip
    assert lines[2].split() == ["fake:64", "fake:32", "difference"]
    assert "Too few questions to tell: 4 of at least 30" in lines[-1]
    assert "Switched to 3 chunks, embedded with fake:32, 32 dimensions, fp32 (before: fake:64)" in (
        run.err
    )
    kept = "What was before is kept (fake:64, 64 dimensions, 128-token chunks, "
    assert kept in run.err and "rag reembed --rollback" in run.err


def test_questions_are_made_where_there_are_none(project, rag):
    run = rag("reembed", "--model", "fake:32")
    assert "self-questions.jsonl (made from the documents)" in run.out
    assert "note: these questions were made from the documents" in run.err
    quiet = rag("reembed", "--model", "fake:64", "--no-compare")
    assert quiet.out == "" and "is kept" in quiet.err


@pytest.mark.parametrize(("better", "code"), [(True, 0), (False, 6)])
def test_if_better_is_a_gate(project, rag, monkeypatch, better, code):
    monkeypatch.setattr("ragcli.evaluation.bootstrap.FEW", 2)
    monkeypatch.setattr(comparison, "judged", lambda *_: (better, "as the test wants it"))
    run = rag("reembed", "--model", "fake:32", "--questions", questions(project, 4), "--if-better")
    assert run.code == code
    assert rag("status", "--json").object["model"]["name"] == ("fake:32" if better else "fake:64")
    assert ("Not switched: fake:64 goes on answering" in run.err) is not better
    again = rag("reembed", "--model", "fake:32", "--no-compare", "--json").object
    assert (again["changed"], again["embedded_chunks"]) == (not better, 0)


def test_what_was_done_as_json(project, rag):
    asked = questions(project, 4)
    rag("config", "set", "history", "true")
    rag("query", "warranty")
    found = rag("reembed", "--model", "fake:32", "--questions", asked, "--json").object
    assert found["switched"] and found["kept"]["model"] == "fake:64"
    compared = found["comparison"]
    assert compared["quality"]["questions"] == 4 and not compared["quality"]["better"]
    assert compared["overlap"]["questions"] == 1 and compared["missing"] is None
    assert compared["old"]["dimension"] == 64 and "ndcg@10" in compared["new"]["metrics"]


def test_back_again_and_forgotten(project, rag):
    assert rag("reembed", "--rollback").code == 2
    rag("reembed", "--model", "fake:32", "--no-compare")
    status = rag("status")
    assert "kept         fake:64, 64 dimensions, 128-token chunks, " in status.out
    back = rag("reembed", "--rollback")
    assert back.code == 0
    assert "(before: fake:32), 0 of them now" in back.err and "is kept (fake:32, " in back.err
    assert rag("query", "warranty", "--json").object["model"] == "fake:64"
    assert rag("reembed", "--forget").err == "deleted the embeddings by fake:32\n"
    assert rag("status", "--json").object["kept"] is None
    assert rag("reembed", "--forget", "--json").object["forgotten"] == []
    assert "nothing to delete" in rag("reembed", "--forget").err


def test_a_dry_run_tells_and_changes_nothing(project, rag):
    before = rag("status", "--json").out
    run = rag("reembed", "--model", "fake:32", "--dry-run")
    assert run.code == 0
    assert [line.split()[0] for line in run.out.splitlines()] == ["model", "chunks", "time", "on"]
    assert "3 of 128 tokens" in run.out and "about" not in run.out.splitlines()[1]
    found = rag("reembed", "--chunk-tokens", "16", "--dry-run", "--json").object
    assert found["recut"] and found["to_embed"] == found["chunks"] > 3
    assert rag("status", "--json").out == before
    rag("reembed", "--model", "fake:32", "--no-compare")
    kept = rag("reembed", "--model", "fake:64", "--dry-run", "--json").object
    assert (kept["chunks"], kept["to_embed"], kept["seconds"]) == (3, 0, 0)


@pytest.mark.parametrize(
    "words",
    [
        "--rollback --model fake:32",
        "--rollback --forget",
        "--forget --dry-run",
        "--rollback --self",
        "--no-compare --if-better --model fake:32",
        "--no-compare --questions q.jsonl",
        "--if-better",
    ],
)
def test_what_does_not_go_together(project, rag, words):
    assert rag("reembed", *words.split()).code == 2


def test_if_better_wants_something_to_decide_by(project, rag):
    run = rag("reembed", "--model", "fake:32", "--if-better")
    assert run.code == 2 and "no questions of its own to decide by" in run.err
    assert "hint: name questions: --questions FILE, or --self" in run.err


# ------------------------------------------------------------------ the history


def test_questions_are_kept_only_where_that_was_switched_on(project, rag):
    file = project / ".rag/history.jsonl"
    rag("query", "warranty")
    none = rag("eval", "history")
    assert none.code == 4 and "it is off (rag config set history true)" in none.err
    assert not file.exists()
    rag("config", "set", "history", "true")
    rag("query", "how long is\n the warranty?")
    rag("ask", "what about the picnic?", "--generator", "extractive")
    (project / "batch.jsonl").write_text('{"id": 1, "question": "from a program"}\n')
    rag("query", "--batch", "batch.jsonl")
    asked = [one["question"] for one in rag("eval", "history", "--json").object["questions"]]
    assert asked == ["how long is the warranty?", "what about the picnic?"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert "24 months" not in file.read_text()
    shown = rag("eval", "history").out.splitlines()
    assert shown[0].endswith("  how long is the warranty?")
    assert rag("eval", "history", "--forget").err == "forgot 2 questions\n"
    assert not file.exists() and rag("eval", "history").code == 4


def test_a_question_that_cannot_be_kept_is_answered(project, rag):
    rag("config", "set", "history", "true")
    (project / ".rag/history.jsonl").mkdir()
    run = rag("query", "warranty")
    assert run.code == 0 and "warranty" in run.out
    assert "rag: warning: the question is not kept in the history" in run.err
