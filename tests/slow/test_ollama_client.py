"""Ollama's own client and ragcli read the strict stand-in alike: it speaks as Ollama does."""

from __future__ import annotations

from collections.abc import Iterator

import ollama
import pytest
from fakes.ollama_server import FakeModel, FakeOllama
from fakes.passages import passage

from ragcli.config import Settings
from ragcli.errors import ProviderUnavailable
from ragcli.generation.ollama import OllamaGenerator
from ragcli.generation.prompt import build_prompt

pytestmark = pytest.mark.slow

PROMPT = build_prompt("Why?", [passage("So.")], context_tokens=4096, answer_tokens=256)
DEEP = FakeModel("tiny:latest", capabilities=("completion", "thinking"))


def ours(fake: FakeOllama) -> tuple[str, str]:
    thoughts: list[str] = []
    writer = OllamaGenerator("tiny", settings=Settings(ollama_host=fake.host, think="on"))
    return "".join(writer.stream(PROMPT, lambda _: None, thoughts.append)), "".join(thoughts)


def official(fake: FakeOllama) -> Iterator[tuple[str, str]]:
    """The same request through Ollama's client."""
    with ollama.Client(host=f"http://{fake.host}", trust_env=False) as client:
        for part in client.chat(**fake.asked("/api/chat")[0]):
            yield part.message.content or "", part.message.thinking or ""


def test_the_same_answer_and_the_same_thoughts() -> None:
    with FakeOllama(models=[DEEP]) as fake:
        answer = ours(fake)
        assert tuple(map("".join, zip(*official(fake), strict=True))) == answer
        first, second = fake.asked("/api/chat")
        assert second == first | {"tools": []}


def test_the_same_failure_in_mid_stream() -> None:
    with FakeOllama(models=[DEEP], error_after=1) as fake:
        with pytest.raises(ProviderUnavailable, match="an error was encountered"):
            ours(fake)
        with pytest.raises(ollama.ResponseError, match="an error was encountered"):
            list(official(fake))
