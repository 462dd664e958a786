"""The OpenAI-compatible provider against the real server of llama.cpp, with a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes.passages import passage
from fakes.tiny_gguf import CONTEXT_TOKENS, WIDTH, write_tiny_model

from ragcli.config import Settings
from ragcli.domain import Prompt
from ragcli.embedding.openai import OpenAIEmbedder
from ragcli.errors import ProviderUnavailable, TextTooLong
from ragcli.generation.answers import AnswerReader, read_answer
from ragcli.generation.markers import clean
from ragcli.generation.openai import OpenAIGenerator
from ragcli.generation.prompt import build_prompt

pytestmark = pytest.mark.slow

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


def test_a_prompt_beyond_the_servers_context_is_refused_clearly(settings: Settings) -> None:
    long = [passage("The warranty runs for 24 months. " * 400)]
    prompt = build_prompt("How long?", long, context_tokens=65536, answer_tokens=64)
    with pytest.raises(ProviderUnavailable, match="does not fit") as caught:
        ask(settings, prompt)
    assert "context_tokens" in caught.value.hint


def test_stopping_early_leaves_the_server_usable(settings: Settings) -> None:
    prompt = build_prompt("How long?", PASSAGES, context_tokens=CONTEXT_TOKENS, answer_tokens=512)
    stream = OpenAIGenerator("tiny", settings=settings).stream(prompt, lambda _: None)
    assert next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    short = build_prompt("How long?", PASSAGES, context_tokens=CONTEXT_TOKENS, answer_tokens=64)
    assert ask(settings, short)[0]


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
