"""How fast an embedding model is on this machine, over chunks of the corpus itself."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic, perf_counter

from ragcli.domain import Embedder, Event, Listener
from ragcli.embedding import PROBE
from ragcli.errors import UsageError
from ragcli.recipes import guard
from ragcli.recipes.lanes import Lanes, Task
from ragcli.store import Store, sets
from ragcli.store.rows import Pending

# A pace is even after a few seconds; a slow model is not let go on with all of the sample.
LONGEST_S = 10.0
SAMPLE_CHUNKS = 512
# Questions are asked one at a time, as people do.
MOST_QUESTIONS = 20

# Batches are taken in an order that is always the same, so that short and long ones mix.
_SEED = 0


@dataclass(frozen=True, slots=True)
class Speed:
    """``load_ms`` from nothing to a first embedding, its files in the system's cache; ``chunks``
    of the sample were embedded, on all lanes; ``question_ms`` is the median of one question."""

    dimension: int
    max_tokens: int
    load_ms: float
    chunks: int
    chunks_per_s: float
    tokens_per_s: float
    question_ms: float


def chunk_sample(store: Store) -> list[Pending]:
    """Chunks of the corpus, chosen at random, the same each time. Raises ProjectCorrupt."""
    chosen = guard.active(store)
    ids = store.sample(chosen.chunk_set_id, SAMPLE_CHUNKS, random.Random(_SEED))
    return sets.pending_texts(store.connection, list(dict.fromkeys(ids)))


def measure(
    load: Callable[[], Embedder],
    sample: Sequence[Pending],
    questions: Sequence[str],
    listener: Listener,
) -> Speed:
    """``load`` makes the embedder anew: the first one prepares what is prepared once.

    Raises UsageError (no chunk fits the model), ProviderUnavailable.
    """
    load().embed_documents([PROBE])
    started = perf_counter()
    embedder = load()
    embedder.prepare(1)
    embedder.embed_documents([PROBE])
    load_ms = (perf_counter() - started) * 1000
    sizes = {entry.chunk_id: embedder.counter.count(entry.text) for entry in sample}
    fitting = [entry for entry in sample if sizes[entry.chunk_id] <= embedder.room_tokens]
    if not fitting:
        raise UsageError(
            f"no chunk fits into the {embedder.identity.max_tokens} tokens of"
            f" {embedder.identity.name}",
            "leave this model out",
        )
    started = perf_counter()
    done = list(_embedded(embedder, _batches(fitting, sizes, embedder.batch_texts), listener))
    took_s = max(perf_counter() - started, 1e-9)
    return Speed(
        dimension=embedder.identity.dimension,
        max_tokens=embedder.identity.max_tokens,
        load_ms=load_ms,
        chunks=len(done),
        chunks_per_s=len(done) / took_s,
        tokens_per_s=sum(sizes[entry.chunk_id] for entry in done) / took_s,
        question_ms=_question_ms(embedder, questions),
    )


def _batches(
    entries: Sequence[Pending], sizes: dict[int, int], batch_texts: int
) -> deque[list[Pending]]:
    """Texts of like length stand together, as they do when a corpus is embedded."""
    ordered = sorted(entries, key=lambda entry: sizes[entry.chunk_id])
    batches = [ordered[i : i + batch_texts] for i in range(0, len(ordered), batch_texts)]
    random.Random(_SEED).shuffle(batches)
    return deque(batches)


def _embedded(
    embedder: Embedder, batches: deque[list[Pending]], listener: Listener
) -> Iterator[Pending]:
    """What was embedded, on all lanes, within the time."""
    total, done = sum(map(len, batches)), 0
    deadline = monotonic() + LONGEST_S
    lanes = Lanes(embedder.embed_documents)
    try:
        lanes.grow(embedder.lanes)
        while batches or lanes.busy:
            while batches and lanes.busy < 2 * lanes.size:
                lanes.put(Task(batches.popleft()))
            if (task := lanes.take(1.0)) is not None:
                if task.error is not None:
                    raise task.error
                done += len(task.batch)
                listener(Event("embedding", done, total))
                yield from task.batch
            if monotonic() > deadline:
                batches.clear()
                lanes.drop_waiting()
    finally:
        lanes.close()


def _question_ms(embedder: Embedder, questions: Sequence[str]) -> float:
    asked = questions[:MOST_QUESTIONS]
    embedder.embed_query(asked[0])  # what a first question prepares is not counted
    times = []
    for question in asked:
        started = perf_counter()
        embedder.embed_query(question)
        times.append((perf_counter() - started) * 1000)
    return median(times)
