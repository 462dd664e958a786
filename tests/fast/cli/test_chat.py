"""``rag chat`` in a pipe, its sessions, and ``rag ask --session`` and ``--deadline``."""

from __future__ import annotations

import json

import pytest

QUESTION = "for how many months does the warranty run from delivery?"
SECOND = "and for batteries?"
CARRIED = "and for batteries? (how many months warranty run delivery)"
QUOTED = ("--generator", "extractive", "--allow-weak")


def lines(*questions: str) -> bytes:
    return "\n".join(questions).encode() + b"\n"


def test_each_line_of_a_pipe_is_a_question(project, rag):
    run = rag("chat", *QUOTED, stdin=lines(QUESTION, "", SECOND))
    assert run.code == 0
    first, second = run.out.removesuffix("\n\n").split("\n\n", 2)[1:]
    assert first.startswith("  ✓ [1] docs/guide.md, line 5")
    assert '"Batteries are covered for 12 months only." [1]' in second
    assert run.err == f"searched for: {CARRIED}\n"


def test_json_is_an_object_a_question(project, rag):
    run = rag("chat", *QUOTED, "--json", stdin=lines(QUESTION, SECOND))
    first, second = run.objects
    assert (first["question"], first["searched_for"]) == (QUESTION, None)
    assert (second["question"], second["searched_for"]) == (SECOND, CARRIED)
    assert [step["name"] for step in second["steps"]] == ["keyword", "embedding", "generator"]


def test_events(project, rag):
    run = rag("chat", "--generator", "fake:x", "--jsonl", stdin=lines(QUESTION, QUESTION))
    kinds = [event["event"] for event in run.objects]
    assert kinds.count("retrieved") == kinds.count("done") == 2


def test_commands(project, rag):
    asked = lines("/sources", QUESTION, "/SOURCES", "/show 1", "/show 9", "/nothing", "/help")
    run = rag("chat", *QUOTED, stdin=asked)
    assert run.code == 3
    assert "  1  docs/guide.md, lines 1-9\n" in run.out
    assert "## Batteries" in run.out
    for said in (
        "rag: error: nothing was answered yet\nhint: ask something first\n",
        "rag: error: `/show 9`: the last answer has 3 passages\nhint: name one by its number",
        "rag: error: there is no command /nothing\nhint: /help lists those there are\n",
        "  /save FILE   the conversation as Markdown\n",
    ):
        assert said in run.err


def test_sources_say_what_became_of_a_file(project, rag):
    (project / "docs" / "guide.md").unlink()
    run = rag("chat", *QUOTED, stdin=lines(QUESTION, "/sources"))
    assert "docs/guide.md, lines 1-9  (file gone)\n" in run.out


def test_what_comes_after_quit_is_not_asked(project, rag):
    for word in ("/quit", "/exit"):
        assert rag("chat", *QUOTED, stdin=lines(word, QUESTION)).out == ""


def test_commands_that_print_text_leave_json_alone(project, rag):
    for option in ("--json", "--jsonl"):
        run = rag("chat", *QUOTED, option, stdin=lines(QUESTION, "/sources", "/show 1", SECOND))
        assert run.code == 3 and run.objects
        assert "rag: error: /sources prints no JSON\nhint: each answer's `passages`" in run.err


def test_each_question_has_the_whole_deadline(project, rag):
    run = rag("chat", *QUOTED, "--deadline", "20s", stdin=lines(QUESTION, SECOND))
    assert run.err.count("within 20 s: search by words, search by meaning, writing\n") == 2
    assert rag("chat", *QUOTED, "--deadline", "soon").code == 2


def test_fresh_leaves_changed_files_out(project, rag):
    (project / "docs" / "guide.md").write_text("# Guide\n\nNothing.\n")
    fresh = rag("chat", *QUOTED, "--fresh", "--verify", "--json", stdin=lines(QUESTION)).object
    assert "docs/guide.md" not in {p["source"] for p in fresh["passages"]}


def test_a_path_is_no_command(project, rag):
    run = rag("chat", *QUOTED, stdin=lines("/docs/guide says what of the warranty?"))
    assert run.code == 0
    assert "24 months" in run.out


def test_save(project, rag):
    asked = lines("/save a.md", QUESTION, SECOND, "/save", "/save a.md", "/save a.md")
    run = rag("chat", *QUOTED, stdin=asked)
    assert "saved 2 questions in a.md" in run.err
    for said in ("nothing was asked yet", "/save needs the name", "a.md is there already"):
        assert f"rag: error: {said}" in run.err
    saved = (project / "a.md").read_text()
    assert saved.startswith(f'## {QUESTION}\n\n"The warranty runs for 24 months')
    assert f"## {SECOND}\n\n*searched for: {CARRIED}*\n" in saved
    assert "- ✓ [1] docs/guide.md, line 5\n" in saved


