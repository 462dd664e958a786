"""The ask recipe: a question to an answer with checked citations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from ragcli.domain import Answer, Generator, QueryResult, Sentence, Step, Turn
from ragcli.errors import AnswerVoid, ProviderUnavailable
from ragcli.generation.answers import AnswerReader, checked
from ragcli.generation.history import history
from ragcli.generation.prompt import build_prompt

# Of the context, what earlier turns may take: they explain the question, passages answer it.
_HISTORY_SHARE = 0.125


@dataclass(frozen=True, slots=True)
class Piece:
    """What an answer is made of as it comes: a sentence, checked, or, last, the whole answer."""

    sentence: Sentence | None = None
    answer: Answer | None = None


def ask(
    found: QueryResult,
    generator: Callable[[], Generator],
    *,
    context_tokens: int,
    answer_tokens: int,
    turns: Sequence[Turn] = (),
    allow_weak: bool = False,
    thought: Callable[[str], None] | None = None,
) -> Iterator[Piece]:
    """Answer a question from the passages found for it, sentence by sentence.

    ``generator`` is called only when there is something to answer from: passages, and, unless
    ``allow_weak``, one that seems to answer the question. It is told the ``turns`` before. With
    ``thought`` the model thinks first, and is told so: half of the context is kept for what it
    thinks and writes. Where it breaks off, the last piece is what came, and then
    ProviderUnavailable is raised. Raises UsageError for a context too small for any passage.
    """
    declined = _reason_to_decline(found, allow_weak)
    if declined:
        yield Piece(answer=_declined(found, declined))
        return
    writer = generator()
    started = perf_counter()
    room = min(context_tokens, writer.max_context_tokens)
    prompt = build_prompt(
        found.question,
        found.passages,
        context_tokens=room,
        answer_tokens=room // 2 if thought else min(answer_tokens, room // 4),
        history=history(turns, int(room * _HISTORY_SHARE)),
    )
    warnings = list(found.warnings)
    if found.weak:
        warnings.append("no passage seems to answer this: answered all the same, as asked")
    reader = AnswerReader(prompt.passages, verbatim=writer.verbatim)
    sentences: list[Sentence] = []
    broken = None
    try:
        for piece in writer.stream(prompt, warnings.append, thought):
            for sentence in reader.feed(piece):
                sentences.append(sentence)
                yield Piece(sentence)
    except AnswerVoid:
        raise
    except ProviderUnavailable as error:
        broken = error
    for sentence in reader.end():
        sentences.append(sentence)
        yield Piece(sentence)
    if broken and not sentences:
        raise broken
    answer = checked(sentences, reader.removed)
    if answer.removed:
        markers = ", ".join(answer.removed)
        warnings.append(f"removed markers that point to no passage: {markers}")
    timings = {**found.timings_ms, "generate": round((perf_counter() - started) * 1000, 1)}
    yield Piece(
        answer=Answer(
            question=found.question,
            answer=answer.text,
            generator=writer.name,
            citations=answer.citations,
            passages=prompt.passages,
            incomplete=broken.message if broken else None,
            uncited=answer.uncited,
            sentences=tuple(sentences),
            warnings=tuple(warnings),
            model=found.model,
            timings_ms=timings,
            embedded_share=found.embedded_share,
            chunks=found.chunks,
            confidence=found.confidence,
            steps=(*found.steps, Step("generator")),
        )
    )
    if broken:
        raise broken


def _reason_to_decline(found: QueryResult, allow_weak: bool) -> str | None:
    if not found.passages:
        return "nothing was found"
    if found.blind:
        return "no word of the question occurs, and the embedding model cannot read it"
    if found.weak and not allow_weak:
        return "no passage seems to answer this"
    return None


def _declined(found: QueryResult, why: str) -> Answer:
    return Answer(
        question=found.question,
        answer="",
        generator="none",
        citations=(),
        passages=found.passages,
        declined=True,
        why=why,
        warnings=found.warnings,
        model=found.model,
        timings_ms=found.timings_ms,
        embedded_share=found.embedded_share,
        chunks=found.chunks,
        confidence=found.confidence,
        steps=found.steps,
    )
