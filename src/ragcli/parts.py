"""The parts of an open project, each made when it is first needed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ragcli import providers, trust
from ragcli.background import Background, Deadline
from ragcli.binding import Binding
from ragcli.config import Origin, parse_value, settings_for, user_file
from ragcli.domain import Filter
from ragcli.errors import NotAgreed, ProviderUnavailable, UsageError
from ragcli.store.folder import ProjectFolder

if TYPE_CHECKING:
    from ragcli.domain import Embedder, EmbedderIdentity, EntailmentModel, Generator, Mode, Reranker
    from ragcli.generation.template import PromptTemplate
    from ragcli.recipes.query import QueryOptions
    from ragcli.store import Store
    from ragcli.store.rows import EmbeddingSet


log = logging.getLogger("ragcli")

T = TypeVar("T")


def refuse(host: str, name: str) -> bool:
    """Nobody is there to agree to what ``name`` sends to ``host``."""
    return False


class Parts:
    """Store, embedder, reranker, generator and entailment model of a project.

    ``settings`` are those in force, ``origins`` says where each came from. ``agrees`` asks the user
    whether a model may send to a host; a yes is kept in the user's own file.
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
        self.agrees: Callable[[str, str], bool] = refuse
        self._checked_set: int | None = None
        self._writer: Background[Generator] | None = None

    @cached_property
    def store(self) -> Store:
        """Raises ProjectCorrupt, ProjectIncompatible."""
        from ragcli.store import Store

        return Store(self.folder)

    def _reopened(self) -> Store:
        """Another file lies in the store's place."""
        if (store := self.__dict__.pop("store", None)) is not None:
            store.close()
        return self.store

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
        return self.agreed(self._embedder_maker())

    def _embedder_maker(self) -> Callable[[], Embedder]:
        """What makes it without the store, whose connection belongs to one thread."""
        active = self._active()
        if active is None or self.store.is_empty():
            self.consent(self.settings.model, self._is_named_here("model"))
            return lambda: providers.embedder(self.settings.model, self.settings)
        asked = self.origins["model"].layer in ("flag", "environment")
        self.consent(active.identity.name, not asked)
        identity = active.identity
        return lambda: self._binding(identity).embedder()

    def embeds_by(self, deadline: Deadline, question: str) -> bool:
        """Make and load the embedder, which ends with its first question, and wait for it until
        the deadline; whether it is ready then, or has failed."""
        import numpy  # noqa: F401 - two threads that import it at once would see it half-made

        make = self._embedder_maker() if "embedder" not in self.__dict__ else lambda: self.embedder
        made: list[Embedder] = []

        def load() -> None:
            made.append(make())
            made[0].embed_query(question)

        ready = deadline.allows(Background(load))
        if ready and made:
            self.__dict__["embedder"] = made[0]
        return ready

    def embedder_to_switch_to(self, model: str | None, given: Mapping[str, Any]) -> Embedder:
        """Another model with its own prompts, or the project's; ``given`` are settings that were
        asked for. Raises UsageError (nothing was ingested), ProjectUntrusted,
        ProviderUnavailable."""
        from ragcli.recipes import guard

        identity = guard.active(self.store).identity
        self.consent(model or identity.name, model is None)
        return self.agreed(lambda: self._binding(identity).embedder_to_switch_to(model, given))

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

    def agreed(self, make: Callable[[], T]) -> T:
        """What is made, once the user has agreed to the hosts it sends to. Raises NotAgreed."""
        try:
            return make()
        except NotAgreed as missing:
            if not self.agrees(missing.host, missing.name):
                raise
            agreed = missing.agreed
        from ragcli.settings_file import write_value

        write_value(user_file(), "remote_hosts", agreed)
        self.settings = replace(self.settings, remote_hosts=agreed)
        return self.agreed(make)

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
        self.consent(name, here, providers.cross_encoder_needs_download)
        return providers.reranker(name, self.settings)

    @cached_property
    def entailment_model(self) -> EntailmentModel | None:
        """What judges the claims of answers, None where none was named. Raises
        ProviderUnavailable."""
        name = self.settings.entailment_model
        if name == "off":
            return None
        here = self._is_named_here("entailment_model")
        self.consent(name, here, providers.cross_encoder_needs_download)
        return providers.entailment_model(name, self.settings)

    def prepare_generator(self) -> None:
        """Choose who writes, and ask what it can, while passages are looked for. The question is
        sent to nobody, and nothing to a host that was not agreed to."""

        def prepared() -> Generator:
            from ragcli.recipes import ask  # noqa: F401 - what an answer takes, too

            return self._make_generator()

        if "generator" not in self.__dict__:
            self._writer = Background(prepared)

    @cached_property
    def generator(self) -> Generator:
        """Who writes answers, which is said where nobody named it. Raises ProviderUnavailable; one
        that was named never falls back."""
        made = self.silent_generator
        if self._is_picked:
            keeps = "; this project keeps to it (for another: rag config set generator NAME)"
            can_keep = os.access(self.folder.rag, os.W_OK)
            log.info("no generator was named: `%s` writes%s", made.name, keeps if can_keep else "")
        return made

    @cached_property
    def silent_generator(self) -> Generator:
        """The same, to be looked at only. Raises ProviderUnavailable."""
        prepared, self._writer = self._writer, None
        try:
            return prepared.result() if prepared else self._make_generator()
        except NotAgreed:
            return self.agreed(self._make_generator)

    def _make_generator(self) -> Generator:
        name, here = self.generator_name, self._is_named_here("generator")
        self.consent(name, here, lambda name: False)
        try:
            return providers.generator(name, self.settings)
        except ProviderUnavailable as error:
            if not here:
                raise
            raise ProviderUnavailable(
                f"{error.message}; this project names `{name}`",
                f"{error.hint}; or let another be picked: rag config set generator --unset",
            ) from error

    @cached_property
    def generator_name(self) -> str:
        """The one that was named; with ``auto``, a model that runs here, else ``extractive``."""
        name = self.settings.generator
        return providers.choose_generator(self.settings) if name == "auto" else name

    @cached_property
    def prompt_template(self) -> PromptTemplate:
        """The words of the prompt: those of `prompt_file`, else ours. A relative path in a settings
        file is read from the project's folder, or from that of the user's file.

        Raises UsageError, ProjectUntrusted.
        """
        from ragcli.generation.template import PromptTemplate, read_template

        name = self.settings.prompt_file
        if not name:
            return PromptTemplate()
        layer = self.origins["prompt_file"].layer
        if layer == "project":
            trust.check_named(self.is_trusted, f"names a template for the prompt, {name}")
        folders = {"project": self.folder.root, "user": user_file().parent}
        return read_template(folders.get(layer, Path()) / Path(name).expanduser())

    @property
    def _is_picked(self) -> bool:
        """Nobody named the generator, and a model was found."""
        return self._is_default("generator") and self.generator_name != "extractive"

    def keep_generator(self) -> None:
        """Name the model that was picked in the project's file: a later ``ollama pull`` changes no
        answers. Where that cannot be written, each question picks anew."""
        if not self._is_picked:
            return
        from ragcli.settings_file import write_value

        with suppress(UsageError):
            write_value(self.folder.config, "generator", self.generator_name)
            self.settings = replace(self.settings, generator=self.generator_name)
            self.origins["generator"] = Origin("project")

    def _query_options(
        self,
        top_k: int | None = None,
        passage_tokens: int | None = None,
        mode: Mode | None = None,
        chosen: Filter | None = None,
    ) -> QueryOptions:
        """What was asked for, else the settings. Raises UsageError."""
        from ragcli.recipes.query import QueryOptions

        if passage_tokens is not None:
            passage_tokens = parse_value("passage_tokens", passage_tokens)
        wanted: Any = mode or self.settings.mode
        return QueryOptions(
            mode=wanted,
            top_k=top_k or self.settings.top_k,
            passage_tokens=passage_tokens or self.settings.passage_tokens,
            chosen=chosen or Filter(),
            rerank_s=self.settings.rerank_s,
        )

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
