"""The evaluate recipe: a question set through retrieval, and what its figures say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from ragcli.domain import Event, Listener, QueryResult
from ragcli.errors import NotInProject, UsageError
from ragcli.evaluation.bootstrap import Interval, intervals
from ragcli.evaluation.metrics import Judged, first_rank, score
from ragcli.evaluation.questions import Question, QuestionSet, told
from ragcli.recipes import guard, tongues
from ragcli.recipes.gold import Resolver, Unresolved
from ragcli.store import Store, sets

# A ranking of files takes the first passage of each: more are asked for than files are wanted.
PASSAGES_PER_FILE = 3

# The passages of a question, so many at most.
Ask = Callable[[str, int], QueryResult]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question: its figures, and how it went. ``rank`` is that of the first passage (or file)
    that answers it, ``confidence`` the query's; ``expected`` and ``first`` say where the answer
    stands and what came first."""

    id: str
    question: str
    digest: str
    group: str | None
    languages: str | None
    rank: int | None
    confidence: float | None
    latency_ms: float
    metrics: Mapping[str, float]
    expected: tuple[str, ...]
    first: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the questions: of a ``group`` of the set, or of a pair of ``languages``."""

    kind: str
    name: str
    questions: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a question took in this process, the model loaded."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Subject:
    """What was evaluated."""

    mode: str
    model: str
    reranker: str | None
    chunk_tokens: int
    files: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a run says. The questions of ``left_out`` are in no figure: no file of theirs is in the
    project. ``notes`` are what a reader should know, a sentence each; ``caution`` says what such
    a set cannot tell."""

    set_name: str
    subject: Subject
    top_k: int
    metrics: Mapping[str, Interval]
    groups: tuple[Group, ...]
    latency: Latency
    outcomes: tuple[Outcome, ...]
    left_out: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]
    notes: tuple[str, ...]
    caution: str | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question set against a project: the questions that it may answer, each with its gold, and
    the ids of those that it cannot. It holds for every cut and embedding of the same documents."""

    asked: QuestionSet
    known: tuple[tuple[Question, Judged], ...]
    left_out: tuple[str, ...]
    unresolved: tuple[Unresolved, ...]
    languages: Mapping[str, str]


def prepare(store: Store, asked: QuestionSet) -> Prepared:
    """Find what the set means in the project.

    Raises UsageError (the set is empty, nothing was ingested), NotInProject (no question is about
    a file of the project), ProjectCorrupt.
    """
    if not asked.questions:
        raise UsageError(f"{asked.name} holds no question", "add one: rag eval add --help")
    guard.check_not_empty(store)
    resolver = Resolver(store, asked)
    judged = [(question, resolver.judged(question)) for question in asked.questions]
    known = tuple((q, j) for q, j in judged if j is not None)
    if not known:
        one = resolver.unresolved[0]
        raise NotInProject(
            f"no question of {asked.name} is about a file of this project"
            f" ({one.place.file}: {one.why})",
            "ingest the files that it asks about, or name their project: --project DIR",
        )
    return Prepared(
        asked=asked,
        known=known,
        left_out=tuple(q.id for q, j in judged if j is None),
        unresolved=tuple(resolver.unresolved),
        languages=tongues.pairs([(q.id, q.text, resolver.answering(j)) for q, j in known]),
    )


def evaluate(
    store: Store,
    prepared: Prepared,
    ask: Ask,
    count_tokens: Callable[[str], int],
    top_k: int,
    listener: Listener,
) -> Evaluation:
    """Ask every question and score what is found.

    ``count_tokens`` counts for the figures at equal tokens. Raises what ``ask`` raises.
    """
    known = prepared.known
    warm = ask(known[0][0].text, top_k)  # model and index are loaded before time is taken
    outcomes: list[Outcome] = []
    warned: Counter[str] = Counter()
    for question, judged in known:
        started = perf_counter()
        result = ask(question.text, top_k * PASSAGES_PER_FILE if judged.of_files else top_k)
        took_ms = (perf_counter() - started) * 1000
        figures = score(judged, result.passages, top_k, count_tokens)
        languages = prepared.languages.get(question.id)
        outcomes.append(_outcome(question, judged, languages, result, figures, took_ms))
        warned.update(result.warnings)
        listener(Event("asking", len(outcomes), len(known)))
    return Evaluation(
        set_name=prepared.asked.name,
        subject=_subject(store, warm),
        top_k=top_k,
        metrics=intervals([o.metrics for o in outcomes]),
        groups=tuple(_groups(outcomes)),
        latency=_latency([o.latency_ms for o in outcomes]),
        outcomes=tuple(outcomes),
        left_out=prepared.left_out,
        unresolved=prepared.unresolved,
        notes=tuple(f"{n:,} of {len(known):,} questions: {text}" for text, n in warned.items()),
        caution=prepared.asked.caution,
    )


def _subject(store: Store, asked: QueryResult) -> Subject:
    chosen = sets.active(store.connection)
    assert chosen is not None, "a project with documents has an active set"
    size = sets.chunk_settings(store.connection, chosen.chunk_set_id).size_tokens
    counts = store.counts()
    return Subject(
        asked.mode,
        chosen.identity.name,
        asked.reranker,
        size,
        counts["files"],
        counts["chunks"],
    )


def _outcome(
    question: Question,
    judged: Judged,
    languages: str | None,
    result: QueryResult,
    figures: Mapping[str, float],
    took_ms: float,
) -> Outcome:
    places = judged.ranking(result.passages)
    wanted = [g for g in judged.gold if g.grade > 0]
    return Outcome(
        id=question.id,
        question=question.text,
        digest=question.digest,
        group=question.group,
        languages=languages,
        rank=first_rank(places, lambda p: any(g.found_by(p) for g in wanted)),
        confidence=result.confidence,
        latency_ms=round(took_ms, 3),
        metrics=figures,
        expected=tuple(told(r) for r in question.relevant if r.grade > 0),
        first=places[0].location if places else None,
    )


def _groups(outcomes: Sequence[Outcome]) -> list[Group]:
    """By name, those of the set first."""
    named: dict[tuple[str, str], list[Mapping[str, float]]] = {}
    for kind in ("group", "languages"):
        for outcome in outcomes:
            name = outcome.group if kind == "group" else outcome.languages
            if name is not None:
                named.setdefault((kind, name), []).append(outcome.metrics)
    ordered = sorted(named.items())
    return [Group(kind, name, len(rows), intervals(rows)) for (kind, name), rows in ordered]


def _latency(times_ms: Sequence[float]) -> Latency:
    """Nearest rank: a time that some question took."""
    ordered = sorted(times_ms)
    places = (-(-len(ordered) * share // 100) for share in (50, 95))
    p50, p95 = (ordered[place - 1] for place in places)
    return Latency(p50, p95)
