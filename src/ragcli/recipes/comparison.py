"""Two embedding sets on the same questions: the one that answers, and the one that may take over.

Everything is asked in a rehearsal of the switch. In it the new set answers; whoever else asks
meanwhile is answered by the old one, and in the end nothing has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.domain import Listener, Passage, QueryResult, ignore
from ragcli.errors import NotInProject, TextTooLong, UsageError
from ragcli.evaluation.bootstrap import FEW, Difference, Interval, differences
from ragcli.evaluation.metrics import covers
from ragcli.recipes import guard, history, own_questions, question_files, self_made
from ragcli.recipes.blanked import blank
from ragcli.recipes.evaluate import Evaluation, Latency, Prepared, evaluate, prepare
from ragcli.recipes.growth import Growth
from ragcli.recipes.query import QueryOptions, query
from ragcli.store import Store, overview, sets
from ragcli.store.rows import EmbeddingSet

if TYPE_CHECKING:
    from ragcli.domain import Embedder, Reranker
    from ragcli.evaluation.questions import QuestionSet

TOP_K = 10
JUDGED_BY = f"ndcg@{TOP_K}"

# A new set is better when its mean is, and when it may be worse by a hundredth at most: as when
# the answer to one question in thirteen falls from the second place to the third (nDCG 0.63 to
# 0.50). Of fewer questions than FEW nothing is concluded.
MOST_LOST = 0.01

# Questions of the history that are asked: the newest.
LOGGED = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """How the questions are asked: with which models, and as the settings say. Which ones:
    those of ``file``, else the project's own, where it has some and none are to be ``made``, else
    some that are made from the documents."""

    old: Callable[[], Embedder]
    new: Embedder
    options: QueryOptions
    reranker: Reranker | None
    file: Path | None = None
    made: bool = False

    def questions(self, store: Store) -> tuple[QuestionSet, bool]:
        """(the set, whether it was made from the documents). Raises UsageError."""
        if self.file is not None:
            return question_files.read(self.file), False
        if not self.made and store.folder.questions.exists():
            return own_questions.read(store.folder), False
        return self_made.questions(store), True


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two. ``size_bytes`` is about what it takes on the disk, with its chunks and
    keyword index. ``metrics`` and ``latency`` are of the questions with a known answer."""

    model: str
    dimension: int
    precision: str
    chunk_tokens: int
    chunks: int
    size_bytes: int
    metrics: Mapping[str, Interval]
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class Quality:
    """``differences`` are new minus old, question by question. ``better`` decides for
    ``--if-better``, ``verdict`` says why; ``left_out`` questions are about files that are not in
    the project."""

    set_name: str
    questions: int
    left_out: int
    differences: Mapping[str, Difference]
    better: bool
    verdict: str
    caution: str | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """What questions of the history find: the ``share`` of the old set's passages that the new one
    finds too, among ``top_k``, and the share of questions with the ``same_first``. Other passages
    may be better or worse: it is no judgement."""

    questions: int
    top_k: int
    share: float
    same_first: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """``quality`` is None where no question with a known answer could be asked, for the reason
    ``missing``; ``overlap`` where there is no history."""

    old: Side
    new: Side
    quality: Quality | None
    missing: str | None
    overlap: Overlap | None


def compare(store: Store, fresh: EmbeddingSet, terms: Terms, listener: Listener) -> Comparison:
    """The active set against a complete one. The caller holds the lock.

    Raises ModelMismatch and ProviderUnavailable (of the old model too), ProjectCorrupt.
    """
    old = sets.active(store.connection)
    assert old is not None, "a project with another set has an active one"
    pair = _Pair(store, terms, terms.old(), fresh, listener)
    guard.check(store, old, pair.before)
    store.publish_index(fresh)
    runs: tuple[Evaluation, Evaluation] | None = None
    missing = None
    try:
        runs = pair.evaluated()
    except (UsageError, NotInProject) as error:
        missing = error.message
    return Comparison(
        old=_side(store, old, runs[0] if runs else None),
        new=_side(store, fresh, runs[1] if runs else None),
        quality=_quality(*runs) if runs else None,
        missing=missing,
        overlap=pair.overlap([a.question for a in history.read(store.folder)]),
    )


