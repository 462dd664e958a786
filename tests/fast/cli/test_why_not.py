"""``rag why-not``: a verdict in plain words, the facts behind it, and an exit code."""

from __future__ import annotations

from pathlib import Path

QUESTION = "for how many months does the warranty run from delivery?"


def test_what_is_among_the_passages(project, rag):
    run = rag("why-not", QUESTION, "docs/guide.md:5")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert lines[0] == "docs/guide.md, line 5: among the passages; it is passage 1."
    assert [line.split("  ")[1] for line in lines[1:]] == [
        "chunk", "by meaning", "by words", "together",
    ]  # fmt: skip
    assert " of 3 chunks, cosine " in lines[2]
    assert "= " in lines[4]


def test_what_is_not(project, rag):
    run = rag("why-not", QUESTION, "docs/notes.txt", "-k", "1")
    assert run.code == 4
    assert run.out.startswith("docs/notes.txt: not among the passages; it is passage ")
    assert run.err.startswith("hint: ask for more: -k ")
    assert "hint" not in rag("why-not", QUESTION, "docs/notes.txt", "-k", "1", "--quiet").err


def test_what_is_not_in_the_project(project, rag):
    run = rag("why-not", QUESTION, "docs/guide.md", "--type", "pdf")
    assert run.out == "docs/guide.md: not among the passages; the filter leaves it out: --type.\n"
    Path("later.txt").write_text("later\n", encoding="utf-8")
    run = rag("why-not", QUESTION, "later.txt")
    assert (run.code, run.err) == (4, "hint: rag ingest 'later.txt'\n")
    run = rag("why-not", QUESTION, "never.txt")
    assert run.code == 4
    assert run.err.startswith("rag: error: never.txt is not in this project\n")


def test_json(project, rag):
    found = rag("why-not", QUESTION, "docs/guide.md:5", "--json").object
    assert found["shown"] and found["stage"] == "shown"
    (chunk,) = found["chunks"]
    assert sum(chunk["explain"].values()) == chunk["score"]
    best = rag("query", QUESTION, "--json", "--explain").object["passages"][0]
    assert (chunk["chunk_id"], chunk["score"], chunk["explain"]) == (
        best["chunk_id"],
        best["score"],
        best["explain"],
    )
    found = rag("why-not", QUESTION, "docs/zh/保修.md:99", "--json").object
    assert (found["stage"], found["chunks"]) == ("no_text", [])
    question = rag("why-not", "-", "docs/guide.md", "--json", stdin=b"warranty\n").object
    assert question["question"] == "warranty"
