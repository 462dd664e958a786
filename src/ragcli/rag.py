"""The library's one door: an open project, with the same recipes as the commands.

from ragcli import Rag

rag = Rag.open("~/notes")
rag.ingest(["docs"])
for passage in rag.query("how long is the warranty?").passages:
    print(passage.location, passage.text)
print(rag.ask("how long is the warranty?").answer)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli import providers
from ragcli.contents import Contents
from ragcli.domain import Filter, ignore
from ragcli.errors import RagError, UsageError
from ragcli.reembedding import Reembedding
from ragcli.store import folder as folders
from ragcli.trust import Trust

if TYPE_CHECKING:
    from ragcli.background import Deadline
    from ragcli.domain import (
        Answer,
        EmbedderIdentity,
        IngestReport,
        Listener,
        Mode,
        QueryResult,
        Turn,
    )
    from ragcli.recipes.ask import Piece
    from ragcli.recipes.doctor import Diagnosis
    from ragcli.recipes.dry_run import DryRun
    from ragcli.recipes.import_project import Imported
    from ragcli.recipes.in_time import Ask
    from ragcli.recipes.prompting import PreparedPrompt, PromptOptions
    from ragcli.recipes.status import Status
    from ragcli.recipes.why_not import WhyNot

# Of the time an answer may take, what its search may: the rest is left to who writes it.
SEARCH_SHARE = 0.5


class Rag(Contents, Reembedding):
    """An open project. Parts (store, embedder, generator) are made when they are first needed, and
    each recipe is imported by the first call that needs it: a question pays for no other."""

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Rag:
        """The project in ``path``, or found from the current folder. ``settings`` count as flags.

        Raises ProjectNotFound, UsageError.
        """
        env = os.environ if environ is None else environ
        explicit = None if path is None else os.fspath(path)
        return cls(folders.find(explicit, env, Path.cwd()), settings, env)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Rag:
        """The project in ``path`` (default: the current folder), made when it is not there.

        Raises UsageError where none may be made.
        """
        from ragcli.store import Store

        env = os.environ if environ is None else environ
        explicit = None if path is None else os.fspath(path)
        named = folders.named_root(explicit, env)
        root = named or Path.cwd()
        folders.refuse_unwanted(root, named=named is not None)
        # First, as killed in between it would take its own project for a stranger's.
        if not (root / folders.MARK).exists():
            with suppress(OSError):  # without a place to note it, it is asked for when it matters
                Trust(root).give()
        folder = folders.create(root)
        Store.create(folder)
        return cls(folder, settings, env)

    @classmethod
    def import_archive(
        cls,
        file: str | os.PathLike[str],
        path: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> Imported:
        """Make the project of an archive in ``path`` (default: the current folder), where there is
        none. It is not trusted (``rag config trust``).

        Raises UsageError, ProjectCorrupt (the archive is damaged), ProjectIncompatible.
        """
        from ragcli.recipes.import_project import import_project

        env = os.environ if environ is None else environ
        named = folders.named_root(None if path is None else os.fspath(path), env)
        root = named or Path.cwd()
        folders.refuse_unwanted(root, named=named is not None)
        return import_project(Path(file).expanduser(), root, Trust(root).withdraw)

    def close(self) -> None:
        """Close the store, if it was opened."""
        if "store" in self.__dict__:
            self.store.close()

    def __enter__(self) -> Rag:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # ------------------------------------------------------------ recipes

    def ingest(
        self,
        paths: Sequence[str | os.PathLike[str]] | None = None,
        *,
        urls: Sequence[str] = (),
        gone: Sequence[Path] = (),
        retry: bool = False,
        verify: bool = False,
        allow_removals: bool = False,
        time_limit_s: float | None = None,
        listener: Listener = ignore,
    ) -> IngestReport:
        """Add or update files, folders, and pages of the web by their ``urls``; where nothing is
        named, all files and folders that were ingested before.

        Files are unchanged where their size and time are; with ``verify`` where their bytes are.
        With ``time_limit_s`` it ends then, and the next one goes on. Raises ProjectLocked,
        ModelMismatch, ProviderUnavailable, UsageError.
        """
        from ragcli.reading.worker import ReaderPool
        from ragcli.recipes.ingest import IngestOptions, ingest
        from ragcli.store import Store

        options = IngestOptions(
            paths=None if paths is None else [Path(p).expanduser() for p in paths],
            urls=urls,
            gone=gone,
            retry=retry,
            verify=verify,
            allow_removals=allow_removals,
            archives=self.settings.archives,
            time_limit_s=float("inf") if time_limit_s is None else time_limit_s,
            chunk_tokens=self.settings.chunk_tokens,
            chunk_tokens_asked=not self._is_default("chunk_tokens"),
            wait_s=self.settings.wait_s,
        )
        # A crash while the project was made may have left the folder without a store.
        Store.create(self.folder)
        self._refuse_another_model()
        fetcher = partial(providers.fetcher, self.settings)
        with ReaderPool(self._reading()) as reader:
            return ingest(self.store, options, reader, lambda: self.embedder, listener, fetcher)

    def dry_run(
        self,
        paths: Sequence[str | os.PathLike[str]] | None = None,
        *,
        urls: Sequence[str] = (),
        gone: Sequence[Path] = (),
        retry: bool = False,
        verify: bool = False,
        allow_removals: bool = False,
    ) -> DryRun:
        """What ``ingest`` would do, and how long it might take. Nothing is written or fetched."""
        from ragcli.reading.ocr import reads_pictures
        from ragcli.recipes.dry_run import DryRunOptions, dry_run

        pictures = reads_pictures(self._reading())
        named = None if paths is None else [Path(p).expanduser() for p in paths]
        looking = (retry, allow_removals, self.settings.archives)
        options = DryRunOptions(named, gone, *looking, urls, pictures, verify)
        return dry_run(self.folder, self.store, options)

    def query(
        self,
        question: str,
        *,
        top_k: int | None = None,
        passage_tokens: int | None = None,
        mode: Mode | None = None,
        chosen: Filter | None = None,
        explain: bool = False,
        mend: bool = True,
        verify: bool = False,
        deadline: Deadline | None = None,
    ) -> QueryResult:
        """The top-k passages for a question, of ``passage_tokens`` at most each, of the documents
        that the filter lets through.

        An index file that cannot be used is written anew, with ``mend``. With ``verify`` the
        passages' files are compared by their hashes, not by size and time. Where the model is not
        ready by the ``deadline``, the question is searched for by its words; ``steps`` of the
        result say so.

        Raises UsageError, ModelMismatch, ProviderUnavailable, ProjectCorrupt.
        """
        _check_top_k(top_k)
        by_meaning = (mode or self.settings.mode) != "keyword"
        late = False
        if by_meaning and question.strip() and not self.store.is_empty():
            if deadline is None:
                self.embedder.prepare(1)  # the model loads while all else is imported and looked at
            else:
                late = not self.embeds_by(deadline, question)
        from ragcli.recipes.query import query

        wanted = self._query_options(top_k, passage_tokens, "keyword" if late else mode, chosen)
        wanted = replace(wanted, explain=explain, mend=mend, deadline=deadline, late=late)
        found = query(self.store, question, wanted, self.checked_embedder, self.reranker)
        return self._verified(found, chosen) if verify else found

    def _verified(self, found: QueryResult, chosen: Filter | None) -> QueryResult:
        from ragcli.recipes.verified import verified

        return verified(self.store, found, fresh=chosen is not None and chosen.fresh)

    def why_not(
        self,
        question: str,
        name: str,
        *,
        top_k: int | None = None,
        passage_tokens: int | None = None,
        mode: Mode | None = None,
        chosen: Filter | None = None,
    ) -> WhyNot:
        """Where ``FILE``, ``FILE:PAGE`` or ``FILE:LINE`` stands among the passages for a question,
        or was lost. Raises what ``query`` raises, and NotInProject."""
        _check_top_k(top_k)
        from ragcli.recipes.why_not import why_not

        wanted = self._query_options(top_k, passage_tokens, mode, chosen)
        return why_not(self.store, question, name, wanted, self.checked_embedder, self.reranker)

    def ask(self, question: str, **options: Any) -> Answer:
        """An answer from the passages, with citations. Takes what ``query`` takes, and
        ``allow_weak``: answer also where nothing seems to answer the question; ``thought`` is told
        what the model thinks, where the setting ``think`` lets it. With a ``deadline`` it is the
        best that fits the time, and its ``steps`` say what was left out.

        A declined answer has ``declined`` set and says why. Raises what ``query`` raises.
        """
        from ragcli.recipes.ask import whole_answer

        return whole_answer(self.ask_stream(question, **options))

    def ask_stream(
        self,
        question: str,
        *,
        allow_weak: bool = False,
        thought: Callable[[str], None] | None = None,
        deadline: Deadline | None = None,
        **options: Any,
    ) -> Iterator[Piece]:
        """The same piece by piece; the last piece holds the whole answer. Where the model breaks
        off, that is what came, marked ``incomplete``, and then ProviderUnavailable is raised."""
        self.prepare_generator()
        found = self.query(question, deadline=deadline and deadline.part(SEARCH_SHARE), **options)
        yield from self.answer_from(
            found, allow_weak=allow_weak, thought=thought, deadline=deadline
        )

    def answer_from(
        self,
        found: QueryResult,
        *,
        turns: Sequence[Turn] = (),
        allow_weak: bool = False,
        thought: Callable[[str], None] | None = None,
        deadline: Deadline | None = None,
    ) -> Iterator[Piece]:
        """An answer from passages that were found already; ``turns`` are those before it in a
        conversation."""
        from ragcli.recipes.ask import ask

        by_meaning = found.mode != "keyword" and not found.blind
        asking = partial(
            ask,
            options=self._prompting(turns),
            allow_weak=allow_weak,
            thought=None if self.settings.think == "off" else thought or _ignored,
            likeness=self.likeness if by_meaning else None,
            entailment=lambda: self.entailment_model,
            deadline=deadline,
        )
        answer = None
        for piece in self._pieces(asking, found, deadline):
            answer = piece.answer or answer
            yield piece
        if answer is not None and answer.generator not in ("none", "extractive"):
            self.keep_generator()

    def likeness(self, question: str, texts: Sequence[str]) -> list[float]:
        """The promise ``Likeness``. Raises ProviderUnavailable, ModelMismatch."""
        from ragcli.recipes.likeness import likeness

        return likeness(self.checked_embedder(), question, texts)

    def _pieces(
        self, asking: Ask, found: QueryResult, deadline: Deadline | None
    ) -> Iterator[Piece]:
        if deadline is None:
            return asking(found, lambda: self.generator)
        from ragcli.recipes.in_time import ask_in_time

        quoting = partial(providers.generator, "extractive", self.settings)
        return ask_in_time(asking, found, lambda: self.generator, quoting, deadline)

    def prompt(self, question: str, *, allow_weak: bool = False, **options: Any) -> PreparedPrompt:
        """What ``ask`` would send to its model, and no model is asked. Takes what ``ask`` takes;
        raises what it raises, but where a server does not answer ``context_tokens`` counts."""
        from ragcli.recipes.prompting import prepare

        found = self.query(question, **options)
        return prepare(
            found,
            self.generator_name,
            lambda: self.silent_generator,
            self._prompting(),
            allow_weak=allow_weak,
        )

    def _prompting(self, turns: Sequence[Turn] = ()) -> PromptOptions:
        from ragcli.recipes.prompting import PromptOptions

        return PromptOptions(
            context_tokens=self.settings.context_tokens,
            answer_tokens=self.settings.answer_tokens,
            thinks=self.settings.think != "off",
            template=self.prompt_template,
            store=lambda: self.store,
            turns=turns,
        )

    # ------------------------------------------------------------ looking in, looking after

    def status(self, *, problems: bool = False, skipped: bool = False) -> Status:
        """The project at a glance; with every problem, and all that was passed over, if asked.

        Raises ProjectCorrupt, ProjectIncompatible, as all that follow do.
        """
        from ragcli.recipes.status import Reranker, status

        note = self.note_on_model()
        size = None if self._is_default("chunk_tokens") else self.settings.chunk_tokens
        notes = (note,) if note else ()
        reranker = None
        if (name := self.settings.reranker) != "off":
            told = providers.cross_encoder_told("reranker", name, self.settings)
            reranker = Reranker(name, told)
        return status(
            self.store,
            size,
            self._engine_told,
            self._taught,
            notes,
            reranker,
            problems=problems,
            skipped=skipped,
        )

    def _engine_told(self, identity: EmbedderIdentity) -> str | None:
        try:
            return providers.engine_told(identity.name, self._binding(identity).settings())
        except RagError as error:  # a damaged model must not hide the rest
            return error.message

    def _taught(self, identity: EmbedderIdentity) -> frozenset[str] | None:
        try:
            return providers.taught(identity.name, self._binding(identity).settings())
        except RagError:  # as above; the engine's line tells it
            return None

    def doctor(self, *, deep: bool = False, repair: bool = False) -> Diagnosis:
        """Check everything, also in a project that cannot be opened. ``deep`` loads the model and
        compares a large keyword index with its text, ``repair`` mends what can be mended first.
        Raises ProjectLocked."""
        from ragcli.recipes.doctor import DoctorOptions, doctor

        options = DoctorOptions(deep, repair, self.settings.wait_s)
        return doctor(
            self.folder,
            self.settings,
            lambda: self.store,
            self._reopened,
            lambda: self.embedder,
            options,
        )


def _ignored(thoughts: str) -> None:
    """Nobody looks at what the model thinks."""


def _check_top_k(top_k: int | None) -> None:
    if top_k is not None and top_k < 1:
        raise UsageError(f"top-k must be at least 1, not {top_k}", "ask for -k 5")
