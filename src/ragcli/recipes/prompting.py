"""From what was found to the prompt that a model is sent, or why none is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragcli.errors import ProviderUnavailable
from ragcli.generation.history import history
from ragcli.generation.prompt import build_prompt

if TYPE_CHECKING:
    from ragcli.domain import Generator, Prompt, QueryResult, Turn
    from ragcli.generation.template import PromptTemplate
    from ragcli.store import Store

# Of the context, what earlier turns may take: they explain the question, passages answer it.
HISTORY_SHARE = 0.125


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """What prompt and answer may take, the words around the passages, and where passages that stand
    side by side are read as one. Where the model ``thinks`` half of the context is kept for what it
    thinks and writes. ``turns`` are those before it in a conversation."""

    context_tokens: int
    answer_tokens: int
    thinks: bool
    template: PromptTemplate
    store: Callable[[], Store]
    turns: Sequence[Turn] = ()


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """The prompt as it would be sent to a model, by the name of who would answer; or why nothing
    is asked (``declined``)."""

    found: QueryResult
    generator: str
    prompt: Prompt | None = None
    declined: str | None = None
    warnings: tuple[str, ...] = ()


def prepare(
    found: QueryResult,
    name: str,
    generator: Callable[[], Generator],
    options: PromptOptions,
    *,
    allow_weak: bool = False,
) -> PreparedPrompt:
    """The prompt for what was found; no model is asked. ``name`` is that of the generator. Where it
    is not there to tell how much it holds, the setting counts. Raises UsageError."""
    declined = reason_to_decline(found, allow_weak)
    if declined:
        return PreparedPrompt(found, "none", declined=declined, warnings=found.warnings)
    warnings = list(found.warnings)
    try:
        room = generator().max_context_tokens
    except ProviderUnavailable as error:
        room = options.context_tokens
        warnings.append(f"{error.message}: what `context_tokens` says counts")
    prompt = prompt_for(found, room, options)
    return PreparedPrompt(found, name, prompt, warnings=tuple(warnings))


def prompt_for(
    found: QueryResult, max_context_tokens: int, options: PromptOptions, *, joined: bool = True
) -> Prompt:
    """The prompt within the setting and what the model holds; ``joined`` makes one passage of those
    that stand side by side. Raises UsageError."""
    room = min(options.context_tokens, max_context_tokens)
    prompt = build_prompt(
        found.question,
        found.passages,
        context_tokens=room,
        answer_tokens=room // 2 if options.thinks else min(options.answer_tokens, room // 4),
        template=options.template,
        history=history(options.turns, int(room * HISTORY_SHARE)),
        reread=(lambda *place: _stored_text(options.store(), *place)) if joined else None,
    )
    return replace(prompt, parts=found.parts, weights=found.weights)


def _stored_text(store: Store, source: str, start: int, end: int) -> str | None:
    from ragcli.store import ledger  # a question that the helper answers may do without

    row = ledger.file_of_source(store.connection, source)
    if row is None or row.document_id is None:
        return None
    return store.text(row.document_id, start, end)


def reason_to_decline(found: QueryResult, allow_weak: bool) -> str | None:
    """Why nothing is asked of a model; None where it is."""
    if not found.passages:
        return "nothing was found"
    return None if allow_weak else weakness(found)


def weakness(found: QueryResult) -> str | None:
    """Why there is nothing to answer from, though something was found."""
    if found.blind:
        return "no word of the question occurs, and the embedding model cannot read it"
    return "no passage seems to answer this" if found.weak else None
