"""``rag query``: its JSON, its lines, its filters, its batch."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


def test_json_is_the_contract(project, rag):
    run = rag("query", "how long is the warranty?", "--json")
    assert run.code == 0
    found = run.object
    assert 0 < found["confidence"] < 1
    best = found["passages"][0]
    assert best["source"] == "docs/guide.md"
    text = Path(best["source"]).read_text(encoding="utf-8")
    assert text[best["char_start"] : best["char_end"]] == best["text"]
    assert best["chunk_ids"] == [best["chunk_id"]]
    assert "explain" not in best


def test_pipe_gets_one_line_a_passage(project, rag):
    run = rag("query", "warranty months delivery", "-k", "2")
    assert run.code == 0
    lines = run.out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("docs/guide.md:")
    assert "The warranty runs for 24 months" in lines[0]
    assert run.err == ""


def test_chinese_question(project, rag):
    run = rag("query", "保修期多长", "--json", "-k", "1")
    assert run.object["passages"][0]["source"] == "docs/zh/保修.md"
    assert "保修" in run.out


def test_terminal_gets_blocks(project, rag):
    run = rag("query", "warranty", "-k", "1", terminal=True)
    assert "1  " in run.out
    assert "lines" in run.out
    assert "1 passages" not in run.out
    assert "hybrid" in run.err


def test_no_color_is_kept(project, rag, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in rag("query", "warranty", terminal=True).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in rag("query", "warranty", terminal=True).out


def test_stale_passage_says_so(project, rag):
    Path("docs/notes.txt").write_text("Another day.", encoding="utf-8")
    assert rag("query", "picnic", "-k", "1", "--json").object["passages"][0]["stale"]
    run = rag("query", "picnic", "-k", "1", terminal=True)
    assert "file changed since it was read" in run.out


def test_explain(project, rag):
    run = rag("query", "warranty", "--explain", "--json")
    assert all("explain" in p for p in run.object["passages"])
    assert "keyword #1" in rag("query", "warranty", "--explain").out
    assert "keyword #1" in rag("query", "warranty", "--explain", terminal=True).out


@pytest.mark.parametrize(
    ("options", "sources"),
    [
        (["--path", "docs/zh/*"], {"docs/zh/保修.md"}),
        (["--type", "md"], {"docs/guide.md", "docs/zh/保修.md"}),
        (["--until", "2024-05"], {"docs/zh/保修.md"}),
        (["--since", "2024-05-02", "--type", "text"], {"docs/notes.txt"}),
        (["--where", "author=李雷"], {"docs/zh/保修.md"}),
        (["--path", "nowhere/*"], set()),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_filters(project, rag, mode, options, sources):
    run = rag("query", "warranty picnic 保修", "-k", "9", "--mode", mode, "--json", *options)
    assert {p["source"] for p in run.object["passages"]} == sources
    assert run.code == (0 if sources else 4)


def test_nothing_found_is_a_valid_object(project, rag):
    run = rag("query", "zebra", "--mode", "keyword", "--json")
    assert run.code == 4
    assert run.object["passages"] == []
    run = rag("query", "zebra", "--mode", "keyword")
    assert (run.code, run.out, run.err) == (4, "", "no passage found\n")


def test_question_from_stdin(project, rag):
    run = rag("query", "-", "--json", stdin="保修期\n".encode())
    assert run.object["question"] == "保修期"


def test_batch_answers_in_order_and_goes_on_after_a_bad_line(project, rag):
    lines = [
        json.dumps({"id": "a", "question": "warranty", "k": 1}),
        "no json",
        "",
        json.dumps({"id": 7, "question": ""}),
        json.dumps({"id": [1], "question": "picnic"}),
        json.dumps({"id": "k", "question": "picnic", "k": 0}),
        json.dumps({"id": "k", "question": "picnic", "k": "3"}),
        json.dumps(["picnic"]),
    ]
    run = rag("query", "--batch", "-", "--json", stdin="\n".join(lines).encode())
    assert run.code == 3
    first, bad, empty, third, *rest = run.objects
    assert (first["id"], len(first["passages"])) == ("a", 1)
    assert bad["id"] is None
    assert "not JSON" in bad["error"]
    assert empty == {"id": 7, "error": "the question is empty"}
    assert third["id"] == [1]
    assert third["passages"][0]["source"] == "docs/notes.txt"
    assert all("error" in one for one in rest)


def test_batch_from_a_file_that_is_fine(project, rag):
    Path("questions.jsonl").write_text('{"id": 1, "question": "zebra"}\n', encoding="utf-8")
    run = rag("query", "--batch", "questions.jsonl", "--mode", "keyword")
    assert run.code == 0
    assert run.object["passages"] == []


def test_the_share_that_is_embedded_is_told(project, rag):
    assert rag("query", "warranty", "--json").object["embedded_share"] == 1
    with closing(sqlite3.connect(".rag/store.sqlite")) as connection, connection:
        connection.execute("DELETE FROM embeddings WHERE id = 1")
        (chunks,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    told = (
        f"{chunks - 1} of {chunks} chunks ({100 * (chunks - 1) // chunks} %) are embedded so far;"
        " the others are found by words\n"
    )
    assert rag("query", "warranty").err == told
    assert told in rag("ask", "how long is the warranty?", "--generator", "extractive").err
    assert rag("query", "warranty", "--mode", "keyword").err == ""
    share = (chunks - 1) / chunks
    assert rag("query", "warranty", "--json").object["embedded_share"] == share
    answer = rag("ask", "how long is the warranty?", "--generator", "extractive", "--json")
    assert answer.object["embedded_share"] == share
    assert rag("status", "--json").object["embedded_share"] == share
    assert f"{chunks - 1} ({100 * (chunks - 1) // chunks} %) embedded" in rag("status").out
    assert rag("ingest").code == 0
    assert rag("query", "warranty").err == ""


def test_what_is_said_of_the_corpus_is_said_once_in_a_batch(project, rag, monkeypatch):
    monkeypatch.setenv("FAKE_LANGUAGES", "en")
    Path("docs/zh/更多.md").write_text("保修期为自交货之日起二十四个月。" * 200, encoding="utf-8")
    assert rag("ingest").code == 0
    lines = [json.dumps({"id": n, "question": "how long is the warranty?"}) for n in range(3)]
    run = rag("query", "--batch", "-", stdin="\n".join(lines).encode())
    told = [json.loads(line)["warnings"] for line in run.out.splitlines()]
    assert "Chinese, which fake:64 was not taught" in told[0][0]
    assert told[1:] == [[], []]


NOWHERE = "who painted the ceiling of that chapel?"
HERE = "warranty months delivery"


def test_weak_passages_are_marked(project, rag):
    found = rag("query", NOWHERE, "--json").object
    assert found["confidence"] < 0.5
    assert all(p["weak"] and p["confidence"] < 0.5 for p in found["passages"])
    found = rag("query", HERE, "--json").object
    assert found["confidence"] >= 0.5 and not found["passages"][0]["weak"]
    run = rag("query", NOWHERE, terminal=True)
    assert "●○○○○ weak" in run.out
    assert run.err.count("nothing here seems to answer this\n") == 1
    run = rag("query", HERE, "-k", "1", terminal=True)
    assert "●●●" in run.out and "weak" not in run.out
    assert "nothing here" not in run.err


def test_in_a_pipe_only_the_note_says_that_all_is_weak(project, rag):
    run = rag("query", NOWHERE, "-k", "1")
    assert "●" not in run.out and "weak" not in run.out
    assert run.err == "nothing here seems to answer this\n"
    assert rag("query", NOWHERE, "-k", "1", "--quiet").err == ""
    assert rag("query", HERE, "-k", "1").err == ""


def test_without_a_measure_there_are_no_dots(project, rag):
    run = rag("query", NOWHERE, "--mode", "dense", terminal=True)
    assert "●" not in run.out and "○" not in run.out
    assert "nothing here" not in run.err


@pytest.mark.parametrize("columns", [30, 80])
def test_dots_stand_at_the_edge_beside_any_name(project, rag, monkeypatch, columns):
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    out = rag("query", "保修 warranty picnic", terminal=True).out
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in out.splitlines()]
    headings = [line for line in lines if "○" in line or "●" in line]
    assert len(headings) == lines.count("") == 3
    assert all(cell_len(line) == columns for line in headings)


@pytest.mark.parametrize("mode", ["hybrid", "dense", "keyword"])
def test_what_explains_a_score_adds_up_to_it(project, rag, mode):
    found = rag("query", "warranty picnic 保修", "--explain", "--json", "--mode", mode).object
    assert found["passages"]
    assert all(sum(p["explain"].values()) == p["score"] for p in found["passages"])


def test_a_page_is_told_with_its_label(documents, rag):
    said = "1\n00:12:05,000 --> 00:12:09,000\nZebras graze near the lighthouse at dusk.\n"
    (documents / "talk.srt").write_text(said, encoding="utf-8")
    rag("ingest", "docs", "--model", "fake:64")
    best = rag("query", "zebras graze lighthouse", "--json").object["passages"][0]
    assert (best["source"], best["page"], best["page_label"]) == ("docs/talk.srt", 1, "0:12:05")
    others = [p for p in rag("query", "warranty", "--json").object["passages"] if not p["page"]]
    assert others and {p["page_label"] for p in others} == {None}
    shown = rag("query", "zebras graze lighthouse", "-k", "1", terminal=True).out
    assert "p. 1 (0:12:05)" in shown
    assert rag("query", "zebras graze", "-k", "1").out.startswith("docs/talk.srt#page=1: ")
    answer = rag("ask", "where do zebras graze at dusk?", "--json").object
    assert [(c["page"], c["page_label"]) for c in answer["citations"]] == [(1, "0:12:05")]
    assert "docs/talk.srt, p. 1 (0:12:05)" in rag("ask", "where do zebras graze at dusk?").out