def _side(store: Store, chosen: EmbeddingSet, run: Evaluation | None) -> Side:
    settings = sets.chunk_settings(store.connection, chosen.chunk_set_id)
    return Side(
        model=chosen.identity.name,
        dimension=chosen.identity.dimension,
        precision=chosen.identity.precision,
        chunk_tokens=settings.size_tokens,
        chunks=store.chunk_count(chosen.chunk_set_id),
        size_bytes=overview.size_of(store.connection, chosen),
        metrics=run.metrics if run else {},
        latency=run.latency if run else None,
    )


class _Pair:
    """The same questions for both, each in a rehearsal of the switch."""

    def __init__(
        self,
        store: Store,
        terms: Terms,
        before: Embedder,
        fresh: EmbeddingSet,
        listener: Listener,
    ) -> None:
        self._store = store
        self._terms = terms
        self.before = before
        self._fresh = fresh
        self._listener = listener

    def evaluated(self) -> tuple[Evaluation, Evaluation]:
        """Raises UsageError (also while embeddings are missing) and NotInProject."""
        store, after = self._store, self._terms.new
        if store.embedded_share() < 1:
            raise UsageError("not every chunk is embedded yet", "finish that: rag ingest")
        asked, made = self._terms.questions(store)
        spans = self_made.sentences_of(store, asked) if made else {}
        with store.rehearsal():
            if spans:
                blank(store, spans, self.before, 0, ignore)
            prepared = prepare(store, asked)
            old = self._evaluated(prepared, self.before)
            if spans:
                Growth(store, lambda: self._fresh, lambda: after, ignore).grow(self._fresh)
            sets.let_answer(store.connection, self._fresh)
            new = self._evaluated(prepared, after)
        return old, new

    def _evaluated(self, prepared: Prepared, embedder: Embedder) -> Evaluation:
        def ask(question: str, most: int) -> QueryResult:
            return self._ask(question, most, embedder)

        count = self.before.counter.count  # one measure of tokens for both
        return evaluate(self._store, prepared, ask, count, TOP_K, self._listener)

    def _ask(self, question: str, top_k: int, embedder: Embedder) -> QueryResult:
        options = replace(self._terms.options, top_k=top_k, mend=False)
        return query(self._store, question, options, lambda: embedder, self._terms.reranker)

    def overlap(self, questions: Sequence[str]) -> Overlap | None:
        """Of the newest of these; None where they find nothing."""
        store, top_k = self._store, self._terms.options.top_k
        newest = list(dict.fromkeys(reversed(questions)))[:LOGGED]
        if not newest:
            return None
        with store.rehearsal():
            before = [self._found(text, self.before) for text in newest]
            sets.let_answer(store.connection, self._fresh)
            after = [self._found(text, self._terms.new) for text in newest]
        return _overlap([(b, a) for b, a in zip(before, after, strict=True) if b], top_k)

    def _found(self, question: str, embedder: Embedder) -> Sequence[Passage]:
        try:
            return self._ask(question, self._terms.options.top_k, embedder).passages
        except (UsageError, TextTooLong):  # it was refused when it was asked, too
            return ()


def _quality(before: Evaluation, after: Evaluation) -> Quality:
    found = differences([o.metrics for o in before.outcomes], [o.metrics for o in after.outcomes])
    better, verdict = judged(found[JUDGED_BY], len(after.outcomes))
    return Quality(
        set_name=after.set_name,
        questions=len(after.outcomes),
        left_out=len(after.left_out),
        differences=found,
        better=better,
        verdict=verdict,
        caution=after.caution,
    )


def judged(difference: Difference, questions: int) -> tuple[bool, str]:
    """(whether the new set is better, why)."""
    told = f"{difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}] in {JUDGED_BY}"
    if questions < FEW:
        return False, f"too few questions to tell: {questions} of at least {FEW} ({told})"
    if difference.mean <= 0:
        return False, f"not better: {told}"
    if difference.low < -MOST_LOST:
        return False, f"not surely better: {told}, and it may be worse by more than {MOST_LOST}"
    return True, f"better: {told}"


def _overlap(
    pairs: Sequence[tuple[Sequence[Passage], Sequence[Passage]]], top_k: int
) -> Overlap | None:
    if not pairs:
        return None
    shares = [sum(any(_is_same(p, q) for q in a) for p in b) / len(b) for b, a in pairs]
    first = [bool(a) and _is_same(b[0], a[0]) for b, a in pairs]
    return Overlap(len(pairs), top_k, sum(shares) / len(pairs), sum(first) / len(pairs))


def _is_same(one: Passage, other: Passage) -> bool:
    """The sets may cut differently."""
    return one.source == other.source and covers(one, other.char_start, other.char_end)
