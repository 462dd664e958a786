"""What an evaluation is made of: a question set, and the project that it is asked of.

A project as it is; a corpus in one file (BEIR's), which gets a project of its own in the cache;
variants of either, to be compared.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragcli import private, providers
from ragcli.config import cache_folder, parse_value, settings_for
from ragcli.domain import Event, Listener, QueryResult, ignore
from ragcli.errors import ProviderUnavailable, UsageError
from ragcli.evaluation.questions import QuestionSet
from ragcli.rag import Rag
from ragcli.recipes import corpus, own_questions, question_files, self_made
from ragcli.recipes import evaluate as recipe
from ragcli.recipes.blanked import blank
from ragcli.recipes.evaluate import Evaluation, Prepared
from ragcli.store import Store
from ragcli.store.folder import create
from ragcli.text.estimate import estimate_tokens

_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Trial:
    """``runs`` is the folder where its saved runs lie."""

    rag: Rag
    asked: QuestionSet
    runs: Path


def evaluate(
    rag: Rag,
    prepared: Prepared,
    *,
    top_k: int = 10,
    count_tokens: Callable[[str], int] | None = None,
    listener: Listener = ignore,
) -> Evaluation:
    """How well a project answers a question set (``recipes/evaluate.py``).

    Figures at equal tokens are counted by ``count_tokens``; default: as the project's model counts.
    Raises what ``Rag.query`` raises.
    """

    def ask(question: str, most: int) -> QueryResult:
        return rag.query(question, top_k=most)

    count = count_tokens or counter_of(rag)
    return recipe.evaluate(rag.store, prepared, ask, count, top_k, listener)


def counter_of(rag: Rag) -> Callable[[str], int]:
    """Counts tokens as the project's model does; an estimate where the model is not here, which
    keyword search does without."""
    try:
        return rag.embedder.counter.count
    except ProviderUnavailable:
        return estimate_tokens


@contextmanager
def of_project(
    questions: str | None,
    project: str | None,
    flags: Mapping[str, Any],
    split: str | None,
    first_page: int,
) -> Iterator[Trial]:
    """A set asked of an open project; without ``questions`` the project's own.

    Raises ProjectNotFound, UsageError.
    """
    with Rag.open(project, **flags) as rag:
        if questions is None:
            asked = own_questions.read(rag.folder)
        else:
            asked = question_files.read(Path(questions).expanduser(), split, first_page)
        yield Trial(rag, asked, rag.folder.evaluations)


@contextmanager
def of_itself(project: str | None, flags: Mapping[str, Any], listener: Listener) -> Iterator[Trial]:
    """Questions made from the project's own text, asked of a copy of it that lacks the sentences
    which ask. Raises ProjectNotFound, UsageError (also while embeddings are missing),
    ProviderUnavailable, ModelMismatch."""
    with Rag.open(project, **flags) as rag:
        if rag.store.embedded_share() < 1:
            raise UsageError("not every chunk is embedded yet", "finish that: rag ingest")
        asked = self_made.questions(rag.store)
        with copied(rag, flags) as copy:
            spans = self_made.sentences_of(copy.store, asked)

            def progress(event: Event) -> None:
                if event.kind != "note":  # about the project's text, and told when it was ingested
                    listener(event)

            blank(copy.store, spans, copy.embedder, rag.settings.wait_s, progress)
            yield Trial(copy, asked, rag.folder.evaluations)


@contextmanager
def of_corpus(
    folder: Path, flags: Mapping[str, Any], split: str | None, listener: Listener
) -> Iterator[Trial]:
    """A BEIR folder: its corpus is stored and embedded once for each model and size of chunks, in
    the cache, with the settings of the user and of ``flags``.

    Raises UsageError, ProviderUnavailable, ProjectLocked.
    """
    file = question_files.corpus_in(folder)
    assert file is not None, "the caller has seen that there is a corpus"
    asked = question_files.read(folder, split)
    settings, _ = settings_for(None, flags, os.environ)
    embedder = providers.embedder(settings.model, settings)
    size = min(settings.chunk_tokens, embedder.room_tokens)
    home = cache_folder() / "eval" / _hash(file)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = home / f"{embedder.identity.fingerprint[:16]}-{size}"
    place.mkdir(mode=0o700, exist_ok=True)
    project = create(place)
    Store.create(project)
    with Rag(project, flags, os.environ, trusted=True) as rag:
        if not corpus.is_filled(rag.store):
            listener(Event("note", message=f"the corpus is kept in {place}"))
            entries = question_files.read_corpus(file)
            corpus.fill(rag.store, entries, embedder, size, settings.wait_s, listener)
        yield Trial(rag, asked, home / "runs")


def is_corpus(questions: str | None) -> bool:
    """A folder that brings its own corpus."""
    if questions is None:
        return False
    return question_files.corpus_in(Path(questions).expanduser()) is not None


def _hash(file: Path) -> str:
    """Of the content: a set that was downloaded again is the same."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as data:
            while piece := data.read(_READ_AT_ONCE):
                digest.update(piece)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", "check the path") from error
    return digest.hexdigest()[:16]


