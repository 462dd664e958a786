"""The parts of an open project, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragcli import providers, trust
from ragcli.binding import Binding
from ragcli.config import settings_for
from ragcli.errors import UsageError
from ragcli.store.folder import ProjectFolder

if TYPE_CHECKING:
    from ragcli.domain import Embedder, EmbedderIdentity, Generator, Reranker
    from ragcli.store import Store
    from ragcli.store.rows import EmbeddingSet


class Parts:
    """Store, embedder, reranker and generator of a project.

    ``settings`` are those in force, ``origins`` says where each came from.
    """

    def __init__(
        self,
        folder: ProjectFolder,
        flags: Mapping[str, Any],
        environ: Mapping[str, str],
        *,
        trusted: bool = False,
    ) -> None:
        """``trusted`` is said of a project that this program has just made for itself, or copied
        from a trusted one. Raises ProjectUntrusted (another user's), UsageError."""
        trust.check_owner(folder.rag)
        self.folder = folder
        self.settings, self.origins = settings_for(folder.config, flags, environ)
        self._trusted = trusted
        self._checked_set: int | None = None

    @cached_property
    def store(self) -> Store:
        """Raises ProjectCorrupt, ProjectIncompatible."""
        from ragcli.store import Store

        return Store(self.folder)

    def _active(self) -> EmbeddingSet | None:
        """The set that answers; None before the first ingest."""
        from ragcli.store import sets

        return sets.active(self.store.connection)

    @cached_property
    def embedder(self) -> Embedder:
        """The project's embedding model; the settings' where nothing was ingested yet.

        Raises ModelMismatch when another was asked for by flag or environment,
        ProviderUnavailable.
        """
        active = self._active()
        if active is None or self.store.is_empty():
            self.consent(self.settings.model, self._is_named_here("model"))
            return providers.embedder(self.settings.model, self.settings)
        asked = self.origins["model"].layer in ("flag", "environment")
        self.consent(active.identity.name, not asked)
        return self._binding(active.identity).embedder()

    def embedder_to_switch_to(self, model: str | None, given: Mapping[str, Any]) -> Embedder:
        """Another model with its own prompts, or the project's; ``given`` are settings that were
        asked for. Raises UsageError (nothing was ingested), ProjectUntrusted,
        ProviderUnavailable."""
        active = self._active()
        if active is None:
            raise UsageError("nothing has been ingested yet", "begin with: rag ingest FOLDER")
        self.consent(model or active.identity.name, model is None)
        return self._binding(active.identity).embedder_to_switch_to(model, given)

    def is_trusted(self) -> bool:
        """It may name servers, providers and models (``trust.py``)."""
        return self._trusted or trust.Trust(self.folder.root).given

    def consent(
        self, name: str, here: bool, downloads: Callable[[str], bool] = providers.needs_download
    ) -> None:
        """Before a model is made, whoever named it: its server may be the project's choice.
        ``here`` says that the model is, too. Raises ProjectUntrusted."""
        provider, model = providers.split(name)
        choice = trust.Choice(provider, model, here, here and downloads(name))
        trust.check(self.is_trusted, choice, self.settings, self.origins)

    def _is_named_here(self, setting: str) -> bool:
        return self.origins[setting].layer == "project"

    def _binding(self, identity: EmbedderIdentity) -> Binding:
        return Binding(self.settings, self.origins, identity)

    def checked_embedder(self) -> Embedder:
        """The embedder, shown to be the one that embedded the documents.

        Raises ModelMismatch, ProviderUnavailable.
        """
        from ragcli.recipes import guard

        active = self._active()
        if active is not None and active.id != self._checked_set and not self.store.is_empty():
            guard.check(self.store, active, self.embedder)
            self._checked_set = active.id
        return self.embedder

    def _refuse_another_model(self) -> None:
        """Of a model that a flag or variable asks for, also where nothing is to be embedded."""
        from ragcli.recipes import guard

        active = self._active()
        if active is None or self.store.is_empty():
            return
        if self._binding(active.identity).asks_for_another():
            guard.check_identity(active.identity, self.embedder.identity)

    @cached_property
    def reranker(self) -> Reranker | None:
        """What reorders the best passages, None where none was named. Raises ProviderUnavailable;
        one that was named never falls back."""
        name = self.settings.reranker
        if name == "off":
            return None
        here = self._is_named_here("reranker")
        self.consent(name, here, providers.reranker_needs_download)
        return providers.reranker(name, self.settings)

    @cached_property
    def generator(self) -> Generator:
        """Who writes answers. Raises ProviderUnavailable; one that was named never falls back."""
        name = self.generator_name
        self.consent(name, self._is_named_here("generator"), lambda name: False)
        return providers.generator(name, self.settings)

    @cached_property
    def generator_name(self) -> str:
        """The one that was named; with ``auto``, a model that runs here, else ``extractive``."""
        name = self.settings.generator
        return providers.choose_generator(self.settings) if name == "auto" else name

    def note_on_model(self) -> str | None:
        """A sentence when a settings file names another model than the project's."""
        layer = self.origins["model"].layer
        if layer not in ("project", "user"):
            return None
        active = self._active()
        if active is None:
            return None
        if providers.same_name(self.settings.model, active.identity.name):
            return None
        return (
            f"the {layer}'s config.toml names the model `{self.settings.model}`; this project was"
            f" embedded with `{active.identity.name}`, which is used"
        )

    def _is_default(self, name: str) -> bool:
        return self.origins[name].layer == "default"
