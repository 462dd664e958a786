"""What an evaluation is made of: a question set, and the project that it is asked of.

A project as it is; a corpus in one file (BEIR's), which gets a project of its own in the cache.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragcli import providers
from ragcli.config import cache_folder
from ragcli.domain import Event, Listener, QueryResult, ignore
from ragcli.errors import ProviderUnavailable, UsageError
from ragcli.evaluation.questions import QuestionSet
from ragcli.rag import Rag, settings_for
from ragcli.recipes import corpus, own_questions, question_files
from ragcli.recipes.evaluate import Evaluation
from ragcli.recipes.evaluate import evaluate as run
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
    asked: QuestionSet,
    *,
    top_k: int = 10,
    count_tokens: Callable[[str], int] | None = None,
    listener: Listener = ignore,
) -> Evaluation:
    """How well a project answers a question set (``recipes/evaluate.py``).

    Figures at equal tokens are counted by ``count_tokens``; default: as the project's model counts.
    Raises UsageError, NotInProject, and what ``Rag.query`` raises.
    """

    def ask(question: str, most: int) -> QueryResult:
        return rag.query(question, top_k=most)

    count = count_tokens or counter_of(rag)
    return run(rag.store, asked, ask, count, top_k, listener)


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
def of_corpus(
    folder: Path, flags: Mapping[str, Any], split: str | None, listener: Listener
) -> Iterator[Trial]:
    """A BEIR folder: its corpus is stored and embedded once for each model and size of chunks, in
    the cache, with the settings of the user and of ``flags``.

    Raises UsageError, ProviderUnavailable, ProjectLocked.
    """
    from ragcli.store import Store
    from ragcli.store.folder import create

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
    made = create(place, named=True)
    Store.create(made)
    with Rag(made, flags, os.environ) as rag:
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
