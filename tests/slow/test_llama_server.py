"""The OpenAI-compatible provider against the real server of llama.cpp, with a tiny random model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep
from urllib.request import Request, urlopen

import numpy as np
import pytest
from fakes.passages import passage
from fakes.tiny_gguf import CONTEXT_TOKENS, WIDTH, write_tiny_model

from ragcli.config import Settings
from ragcli.domain import Message, Prompt
from ragcli.embedding.openai import OpenAIEmbedder
from ragcli.errors import ProviderUnavailable, TextTooLong
from ragcli.generation.answers import AnswerReader, read_answer
from ragcli.generation.markers import clean
from ragcli.generation.openai import OpenAIGenerator
from ragcli.generation.prompt import build_prompt
from ragcli.generation.streaming import read_less

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
PASSAGES = [passage("The warranty runs for 24 months."), passage("Batteries: 6 months.", page=2)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that lead to a running server, for chat and for embeddings."""
    import xllamacpp

    path: Path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_tiny_model(path)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.port = 0  # any free one
    parameters.cpuparams.n_threads = 2
    parameters.verbosity = -1
    parameters.embedding = True
    parameters.endpoint_slots = parameters.endpoint_metrics = True
    parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(parameters)
    yield Settings(openai_base_url=f"{server.listening_address}/v1", timeout_s=60)
    del server


def ask(settings: Settings, prompt: Prompt) -> tuple[list[str], list[str]]:
    warnings: list[str] = []
    generator = OpenAIGenerator("tiny", settings=settings)
    return list(generator.stream(prompt, warnings.append)), warnings


def test_real_tokens_stream_and_come_out_clean(settings: Settings) -> None:
    prompt = build_prompt("How long?", PASSAGES, context_tokens=CONTEXT_TOKENS, answer_tokens=64)
    pieces, warnings = ask(settings, prompt)
    assert len(pieces) > 5
    assert warnings == ["the answer stops at its limit of 64 tokens"]
    reader = AnswerReader(prompt.passages, verbatim=False)
    shown = "".join(s.text for piece in pieces for s in reader.feed(piece))
    shown += "".join(s.text for s in reader.end())
    whole = read_answer("".join(pieces), prompt.passages, verbatim=False)
    assert shown == whole.text == clean(shown)


def test_the_same_question_gets_the_same_answer(settings: Settings) -> None:
    prompt = build_prompt("How long?", PASSAGES, context_tokens=CONTEXT_TOKENS, answer_tokens=64)
    assert ask(settings, prompt) == ask(settings, prompt)


def test_the_server_counts_what_it_has_read_also_where_it_kept_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int | None] = []

    def counting(prompt: Prompt, counted: int | None) -> bool:
        counts.append(counted)
        return read_less(prompt, counted)

    monkeypatch.setattr("ragcli.generation.openai.read_less", counting)
    prompt = build_prompt("How long?", PASSAGES, context_tokens=CONTEXT_TOKENS, answer_tokens=64)
    ask(settings, prompt)
    ask(settings, prompt)
    first, again = counts
    assert first == again and first is not None
    assert not read_less(prompt, first) and read_less(prompt, first // 8)


def test_a_prompt_beyond_the_servers_context_is_refused_clearly(settings: Settings) -> None:
    long = [passage("The warranty runs for 24 months. " * 400)]
    prompt = build_prompt("How long?", long, context_tokens=65536, answer_tokens=64)
    with pytest.raises(ProviderUnavailable, match="does not fit") as caught:
        ask(settings, prompt)
    assert "context_tokens" in caught.value.hint


def test_it_says_what_it_holds(settings: Settings) -> None:
    asked = replace(settings, context_tokens=65536)
    assert OpenAIGenerator("tiny", settings=asked).max_context_tokens == CONTEXT_TOKENS


def looked_at(settings: Settings) -> tuple[bool, int]:
    """Whether the server is at work, and the tokens of all answers that it has ended."""
    url = settings.openai_base_url.removesuffix("/v1")
    with urlopen(f"{url}/slots", timeout=60) as answer:
        (slot,) = json.load(answer)
    with urlopen(f"{url}/metrics", timeout=60) as answer:
        total = re.search(
            r"^llamacpp:tokens_predicted_total (\d+)", answer.read().decode(), re.MULTILINE
        )
    assert total
    return slot["is_processing"], int(total[1])


def test_stopping_early_stops_the_server(settings: Settings) -> None:
    # Of all that were tried the tiny model has most to say to this word: 713 tokens.
    prompt = Prompt((Message("user", "warranty"),), 10, CONTEXT_TOKENS, 2000)
    _, before = looked_at(settings)
    whole, _ = ask(settings, prompt)
    _, after = looked_at(settings)
    assert after - before > 300
    stream = OpenAIGenerator("tiny", settings=settings).stream(prompt, lambda _: None)
    assert next(iter(stream)) == whole[0]
    assert looked_at(settings)[0]
    stream.close()  # type: ignore[attr-defined]
    while looked_at(settings)[0]:
        sleep(0.01)
    assert looked_at(settings)[1] - after < (after - before) // 2
    short = build_prompt("How long?", PASSAGES, context_tokens=CONTEXT_TOKENS, answer_tokens=64)
    assert ask(settings, short)[0]


SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string", "maxLength": 40}, "sure": {"type": "boolean"}},
    "required": ["question", "sure"],
    "additionalProperties": False,
}


def test_what_is_written_follows_a_schema(settings: Settings) -> None:
    messages = (Message("system", "Write JSON."), Message("user", "And batteries?"))
    prompt = Prompt(messages, 100, CONTEXT_TOKENS, 512, schema=SCHEMA)
    pieces, _ = ask(settings, prompt)
    written = json.loads("".join(pieces))
    assert written.keys() == {"question", "sure"}
    assert isinstance(written["question"], str) and isinstance(written["sure"], bool)


def test_a_schema_that_the_server_refuses_is_told(settings: Settings) -> None:
    prompt = Prompt((Message("user", "x"),), 10, CONTEXT_TOKENS, 64, schema={"type": "nonsense"})
    with pytest.raises(ProviderUnavailable, match="failed"):
        ask(settings, prompt)


@pytest.mark.parametrize("think", ["on", "off"])
def test_the_template_is_told_whether_to_think(settings: Settings, think: str) -> None:
    """The tiny model's template opens a thought, and closes it at once where none is wanted, as
    that of Qwen does."""
    writer = OpenAIGenerator("tiny", settings=replace(settings, think=think))
    body = writer._request(Prompt((Message("user", "x"),), 10, 4096, 64), think=think == "on")
    url = settings.openai_base_url.removesuffix("/v1")
    kept = {k: body[k] for k in ("messages", "chat_template_kwargs")}
    request = Request(f"{url}/apply-template", json.dumps(kept).encode(), JSON)
    with urlopen(request, timeout=60) as answer:
        asked = json.load(answer)["prompt"]
    assert "<think>" in asked and ("</think>" in asked) is (think == "off")


def test_real_embeddings(settings: Settings) -> None:
    embedder = OpenAIEmbedder("tiny", settings=settings)
    texts = [f"text {n} 中文" for n in range(70)]
    rows = embedder.embed_documents(texts)
    assert rows.shape == (70, WIDTH) == (70, embedder.identity.dimension)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert float(rows[7] @ embedder.embed_query(texts[7])) > 0.999
    with pytest.raises(TextTooLong) as caught:
        embedder.embed_documents(["short", "word " * 2000, "short"])
    assert caught.value.index == 1
