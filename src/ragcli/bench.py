"""Models side by side on a project's own text: how fast they are here, and how well they find.

The project is not touched: questions are asked of a copy in a temporary folder, thinned out where
the corpus is large, embedded with each model in turn, and deleted in the end.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ragcli import providers, trials
from ragcli.domain import Embedder, Event, Listener
from ragcli.errors import UsageError
from ragcli.models.known import known
from ragcli.rag import Rag
from ragcli.recipes import guard, models, own_questions, question_files, runs, self_made, speed
from ragcli.recipes.blanked import blank
from ragcli.recipes.evaluate import Evaluation, Prepared, prepare
from ragcli.recipes.speed import Speed
from ragcli.recipes.thinned import Sample, thin_out
from ragcli.store import sets

# Fewer are embedded by a small model in a minute or so, and are enough distractors to tell models
# apart; more cost more than they tell.
SAMPLE_CHUNKS = 2000

# Characters of a question, as people ask them.
_QUESTION = 60


@dataclass(frozen=True, slots=True)
class Contender:
    """A model and how fast it is. ``size_bytes`` are its files (None: a server's, unknown),
    ``index_bytes`` what the embeddings of the whole project would take."""

    model: str
    used: bool
    speed: Speed
    size_bytes: int | None
    index_bytes: int


@dataclass(frozen=True, slots=True)
class Quality:
    """A run for each contender, by the model's name, of what was left of the corpus."""

    sample: Sample
    runs: tuple[tuple[str, Evaluation], ...]


@dataclass(frozen=True, slots=True)
class Options:
    """``questions`` is a file of them (None: the project's own, else self-made ones);
    ``most_chunks`` None asks the whole corpus."""

    questions: str | None = None
    top_k: int = 10
    most_chunks: int | None = SAMPLE_CHUNKS


def names(rag: Rag, asked: Sequence[str]) -> list[str]:
    """The project's own model, then the others. Raises UsageError (nothing to compare on, or a
    reranker)."""
    for name in asked:
        listed = known().find(name)
        if listed is not None and listed.role == "reranker":
            raise UsageError(
                f"`{name}` is a reranker; embedding models are measured here",
                f"compare it: rag eval --compare reranker=off,{name}",
            )
    guard.check_not_empty(rag.store)
    if rag.store.embedded_share() < 1:
        raise UsageError("not every chunk is embedded yet", "finish that: rag ingest")
    found = [guard.active(rag.store).identity.name]
    for name in asked:
        if not any(providers.same_name(name, one) for one in found):
            found.append(name)
    return found


def contenders(rag: Rag, wanted: Sequence[str], listener: Listener) -> list[Contender]:
    """How fast each is. All are looked up, and fetched where they must be, before the first is
    measured. Raises ProjectUntrusted, ProviderUnavailable, UsageError."""
    made = {name: _load(rag, name, name == wanted[0]).identity for name in wanted}
    sample = speed.chunk_sample(rag.store)
    questions = [" ".join(entry.text.split())[-_QUESTION:] for entry in sample]
    here = models.models(None, rag.settings).here
    chunks = rag.store.counts()["chunks"]
    found = []
    for name, identity in made.items():
        listener(Event("note", message=f"measuring {identity.name}"))
        is_used = name == wanted[0]
        measured = speed.measure(
            lambda name=name, own=is_used: _load(rag, name, own),  # type: ignore[misc]
            sample,
            questions,
            listener,
        )
        sizes = [one.size_bytes for one in here if _is_same(one.name, identity.name)]
        found.append(
            Contender(
                model=identity.name,
                used=is_used,
                speed=measured,
                size_bytes=next(iter(sizes), None),
                index_bytes=models.index_bytes(chunks, identity.dimension),
            )
        )
    return found


def _is_same(one: str, other: str) -> bool:
    """Ollama's names have a tag, which a setting may leave out."""
    return providers.same_name(one.removesuffix(":latest"), other.removesuffix(":latest"))


def _load(rag: Rag, name: str, is_own: bool) -> Embedder:
    return rag.embedder_to_switch_to(None if is_own else name, {})


# ------------------------------------------------------------------ quality


def quality(
    rag: Rag,
    wanted: Sequence[str],
    measured: Sequence[Contender],
    options: Options,
    flags: Mapping[str, Any],
    listener: Listener,
) -> Quality:
    """The same questions asked of a copy of the project, embedded with each model.

    Raises what reembedding and querying raise.
    """
    with _asked(rag, options, flags, listener) as (copy, prepared):
        needed = _needed(prepared)
        sample = thin_out(copy.store, needed, options.most_chunks, copy.settings.wait_s)
        listener(Event("note", message=_estimate(sample, measured)))
        size = _chunk_tokens(copy)
        count = trials.counter_of(copy)  # one measure of tokens for all
        done = []
        for name, contender in zip(wanted, measured, strict=True):
            if not contender.used:
                copy.reembed(name, chunk_tokens=size, listener=listener)
            listener(Event("note", message=f"asking {contender.model}"))
            found = trials.evaluate(
                copy, prepared, top_k=options.top_k, count_tokens=count, listener=listener
            )
            done.append((contender.model, found))
        return Quality(sample, tuple(done))


def _needed(prepared: Prepared) -> set[str]:
    """The files that answer, or that are judged not to."""
    judged = [judged for _, judged in prepared.known]
    return {gold.source for one in judged for gold in (*one.gold, *one.answers)}


def _chunk_tokens(copy: Rag) -> int:
    chosen = guard.active(copy.store)
    return sets.chunk_settings(copy.store.connection, chosen.chunk_set_id).size_tokens


def _estimate(sample: Sample, measured: Sequence[Contender]) -> str:
    seconds = sum(sample.chunks / one.speed.chunks_per_s for one in measured if not one.used)
    part = "all" if sample.is_whole else f"a sample of {sample.chunks:,} of"
    length = f"{seconds / 60:,.0f} min" if seconds > 90 else f"{max(1, seconds):.0f} s"
    return f"embedding {part} {sample.of_chunks:,} chunks with each model: about {length}"


@contextmanager
def _asked(
    rag: Rag, options: Options, flags: Mapping[str, Any], listener: Listener
) -> Iterator[tuple[Rag, Prepared]]:
    """A copy of the project, and the questions to ask it."""
    with trials.copied(rag, flags) as copy:
        if options.questions is not None:
            asked = question_files.read(Path(options.questions).expanduser())
            yield copy, prepare(rag.store, asked)
        elif rag.folder.questions.exists():
            yield copy, prepare(rag.store, own_questions.read(rag.folder))
        else:
            with suppress(FileNotFoundError):  # kept by `rag eval --self`: the same are asked
                shutil.copyfile(rag.folder.self_made, copy.folder.self_made)
            asked = self_made.questions(copy.store)
            spans = self_made.sentences_of(copy.store, asked)
            blank(copy.store, spans, copy.embedder, rag.settings.wait_s, _quiet(listener))
            yield copy, prepare(copy.store, asked)


def _quiet(listener: Listener) -> Listener:
    """Without what is said of the project's text, which was told when it was ingested."""

    def listen(event: Event) -> None:
        if event.kind != "note":
            listener(event)

    return listen


# ------------------------------------------------------------------ as JSON


def as_object(measured: Sequence[Contender], found: Quality | None) -> dict[str, Any]:
    compared = None
    if found is not None:
        scored = [runs.scored(name, one) for name, one in found.runs]
        compared = runs.as_object(found.runs, runs.compare_all(scored))
    return {
        "schema": "ragcli.models-bench/1",
        "models": [
            {**{k: v for k, v in asdict(one).items() if k != "speed"}, **asdict(one.speed)}
            for one in measured
        ],
        "sample": asdict(found.sample) if found else None,
        "quality": compared,
    }
