"""``rag ask``: answers, citations, events, exit codes."""

from __future__ import annotations

import pytest
from fakes.ollama_server import FakeModel, FakeOllama

QUESTION = "for how many months does the warranty run from delivery?"


def test_json(project, rag):
    run = rag("ask", QUESTION, "--json", "--generator", "fake:x")
    assert run.code == 0
    answer = run.object
    assert answer["answer"] == "It runs for 24 months [1]."
    assert answer["generator"] == "fake:x"
    assert [c["verdict"] for c in answer["citations"]] == ["unchecked"]
    assert answer["citations"][0]["quote"] is None
    assert any("[99]" in warning for warning in answer["warnings"])


def test_pipe_gets_text_and_citations(project, rag):
    run = rag("ask", QUESTION, "--generator", "fake:x")
    text, _, citation = run.out.splitlines()
    assert text == "It runs for 24 months [1]."
    assert citation.startswith("  · [1] docs/guide.md, line")
    assert run.err == "rag: warning: removed markers that point to no passage: [99]\n"


def test_terminal_gets_the_same_and_a_footer(project, rag, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    run = rag("ask", QUESTION, "--generator", "fake:x", terminal=True)
    assert run.out.startswith("It runs for 24 months [1].\n\n  · [1] docs/guide.md")
    assert "0 of 1 citation supported" in run.err


def test_extractive_quotes_and_says_how_to_get_more(project, rag):
    run = rag("ask", QUESTION)
    assert run.code == 0
    assert "The warranty runs for 24 months from delivery." in run.out
    assert "✓ [1] docs/guide.md" in run.out
    assert "ollama pull" in run.err
    assert "ollama pull" not in rag("ask", QUESTION, "--generator", "extractive").err
    assert rag("ask", QUESTION, "--quiet").err == ""


def test_an_ollama_elsewhere_is_never_picked_and_that_is_said(project, rag, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "gpu.example")
    run = rag("ask", QUESTION)
    assert run.code == 0
    assert "gpu.example:11434 is never picked; name it: --generator ollama:MODEL" in run.err


def test_events(project, rag):
    run = rag("ask", QUESTION, "--jsonl", "--generator", "fake:x")
    kinds = [event["event"] for event in run.objects]
    assert kinds[0] == "retrieved"
    assert kinds[-2:] == ["citation", "done"]
    shown = "".join(e["text"] for e in run.objects if e["event"] == "text")
    assert shown == run.objects[-1]["answer"]["answer"]


@pytest.mark.parametrize("command", [("ask", QUESTION), ("chat",)])
def test_two_forms_of_one_answer_are_refused(project, rag, command):
    run = rag(*command, "--json", "--jsonl", stdin=QUESTION.encode())
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(
        "rag: error: `--json` and `--jsonl` are two forms of one answer\nhint:"
    )


def test_events_end_with_the_error(project, rag):
    run = rag("ask", QUESTION, "--jsonl", "--generator", "fake:broken")
    assert run.code == 20
    last = run.objects[-1]
    assert (last["event"], last["error"], last["hint"], last["exit_code"]) == (
        "error",
        "the fake broke off",
        "it always does",
        20,
    )
    assert last["answer"]["answer"] == "It runs for "
    assert last["answer"]["incomplete"] == last["error"]
    assert rag("ask", QUESTION, "--jsonl", "--generator", "nobody:x").objects[-1]["answer"] is None
    assert run.err == "rag: error: the fake broke off\nhint: it always does\n"


def test_json_of_a_failure_holds_what_came_or_is_silent(project, rag):
    run = rag("ask", QUESTION, "--json", "--generator", "fake:broken")
    assert (run.code, run.object["incomplete"]) == (20, "the fake broke off")
    run = rag("ask", QUESTION, "--json", "--generator", "nobody:x")
    assert (run.code, run.out) == (20, "")


def test_strict(project, rag):
    assert rag("ask", QUESTION, "--strict", "--generator", "fake:x").code == 5
    assert rag("ask", QUESTION, "--strict").code == 0


def test_declined(project, rag):
    run = rag("ask", "zebra", "--mode", "keyword", "--strict")
    assert (run.code, run.out) == (4, "Not in these documents.\n")
    answer = rag("ask", "zebra", "--mode", "keyword", "--json").object
    assert answer["declined"]
    assert answer["why"] == "nothing was found"


# ------------------------------------------------------------------ below the line

NOWHERE = "who painted the ceiling of that chapel?"
# It would fail if it were called.
BROKEN = ("--generator", "fake:broken")


def test_below_the_line_it_declines_without_the_generator(project, rag):
    answer = rag("ask", NOWHERE, "--json", *BROKEN).object
    assert answer["declined"] and answer["why"] == "no passage seems to answer this"
    assert answer["confidence"] < 0.5
    assert (answer["answer"], answer["citations"], answer["generator"]) == ("", [], "none")
    assert answer["passages"][0]["weak"]
    run = rag("ask", NOWHERE, *BROKEN)
    assert run.code == 4
    assert run.out.startswith("Not in these documents. Nearest: docs/")
    assert run.out.endswith(" (far below the line).\n")
    assert run.out.count("docs/") == 3
    assert run.err == ""
    assert rag("ask", NOWHERE, "--strict", *BROKEN).code == 4
    events = rag("ask", NOWHERE, "--jsonl", *BROKEN).objects
    assert [e["event"] for e in events] == ["retrieved", "done"]
    assert events[-1]["answer"]["declined"]


def test_the_nearest_are_named_on_a_terminal_too(project, rag):
    run = rag("ask", NOWHERE, "-k", "1", *BROKEN, terminal=True)
    told = "Not in these documents. Nearest: docs/notes.txt, lines 1-2 (far below the line)."
    assert " ".join(run.out.split()) == told


def test_allow_weak_answers_and_says_so(project, rag):
    run = rag("ask", NOWHERE, "--allow-weak", "--generator", "fake:x")
    assert run.code == 0
    assert run.out.startswith("It runs for 24 months")
    told = "no passage seems to answer this: answered all the same, as asked"
    assert f"rag: warning: {told}\n" in run.err
    answer = rag("ask", NOWHERE, "--allow-weak", "--generator", "fake:x", "--json").object
    assert not answer["declined"] and told in answer["warnings"]
    events = rag("ask", NOWHERE, "--allow-weak", "--generator", "fake:x", "--jsonl").objects
    assert events[-1]["answer"]["answer"]
    quiet = rag("ask", QUESTION, "--allow-weak", "--generator", "extractive")
    assert "answered all the same" not in quiet.err


def test_without_a_measure_nothing_is_declined(project, rag):
    run = rag("ask", NOWHERE, "--mode", "dense", "--generator", "fake:x", "--json")
    assert run.code == 0 and run.object["confidence"] is None


# ------------------------------------------------------------------ an entailment model

CLAIMED = ('All is covered for that long [1: "runs for 24 months"].',)


@pytest.fixture
def ollama(project, monkeypatch):
    with FakeOllama(models=[FakeModel("tiny")], pieces=CLAIMED) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        monkeypatch.setenv("RAG_GENERATOR", "ollama:tiny")
        yield fake


def test_a_model_adds_to_the_verdicts(ollama, rag, monkeypatch):
    plain = rag("ask", QUESTION, "--json").object
    assert plain["entailment_model"] is None
    assert [(c["verdict"], c["inference"]) for c in plain["citations"]] == [("unchecked", None)]
    monkeypatch.setenv("RAG_ENTAILMENT_MODEL", "fake:contrary")
    judged = rag("ask", QUESTION, "--json").object
    assert judged["entailment_model"] == "fake:contrary"
    (citation,) = judged["citations"]
    assert citation["verdict"] == "disagrees"
    assert citation["inference"] == {"entailed": 0.05, "neutral": 0.05, "contradicted": 0.9}
    shown = rag("ask", QUESTION).out
    assert "[1] ✗." in shown
    assert "the source says otherwise, judges fake:contrary (0.90)" in shown


def test_what_a_model_takes_to_follow_is_still_for_a_person_to_see(ollama, rag, monkeypatch):
    assert rag("config", "set", "entailment_model", "fake:agreeing").code == 0
    run = rag("ask", QUESTION, "--strict")
    assert run.code == 5
    assert "· [1]" in run.out and "it follows, judges fake:agreeing (0.90)" in run.out
    monkeypatch.setenv("RAG_ENTAILMENT_MODEL", "off")
    assert "judges" not in rag("ask", QUESTION).out


def test_an_entailment_model_that_is_not_there_is_never_passed_over(ollama, rag, monkeypatch):
    monkeypatch.setenv("RAG_ENTAILMENT_MODEL", "fake:nobody")
    run = rag("ask", QUESTION)
    assert (run.code, run.out) == (20, "") and "no model `fake:nobody`" in run.err
    assert ollama.asked("/api/chat") == []


def test_a_kept_conversation_keeps_what_was_judged(ollama, rag, monkeypatch):
    monkeypatch.setenv("RAG_ENTAILMENT_MODEL", "fake:contrary")
    for _ in range(2):
        run = rag("ask", QUESTION, "--session", "s", "--json")
        assert run.object["citations"][0]["inference"]["contradicted"] == 0.9
    assert rag("chat", "--sessions", "--json").code == 0


def test_doctor_looks_at_the_entailment_model(project, rag, monkeypatch):
    def check() -> dict[str, str]:
        run = rag("doctor", "--json")
        return next(c for c in run.object["checks"] if c["name"] == "entailment")

    assert (check()["state"], check()["detail"]) == ("ok", "off")
    monkeypatch.setenv("RAG_ENTAILMENT_MODEL", "fake:agreeing")
    assert check()["detail"] == "`fake:agreeing` is here"
    monkeypatch.setenv("RAG_ENTAILMENT_MODEL", "nowhere/such-model")
    assert check()["state"] == "warn"
