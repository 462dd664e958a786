"""An open project changes its embedding model, or its chunks, and can change back."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.config import read_file
from ragcli.domain import ignore
from ragcli.errors import ProviderUnavailable, UsageError
from ragcli.parts import Parts

if TYPE_CHECKING:
    from ragcli.domain import Embedder, EmbedderIdentity, Listener
    from ragcli.recipes.comparison import Terms
    from ragcli.recipes.estimate import Estimate
    from ragcli.recipes.reembed import Reembedded


class Reembedding(Parts):
    """``reembed``, and what takes it back."""

    def reembed(
        self,
        model: str | None = None,
        *,
        dimensions: int | None = None,
        precision: str | None = None,
        chunk_tokens: int | None = None,
        compare: bool = False,
        questions: str | os.PathLike[str] | None = None,
        self_made: bool = False,
        if_better: bool = False,
        listener: Listener = ignore,
    ) -> Reembedded:
        """Switch the model, its dimensions or precision, or the size of chunks, from the stored
        text. Where all of that is as it was, every embedding is computed anew.

        Other writers get in meanwhile, and the old set answers until the end; it is then kept. With
        ``compare`` old and new are asked the same questions before the switch: those of the file
        ``questions``, else the project's own, else, or with ``self_made``, some that are made from
        the documents. Naming any of these compares, too. ``if_better`` switches only if the new
        set is better, which made questions decide only where ``self_made`` is said.

        Raises UsageError (nothing was ingested; nothing to decide by), ProjectLocked,
        ProviderUnavailable.
        """
        from ragcli.recipes import guard
        from ragcli.recipes.reembed import ReembedOptions, reembed
        from ragcli.store import sets

        old = guard.active(self.store)
        now = sets.chunk_settings(self.store.connection, old.chunk_set_id).size_tokens
        size = self._chunk_tokens_wanted(now, chunk_tokens)
        anew = (model, dimensions, precision, size) == (None, None, None, now)
        if anew and if_better:
            raise UsageError(
                "with `if_better` the project is compared with something else",
                "name it: rag reembed --model MODEL --if-better",
            )
        options = ReembedOptions(size, anew, if_better, self.settings.wait_s)
        embedder = self._embedder_wanted(model, dimensions, precision)
        terms = None
        if not anew and (compare or questions is not None or self_made or if_better):
            terms = self._terms(old.identity, embedder, questions, self_made)
        if terms is not None and if_better:
            self._check_questions(terms)
        done = reembed(self.store, options, embedder, listener, terms)
        if guard.active(self.store).identity.fingerprint == embedder.identity.fingerprint:
            self.__dict__["embedder"] = embedder
            self._name_in_config(done.model)
        return done

    def reembed_estimate(
        self,
        model: str | None = None,
        *,
        dimensions: int | None = None,
        precision: str | None = None,
        chunk_tokens: int | None = None,
    ) -> Estimate:
        """What ``reembed`` would take, told from a sample; nothing is written. Raises UsageError,
        ProviderUnavailable."""
        from ragcli.recipes import guard
        from ragcli.recipes.estimate import estimate
        from ragcli.store import sets

        old = guard.active(self.store)
        now = sets.chunk_settings(self.store.connection, old.chunk_set_id).size_tokens
        embedder = self._embedder_wanted(model, dimensions, precision)
        return estimate(self.store, old, embedder, self._chunk_tokens_wanted(now, chunk_tokens))

    def rollback(self, *, listener: Listener = ignore) -> Reembedded:
        """Let the model and the chunks answer that did before the last switch; documents that came
        since are cut and embedded first. What answers now is then kept in their place.

        Raises UsageError (nothing is kept), ProjectLocked, ModelMismatch, ProviderUnavailable.
        """
        from ragcli.recipes import guard
        from ragcli.recipes.reembed import rollback

        done = rollback(self.store, self._stored_embedder, listener, self.settings.wait_s)
        self.__dict__.pop("embedder", None)
        with suppress(ProviderUnavailable):  # the first question tells it
            self.__dict__["embedder"] = self._stored_embedder(guard.active(self.store).identity)
        self._name_in_config(done.model)
        return done

    def forget_kept(self) -> tuple[str, ...]:
        """Delete every embedding set but the one that answers; the models of these. Raises
        ProjectLocked."""
        from ragcli.recipes.reembed import forget

        return forget(self.store, self.settings.wait_s)

    def _chunk_tokens_wanted(self, now: int, asked: int | None) -> int:
        """What is asked for, else what a setting says, else as it is."""
        if asked is None and self._is_default("chunk_tokens"):
            return now
        return asked or self.settings.chunk_tokens

    def _embedder_wanted(
        self, model: str | None, dimensions: int | None, precision: str | None
    ) -> Embedder:
        asked = {"dimensions": dimensions, "precision": precision}
        given = {name: value for name, value in asked.items() if value is not None}
        return self.embedder_to_switch_to(model, given)

    def _stored_embedder(self, identity: EmbedderIdentity) -> Embedder:
        """The model of a set of this project, whichever answers."""
        self.consent(identity.name, True)
        return self._binding(identity).stored_embedder()

    def _terms(
        self,
        old: EmbedderIdentity,
        new: Embedder,
        questions: str | os.PathLike[str] | None,
        self_made: bool,
    ) -> Terms:
        from ragcli.recipes.comparison import Terms

        return Terms(
            old=lambda: self._stored_embedder(old),
            new=new,
            options=self._query_options(),
            reranker=self.reranker,
            file=None if questions is None else Path(questions).expanduser(),
            made=self_made,
        )

    def _check_questions(self, terms: Terms) -> None:
        """Before hours of embedding: is there anything to decide by? Raises UsageError."""
        from ragcli.evaluation.bootstrap import FEW
        from ragcli.recipes.reembed import NAME_QUESTIONS

        if terms.file is None and not terms.made and not self.folder.questions.exists():
            raise UsageError(
                "this project has no questions of its own to decide by", NAME_QUESTIONS
            )
        asked, _ = terms.questions(self.store)
        if len(asked.questions) < FEW:
            raise UsageError(
                f"{asked.name} holds {len(asked.questions)} questions: too few to tell which is"
                f" better, it takes {FEW}",
                NAME_QUESTIONS,
            )

    def _name_in_config(self, model: str) -> None:
        """The project's file, where it names a model, names the one that embeds it now."""
        from ragcli.settings_file import write_value

        if "model" in read_file(self.folder.config):
            write_value(self.folder.config, "model", model)
        if self.origins["model"].layer == "project":
            self.settings = replace(self.settings, model=model)
