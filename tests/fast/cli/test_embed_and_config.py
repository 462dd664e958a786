"""``rag embed`` and ``rag config``."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_embed_without_a_project(surroundings, rag):
    run = rag("embed", "one", "保修", "--model", "fake:8", "--json")
    assert run.code == 0
    assert [o["text"] for o in run.objects] == ["one", "保修"]
    assert {len(o["embedding"]) for o in run.objects} == {8}
    assert sum(x * x for x in run.objects[0]["embedding"]) == pytest.approx(1, abs=1e-6)
    assert not Path(".rag").exists()


def test_embed_with_the_projects_model(project, rag):
    assert rag("embed", "one").object["model"] == "fake:64"
    assert rag("embed", "one", "--model", "fake:8").object["model"] == "fake:8"


def test_embed_lines_of_stdin_as_questions(project, rag):
    run = rag("embed", "-", "--as", "query", stdin=b"one\r\n" * 100)
    assert [o["text"] for o in run.objects] == ["one"] * 100


@pytest.mark.parametrize("kind", ["document", "query"])
def test_embed_never_cuts(project, rag, kind):
    run = rag("embed", "short", "word " * 300, "--as", kind)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("rag: error: text 2: the text has 300 tokens; the model takes 256")


def test_config_set_get_show(project, rag):
    file = Path(".rag/config.toml")
    file.write_text("# mine\nmode = 'dense'  # for now\n", encoding="utf-8")
    assert rag("config", "get", "mode").out == "dense\n"
    run = rag("config", "set", "top_k", "7")
    assert (run.code, run.out, run.err) == (0, "", f"written to {project}/.rag/config.toml\n")
    assert file.read_text(encoding="utf-8") == "# mine\nmode = 'dense'  # for now\ntop_k = 7\n"
    shown = rag("config", "show", "--json").object["settings"]
    assert shown["top_k"] == {"value": 7, "origin": "project", "detail": ""}
    assert shown["chunk_tokens"]["origin"] == "default"
    lines = rag("config", "show").out.splitlines()
    assert len(lines) == len(shown)
    assert all(len(line) <= 80 for line in lines)
    assert len(rag("query", "warranty", "--mode", "keyword", "--json").object["passages"]) <= 7
    assert rag("config", "set", "top_k", "--unset").code == 0
    assert rag("config", "get", "top_k", "--json").object["settings"]["top_k"]["value"] == 5


def test_config_of_the_user_works_without_a_project(surroundings, rag):
    assert rag("config", "set", "--user", "openai_api_key", "sk-secret").code == 0
    run = rag("config", "show")
    assert "sk-secret" not in run.out
    assert "********" in run.out
    assert "user" in run.out
    assert rag("config", "get", "openai_api_key").out == "********\n"
    file = next((surroundings.parent / "home").rglob("config.toml"))
    assert file.stat().st_mode & 0o777 == 0o600


def test_key_is_refused_in_the_projects_file(project, rag):
    run = rag("config", "set", "openai_api_key", "sk-secret")
    assert run.code == 2
    assert "sk-secret" not in run.err
    assert not Path(".rag/config.toml").exists()


def test_origin_names_the_variable(project, rag, monkeypatch):
    monkeypatch.setenv("RAG_TOP_K", "3")
    shown = rag("config", "get", "top_k", "--json").object["settings"]["top_k"]
    assert shown == {"value": 3, "origin": "environment", "detail": "RAG_TOP_K"}