def test_a_failure_is_told_and_the_next_is_asked(project, rag):
    run = rag("chat", "--generator", "fake:broken", stdin=lines(QUESTION, "zebra xylophone?"))
    assert run.code == 3
    assert "rag: error: the fake broke off\nhint: it always does\n" in run.err
    assert "Not in these documents." in run.out


def test_what_a_document_says_does_nothing_to_a_terminal(project, rag):
    (project / "docs" / "bad.md").write_text("# Bad\n\nThe zebra is \x1b[2Jstriped‮.\n")
    rag("ingest", "--quiet")
    asked = lines("the zebra is striped?", "/sources", "/show 1")
    run = rag("chat", *QUOTED, stdin=asked, terminal=True)
    assert "striped" in run.out
    assert "\x1b[2J" not in run.out and "‮" not in run.out


# ------------------------------------------------------------------ sessions


def test_ask_goes_on_with_a_session_and_chat_shares_it(project, rag):
    assert rag("ask", QUESTION, *QUOTED, "--session", "s").code == 0
    second = rag("ask", SECOND, *QUOTED, "--session", "s", "--json")
    assert second.object["searched_for"] == CARRIED
    assert second.err == f"searched for: {CARRIED}\n"
    third = rag("chat", *QUOTED, "--session", "s", "--json", stdin=lines("why?"))
    assert third.object["searched_for"].startswith("why? (")
    assert rag("ask", SECOND, *QUOTED, "--json").object["searched_for"] is None
    file = project / ".rag" / "sessions" / "s.jsonl"
    assert [json.loads(line)["question"] for line in file.read_text().splitlines()] == [
        QUESTION,
        SECOND,
        "why?",
    ]


def test_sessions_are_listed_and_forgotten(project, rag):
    assert rag("chat", "--sessions").code == 4
    for name in ("b", "a"):
        rag("ask", QUESTION, *QUOTED, "--session", name)
    listed = rag("chat", "--sessions")
    assert listed.code == 0
    assert [line.split("\t")[:2] for line in listed.out.splitlines()] == [["a", "1"], ["b", "1"]]
    told = rag("chat", "--sessions", "--json").object
    assert [one["name"] for one in told["sessions"]] == ["a", "b"]
    run = rag("chat", "--forget", "a")
    assert (run.code, run.out, run.err) == (0, "", "forgot the session a\n")
    assert rag("chat", "--forget", "a").code == 4
    assert rag("chat", "--forget-all").err == "forgot 1 session, and the lines typed\n"
    assert rag("chat", "--sessions").code == 4


@pytest.mark.parametrize("command", [("ask", QUESTION), ("chat",)])
def test_a_name_that_is_none(project, rag, command):
    run = rag(*command, "--session", "../x")
    assert run.code == 2
    assert "`../x` is no name for a session" in run.err


# ------------------------------------------------------------------ deadlines


def test_a_deadline_says_what_ran(project, rag):
    run = rag("ask", QUESTION, "--generator", "fake:x", "--deadline", "1h")
    assert run.code == 0
    told = "within 3600 s: search by words, search by meaning, writing\n"
    assert run.err.endswith(told)
    answer = rag("ask", QUESTION, "--generator", "fake:x", "--deadline", "1h", "--json").object
    assert answer["steps"] == [
        {"name": name, "state": "done", "why": ""} for name in ("keyword", "embedding", "generator")
    ]


def test_a_deadline_that_is_too_short_for_a_model(project, rag):
    run = rag("ask", QUESTION, "--generator", "fake:silent", "--deadline", "0.4s")
    assert run.code == 0
    assert "The warranty runs for 24 months from delivery." in run.out
    assert "writing left out: less than 1 s were left for it" in run.err


def test_a_search_by_a_deadline(project, rag):
    run = rag("query", QUESTION, "--deadline", "1h")
    assert run.err == "within 3600 s: search by words, search by meaning\n"
    assert [s["name"] for s in rag("query", QUESTION, "--json").object["steps"]] == [
        "keyword",
        "embedding",
    ]
    assert rag("query", "--batch", "-", "--deadline", "5s").code == 2


def test_events_carry_the_steps(project, rag):
    run = rag("ask", QUESTION, "--generator", "fake:x", "--deadline", "1h", "--jsonl")
    assert run.objects[-1]["answer"]["steps"][-1]["name"] == "generator"


@pytest.mark.parametrize("text", ["0s", "soon"])
def test_no_deadline(project, rag, text):
    assert rag("ask", QUESTION, "--deadline", text).code == 2
