"""What the helper keeps open: a project with its model, or a model alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ragcli import providers
from ragcli.background import Deadline
from ragcli.config import settings_for
from ragcli.domain import Embedder, EmbedderIdentity
from ragcli.errors import RagError
from ragcli.rag import Rag
from ragcli.serving import protocol
from ragcli.store import purge


class Changed(Exception):
    """What is kept open is no longer what a command would open; the text says what differs."""


class Declined(Exception):
    """This request is not answered; the text says why."""


class Resident:
    """Made from what any command would be made from (project, environment, flags), and compared
    with that again for every answer. It never takes the project's lock."""

    def __init__(
        self, root: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]
    ) -> None:
        """Loads the models. Raises what a query raises."""
        self.root = root
        self._environ = environ
        self._flags = flags
        self._rag = self._project()
        self._settings, self._origins = self._in_force(self._rag)
        self.key = protocol.key_of(self._settings, self._origins, environ)
        self._file = None if self._rag is None else _identity_of(self._rag.folder.database)
        self._purges = self._count_purges()
        self._embedder = self._rag.checked_embedder() if self._rag else self._named()
        self._model = self._embedder.identity
        self._embedder.embed_query("the first takes longer than all that follow")
        self._reranker = self._reranker_of(self._rag)
        if self._rag is not None and self._rag.reranker is not None:
            self._rag.reranker.score("the first takes longer", ["than all that follow"])

    @property
    def model(self) -> str:
        return self._model.name

    def close(self) -> None:
        if self._rag is not None:
            self._rag.close()

    def _project(self) -> Rag | None:
        if self.root is None:
            return None
        return Rag.open(self.root, environ=self._environ, **self._flags)

    def _in_force(self, rag: Rag | None) -> Any:
        if rag is not None:
            return rag.settings, rag.origins
        return settings_for(None, self._flags, self._environ)

    def _named(self) -> Embedder:
        return providers.embedder(self._settings.model, self._settings)

    # ------------------------------------------------------------ still the same

    def check(self, *, model: bool = False) -> None:
        """Raises Changed when the project was made anew, something was purged from it, or it has
        other settings, and with ``model`` when the model's files, or the model that the project
        uses, are others."""
        try:
            fresh = self._project()
        except (RagError, OSError) as error:
            raise Changed(str(error)) from error
        try:
            settings, origins = self._in_force(fresh)
            if protocol.key_of(settings, origins, self._environ) != self.key:
                raise Changed("the settings were changed")
            if fresh is not None and _identity_of(fresh.folder.database) != self._file:
                raise Changed("the project was made anew, or is gone")
            if self._count_purges() != self._purges:
                raise Changed("what it holds in memory was purged")
            if model and self._model_now(fresh) != self._model:
                raise Changed("the model is another one")
            if self._reranker_of(fresh) != self._reranker:
                raise Changed("the reranker is another one")
        except RagError as error:
            raise Changed(error.message) from error
        finally:
            if fresh is not None:
                fresh.close()

    def _count_purges(self) -> int:
        return 0 if self._rag is None else purge.count(self._rag.store)

    def _model_now(self, fresh: Rag | None) -> EmbedderIdentity:
        return (fresh.embedder if fresh is not None else self._named()).identity

    @staticmethod
    def _reranker_of(rag: Rag | None) -> str | None:
        """What identifies it; None where there is none."""
        return None if rag is None or rag.reranker is None else rag.reranker.fingerprint

    # ------------------------------------------------------------ answers

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the recipe of that name gives, as data. Raises Declined, Changed, and all that the
        recipe raises."""
        kind = request["kind"]
        if kind == "embed":
            return self._embed(request["texts"], request["kind_of_text"])
        if self._rag is None:
            raise Declined("this helper has no project")
        if kind == "query":
            return self._query(self._rag, request)
        if kind == "likeness":
            self.check(model=True)
            return {"near": self._rag.likeness(request["question"], request["texts"])}
        if kind == "note":
            self.check()
            return {"note": self._rag.note_on_model()}
        raise Declined(f"it does not know `{kind}`")

    def _query(self, rag: Rag, request: Mapping[str, Any]) -> dict[str, Any]:
        self.check(model=request["mode"] != "keyword")
        deadline_s = request["deadline_s"]
        result = rag.query(
            request["question"],
            top_k=request["top_k"],
            passage_tokens=request["passage_tokens"],
            mode=request["mode"],
            chosen=protocol.filter_from(request["chosen"]),
            explain=request["explain"],
            mend=False,
            deadline=None if deadline_s is None else Deadline(deadline_s),
        )
        index = rag.store.opened_index
        if index is not None and index.to_mend:
            raise Declined("the index file is to be written, which is a command's work")
        return asdict(result)

    def _embed(self, texts: list[str], kind: str) -> dict[str, Any]:
        if self._rag is not None and self._origins["model"].layer == "flag":
            raise Declined("`rag embed --model` asks for a model as it is, not for the project's")
        self.check(model=True)
        if kind == "document":
            vectors = list(self._embedder.embed_documents(texts))
        else:
            vectors = [self._embedder.embed_query(text) for text in texts]
        return {"model": self.model, "rows": [vector.tolist() for vector in vectors]}


def _identity_of(file: Path) -> tuple[int, int] | None:
    """Device and inode; None where there is no such file."""
    try:
        status = os.stat(file)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino
