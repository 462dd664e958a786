"""A reranker in the commands: off unless named, explained, checked, the same through the helper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

QUESTION = "warranty batteries picnic"


def order(run) -> list[str]:
    return [p["chunk_id"] for p in run.object["passages"]]


def test_off_where_none_is_named(project, rag):
    found = rag("query", QUESTION, "--json", "--explain").object
    assert found["reranker"] is None
    assert "rerank" not in found["timings_ms"]
    assert not any("rerank" in p["found_by"] for p in found["passages"])
    assert not any(p["explain"]["rerank"] for p in found["passages"])
    assert rag("status", "--json").object["reranker"] is None


@pytest.mark.parametrize("reranker", ["off", "fake:words"])
def test_the_parts_of_a_score_add_up(project, rag, reranker):
    run = rag("query", QUESTION, "--rerank", reranker, "--json", "--explain")
    assert run.code == 0
    for one in run.object["passages"]:
        assert one["score"] == sum(one["explain"].values())


def test_it_is_explained_and_retrieval_s_own_parts_stay(project, rag):
    ask = ["query", QUESTION, "--json", "--explain", "-k", "9"]
    run = rag(*ask, "--rerank", "fake:words")
    assert run.object["reranker"] == "fake:words"
    assert "rerank" in run.object["timings_ms"]
    plain = {p["chunk_id"]: p for p in rag(*ask).object["passages"]}
    assert {p["chunk_id"] for p in run.object["passages"]} == plain.keys()
    for one in run.object["passages"]:
        assert one["explain"].pop("rerank") >= 0
        assert one["explain"].items() < plain[one["chunk_id"]]["explain"].items()
        assert one["found_by"]["rerank"]["score"] >= 0
    assert run.object["passages"][0]["found_by"]["rerank"]["rank"] == 1
    assert run.object["confidence"] == rag(*ask).object["confidence"]
    shown = rag("query", QUESTION, "--rerank", "fake:words", "--explain").out
    assert "rerank #1 (" in shown and " · rerank 0." in shown


@pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])
def test_it_reorders_in_every_mode_and_k_only_cuts(project, rag, mode):
    ask = ["query", QUESTION, "--mode", mode, "--json", "-k"]
    plain = order(rag(*ask, "9"))
    with_it = order(rag(*ask, "9", "--rerank", "fake:contrary"))
    assert len(plain) > 1
    assert sorted(plain) == sorted(with_it) and plain != with_it
    # Candidates are the same whatever is shown of them.
    assert order(rag(*ask, "1", "--rerank", "fake:contrary")) == with_it[:1]


def test_an_exact_hit_is_not_buried(project, rag):
    for number in range(30):
        text = f"The pump was serviced in week {number}."
        Path(f"docs/{number}.txt").write_text(text, encoding="utf-8")
    Path("docs/code.txt").write_text("Pump fault E4711: see the manual.", encoding="utf-8")
    Path("docs/other.txt").write_text("Pump fault of any kind.", encoding="utf-8")
    assert rag("ingest", "docs", "--quiet").code == 0
    ask = ["--rerank", "fake:contrary", "--json", "-k", "30"]

    def place(question: str, source: str) -> int:
        found = rag("query", question, *ask).object["passages"]
        return [p["source"] for p in found].index(source)

    # A contrary reranker buries what holds the question's words, but not its error code.
    assert place("pump fault", "docs/other.txt") > 2
    assert place("pump fault E4711", "docs/code.txt") == 0


def test_settings_and_variables_name_it_and_off_is_off(project, rag, monkeypatch):
    assert rag("config", "set", "reranker", "fake:words").code == 0
    assert rag("query", QUESTION, "--json").object["reranker"] == "fake:words"
    assert rag("query", QUESTION, "--rerank", "off", "--json").object["reranker"] is None
    assert rag("query", QUESTION, "--rerank", "", "--json").object["reranker"] is None
    monkeypatch.setenv("RAG_RERANKER", "fake:contrary")
    assert rag("query", QUESTION, "--json").object["reranker"] == "fake:contrary"
    run = rag("ask", "how long is the warranty?", "--json", "--generator", "extractive")
    assert "rerank" in run.object["timings_ms"]


def test_one_that_cannot_read_the_question_has_no_say(project, rag):
    plain = rag("query", "保修期多长", "--json")
    run = rag("query", "保修期多长", "--rerank", "fake:contrary", "--json")
    assert order(run) == order(plain)
    assert run.object["warnings"] == ["fake:contrary cannot read this question: not reranked"]


def test_a_question_too_long_for_it_is_told(project, rag):
    run = rag("query", "warranty " * 200, "--rerank", "fake:words", "--json")
    assert order(run)
    (warning,) = run.object["warnings"]
    assert "not reranked by fake:words" in warning


def test_what_there_was_no_time_for_is_told(project, rag, monkeypatch):
    monkeypatch.setenv("FAKE_RERANK_S", "0.02")
    monkeypatch.setenv("RAG_RERANK_S", "0.001")
    run = rag("query", QUESTION, "--rerank", "fake:words", "--json", "--explain", "-k", "9")
    (warning,) = run.object["warnings"]
    assert "scored 2 of" in warning and "0.001 s" in warning
    scored = ["rerank" in p["found_by"] for p in run.object["passages"]]
    assert scored == sorted(scored, reverse=True) and scored.count(True) == 2


@pytest.mark.parametrize("name", ["fake:none", "nowhere/such-model"])
def test_one_that_was_named_never_falls_back(project, rag, name):
    run = rag("query", QUESTION, "--rerank", name)
    assert run.code == 20
    assert run.out == ""
    assert "rag: error: " in run.err and "hint: " in run.err


def test_a_folder_that_cannot_rerank_says_why_everywhere(project, rag, monkeypatch):
    folder = Path("bi-encoder")
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["BertModel"], "model_type": "bert"}')
    monkeypatch.setenv("RAG_RERANKER", "bi-encoder")
    reason = "it is not a cross-encoder"
    run = rag("query", QUESTION)
    assert run.code == 20 and reason in run.err
    assert reason in rag("status").out
    run = rag("doctor")
    assert run.code == 6 and reason in run.out


def test_status_and_doctor(project, rag, monkeypatch):
    checks = {c["name"]: c for c in rag("doctor", "--json").object["checks"]}
    assert checks["reranker"]["detail"] == "off"
    monkeypatch.setenv("RAG_RERANKER", "fake:words")
    assert rag("status", "--json").object["reranker"] == {"name": "fake:words", "engine": None}
    assert "reranker     fake:words" in rag("status").out
    checks = {c["name"]: c for c in rag("doctor", "--deep", "--json").object["checks"]}
    assert checks["reranker"]["detail"] == "`fake:words` is here"
    monkeypatch.setenv("RAG_RERANKER", "nowhere/such-model")
    assert "not on this machine" in rag("status").out
    checks = {c["name"]: c for c in rag("doctor", "--json").object["checks"]}
    assert checks["reranker"]["state"] == "warn"


def test_a_batch_uses_it_for_every_line(project, rag):
    lines = "\n".join(json.dumps({"id": i, "question": QUESTION}) for i in range(2))
    run = rag("query", "--batch", "-", "--rerank", "fake:words", "--json", stdin=lines.encode())
    assert [one["reranker"] for one in run.objects] == ["fake:words"] * 2
