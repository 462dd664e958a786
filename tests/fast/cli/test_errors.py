"""What goes wrong: exit code, message and hint, word for word; stored documents stay."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from ragcli.store import lock


def told(run, surroundings):
    """(exit code, stdout, stderr) with the test's own folder written <here>."""
    return run.code, run.out, run.err.replace(str(surroundings), "<here>")


def error(message, hint):
    return f"rag: error: {message}\nhint: {hint}\n"


def test_no_project(surroundings, rag):
    assert told(rag("query", "x"), surroundings) == (
        10,
        "",
        error(
            "no project here: <here> and the folders above it hold no .rag",
            "make one: rag ingest FOLDER (or name one: --project DIR)",
        ),
    )
    assert rag("ingest").code == 10
    assert rag("embed", "x", "--project", "nowhere").code == 10


def test_locked(project, rag):
    with lock.writing(project / ".rag" / "lock", 0):
        run = rag("ingest", "--wait", "0s")
        assert rag("query", "warranty").code == 0
    assert run.code == 11
    assert re.fullmatch(
        r"rag: error: another command is writing to this project \(pid \d+ on .+, for \d+ s\)\n"
        r"hint: wait for it with --wait 10m; queries work meanwhile\n",
        run.err,
    )


def test_unknown_format(project, rag):
    connection = sqlite3.connect(project / ".rag" / "store.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    run = rag("query", "warranty")
    assert (run.code, run.out) == (12, "")
    assert "this project has format 99" in run.err
    assert "hint: use a newer ragcli" in run.err


def test_other_model(project, rag):
    assert told(rag("query", "warranty", "--model", "fake:32"), project) == (
        12,
        "",
        error(
            "this project was embedded with `fake:64`, not with `fake:32`",
            "leave `--model` out, or switch the project: rag reembed --model fake:32",
        ),
    )
    assert rag("ingest", "--model", "fake:32").code == 12


def test_other_weights_behind_the_same_name(project, rag, monkeypatch):
    monkeypatch.setenv("FAKE_WEIGHTS", "re-pulled")
    run = rag("query", "warranty")
    assert run.code == 12
    assert "`fake:64` is not what it was when this project was embedded" in run.err


def test_model_in_the_settings_file_is_a_note(project, rag):
    assert rag("config", "set", "model", "fake:32").code == 0
    run = rag("query", "warranty")
    assert run.code == 0
    assert "note: the project's config.toml names the model `fake:32`" in run.err


def test_ollama_absent(project, rag):
    run = rag("ask", "warranty", "--generator", "ollama:x")
    assert (run.code, run.out) == (20, "")
    assert "Ollama" in run.err
    assert "hint: " in run.err


@pytest.mark.parametrize("model", ["fake:none", "nobody:x", "nobody/no-such-model"])
def test_unknown_model(documents, rag, model):
    run = rag("ingest", "docs", "--model", model)
    assert (run.code, run.out) == (20, "")
    assert re.search(r"^rag: error: .*\nhint: .", run.err, re.MULTILINE)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["query", ""], "the question is empty"),
        (["ask", " "], "the question is empty"),
        (["query", "x", "-k", "0"], "top-k must be at least 1, not 0"),
        (["query", "x", "-k", "many"], "invalid value for"),
        (["query", "x", "--mode", "best"], "`mode` must be one of hybrid, dense, keyword"),
        (["query"], "name one question, or --batch FILE"),
        (["query", "x", "--batch", "y"], "name one question, or --batch FILE"),
        (["query", "--batch", "nowhere.jsonl"], "cannot read nowhere.jsonl"),
        (["query", "x", "--since", "yesterday"], "`--since yesterday` is not a date"),
        (["query", "x", "--until", "2024-13"], "`--until 2024-13` is not a date"),
        (["query", "x", "--where", "author"], "`--where author` is not KEY=VALUE"),
        (["query", "x", "--type", "pfd"], "there is no type `pfd`"),
        (["query", "x", "--tpye", "pdf"], "no such option: --tpye"),
        (["query", "x", "y"], "got unexpected extra argument (y)"),
        (["ask"], "missing argument"),
        (["ingest", "--wait", "soon"], "`soon` is not a length of time"),
        (["ingest", "--fail-on", "some"], "`--fail-on` must be any, new or none, not `some`"),
        (["ingest", "-0"], "-0 says how paths on stdin end, but none are read"),
        (["embed", "a", ""], "text 2 is empty"),
        (["embed", "a", "--as", "poem"], "`--as` must be document or query, not `poem`"),
        (["init", "a", "--project", "b"], "DIR and --project name the same thing"),
        (["config"], "missing command"),
        (["config", "get", "modell"], "there is no setting `modell`"),
        (["config", "set", "top_k"], "name a VALUE, or --unset"),
        (["config", "set", "top_k", "0"], "`top_k` must be at least 1, not 0"),
        (["qury", "x"], "there is no command `qury`"),
        (["--project", "x", "query"], "no such option: --project"),
    ],
)
def test_wrong_usage(project, rag, args, message):
    run = rag(*args)
    assert (run.code, run.out) == (2, "")
    first, second = run.err.splitlines()
    assert first.startswith(f"rag: error: {message}")
    assert second.startswith("hint: ")
    assert rag("query", "warranty", "--json").object["passages"]


def test_nearest_command_is_suggested(surroundings, rag):
    assert rag("qury").err.endswith("hint: did you mean: rag query\n")
    assert rag("how long is it?").err.endswith('hint: to ask something: rag ask "…"\n')


def test_wrong_settings_file_can_be_mended(project, rag):
    Path(".rag/config.toml").write_text("colour = 'red'\n", encoding="utf-8")
    run = rag("query", "warranty")
    assert run.code == 2
    assert "unknown setting `colour` in the project's config.toml" in run.err
    assert rag("config", "set", "colour", "--unset").code == 0
    assert rag("query", "warranty").code == 0


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (ZeroDivisionError("one\ntwo"), "unexpected failure: ZeroDivisionError: one two"),
        (OSError(28, "No space left on device"), "there is no space left on the disk"),
        (sqlite3.OperationalError("database or disk is full"), "there is no space left on the"),
        (PermissionError(13, "Permission denied", "/x"), "/x: permission denied"),
        (MemoryError(), "there is not enough memory"),
    ],
)
def test_unexpected_failures(project, rag, monkeypatch, failure, sentence):
    def fail(*args, **options):
        raise failure

    monkeypatch.setattr("ragcli.recipes.query.query", fail)
    run = rag("query", "x")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith(f"rag: error: {sentence}")
    assert "Traceback" not in run.err
    assert "Traceback" in rag("query", "x", "--debug").err


def test_interrupted(project, rag, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("ragcli.recipes.query.query", interrupt)
    run = rag("query", "x")
    assert (run.code, run.out) == (130, "")
    assert run.err == "rag: interrupted; the project holds what was committed\n"
