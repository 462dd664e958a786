"""The Ollama generator against a strict stand-in for its server."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest
from fakes.ollama_server import FakeModel, FakeOllama
from fakes.passages import passage

from ragcli.config import Settings
from ragcli.domain import Message, Prompt
from ragcli.errors import AnswerVoid, ProviderUnavailable
from ragcli.generation.installed import needed_bytes, pick_installed
from ragcli.generation.ollama import OllamaGenerator
from ragcli.generation.prompt import build_prompt

CLOUD = [
    FakeModel("big:480b-cloud"),
    FakeModel("huge:cloud"),
    FakeModel("renamed:latest", remote_host="https://ollama.com:443"),
]


def prompt_of(words: int = 20, context_tokens: int = 4096) -> Prompt:
    text = "The warranty runs. " * (words // 3)
    return build_prompt(
        "How long?", [passage(text)], context_tokens=context_tokens, answer_tokens=256
    )


def generator(fake: FakeOllama, model: str = "tiny", timeout_s: float = 5.0) -> OllamaGenerator:
    return OllamaGenerator(model, settings=Settings(ollama_host=fake.host, timeout_s=timeout_s))


def run(
    fake: FakeOllama, model: str = "tiny", prompt: Prompt | None = None
) -> tuple[str, list[str]]:
    warnings: list[str] = []
    pieces = generator(fake, model).stream(prompt or prompt_of(), warnings.append)
    return "".join(pieces), warnings


def failing(fake: FakeOllama, model: str = "tiny", **facts: Any) -> tuple[list[str], Any]:
    pieces: list[str] = []
    prompt = facts.pop("prompt", None) or prompt_of()
    with pytest.raises(ProviderUnavailable) as caught:
        for piece in generator(fake, model, **facts).stream(prompt, lambda _: None):
            pieces.append(piece)  # noqa: PERF402 (what came before the failure must stay)
    assert caught.value.exit_code == 20
    return pieces, caught.value


def test_an_answer_streams_and_the_request_is_exact() -> None:
    with FakeOllama() as fake:
        prompt = prompt_of()
        assert run(fake, prompt=prompt) == ("The warranty runs for 24 months [1].", [])
        (asked,) = fake.asked("/api/chat")
    assert asked["options"] == {"num_ctx": 4096, "num_predict": 256, "temperature": 0.0, "seed": 7}
    assert [(m["role"], m["content"]) for m in asked["messages"]] == list(prompt.messages)
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert "think" not in asked


def test_a_thinking_model_is_told_not_to_think() -> None:
    model = FakeModel("deep", capabilities=("completion", "thinking"))
    with FakeOllama(models=[model]) as fake:
        assert run(fake, "deep") == ("The warranty runs for 24 months [1].", [])
        assert fake.asked("/api/chat")[0]["think"] is False


def thinking(fake: FakeOllama, model: str, level: str) -> tuple[str, str, list[str]]:
    """(the answer, the thoughts, warnings)"""
    thoughts: list[str] = []
    warnings: list[str] = []
    settings = Settings(ollama_host=fake.host, timeout_s=5, think=level)
    writer = OllamaGenerator(model, settings=settings)
    pieces = writer.stream(prompt_of(), warnings.append, thoughts.append)
    return "".join(pieces), "".join(thoughts), warnings


DEEP = FakeModel("deep", capabilities=("completion", "thinking"))
GPT_OSS = FakeModel("gpt-oss:20b", capabilities=("completion", "thinking"), family="gptoss")
LEVELS = replace(GPT_OSS, name="new", think_values=("low", "medium", "high"))


def test_gpt_oss_thinks_and_its_thoughts_are_not_shown() -> None:
    with FakeOllama(models=[GPT_OSS]) as fake:
        assert run(fake, "gpt-oss:20b")[0] == "The warranty runs for 24 months [1]."
        assert fake.asked("/api/chat")[0]["think"] == "low", "it cannot be told not to"


@pytest.mark.parametrize(
    ("model", "level", "sent"),
    [
        (DEEP, "on", True),
        (DEEP, "high", True),
        (GPT_OSS, "on", "medium"),
        (GPT_OSS, "high", "high"),
        (LEVELS, "low", "low"),
    ],
)
def test_thinking_that_was_asked_for_is_told_apart(
    model: FakeModel, level: str, sent: bool | str
) -> None:
    with FakeOllama(models=[model]) as fake:
        answer, thoughts, warnings = thinking(fake, model.name, level)
        assert fake.asked("/api/chat")[0]["think"] == sent
    assert (answer, thoughts) == ("The warranty runs for 24 months [1].", "Let me think.")
    assert warnings == []


def test_a_model_that_cannot_think_is_not_asked_to_and_that_is_said() -> None:
    with FakeOllama() as fake:
        answer, thoughts, warnings = thinking(fake, "tiny", "on")
        assert "think" not in fake.asked("/api/chat")[0]
    assert (answer != "", thoughts, warnings) == (True, "", ["`tiny` cannot think"])


def test_thoughts_in_the_text_are_no_answer() -> None:
    pieces = ("<th", "ink>Hm, 24", " [1].</thi", "nk>\n\n", "24 months [1].")
    with FakeOllama(pieces=pieces) as fake:
        assert run(fake)[0] == "24 months [1]."
        assert thinking(fake, "tiny", "off")[1] == "Hm, 24 [1]."


def test_an_answer_of_thoughts_alone_is_an_error() -> None:
    with FakeOllama(pieces=("<think>On and on",), done_reason="length") as fake:
        assert "256 tokens of its answer on thinking" in failing(fake)[1].message
    with FakeOllama(pieces=()) as fake:
        assert "wrote nothing" in failing(fake)[1].message


def test_an_answer_that_follows_a_schema() -> None:
    schema = {"type": "object", "properties": {"question": {"type": "string"}}}
    with FakeOllama() as fake:
        run(fake, prompt=replace(prompt_of(), schema=schema))
        assert fake.asked("/api/chat")[0]["format"] == schema


@pytest.mark.parametrize(
    ("asked", "longest", "window"),
    [(600, 8192, 4096), (4096, 8192, 4096), (5000, 8192, 8192), (5000, 6000, 6000)],
)
def test_the_window_goes_by_few_steps(asked: int, longest: int, window: int) -> None:
    with FakeOllama(models=[FakeModel("tiny", context_length=longest)]) as fake:
        run(fake, prompt=replace(prompt_of(), context_tokens=asked))
        assert fake.asked("/api/chat")[0]["options"]["num_ctx"] == window


def test_a_busy_server_is_asked_again_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("ragcli.http.sleep", waited.append)
    with FakeOllama(busy=["3", "1"]) as fake:
        assert run(fake)[0]
        assert waited == [3.0, 1.0]
    with FakeOllama(busy=["1"] * 9) as fake:
        assert "server busy" in failing(fake)[1].message
        assert len(fake.asked("/api/chat")) == 3
    for said in ("3600", "soon"):
        with FakeOllama(busy=[said]) as fake:
            assert "server busy" in failing(fake)[1].message


def test_nothing_is_asked_twice_once_an_answer_has_begun() -> None:
    with FakeOllama(break_after=1) as fake:
        failing(fake)
        assert len(fake.asked("/api/chat")) == 1


def test_an_unknown_model_names_the_line_that_gets_it() -> None:
    with FakeOllama() as fake:
        _, error = failing(fake, "absent")
        assert "`absent` not found" in error.message
        assert error.hint == "ollama pull absent"
        with pytest.raises(ProviderUnavailable, match="not found"):
            _ = generator(fake, "absent").max_context_tokens


def test_a_server_that_does_not_run() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        settings = Settings(ollama_host=host)
        with pytest.raises(ProviderUnavailable, match="does not answer") as caught:
            list(OllamaGenerator("tiny", settings=settings).stream(prompt_of(), lambda _: None))
        assert "ollama serve" in caught.value.hint
        assert pick_installed(host, 1.0, 8192) is None


def test_an_error_before_the_answer() -> None:
    with FakeOllama(error_before=(500, "llama runner process has terminated")) as fake:
        pieces, error = failing(fake)
    assert pieces == []
    assert "terminated" in error.message


def test_a_prompt_that_is_refused_as_too_long() -> None:
    with FakeOllama(error_before=(400, "the input length exceeds the context length")) as fake:
        assert "did not fit" in failing(fake)[1].message


@pytest.mark.parametrize("facts", [{"error_after": 1}, {"break_after": 1}])
def test_a_failure_in_mid_stream_keeps_what_came(facts: dict[str, int]) -> None:
    with FakeOllama(**facts) as fake:
        assert failing(fake)[0] == ["The warranty "]


def test_a_prompt_that_was_cut_is_an_error_not_an_answer() -> None:
    with FakeOllama(models=[FakeModel("tiny:latest", context_length=512)]) as fake:
        _, error = failing(fake, prompt=prompt_of(1200))
    assert "was cut" in error.message
    assert "512 tokens" in error.message


def test_a_prompt_that_filled_its_context_was_cut() -> None:
    # Signs that count as no word: only that the window is full tells that some were left out.
    prompt = replace(prompt_of(), messages=(Message("user", "? " * 5000),))
    with FakeOllama(models=[FakeModel("tiny", context_length=100_000)]) as fake:
        error = failing(fake, prompt=prompt)[1]
    assert isinstance(error, AnswerVoid)
    assert "read 4096 tokens" in error.message


def test_a_version_that_omits_the_count_is_believed() -> None:
    with FakeOllama(omit_count=True) as fake:
        assert run(fake)[1] == []


def test_an_answer_that_reached_its_limit_says_so() -> None:
    with FakeOllama(done_reason="length") as fake:
        assert run(fake)[1] == ["the answer stops at its limit of 256 tokens"]


def test_a_slow_start_within_the_limit_and_beyond_it() -> None:
    with FakeOllama(delay_s=0.3) as fake:
        assert run(fake)[0]
        assert "silent for 0.1 s" in failing(fake, timeout_s=0.1)[1].message


def test_neither_a_proxy_nor_a_key_reaches_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    monkeypatch.setenv("OLLAMA_API_KEY", "secret")
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere.invalid:1")
    with FakeOllama() as fake:  # a key would be a violation
        assert run(fake)[0]


def test_the_context_is_what_the_model_says() -> None:
    with FakeOllama(models=[FakeModel("tiny", context_length=2048)]) as fake:
        assert generator(fake).max_context_tokens == 2048
        assert generator(fake).name == "ollama:tiny"


def test_picking_passes_over_clouds_and_embedders() -> None:
    embedder = FakeModel("mxbai-embed-large:latest", capabilities=("embedding",))
    with FakeOllama(models=[*CLOUD, embedder, FakeModel("tiny:latest")]) as fake:
        assert pick_installed(fake.host, 5.0, 8192) == "tiny:latest"
        assert [b["model"] for b in fake.asked("/api/show")] == [embedder.name, "tiny:latest"]
        assert fake.asked("/api/chat") == []


def test_picking_passes_over_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragcli.generation.installed._room_bytes", lambda: 10e9)
    cache = {  # Llama 3 8B: 1 GiB at 8,192 tokens
        "block_count": 32,
        "attention.head_count": 32,
        "attention.head_count_kv": 8,
        "attention.key_length": 128,
    }
    short = FakeModel("short", context_length=2048)
    huge = FakeModel("huge:70b", size=40_000_000_000)
    close = FakeModel("close:14b", size=9_000_000_000, facts_of_size=cache)
    fits = FakeModel("fits:8b", size=8_000_000_000, facts_of_size=cache)
    with FakeOllama(models=[short, huge, close, fits]) as fake:
        assert pick_installed(fake.host, 5.0, 8192) == "fits:8b"
        assert pick_installed(fake.host, 5.0, 4096) == "close:14b"
    facts = {f"llama.{name}": n for name, n in cache.items()} | {"general.architecture": "llama"}
    assert needed_bytes({"size": 0}, {"model_info": facts}, 8192) == 1 << 30
    assert needed_bytes({"size": 5}, {}, 8192) == 5


def test_picking_finds_nothing_where_there_is_nothing_local() -> None:
    with FakeOllama(models=CLOUD) as fake:
        assert pick_installed(fake.host, 5.0, 8192) is None
    assert pick_installed("ollama.example.com", 5.0, 8192) is None


def test_a_reader_that_stops_early_stops_the_server() -> None:
    with FakeOllama(pieces=("word ",) * 10_000, pause_s=0.001) as fake:
        stream = generator(fake).stream(prompt_of(), lambda _: None)
        assert next(stream) == "word "
        stream.close()  # type: ignore[attr-defined]
        assert fake.stopped.wait(10)


@pytest.mark.parametrize(
    "form", [":{}", "127.0.0.1:{}", "0.0.0.0:{}", "localhost:{}", "http://127.0.0.1:{}/", " :{} "]
)
def test_every_form_of_an_address_here_is_here(form: str) -> None:
    with FakeOllama() as fake:
        port = fake.host.rpartition(":")[2]
        host = form.format(port)
        writer = OllamaGenerator("tiny", settings=Settings(ollama_host=host, timeout_s=5))
        assert list(writer.sends_to()) == []
        assert list(writer.stream(prompt_of(), lambda _: None))
        assert pick_installed(host, 5.0, 8192) == "tiny:latest"


def test_where_a_prompt_goes() -> None:
    with FakeOllama(models=[*CLOUD, FakeModel("tiny:latest")]) as fake:
        assert list(generator(fake).sends_to()) == []
        assert [list(generator(fake, m.name).sends_to()) for m in CLOUD] == [["ollama.com"]] * 3
    elsewhere = OllamaGenerator("tiny", settings=Settings(ollama_host="10.1.2.3"))
    assert next(elsewhere.sends_to()) == "10.1.2.3:11434", "before it is asked for anything"
