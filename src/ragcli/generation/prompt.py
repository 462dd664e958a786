"""The prompt: numbered passages, fenced as data, within the model's context.

Nothing here calls a model. Tokens are estimated from above (``ragcli.text.estimate``), so that
a prompt which fits here fits there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from ragcli.domain import Message, Passage, Prompt
from ragcli.errors import UsageError
from ragcli.generation.fencing import FENCE, attribute, neutralised, without_tokens
from ragcli.generation.template import PromptTemplate
from ragcli.text.estimate import estimate_tokens
from ragcli.text.lines import LineTable
from ragcli.text.question_language import question_language
from ragcli.text.sentences import sentence_spans

# Role headers and turn marks that a chat template puts around two messages: ChatML needs 15
# tokens, Llama 3 with its preamble of dates 40.
TEMPLATE_TOKENS = 64


# The brackets that fencing puts in are rare: a byte-level vocabulary may need its three bytes.
_OUR_BRACKETS = "⟦⟧⟨⟩"

# Between two chunks that touch stands white space, or a sign of markup such as `---`. It takes
# fewer tokens than a fence, so what is joined still fits.
_MAX_BETWEEN_CHARACTERS = 16

# The text of a source between two offsets; None where it can not be had.
Reread = Callable[[str, int, int], str | None]


def build_prompt(
    question: str,
    passages: Sequence[Passage],
    *,
    context_tokens: int,
    answer_tokens: int,
    template: PromptTemplate = PromptTemplate(),  # noqa: B008 - a constant
    reread: Reread | None = None,
    history: str = "",
) -> Prompt:
    """The prompt for a question: as many passages, best first, as fit.

    Passages that do not fit are dropped from the end; the first that fits in part is cut at the
    end of a sentence, and its text, ``char_end`` and ``line_end`` say so. With ``reread`` those
    that stand side by side become one, in the place of the better one. ``context_tokens`` holds
    prompt and answer together; a ``history`` (``history.py``) stands before the passages. Raises
    UsageError when not one sentence of the first passage fits, ValueError without passages.
    """
    if not passages:
        raise ValueError("a prompt needs a passage")
    language = question_language(question)
    asked = without_tokens(question).strip()
    system = template.system_text(language)

    def user(shown: Sequence[Passage]) -> str:
        blocks = "\n\n".join(_block(n, p) for n, p in enumerate(shown, 1))
        return history + template.user_text(blocks, asked, language)

    frame = estimate_tokens(system) + TEMPLATE_TOKENS
    fitting = _fit(passages, context_tokens - answer_tokens - frame - estimate_tokens(user([])))
    if not fitting:
        raise UsageError(
            f"a context of {context_tokens} tokens is too small for the question, a passage and"
            f" {answer_tokens} tokens of answer",
            "raise `context_tokens`, lower `answer_tokens`, or shorten the question",
        )
    if reread is not None:
        fitting = _joined(fitting, reread)
    text = user(fitting)
    messages = (Message("system", system), Message("user", text))
    size = frame + _size_tokens(text)
    return Prompt(messages, size, context_tokens, answer_tokens, question, tuple(fitting))


def _block(number: int, passage: Passage) -> str:
    facts = [f'n="{number}"', f'source="{attribute(passage.source)}"']
    if passage.page is not None:
        facts.append(f'page="{_range(passage.page, passage.page_end)}"')
    elif passage.line_start is not None:
        facts.append(f'lines="{_range(passage.line_start, passage.line_end)}"')
    if passage.headings:
        facts.append(f'headings="{" > ".join(map(attribute, passage.headings))}"')
    if passage.day is not None:
        name = "date" if passage.date_origin == "document" else "file_date"
        facts.append(f'{name}="{attribute(passage.day)}"')
    return f"<{FENCE} {' '.join(facts)}>\n{neutralised(passage.text).strip()}\n</{FENCE}>"


def _range(first: int, last: int | None) -> str:
    return str(first) if last is None or last == first else f"{first}-{last}"


def _size_tokens(text: str) -> int:
    return estimate_tokens(text) + 2 * sum(map(text.count, _OUR_BRACKETS))


# ------------------------------------------------------------------ what fits


def _fit(passages: Sequence[Passage], room_tokens: int) -> list[Passage]:
    fitting: list[Passage] = []
    for number, passage in enumerate(passages, 1):
        cost = _cost(number, passage)
        if cost > room_tokens:
            shorter = _shortened(number, passage, room_tokens)
            return [*fitting, shorter] if shorter else fitting
        fitting.append(passage)
        room_tokens -= cost
    return fitting


def _cost(number: int, passage: Passage) -> int:
    """Tokens of a passage in the prompt, with the empty line after it."""
    return _size_tokens(_block(number, passage) + "\n\n")


def _shortened(number: int, passage: Passage, room_tokens: int) -> Passage | None:
    """The passage up to the last sentence end that fits; None when its first does not."""
    ends = [end for _, end in sentence_spans(passage.text)]
    low, high = 0, len(ends)  # how many sentences surely fit, and may fit at most
    while low < high:
        middle = (low + high + 1) // 2
        if _cost(number, _cut(passage, ends[middle - 1])) <= room_tokens:
            low = middle
        else:
            high = middle - 1
    return _cut(passage, ends[low - 1]) if low else None


def _cut(passage: Passage, length: int) -> Passage:
    """The passage's first ``length`` characters; the last page of a cut one is not known."""
    text = passage.text[:length]
    line_end = passage.line_end
    if passage.line_start is not None:
        line_end = passage.line_start + LineTable(text).line_at(max(length - 1, 0)) - 1
    return replace(passage, text=text, char_end=passage.char_start + length, line_end=line_end)


# ------------------------------------------------------------------ what stands side by side


def _joined(passages: Sequence[Passage], reread: Reread) -> list[Passage]:
    """The passages, best first, those that touch as one."""
    left = list(passages)
    while pair := _first_pair(left, reread):
        better, other, whole = pair
        left[better] = whole
        del left[other]
    return left


def _first_pair(passages: list[Passage], reread: Reread) -> tuple[int, int, Passage] | None:
    for one, other in combinations(range(len(passages)), 2):
        whole = _whole(passages[one], passages[other], reread)
        if whole:
            return one, other, whole
    return None


def _whole(better: Passage, other: Passage, reread: Reread) -> Passage | None:
    """Both as one exact slice of their document; None where they do not touch."""
    first, last = sorted((better, other), key=lambda p: p.char_start)
    between = last.char_start - first.char_end
    if first.source != last.source or not 0 <= between <= _MAX_BETWEEN_CHARACTERS:
        return None
    text = reread(first.source, first.char_start, last.char_end)
    # The document may have been read anew since the passages were found.
    if text is None or not (text.startswith(first.text) and text.endswith(last.text)):
        return None
    if any(c.isalnum() for c in text[len(first.text) : len(text) - len(last.text)]):
        return None
    return replace(
        better,
        text=text,
        char_start=first.char_start,
        char_end=last.char_end,
        page=first.page,
        page_end=last.page_end,
        page_label=first.page_label,
        line_start=first.line_start,
        line_end=last.line_end,
        chunk_ids=(*first.chunk_ids, *last.chunk_ids),
        also_in=tuple(dict.fromkeys((*better.also_in, *other.also_in))),
        stale=first.stale or last.stale,
    )
