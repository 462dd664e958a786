"""The table of models worth knowing: well-formed, with a source for every figure, and of one mind
with the code about prompts and languages."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import pytest

from ragcli.embedding.languages import MULTILINGUAL, taught
from ragcli.embedding.prompts import prompts_for
from ragcli.models.known import KnownModel, known

TABLE = known()
EMBEDDERS = [model for model in TABLE.models if model.role == "embedder"]


def by_name(model: KnownModel) -> str:
    return model.name


@pytest.mark.parametrize("model", TABLE.models, ids=by_name)
def test_every_entry_is_whole(model: KnownModel) -> None:
    owner, _, name = model.name.partition("/")
    assert owner and name and model.languages and model.licence
    assert all(len(code) == 2 or code == "multilingual" for code in model.languages)
    assert model.role in ("embedder", "reranker")
    assert (model.dimension is not None) == (model.role == "embedder")
    assert model.max_tokens >= 256 and model.parameters_m > 0
    assert model.source in TABLE.sources
    # Weights of two or four bytes a parameter.
    if model.size_mb is not None:
        assert 1.9 < model.size_mb / model.parameters_m < 4.1
    for clause in (model.obstacle, model.note):
        assert clause is None or (clause[0].islower() and clause[-1] != ".")


@pytest.mark.parametrize("model", TABLE.models, ids=by_name)
def test_every_score_has_a_benchmark_and_a_source(model: KnownModel) -> None:
    for score in model.scores:
        assert score.benchmark in TABLE.benchmarks and score.source in TABLE.sources
        assert 20 < score.value < 100
    assert len({score.benchmark for score in model.scores}) == len(model.scores)


def test_sources_say_where_and_when_they_were_read() -> None:
    for source in TABLE.sources.values():
        assert urlsplit(source.address).scheme == "https" and source.title
        assert source.date is None or source.date <= source.read
        assert date(2026, 1, 1) < source.read


def test_nothing_stands_in_it_that_no_entry_uses() -> None:
    used = {model.source for model in TABLE.models}
    used |= {score.source for model in TABLE.models for score in model.scores}
    assert used == TABLE.sources.keys()
    assert {s.benchmark for m in TABLE.models for s in m.scores} == TABLE.benchmarks.keys()
    names = [model.name for model in TABLE.models]
    assert len(set(names)) == len(names)
    assert set(names) >= set(MULTILINGUAL[:5])


@pytest.mark.parametrize("model", EMBEDDERS, ids=by_name)
def test_prompts_are_those_that_are_used(model: KnownModel) -> None:
    prompts = (model.query_prompt, model.document_prompt)
    assert prompts_for(model.name, {}, None, None) == prompts
    if model.ollama:  # a server puts none in
        assert prompts_for(model.ollama, {}, None, None) == prompts


@pytest.mark.parametrize("model", EMBEDDERS, ids=by_name)
def test_languages_are_those_that_are_known_by_name(model: KnownModel) -> None:
    assert taught(model.name) == model.languages
    if model.ollama:
        assert taught(f"ollama:{model.ollama}") == model.languages


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
        ("baai/BGE-M3", "BAAI/bge-m3"),
        ("ms-marco-MiniLM-L6-v2", "cross-encoder/ms-marco-MiniLM-L6-v2"),
        ("ollama:bge-m3:latest", "BAAI/bge-m3"),
        ("ollama:mxbai-embed-large:335m", "mixedbread-ai/mxbai-embed-large-v1"),
        ("ollama:qwen3-embedding:4b", "Qwen/Qwen3-Embedding-4B"),
        ("ollama:qwen3:4b", None),
        ("my/own", None),
    ],
)
def test_a_model_is_found_by_each_of_its_names(name: str, found: str | None) -> None:
    model = TABLE.find(name)
    assert (model.name if model else None) == found


def test_a_score_is_that_of_the_first_benchmark_it_has() -> None:
    model = TABLE.find("BAAI/bge-m3")
    assert model is not None
    assert model.score("mteb_en_v1", "beir") == 48.8
    assert model.score("mteb_en_v2") is None
