"""The models recipe: what this machine has, what is worth knowing, and how both fit a corpus.

Nothing is downloaded or loaded. An Ollama on this machine is asked what it has; no other server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ragcli.config import Settings
from ragcli.embedding import folder as embedder_folder
from ragcli.embedding import languages
from ragcli.errors import ProviderUnavailable
from ragcli.http import (
    PROBE_CONNECT_S,
    OllamaServer,
    ServerRefused,
    cloud_of,
    context_length,
    host_url,
    is_loopback,
    model_name,
)
from ragcli.models.files import max_tokens, read_json
from ragcli.models.installed import InstalledModel, installed
from ragcli.models.known import KnownModel, known
from ragcli.models.locate import CROSS_ENCODERS, full_name
from ragcli.models.memory import memory_bytes
from ragcli.providers import same_name
from ragcli.store import Store, overview, sets

Where = Literal["package", "hub", "folder", "ollama", "ollama-cloud"]

# A server on this machine answers at once, or is not there.
_TIMEOUT_S = 2.0

# A start and an end token, as most embedding models put around a text.
_SPECIAL_TOKENS = 2

# A number of single precision: what both engines compute with, and what the index stores.
_FLOAT_BYTES = 4

_IN_CLOUD = "it runs in Ollama's cloud: what it is asked leaves this machine"


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is to be fitted: ``languages`` are shares of the text whose language was told."""

    folder: str
    model: str
    reranker: str | None
    chunk_tokens: int
    chunks: int
    languages: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits a corpus. ``knows`` is the share of the text in languages that it was
    taught; None where nobody says. ``chunk_tokens`` is what chunks would shrink to, None where they
    fit; ``index_bytes`` what their embeddings would take."""

    knows: float | None
    chunk_tokens: int | None
    index_bytes: int | None


@dataclass(frozen=True, slots=True)
class Here:
    """A model of this machine, by the name that a setting takes. ``obstacle`` says why it is not
    used, in a clause; what nobody says is None."""

    name: str
    role: Literal["embedder", "reranker", "generator"]
    where: Where
    place: str | None
    size_bytes: int | None
    dimension: int | None
    max_tokens: int | None
    languages: tuple[str, ...] | None
    obstacle: str | None
    used: bool
    fit: Fit | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A model worth knowing. ``here`` is the name under which this machine has it, its own before
    Ollama's. ``memory_bytes`` is what its parameters take in single precision."""

    model: KnownModel
    here: str | None
    used: bool
    memory_bytes: int
    fit: Fit | None


@dataclass(frozen=True, slots=True)
class Models:
    """``memory_bytes`` is this machine's; None where it does not say."""

    corpus: Corpus | None
    memory_bytes: int | None
    here: tuple[Here, ...]
    known: tuple[Listed, ...]
    notes: tuple[str, ...]


def corpus_of(store: Store, settings: Settings) -> Corpus | None:
    """None before the first ingest."""
    chosen = sets.active(store.connection)
    if chosen is None or store.is_empty():
        return None
    shares = overview.language_shares(store.connection)
    told = sum(shares.values())
    return Corpus(
        folder=str(store.folder.root),
        model=chosen.identity.name,
        reranker=_reranker(settings),
        chunk_tokens=sets.chunk_settings(store.connection, chosen.chunk_set_id).size_tokens,
        chunks=store.counts()["chunks"],
        languages={code: share / told for code, share in shares.items()},
    )


def models(corpus: Corpus | None, settings: Settings) -> Models:
    """What there is, the usable first, then by how much of the text they know, then by size."""
    model = corpus.model if corpus else settings.model
    used = {model, settings.generator, _reranker(settings) or model}
    found, notes = installed([settings.model, settings.reranker])
    served, told = _served(settings, corpus, used)
    here = [*(_of_files(model, corpus, used) for model in found), *served]
    listed = [_listed(model, here, corpus, used) for model in known().models]
    return Models(
        corpus=corpus,
        memory_bytes=memory_bytes(),
        here=tuple(here),
        known=tuple(sorted(listed, key=_order)),
        notes=(*notes, *told),
    )


def _reranker(settings: Settings) -> str | None:
    return None if settings.reranker == "off" else full_name(settings.reranker, CROSS_ENCODERS)


def _order(one: Listed) -> tuple[Any, ...]:
    knows = one.fit.knows if one.fit else None
    return (
        one.model.role != "embedder",
        one.model.obstacle is not None,
        -round(knows or 0, 2),
        one.model.parameters_m,
    )


# ------------------------------------------------------------------ this machine


def _of_files(model: InstalledModel, corpus: Corpus | None, used: set[str]) -> Here:
    if model.role == "embedder":
        dimension, limit = embedder_folder.shape(model.folder)
    else:
        dimension = None
        limit = max_tokens(model.folder, read_json(model.folder / "config.json", {}))
    listed = known().find(model.name)
    taught = languages.taught(model.name, model.folder) or (listed.languages if listed else None)
    return Here(
        name=model.name,
        role=model.role,
        where=model.where,  # type: ignore[arg-type]
        place=str(model.folder),
        size_bytes=model.size_bytes,
        dimension=dimension,
        max_tokens=limit,
        languages=None if taught is None else tuple(sorted(taught)),
        obstacle=model.obstacle,
        used=_is_used(model.name, used),
        fit=_fit(corpus, taught, dimension, limit),
    )


