"""A project is bound to the model that embedded it: what the settings may still say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ragcli import providers
from ragcli.config import Origin, Settings, parse_value
from ragcli.errors import ModelMismatch, RagError

if TYPE_CHECKING:
    from ragcli.domain import Embedder, EmbedderIdentity


class Binding:
    """The settings in force, their origins, and the model that the project is bound to.

    Of what is part of the model's identity only a flag or a variable asks for another: what a file
    says counts for new projects.
    """

    def __init__(
        self, settings: Settings, origins: Mapping[str, Origin], identity: EmbedderIdentity
    ) -> None:
        self._settings = settings
        self._origins = origins
        self._identity = identity

    def embedder(self) -> Embedder:
        """The model that the project is bound to. Raises ModelMismatch, ProviderUnavailable."""
        if self._asks_for("model") and self._settings.model != self._identity.name:
            return self._other_name()
        return providers.embedder(self._identity.name, self.settings())

    def stored_embedder(self) -> Embedder:
        """The same, whatever a flag or a variable asks for. Raises ProviderUnavailable."""
        identity = self._identity
        settings = replace(
            self._settings,
            dimensions=identity.dimension if identity.shortened else None,
            precision=identity.precision,
            query_prompt=identity.query_prompt,
            document_prompt=identity.document_prompt,
        )
        return providers.embedder(identity.name, settings)

    def settings(self) -> Settings:
        """The settings with what is part of the identity: prompts, dimensions, precision."""
        identity = self._identity
        return replace(
            self._settings,
            dimensions=self._kept("dimensions", identity.dimension if identity.shortened else None),
            precision=self._kept("precision", identity.precision),
            query_prompt=self._kept("query_prompt", identity.query_prompt),
            document_prompt=self._kept("document_prompt", identity.document_prompt),
        )

    def asks_for_another(self) -> bool:
        """A flag or variable has another value than the model that the project is bound to."""
        stored = {
            "model": self._identity.name,
            "dimensions": self._identity.dimension,
            "precision": self._identity.precision,
            "query_prompt": self._identity.query_prompt,
            "document_prompt": self._identity.document_prompt,
        }
        return any(
            self._asks_for(name) and getattr(self._settings, name) != value
            for name, value in stored.items()
        )

    def embedder_to_switch_to(self, model: str | None, given: Mapping[str, Any]) -> Embedder:
        """Another model with its own prompts, or the same with those it has; ``given`` are the
        settings that were asked for. Raises UsageError, ProviderUnavailable."""
        given = {name: parse_value(name, value) for name, value in given.items()}
        if model is not None and not providers.same_name(model, self._identity.name):
            return providers.embedder(model, replace(self._settings, **given))
        return providers.embedder(self._identity.name, replace(self.settings(), **given))

    def _asks_for(self, name: str) -> bool:
        return self._origins[name].layer in ("flag", "environment")

    def _kept(self, name: str, stored: Any) -> Any:
        return getattr(self._settings, name) if self._asks_for(name) else stored

    def _other_name(self) -> Embedder:
        """A model asked for by a name that is not the stored one: the same under another name
        (a folder, a short name), or a mismatch, told without downloading anything."""
        asked = self._settings.model
        mismatch = ModelMismatch(
            f"this project was embedded with `{self._identity.name}`, not with `{asked}`",
            f"leave `--model` out, or switch the project: rag reembed --model {asked}",
        )
        if not providers.is_local(asked):
            raise mismatch
        try:
            embedder = providers.embedder(asked, self._settings)
        except RagError as error:
            raise mismatch from error
        if embedder.identity.fingerprint != self._identity.fingerprint:
            raise mismatch
        return embedder
