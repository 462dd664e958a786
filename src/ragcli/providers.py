"""Names to providers. Each is imported when it is chosen, never before.

A model is written ``provider:model``; a name without a known provider is an embedding model of
sentence-transformers, or, of a reranker or an entailment model, a cross-encoder. Other packages
add providers through the entry-point groups ``ragcli.embedders``, ``ragcli.rerankers``,
``ragcli.entailment_models`` and ``ragcli.generators``; they are looked for only when the table
below has no such name, because scanning entry points costs 0.05 s.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ragcli import trust
from ragcli.config import Settings
from ragcli.errors import ProviderUnavailable, RagError

if TYPE_CHECKING:
    from ragcli.domain import Embedder, EntailmentModel, Generator, Reranker
    from ragcli.embedding.sentence_transformers import SentenceTransformersEmbedder
    from ragcli.fetching.fetch import Fetcher
    from ragcli.reranking.cross_encoder import CrossEncoder

EMBEDDERS = {
    "sentence-transformers": "ragcli.embedding.sentence_transformers:SentenceTransformersEmbedder",
    "ollama": "ragcli.embedding.ollama:OllamaEmbedder",
    "openai": "ragcli.embedding.openai:OpenAIEmbedder",
}
RERANKERS = {"cross-encoder": "ragcli.reranking.reranker:CrossEncoderReranker"}
ENTAILMENT_MODELS = {"cross-encoder": "ragcli.reranking.entailment:CrossEncoderEntailment"}
GENERATORS = {
    "extractive": "ragcli.generation.extractive:ExtractiveGenerator",
    "ollama": "ragcli.generation.ollama:OllamaGenerator",
    "openai": "ragcli.generation.openai:OpenAIGenerator",
}

# What a cross-encoder is wanted for: the setting that names it.
Role = Literal["reranker", "entailment_model"]


def embedder(name: str, settings: Settings) -> Embedder:
    """The embedder of this name. Raises ProviderUnavailable, NotAgreed."""
    provider, model = split(name)
    if provider is None:
        provider, model = "sentence-transformers", name
    if provider == "ollama":
        trust.check_hosts(name, _ollama_elsewhere(settings), settings)
    made: Embedder = _load("ragcli.embedders", EMBEDDERS, provider, name)(model, settings=settings)
    return made


def reranker(name: str, settings: Settings) -> Reranker:
    """The reranker of this name. Raises ProviderUnavailable."""
    provider, model = split(name)
    if provider is None:
        provider, model = "cross-encoder", name
    made: Reranker = _load("ragcli.rerankers", RERANKERS, provider, name)(model, settings=settings)
    return made


def entailment_model(name: str, settings: Settings) -> EntailmentModel:
    """The entailment model of this name. Raises ProviderUnavailable."""
    provider, model = split(name)
    if provider is None:
        provider, model = "cross-encoder", name
    made: EntailmentModel = _load("ragcli.entailment_models", ENTAILMENT_MODELS, provider, name)(
        model, settings=settings
    )
    return made


def generator(name: str, settings: Settings) -> Generator:
    """The generator of this name, once it is known where it sends. Raises ProviderUnavailable,
    NotAgreed."""
    provider, _, model = name.partition(":")
    made: Generator = _load("ragcli.generators", GENERATORS, provider, name)(
        model, settings=settings
    )
    trust.check_hosts(name, made.sends_to(), settings)
    return made


def _ollama_elsewhere(settings: Settings) -> list[str]:
    """The Ollama that is used, where it is another machine's."""
    from ragcli.http import elsewhere, host_url

    host = elsewhere(host_url(settings.ollama_host))
    return [host] if host else []


def fetcher(settings: Settings) -> Fetcher:
    """What fetches pages from the web."""
    from ragcli.fetching.fetch import Fetcher

    return Fetcher(settings.timeout_s)


def is_local(name: str) -> bool:
    """An embedding model whose identity can be had without asking anyone: one of
    sentence-transformers that lies on this machine."""
    from ragcli.models.locate import find_local

    provider, model = split(name)
    if provider not in (None, "sentence-transformers"):
        return False
    return find_local(model) is not None


