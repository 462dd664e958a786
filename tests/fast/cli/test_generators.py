"""``rag ask`` with a model behind a server: who is picked, where things go, what is shown."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.ollama_server import FakeModel, FakeOllama
from fakes.openai_server import FakeOpenAI, Reply, delta

from ragcli import settings_file
from ragcli.config import user_file
from ragcli.errors import UsageError
from ragcli.trust import Trust

QUESTION = "for how many months does the warranty run from delivery?"
ANSWER = "The warranty runs for 24 months [1]."
CLOUD = FakeModel("renamed:latest", remote_host="https://ollama.com:443")
TINY = FakeModel("tiny:latest")


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch):
    """A running server, which offers a model in the cloud first."""
    with FakeOllama(models=[FakeModel("big:480b-cloud"), CLOUD, TINY]) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        yield fake


def asked(fake: FakeOllama, path: str = "/api/chat") -> list[str]:
    return [body["model"] for body in fake.asked(path)]


def config(project: Path) -> str:
    file = project / ".rag/config.toml"
    return file.read_text() if file.exists() else ""


# ------------------------------------------------------------------ picking


def test_a_model_is_picked_named_and_kept(project, rag, ollama):
    before = config(project)
    run = rag("ask", QUESTION)
    assert run.out.startswith(ANSWER)
    assert (
        "note: no generator was named: `ollama:tiny:latest` writes; this project keeps" in run.err
    )
    assert config(project) == before + 'generator = "ollama:tiny:latest"\n'
    assert asked(ollama) == ["tiny:latest"]
    assert set(asked(ollama, "/api/show")) == {"tiny:latest"}, "none in the cloud is asked of"
    ollama.models.insert(0, FakeModel("newer:latest"))
    run = rag("ask", QUESTION)
    assert run.out.startswith(ANSWER) and run.err == ""
    assert asked(ollama) == ["tiny:latest"] * 2


def test_a_project_that_cannot_be_written_to_is_answered(project, rag, ollama, monkeypatch):
    def refuses(*args: object) -> None:
        raise UsageError("cannot write")

    monkeypatch.setattr(settings_file, "write_value", refuses)
    assert rag("ask", QUESTION).out.startswith(ANSWER)
    assert "generator" not in config(project)


def test_what_was_not_picked_is_not_kept(project, rag, ollama):
    assert rag("ask", QUESTION, "--generator", "extractive").code == 0
    assert rag("ask", QUESTION, "--generator", "auto").out.startswith(ANSWER)
    assert rag("ask", "zebra", "--mode", "keyword").code == 4
    ollama.break_after = 1
    assert rag("ask", QUESTION).code == 20
    ollama.models = [CLOUD]
    assert "ollama pull" in rag("ask", QUESTION).err
    assert "generator" not in config(project)


def test_a_model_that_is_kept_and_was_removed(project, rag, ollama):
    rag("ask", QUESTION)
    ollama.models = [FakeModel("newer:latest")]
    run = rag("ask", QUESTION)
    assert (run.code, run.out) == (20, "")
    assert "`tiny:latest` not found; this project names `ollama:tiny:latest`\n" in run.err
    assert "ollama pull tiny:latest; or " in run.err
    assert "rag config set generator --unset" in run.err
    rag("config", "set", "generator", "--unset")
    assert rag("ask", QUESTION).code == 0
    assert asked(ollama)[-1] == "newer:latest"


def test_a_model_that_is_kept_while_ollama_is_not_running(project, rag, ollama, monkeypatch):
    rag("ask", QUESTION)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    run = rag("ask", QUESTION)
    assert (run.code, run.out) == (20, "")
    assert "this project names `ollama:tiny:latest`\nhint: start it: ollama serve" in run.err
    assert "rag config set generator --unset" in run.err
    rag("config", "set", "generator", "--unset")
    assert rag("ask", QUESTION).code == 0


def test_a_project_that_keeps_a_local_model_needs_no_trust(project, rag, ollama, tmp_path):
    rag("ask", QUESTION)
    copy = shutil.copytree(project, tmp_path / "copy")
    assert not Trust(copy).given
    run = rag("ask", QUESTION, "--mode", "keyword", "--allow-weak", "--project", str(copy))
    assert run.out.startswith(ANSWER)


# ------------------------------------------------------------------ where things go


def test_another_machines_ollama_is_agreed_to_first(project, rag, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "10.1.2.3")  # to reach for it fails the test
    for args in (
        ("ask", QUESTION, "--generator", "ollama:tiny"),
        ("embed", "x", "--model", "ollama:mxbai"),
        ("reembed", "--model", "ollama:mxbai"),
    ):
        run = rag(*args)
        assert (run.code, run.out) == (2, "")
        assert "to 10.1.2.3:11434, and you have not agreed to that: nothing was sent" in run.err
        assert "rag config set remote_hosts 10.1.2.3:11434 --user" in run.err
    assert "documents' own words" in rag("ask", QUESTION).err, "never picked by itself"


def test_a_model_in_the_cloud_is_agreed_to_once(project, rag, ollama):
    cloud = ("ask", QUESTION, "--generator", "ollama:renamed")
    run = rag(*cloud)
    assert run.code == 2 and asked(ollama) == []
    assert "rag config set remote_hosts ollama.com --user" in run.err
    rag("config", "set", "remote_hosts", "ollama.com", "--user")
    assert rag(*cloud).out.startswith(ANSWER)
    assert asked(ollama) == ["renamed"]


@pytest.mark.parametrize(("said", "code"), [("y\n", 0), ("\n", 2)])
def test_at_a_terminal_it_asks(project, rag, ollama, said, code):
    cloud = ("ask", QUESTION, "--generator", "ollama:renamed")
    run = rag(*cloud, stdin=said.encode(), terminal=True)
    assert run.code == code
    assert "`ollama:renamed` sends what it is asked, and what it reads, to ollama.com." in run.err
    assert user_file().exists() is (code == 0)
    again = rag(*cloud, stdin=b"", terminal=True)
    assert again.code == code and ("Agree" in again.err) is (code == 2)


def test_an_embedder_elsewhere_is_agreed_to_once(project, rag, ollama, monkeypatch):
    ollama.models = [FakeModel("mx:latest", capabilities=("embedding",))]
    monkeypatch.setattr("ragcli.http.is_loopback", lambda url: False)
    for args in (("embed", "x", "--model", "ollama:mx"), ("reembed", "--model", "ollama:mx")):
        rag("config", "set", "remote_hosts", "--unset", "--user")
        assert rag(*args, stdin=b"n\n", terminal=True).code == 2
        assert ollama.requests == []
        run = rag(*args, stdin=b"y\n", terminal=True)
        assert run.code == 0 and run.err.count("[y/N]") == 1
        assert rag(*args).code == 0
        ollama.requests.clear()


def test_a_project_cannot_agree(project, rag, ollama):
    assert rag("config", "set", "remote_hosts", "ollama.com").code == 2
    (project / ".rag/config.toml").write_text('remote_hosts = "ollama.com"\n')
    run = rag("ask", QUESTION, "--generator", "ollama:renamed")
    assert run.code == 2 and "remote_hosts stands in the project's config.toml" in run.err
    assert ollama.requests == []


def answer_of(*texts: str) -> Reply:
    return Reply(events=(*map(delta, texts), delta("", "stop"), "[DONE]"))


def test_a_key_goes_to_its_own_host_alone(project, rag, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    with FakeOpenAI([answer_of(ANSWER)] * 2) as named, FakeOpenAI([]) as other:
        monkeypatch.setenv("HTTP_PROXY", other.base_url)
        config = f'openai_base_url = "{named.base_url}"\n'
        (project / ".rag/config.toml").write_text(config)
        assert rag("ask", QUESTION, "--generator", "openai:m").code == 0
        monkeypatch.setenv("OPENAI_BASE_URL", named.base_url)
        assert rag("ask", QUESTION, "--generator", "openai:m").code == 0
        assert [key for _, _, key in named.requests] == [None, "Bearer sk-mine"]
        named.replies = [Reply(307, "", headers={"Location": f"{other.base_url}/chat"})]
        run = rag("ask", QUESTION, "--generator", "openai:m")
        assert run.code == 20 and "not followed" in run.err
        assert other.requests == []


def test_a_key_in_a_projects_file_is_refused(project, rag):
    (project / ".rag/config.toml").write_text('openai_api_key = "sk-theirs"\n')
    run = rag("ask", QUESTION)
    assert (run.code, run.out) == (2, "")
    assert "sk-theirs" not in run.err


def test_a_project_from_elsewhere_sends_nothing(project, rag, ollama, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.delenv("OLLAMA_HOST")
    brought = shutil.copytree(project, tmp_path / "brought")
    for config in (
        'generator = "openai:m"\nopenai_base_url = "http://10.1.2.3/v1"\n',
        'generator = "ollama:tiny"\nollama_host = "10.1.2.3"\n',
        'generator = "ollama:big:480b-cloud"\n',
    ):
        (brought / ".rag/config.toml").write_text(config)
        run = rag("ask", QUESTION, "--mode", "keyword", "--project", str(brought))
        assert (run.code, run.out) == (12, "")
        assert "is not trusted yet: nothing was sent" in run.err
    assert ollama.requests == []


# ------------------------------------------------------------------ what is shown


@pytest.mark.parametrize("how", ["error_after", "break_after"])
def test_what_came_before_a_failure_is_kept_and_marked(project, rag, ollama, how):
    ollama.pieces = ("The warranty runs ", 'for 24 months [1: "runs for 24 months"]. ', "And so")
    setattr(ollama, how, 2)
    run = rag("ask", QUESTION)
    assert run.code == 20
    text, mark, _, citation = run.out.splitlines()
    assert (text, mark) == ("The warranty runs for 24 months [1].", "[incomplete]")
    assert citation.startswith("  ✓ [1] docs/")
    assert run.err.splitlines()[-2].startswith("rag: error: Ollama ")
    answer = rag("ask", QUESTION, "--json").object
    assert answer["incomplete"].startswith("Ollama ")
    assert [c["verdict"] for c in answer["citations"]] == ["supported"]
    *_, last = rag("ask", QUESTION, "--jsonl").objects
    assert last["event"] == "error" and last["answer"]["incomplete"] == last["error"]
    live = rag("ask", QUESTION, terminal=True)
    assert live.code == 20 and "\n[incomplete]\n" in live.out


def test_a_terminal_shows_at_a_glance_what_is_proved(project, rag, ollama, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    ollama.pieces = (
        'The warranty runs for 24 months [1: "runs for 24 months from delivery"]. ',
        'Batteries have 36 months [1: "are covered for 12 months"]. It never ends.',
    )
    run = rag("ask", QUESTION, terminal=True)
    green, red, yellow, bold, end = (f"\x1b[{n}m" for n in (32, 31, 33, "1;36", 0))
    text, citations = run.out.split("\n\n")
    assert f"24 months {green}[1]{end}. Batt" in text
    assert " ".join(text.split()).endswith(
        f"36 months {red}[1] ✗{end}. It never ends. {yellow}[?]{end}"
    )
    place = f"{bold}docs/guide.md{end}, line"
    assert citations.splitlines() == [
        f"  {green}✓ [1]{end} {place} 5",
        '        "runs for 24 months from delivery"',
        f"  {red}✗ [1]{end} {place} 9",
        '        "are covered for 12 months"',
        f"        {red}claim says 36 months, source says 12 months{end}",
    ]
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            plain = rag("ask", QUESTION, terminal=True)
            assert "\x1b" not in plain.out and "  ✗ [1] docs/guide.md, line 9\n" in plain.out


def test_what_is_saved_of_a_chat_names_claims_without_a_citation(project, rag, ollama):
    """Also of a session, and of one that an older version kept."""
    ollama.pieces = ("It runs for 24 months [1]. ", "It never ends.")
    rag("chat", "--session", "s", stdin=QUESTION.encode())
    file = project / ".rag" / "sessions" / "s.jsonl"
    turn = json.loads(file.read_text())
    assert turn.pop("uncited") == ["It never ends"]
    file.write_text(file.read_text() + json.dumps(turn) + "\n")
    run = rag("chat", "--session", "s", stdin=b"/save a.md")
    assert "saved 2 questions in a.md" in run.err
    assert (project / "a.md").read_text().count("\n- [?] It never ends\n") == 1


def test_thoughts_that_were_given_out_as_text_are_not_kept(project, rag, ollama):
    ollama.pieces = ("Hm. They ask for months. ", "</think>", ANSWER)
    run = rag("ask", QUESTION)
    assert (run.code, run.out) == (20, "")
    assert "what the model thinks as its answer" in run.err


def test_a_prompt_that_was_cut_is_never_an_answer(project, rag, ollama):
    ollama.models = [FakeModel("tiny:latest", context_length=4096)]
    ollama.counted = 3
    run = rag("ask", QUESTION)
    assert (run.code, run.out) == (20, "")
    assert "was cut" in run.err


def test_thoughts_are_shown_on_stderr_when_asked_for(project, rag, ollama):
    ollama.models = [replace(TINY, capabilities=("completion", "thinking"))]
    ollama.thoughts = "Let me\x1b[31m see.\nSo:\u202e 24"
    quiet = rag("ask", QUESTION)
    assert quiet.out.startswith(ANSWER) and "~" not in quiet.err
    run = rag("ask", QUESTION, "--think")
    assert run.out == quiet.out
    assert run.err == "~ Let me␛[31m see.\n~ So: 24\n"
    half = ollama.asked("/api/chat")[-1]["options"]
    assert half["num_predict"] == half["num_ctx"] // 2
