"""Embedders behind a server: nothing is cut, nothing is missing, every vector has length 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fakes.ollama_server import FakeModel, FakeOllama
from fakes.openai_server import FakeOpenAI, Reply

from ragcli.config import Settings
from ragcli.embedding.ollama import OllamaEmbedder
from ragcli.embedding.openai import OpenAIEmbedder
from ragcli.errors import ProviderUnavailable, TextTooLong, UsageError

MXBAI = FakeModel("mxbai-embed-large:latest", capabilities=("embedding",), context_length=512)


def ollama(fake: FakeOllama, model: str = "mxbai-embed-large", **facts: Any) -> OllamaEmbedder:
    return OllamaEmbedder(model, settings=Settings(ollama_host=fake.host, timeout_s=5, **facts))


def openai(fake: FakeOpenAI, **facts: Any) -> OpenAIEmbedder:
    return OpenAIEmbedder("m", settings=Settings(openai_base_url=fake.base_url, **facts))


def embeddings(*rows: list[float], order: list[int] | None = None) -> Reply:
    indices = order or list(range(len(rows)))
    data = [{"index": i, "embedding": rows[i]} for i in indices]
    return Reply(body={"object": "list", "data": data})


# ------------------------------------------------------------------ Ollama


def test_the_identity_is_the_digest_and_what_was_measured() -> None:
    with FakeOllama(models=[MXBAI]) as fake:
        embedder = ollama(fake)
        identity = embedder.identity
        assert embedder.room_tokens == 510
    assert identity.name == "ollama:mxbai-embed-large"
    assert (identity.weights, identity.dimension, identity.max_tokens) == ("a" * 64, 8, 512)
    assert identity.query_prompt.startswith("Represent this sentence")
    assert (identity.document_prompt, identity.pooling) == ("", "provider")


def test_a_model_that_was_pulled_again_is_another_one() -> None:
    fingerprints = set()
    for digest in "ab":
        model = FakeModel("mxbai-embed-large:latest", digest=digest * 64)
        with FakeOllama(models=[model]) as fake:
            fingerprints.add(ollama(fake).identity.fingerprint)
    assert len(fingerprints) == 2


def test_vectors_are_unit_float32_in_order_over_batches() -> None:
    texts = [f"text {n}" for n in range(130)]
    with FakeOllama(models=[MXBAI]) as fake:
        embedder = ollama(fake)
        rows = embedder.embed_documents(texts)
        assert [len(body["input"]) for body in fake.asked("/api/embed")] == [64, 64, 2]
        alone = embedder.embed_documents([texts[100]])[0]
    assert (rows.shape, rows.dtype) == ((130, 8), np.float32)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.array_equal(rows[100], alone)


def test_prompts_are_put_before_questions_and_texts() -> None:
    with FakeOllama(models=[MXBAI]) as fake:
        embedder = ollama(fake, query_prompt="Q: ", document_prompt="D: ")
        assert embedder.embed_query("why").shape == (8,)
        embedder.embed_documents(["so"])
        assert [body["input"] for body in fake.asked("/api/embed")] == [["Q: why"], ["D: so"]]


def test_the_first_text_that_is_too_long_is_named() -> None:
    texts = ["short"] * 70
    texts[66] = texts[68] = "word " * 500
    with FakeOllama(models=[MXBAI]) as fake, pytest.raises(TextTooLong) as caught:
        ollama(fake).embed_documents(texts)
    assert caught.value.index == 66


def test_shortened_vectors_are_normalised_again() -> None:
    with FakeOllama(models=[MXBAI]) as fake:
        full = ollama(fake).embed_documents(["a"])[0]
        short = ollama(fake, dimensions=3).embed_documents(["a"])[0]
        assert np.allclose(short, full[:3] / np.linalg.norm(full[:3]), atol=1e-6)
        assert ollama(fake, dimensions=3).identity.dimension == 3
        with pytest.raises(UsageError, match="fewer than 9"):
            ollama(fake, dimensions=9).embed_query("a")


def test_embeddings_that_come_back_short_are_an_error() -> None:
    with (
        FakeOllama(models=[MXBAI], short_by=1) as fake,
        pytest.raises(ProviderUnavailable, match="1 embeddings for 2 texts"),
    ):
        ollama(fake).embed_documents(["a", "b"])


def test_an_empty_text_is_never_sent() -> None:
    with FakeOllama(models=[MXBAI]) as fake:
        for texts in (["a", ""], [" \n"]):
            with pytest.raises(UsageError, match="empty"):
                ollama(fake).embed_documents(texts)
        assert fake.requests == []
        assert ollama(fake).embed_documents([]).shape == (0, 8)


def test_an_unknown_model() -> None:
    with FakeOllama(models=[MXBAI]) as fake:
        with pytest.raises(ProviderUnavailable) as caught:
            _ = ollama(fake, "absent").identity
        assert caught.value.hint == "ollama pull absent"


# ------------------------------------------------------------------ OpenAI-compatible


def test_order_is_by_index_and_the_request_is_plain() -> None:
    with FakeOpenAI([embeddings([3, 4], [0, 2], order=[1, 0])]) as fake:
        rows = openai(fake).embed_documents(["a", "b"])
        ((path, body, key),) = fake.requests
    assert np.allclose(rows, [[0.6, 0.8], [0, 1]])
    assert (path, key) == ("/v1/embeddings", None)
    assert body == {"model": "m", "input": ["a", "b"], "encoding_format": "float"}


def test_dimensions_are_asked_of_the_server_only_when_set() -> None:
    with FakeOpenAI([embeddings([3, 4])]) as fake:
        identity = openai(fake, dimensions=2).identity
        assert fake.requests[0][1]["dimensions"] == 2
    assert (identity.weights, identity.dimension) == ("openai:m", 2)


@pytest.mark.parametrize(
    "reply",
    [
        embeddings([1, 2], [1, 2], order=[0, 0]),
        embeddings([1, 2]),
        embeddings([1, 2], [1]),
        embeddings([1, 2], [0, 0]),
        embeddings([1, 2], [float("nan"), 1]),
        Reply(body={"data": "none"}),
        Reply(body=["none"]),
        Reply(404, {"error": {"message": "no such model"}}),
    ],
)
def test_what_is_no_embedding_is_an_error(reply: Reply) -> None:
    with FakeOpenAI([reply]) as fake, pytest.raises(ProviderUnavailable):
        openai(fake).embed_documents(["a", "b"])


def test_a_text_that_is_too_long_is_named() -> None:
    refusal = Reply(400, {"error": {"message": "maximum context length is 8192 tokens"}})
    replies = [refusal, embeddings([1, 2]), refusal]
    with FakeOpenAI(replies) as fake, pytest.raises(TextTooLong) as caught:
        openai(fake).embed_documents(["a", "b"])
    assert caught.value.index == 1