def needs_download(name: str) -> bool:
    """An embedding model of sentence-transformers that does not lie on this machine."""
    return split(name)[0] in (None, "sentence-transformers") and not is_local(name)


def engine_told(name: str, settings: Settings) -> str | None:
    """What runs an embedding model of this machine, in words, told without loading it; None for
    one that a server runs, or that is not here."""
    found = _local_embedder(name, settings)
    return found.engine_told() if found else None


def taught(name: str, settings: Settings) -> frozenset[str] | None:
    """The languages of an embedding model (`Embedder.languages`), told without loading it."""
    from ragcli.embedding import languages

    found = _local_embedder(name, settings)
    return found.languages if found else languages.taught(name)


def exports(name: str, settings: Settings) -> list[Path]:
    """The folders of a model's ONNX exports on this machine."""
    found = _local_embedder(name, settings)
    return found.exports if found else []


def _local_embedder(name: str, settings: Settings) -> SentenceTransformersEmbedder | None:
    if not is_local(name):
        return None
    from ragcli.embedding.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(split(name)[1], settings=settings)


def cross_encoder_needs_download(name: str) -> bool:
    """A reranker or an entailment model that does not lie on this machine."""
    from ragcli.models.locate import CROSS_ENCODERS, find_local

    provider, model = split(name)
    return provider in (None, "cross-encoder") and find_local(model, CROSS_ENCODERS) is None


def cross_encoder_told(role: Role, name: str, settings: Settings) -> str | None:
    """What runs a cross-encoder, or why nothing does, in words, told without loading it; None for
    another package's."""
    if cross_encoder_needs_download(name):
        return "not on this machine: the next question fetches it"
    try:
        found = _cross_encoder(role, name, settings)
    except RagError as error:
        return error.message
    return found.engine_told() if found else None


def cross_encoder_exports(role: Role, name: str, settings: Settings) -> list[Path]:
    """The folders of a cross-encoder's ONNX exports on this machine."""
    found = _cross_encoder(role, name, settings)
    return found.exports if found else []


def _cross_encoder(role: Role, name: str, settings: Settings) -> CrossEncoder | None:
    provider, model = split(name)
    if provider not in (None, "cross-encoder") or cross_encoder_needs_download(name):
        return None
    place = {"reranker": RERANKERS, "entailment_model": ENTAILMENT_MODELS}[role]["cross-encoder"]
    made: CrossEncoder = _attribute(place)(model, settings=settings)
    return made


def same_name(one: str, other: str) -> bool:
    """Two ways to write one embedding model: ``all-MiniLM-L6-v2`` is the hub's
    ``sentence-transformers/all-MiniLM-L6-v2``."""
    from ragcli.models.locate import full_name

    return one == other or full_name(one) == full_name(other)


def choose_generator(settings: Settings) -> str:
    """Where none was named: a model of the Ollama that runs on this machine, else extractive."""
    from ragcli.generation.installed import pick_installed

    model = pick_installed(settings.ollama_host, settings.timeout_s, settings.context_tokens)
    return f"ollama:{model}" if model else "extractive"


def split(name: str) -> tuple[str | None, str]:
    """The provider before the first colon; None for a hub name or a folder (``a/b:c``)."""
    provider, colon, model = name.partition(":")
    if not colon or "/" in provider or len(provider) < 2:
        return None, name
    return provider, model


def _load(group: str, table: dict[str, str], provider: str, name: str) -> Any:
    place = table.get(provider) or _entry_point(group, provider)
    if place is None:
        known = ", ".join(sorted(table))
        raise ProviderUnavailable(
            f"there is no provider `{provider}` for `{name}`", f"choose one of: {known}"
        )
    return _attribute(place)


def _attribute(place: str) -> Any:
    """What ``module:attribute`` says."""
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)


@cache  # reading what all packages say takes 50 ms
def _entry_point(group: str, provider: str) -> str | None:
    from importlib.metadata import entry_points

    return next((e.value for e in entry_points(group=group) if e.name == provider), None)