# ------------------------------------------------------------------ variants

# Settings that a question is asked with, and those that the documents are cut and embedded with.
ASKED_WITH = ("mode", "engine", "reranker", "passage_tokens")
BUILT_WITH = (
    "model",
    "precision",
    "dimensions",
    "chunk_tokens",
    "query_prompt",
    "document_prompt",
)
# A value of these says what it is.
_WORDS = ("mode", "engine", "model", "precision")


@dataclass(frozen=True, slots=True)
class Variants:
    """Values of one setting that are to be compared."""

    setting: str
    values: tuple[str, ...]

    @classmethod
    def parsed(cls, text: str) -> Variants:
        """Of ``mode=dense,hybrid``. Raises UsageError."""
        setting, _, listed = text.partition("=")
        setting = setting.strip()
        values = tuple(dict.fromkeys(value.strip() for value in listed.split(",")))
        if setting not in ASKED_WITH + BUILT_WITH:
            raise UsageError(
                f"`--compare {text}`: `{setting}` is not compared",
                f"compare one of {', '.join(ASKED_WITH + BUILT_WITH)}: --compare mode=dense,hybrid",
            )
        if len(values) < 2:
            raise UsageError(
                f"`--compare {text}` names one value",
                "name two or more: --compare mode=dense,hybrid",
            )
        for value in values:
            parse_value(setting, value)
        return cls(setting, values)

    def name(self, value: str) -> str:
        return value if self.setting in _WORDS else f"{self.setting}={value}"


def compare(
    trial: Trial,
    prepared: Prepared,
    variants: Variants,
    flags: Mapping[str, Any],
    top_k: int,
    listener: Listener,
) -> list[tuple[str, Evaluation]]:
    """The same questions asked of each variant; the project is not touched.

    Raises what reembedding and querying raise.
    """
    count = counter_of(trial.rag)  # one measure of tokens for all
    done = []
    for value in variants.values:
        with _variant(trial.rag, variants.setting, value, flags, listener) as rag:
            name = variants.name(value)
            listener(Event("note", message=f"asking {name}"))
            found = evaluate(rag, prepared, top_k=top_k, count_tokens=count, listener=listener)
            size = found.subject.chunk_tokens
            if variants.setting == "chunk_tokens" and size != int(value):
                message = f"{name}: {found.subject.model} takes {size} at most"
                listener(Event("note", message=message))
            done.append((name, found))
    return done


@contextmanager
def _variant(
    rag: Rag, setting: str, value: str, flags: Mapping[str, Any], listener: Listener
) -> Iterator[Rag]:
    """The project with another setting; where that decides chunks or embeddings, a copy of its
    store, cut and embedded anew from the stored text, deleted in the end."""
    if setting in ASKED_WITH:
        with Rag(
            rag.folder, {**flags, setting: value}, os.environ, trusted=rag.is_trusted()
        ) as asked:
            yield asked
        return
    prompt = {setting: value} if setting.endswith("_prompt") else {}
    with copied(rag, {**flags, **prompt}) as built:
        built.reembed(
            value if setting == "model" else None,
            precision=value if setting == "precision" else None,
            dimensions=int(value) if setting == "dimensions" else None,
            chunk_tokens=int(value) if setting == "chunk_tokens" else None,
            listener=listener,
        )
        yield built


@contextmanager
def copied(rag: Rag, flags: Mapping[str, Any]) -> Iterator[Rag]:
    """The project's store and settings in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="ragcli-eval-") as place:
        folder = create(Path(place))
        rag.store.copy_to(folder)
        with suppress(FileNotFoundError):
            private.write_text(folder.config, rag.folder.config.read_text(encoding="utf-8"))
        with Rag(folder, flags, os.environ, trusted=rag.is_trusted()) as copy:
            yield copy
