"""The Ollama generator against a strict stand-in for its server."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from fakes.ollama_server import FakeModel, FakeOllama
from fakes.passages import passage

from ragcli.config import Settings
from ragcli.domain import Prompt
from ragcli.errors import ProviderUnavailable
from ragcli.generation.ollama import OllamaGenerator, pick_installed
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


def test_gpt_oss_thinks_and_its_thoughts_are_not_shown() -> None:
    model = FakeModel("gpt-oss:20b", capabilities=("completion", "thinking"), family="gptoss")
    with FakeOllama(models=[model]) as fake:
        assert run(fake, "gpt-oss:20b")[0] == "The warranty runs for 24 months [1]."


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
        assert pick_installed(host, 1.0) is None


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
    prompt = prompt_of(300, context_tokens=1500)
    with FakeOllama(models=[FakeModel("tiny", context_length=100_000)]) as fake:
        overfull = Prompt(**{**_fields(prompt), "context_tokens": 200})
        assert "was cut" in failing(fake, prompt=overfull)[1].message


def _fields(prompt: Prompt) -> dict[str, Any]:
    return {name: getattr(prompt, name) for name in Prompt.__dataclass_fields__}


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
        assert pick_installed(fake.host, 5.0) == "tiny:latest"
        assert [b["model"] for b in fake.asked("/api/show")] == [embedder.name, "tiny:latest"]
        assert fake.asked("/api/chat") == []


def test_picking_finds_nothing_where_there_is_nothing_local() -> None:
    with FakeOllama(models=CLOUD) as fake:
        assert pick_installed(fake.host, 5.0) is None
    assert pick_installed("ollama.example.com", 5.0) is None


def test_a_reader_that_stops_early_leaves_nothing_open() -> None:
    with FakeOllama() as fake:
        stream = generator(fake).stream(prompt_of(), lambda _: None)
        assert next(stream) == "The warranty "
        stream.close()  # type: ignore[attr-defined]
