"""The ask recipe: a question to an answer with checked citations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from ragcli.background import Deadline
from ragcli.domain import (
    Answer,
    EntailmentModel,
    Generator,
    Likeness,
    QueryResult,
    Sentence,
    Step,
)
from ragcli.errors import AnswerVoid, ProviderUnavailable
from ragcli.generation.answers import AnswerReader, checked
from ragcli.generation.denial import only_denies
from ragcli.recipes.judging import Judge
from ragcli.recipes.prompting import PromptOptions, prompt_for, reason_to_decline, weakness

# Of the model's own words where it declines: a sentence or two.
_MAX_WORDS_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Piece:
    """What an answer is made of as it comes: a sentence, checked, or, last, the whole answer."""

    sentence: Sentence | None = None
    answer: Answer | None = None


def whole_answer(pieces: Iterable[Piece]) -> Answer:
    """The last piece's. Raises what making the pieces raises."""
    answer = None
    for piece in pieces:
        answer = piece.answer or answer
    assert answer is not None, "the recipe always ends with the answer"
    return answer


def ask(
    found: QueryResult,
    generator: Callable[[], Generator],
    options: PromptOptions,
    *,
    allow_weak: bool = False,
    thought: Callable[[str], None] | None = None,
    likeness: Likeness | None = None,
    entailment: Callable[[], EntailmentModel | None] = lambda: None,
    deadline: Deadline | None = None,
) -> Iterator[Piece]:
    """Answer a question from the passages found for it, sentence by sentence.

    ``generator`` is called only when there is something to answer from: passages, and, unless
    ``allow_weak``, one that seems to answer the question. Where the model itself says that the
    documents do not answer, nothing is given out but an answer that is declined. With ``thought``
    the model thinks first, and is told so; ``likeness`` is for a generator that chooses among the
    passages' sentences. What a model claims the ``entailment`` model judges, where there is one and
    the ``deadline`` allows it. Where it breaks off, the last piece is what came, and then
    ProviderUnavailable is raised. Raises UsageError for a context too small for any passage.
    """
    declined = reason_to_decline(found, allow_weak)
    if declined:
        yield Piece(answer=replace(_unanswered(found), declined=True, why=declined))
        return
    writer = generator()
    started = perf_counter()
    prompt = prompt_for(found, writer.max_context_tokens, options, joined=not writer.verbatim)
    prompt = replace(prompt, likeness=likeness)
    model = None if writer.verbatim else entailment()
    judge = model and Judge(model, prompt.passages, deadline)
    warnings = list(found.warnings)
    reader = AnswerReader(prompt.passages, verbatim=writer.verbatim)
    sentences: list[Sentence] = []
    given = 0
    broken: list[ProviderUnavailable] = []
    for sentence in _sentences(reader, writer.stream(prompt, warnings.append, thought), broken):
        sentences.append(judge.judged(sentence) if judge else sentence)
        if given or writer.verbatim or not only_denies(sentences):
            yield from map(Piece, sentences[given:])
            given = len(sentences)
    if broken and not given:
        raise broken[0]
    warnings += _on_weakness(found, answered=given > 0)
    timings = {**found.timings_ms, "generate": round((perf_counter() - started) * 1000, 1)}
    answer = replace(
        _unanswered(found),
        generator=writer.name,
        passages=prompt.passages,
        incomplete=broken[0].message if broken else None,
        entailment_model=model.name if model else None,
        warnings=(*warnings, *(judge.warnings if judge else ())),
        timings_ms=timings,
        steps=(*found.steps, Step("generator"), *([judge.step] if judge else ())),
    )
    if given:
        yield Piece(answer=_with_text(answer, sentences, reader.removed))
    else:
        yield Piece(answer=replace(answer, declined=True, why=_own_words(writer, sentences)))
    if broken:
        raise broken[0]


def _sentences(
    reader: AnswerReader, pieces: Iterator[str], broken: list[ProviderUnavailable]
) -> Iterator[Sentence]:
    """What was written, sentence by sentence; where it breaks off, all that came, and ``broken`` is
    told why. Raises AnswerVoid: nothing of such an answer counts."""
    try:
        for piece in pieces:
            yield from reader.feed(piece)
    except AnswerVoid:
        raise
    except ProviderUnavailable as error:
        broken.append(error)
    yield from reader.end()


def _on_weakness(found: QueryResult, *, answered: bool) -> list[str]:
    """What was overridden to get so far."""
    weak = weakness(found)
    if not weak:
        return []
    done = "answered all the same, as asked" if answered else "the model was asked all the same"
    return [f"{weak}: {done}"]


def _unanswered(found: QueryResult) -> Answer:
    return Answer(
        question=found.question,
        answer="",
        generator="none",
        citations=(),
        passages=found.passages,
        warnings=found.warnings,
        model=found.model,
        timings_ms=found.timings_ms,
        embedded_share=found.embedded_share,
        chunks=found.chunks,
        confidence=found.confidence,
        steps=found.steps,
    )


def _with_text(answer: Answer, sentences: Sequence[Sentence], removed: Sequence[str]) -> Answer:
    read = checked(sentences, removed)
    warnings = answer.warnings
    if read.removed:
        markers = ", ".join(read.removed)
        warnings = (*warnings, f"removed markers that point to no passage: {markers}")
    return replace(
        answer,
        answer=read.text,
        citations=read.citations,
        uncited=read.uncited,
        sentences=tuple(sentences),
        warnings=warnings,
    )


def _own_words(writer: Generator, sentences: Sequence[Sentence]) -> str:
    """Why the model declined, as it says itself."""
    words = " ".join("".join(s.text for s in sentences).split())
    if not words:
        return f"{writer.name} wrote nothing"
    if len(words) > _MAX_WORDS_CHARACTERS:
        words = f"{words[: _MAX_WORDS_CHARACTERS - 1]}…"
    return f"{writer.name} says: {words}"