def _served(
    settings: Settings, corpus: Corpus | None, used: set[str]
) -> tuple[list[Here], list[str]]:
    """What the Ollama of this machine has, and what is to be said of it."""
    url = host_url(settings.ollama_host)
    if not is_loopback(url):
        return [], [f"Ollama at {url} is another machine, and was not asked"]
    server = OllamaServer(settings.ollama_host, _TIMEOUT_S, PROBE_CONNECT_S)
    try:
        return list(_installed_there(server, corpus, used)), []
    except ProviderUnavailable as error:
        return [], [error.message]


def _installed_there(server: OllamaServer, corpus: Corpus | None, used: set[str]) -> Iterator[Here]:
    for tag in sorted(server.tags(), key=model_name):
        served = model_name(tag)
        if cloud_of(served, tag):
            yield _of_ollama(served, tag, "generator", {}, corpus, used)
            continue
        try:
            shown = server.show(served)
        except ServerRefused:  # removed since, or broken
            continue
        capabilities = shown.get("capabilities") or []
        if "embedding" in capabilities:
            yield _of_ollama(served, tag, "embedder", shown, corpus, used)
        elif "completion" in capabilities:
            yield _of_ollama(served, tag, "generator", shown, corpus, used)


def _of_ollama(
    served: str,
    tag: Mapping[str, Any],
    role: Literal["embedder", "generator"],
    shown: Mapping[str, Any],
    corpus: Corpus | None,
    used: set[str],
) -> Here:
    name = f"ollama:{served}"
    cloud = cloud_of(served, {**tag, **shown}) is not None
    size = tag.get("size")
    embeds = role == "embedder"
    dimension = _width(shown) if embeds else None
    limit = context_length(shown)
    taught = languages.taught(name) if embeds else None
    return Here(
        name=name,
        role=role,
        where="ollama-cloud" if cloud else "ollama",
        place=None,
        size_bytes=size if isinstance(size, int) and not cloud else None,
        dimension=dimension,
        max_tokens=limit,
        languages=None if taught is None else tuple(sorted(taught)),
        obstacle=_IN_CLOUD if cloud else None,
        used=bool({name, name.removesuffix(":latest")} & used),
        fit=_fit(corpus, taught, dimension, limit) if embeds else None,
    )


def _width(shown: Mapping[str, Any]) -> int | None:
    facts = shown.get("model_info") or {}
    widths = [v for k, v in facts.items() if k.endswith(".embedding_length")]
    return widths[0] if widths and isinstance(widths[0], int) else None


# ------------------------------------------------------------------ the table


def _listed(model: KnownModel, here: list[Here], corpus: Corpus | None, used: set[str]) -> Listed:
    mine = [one for one in here if known().find(one.name) is model and one.role == model.role]
    return Listed(
        model=model,
        here=mine[0].name if mine else None,
        used=any(one.used for one in mine) or _is_used(model.name, used),
        memory_bytes=round(model.parameters_m * 1e6 * _FLOAT_BYTES),
        fit=_fit(corpus, model.languages, model.dimension, model.max_tokens),
    )


def _is_used(name: str, used: set[str]) -> bool:
    return any(same_name(name, one) for one in used)


# ------------------------------------------------------------------ fitting


def _fit(
    corpus: Corpus | None, taught: frozenset[str] | None, dimension: int | None, limit: int | None
) -> Fit | None:
    if corpus is None:
        return None
    room = None if limit is None else limit - _SPECIAL_TOKENS
    return Fit(
        knows=_knows(corpus.languages, taught),
        chunk_tokens=room if room is not None and room < corpus.chunk_tokens else None,
        index_bytes=None if dimension is None else index_bytes(corpus.chunks, dimension),
    )


def index_bytes(chunks: int, dimension: int) -> int:
    """What the embeddings of so many chunks take in an index of single precision."""
    return chunks * dimension * _FLOAT_BYTES


def _knows(shares: Mapping[str, float], taught: frozenset[str] | None) -> float | None:
    if taught is None or not shares:
        return None
    if taught == languages.EVERY:
        return 1.0
    return min(1.0, sum(share for code, share in shares.items() if code in taught))


# ------------------------------------------------------------------ as JSON


def as_object(found: Models) -> dict[str, Any]:
    table = known()
    return {
        "schema": "ragcli.models/1",
        "corpus": asdict(found.corpus) if found.corpus else None,
        "memory_bytes": found.memory_bytes,
        "here": [asdict(one) for one in found.here],
        "known": [_listed_object(one) for one in found.known],
        "benchmarks": dict(table.benchmarks),
        "sources": {key: _source_object(key) for key in table.sources},
        "notes": list(found.notes),
    }


def _listed_object(one: Listed) -> dict[str, Any]:
    facts = {**asdict(one.model), "languages": sorted(one.model.languages)}
    return {
        **facts,
        "here": one.here,
        "used": one.used,
        "memory_bytes": one.memory_bytes,
        "fit": asdict(one.fit) if one.fit else None,
    }


def _source_object(key: str) -> dict[str, Any]:
    source = known().sources[key]
    date = source.date.isoformat() if source.date else None
    return {**asdict(source), "read": source.read.isoformat(), "date": date}
