"""What ``doctor`` looks at around a project: models, servers, disk, libraries."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ragcli import providers
from ragcli.config import Settings
from ragcli.domain import Embedder
from ragcli.errors import ProviderUnavailable
from ragcli.models import hashes
from ragcli.models.onnx_cache import damage
from ragcli.recipes import guard
from ragcli.recipes.checkup import REPAIR, Check
from ragcli.recipes.status import sizes
from ragcli.store import Store, lock, sets
from ragcli.store.database import ENGINE
from ragcli.store.folder import ProjectFolder

# A new index file and SQLite's journal take about the size of the project; never less than this.
_LEAST_FREE_BYTES = 200 << 20

# A server on this machine or in its network answers at once, or is not there.
_TIMEOUT_S = 2.0
_CONNECT_TIMEOUT_S = 0.5

_LIBRARIES = (
    "faiss-cpu",
    "numpy",
    "onnxruntime",
    "sentence-transformers",
    "torch",
    "tokenizers",
    "pypdf",
    "ollama",
)


def model(
    store: Store | None, settings: Settings, embedder: Callable[[], Embedder], deep: bool
) -> Check:
    """Is the model that embedded the project here, and unchanged? ``deep`` loads it, too."""
    chosen = sets.active(store.connection) if store else None
    name = chosen.identity.name if chosen else settings.model
    if providers.needs_download(name):
        detail = f"`{name}` is not on this machine: the next query or ingest will fetch it"
        return Check("model", "warn", detail, "or give a folder that holds it")
    if deep:
        hashes.forget()
    made = embedder()
    if store is None or chosen is None:
        return Check("model", "ok", f"`{made.identity.name}` is here; nothing is embedded yet")
    guard.check_identity(chosen.identity, made.identity)
    if not deep:
        return Check("model", "ok", f"`{name}` is here: same fingerprint")
    guard.check_probe(store, chosen, made)
    return Check("model", "ok", f"`{name}` is here: same fingerprint, same embedding")


def engine(store: Store | None, settings: Settings) -> Check:
    """What runs the model here, and are its files what they were when they were made?"""
    name, own = _named(store, settings)
    if damaged := damaged_exports(store, settings):
        detail = f"the prepared model in {damaged[0]} is damaged"
        return Check("engine", "fail", detail, REPAIR)
    told = providers.engine_told(name, own)
    return Check("engine", "ok", told or "a server's")


def reranker(settings: Settings, deep: bool) -> Check:
    """Can the chosen reranker score? ``deep`` lets it."""

    def made() -> str:
        model = providers.reranker(settings.reranker, settings)
        if deep:
            model.score("How long is the warranty?", ["The warranty runs for 24 months."])
        return model.name

    return _cross_encoder("reranker", settings, made)


def entailment_model(settings: Settings, deep: bool) -> Check:
    """Can the chosen entailment model judge? ``deep`` lets it."""

    def made() -> str:
        model = providers.entailment_model(settings.entailment_model, settings)
        if deep:
            model.infer("The warranty runs for 24 months.", "It runs for two years.")
        return model.name

    return _cross_encoder("entailment_model", settings, made)


def _cross_encoder(role: providers.Role, settings: Settings, made: Callable[[], str]) -> Check:
    """``made`` makes the model and gives its name."""
    name, check = getattr(settings, role), role.removesuffix("_model")
    if name == "off":
        return Check(check, "ok", "off")
    if providers.cross_encoder_needs_download(name):
        detail = f"`{name}` is not on this machine: the next question will fetch it"
        return Check(check, "warn", detail, "or give a folder that holds it")
    if damaged := [f for f in providers.cross_encoder_exports(role, name, settings) if damage(f)]:
        detail = f"the prepared model in {damaged[0]} is damaged"
        return Check(check, "fail", detail, REPAIR)
    found = f"`{made()}` is here"
    told = providers.cross_encoder_told(role, name, settings)
    return Check(check, "ok", f"{found}: {told}" if told else found)


def damaged_exports(store: Store | None, settings: Settings) -> list[Path]:
    """Folders of exports whose files have other contents than when they were made."""
    name, own = _named(store, settings)
    folders = providers.exports(name, own)
    roles: tuple[providers.Role, ...] = ("reranker", "entailment_model")
    for role in roles:
        if (other := getattr(settings, role)) != "off":
            with suppress(ProviderUnavailable):  # the check says so
                folders += providers.cross_encoder_exports(role, other, settings)
    return [folder for folder in folders if damage(folder)]


def _named(store: Store | None, settings: Settings) -> tuple[str, Settings]:
    """The project's model, else the settings'."""
    chosen = sets.active(store.connection) if store else None
    if chosen is None:
        return settings.model, settings
    return chosen.identity.name, replace(settings, precision=chosen.identity.precision)


def generator(settings: Settings) -> Check:
    """Can the chosen generator write answers? An endpoint elsewhere is not asked.

    Ollama is asked through its own client: what that sees, and an answer does not get, is no fault
    of the server.
    """
    provider, _, name = settings.generator.partition(":")
    if settings.generator == "auto":
        chosen = providers.choose_generator(settings)
        return Check("generator", "ok", f"auto: {chosen}")
    from ragcli.http import OLLAMA_HINT, elsewhere, host_url

    url = host_url(settings.ollama_host)
    if provider != "ollama" or elsewhere(url):
        return Check("generator", "ok", f"{settings.generator} (not asked)" if name else provider)
    try:
        installed = _installed(url)
    except (OSError, ValueError) as error:
        raise ProviderUnavailable(f"Ollama does not answer at {url}", OLLAMA_HINT) from error
    if not {name, f"{name}:latest"} & installed:
        raise ProviderUnavailable(
            f"Ollama does not have the model `{name}`", f"fetch it: ollama pull {name}"
        )
    return Check("generator", "ok", f"{settings.generator} is installed")


def _installed(url: str) -> set[str]:
    """The names of Ollama's models. Raises OSError, ValueError."""
    import httpx
    import ollama

    def without_key(request: httpx.Request) -> httpx.Request:
        request.headers.pop("authorization", None)  # it would send OLLAMA_API_KEY to any host
        return request

    client = ollama.Client(
        host=url,
        timeout=httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
        follow_redirects=False,
        trust_env=False,
        verify=url.startswith("https:"),
        auth=without_key,
    )
    try:
        with client:
            return {model.model or "" for model in client.list().models}
    except (httpx.HTTPError, ollama.ResponseError) as error:
        raise OSError(str(error)) from error


def disk(folder: ProjectFolder) -> Check:
    size = sum(sizes(folder.rag).values())
    free = shutil.disk_usage(folder.rag).free
    if free < max(size, _LEAST_FREE_BYTES):
        detail = f"{free >> 20:,} MB free, the project takes {size >> 20:,} MB"
        return Check("disk", "warn", detail, "make room before the next ingest")
    return Check("disk", "ok", f"{free >> 20:,} MB free")


def writer(folder: ProjectFolder) -> Check:
    held = lock.holder(folder.lock)
    return Check("lock", "ok", "free" if held is None else f"held{held}: it is being written to")


def libraries() -> Check:
    found = [f"python {platform.python_version()}", ENGINE]
    missing = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        cure = "install ragcli again: pip install --upgrade ragcli"
        return Check("libraries", "warn", f"not installed: {', '.join(missing)}", cure)
    return Check("libraries", "ok", ", ".join(found))
