"""Passages for people: readable blocks on a terminal, lines in a pipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragcli.cli.output import Output, one_line
from ragcli.text.lines import on_one_line

if TYPE_CHECKING:
    from rich.text import Text

    from ragcli.domain import Answer, Citation, Found, Passage, QueryResult, Step

# Five passages of a heading, three lines and a blank one fill a screen of 24 lines.
LINES_OF_TEXT = 3
INDENT = 3

# Confidence in dots: three and more stand above the line.
DOTS = 5

_STEPS = {
    "keyword": "search by words",
    "embedding": "search by meaning",
    "reranker": "reranking",
    "generator": "writing",
    "entailment": "judging",
}

_HEADING_LINES = re.compile(r"\A(?:#{1,6}[ \t][^\n]*\s*)+")


def show(result: QueryResult, output: Output) -> None:
    """All passages, best first."""
    for one in result.passages:
        if output.out_is_terminal:
            output.rich(_heading(one, output))
            for line in _text_lines(one.text, result.question, output.width - INDENT):
                output.line(" " * INDENT + line)
            if one.explain is not None:
                for line in _wrapped(explained(one), output.width - INDENT):
                    output.line(" " * INDENT + line)
            output.line()
        else:
            facts = f"[{explained(one)}] " if one.explain is not None else ""
            output.line(f"{' '.join(one.location.split())}: {facts}{on_one_line(one.text)}")


def tell_share(result: QueryResult | Answer, output: Output) -> None:
    """While an ingest goes on, or after one that was stopped: what cannot be found by meaning."""
    if result.embedded_share < 1:
        embedded = round(result.embedded_share * result.chunks)
        output.note(
            f"{embedded:,} of {result.chunks:,} chunks ({percent(result.embedded_share)}) are"
            " embedded so far; the others are found by words"
        )


def tell_steps(steps: Sequence[Step], deadline_s: float, output: Output) -> None:
    """What was done by a deadline, and what was not."""
    done = ", ".join(_STEPS[step.name] for step in steps if step.state == "done")
    rest = [
        f"{_STEPS[step.name]} {'in part' if step.state == 'partly' else 'left out'}: {step.why}"
        for step in steps
        if step.state != "done"
    ]
    output.note(f"within {deadline_s:g} s: {'; '.join([done, *rest])}")


def tell_weak(result: QueryResult, output: Output) -> None:
    """Where even the best passage is on the wrong side of the line."""
    if result.passages and result.weak:
        output.note("nothing here seems to answer this")


def tell_stale(result: QueryResult, output: Output) -> None:
    """In a pipe, whose lines have no room for it."""
    if not output.out_is_terminal:
        for words, source in dict.fromkeys(
            (became(p), p.source) for p in result.passages if p.stale
        ):
            output.note(f"{words}: {one_line(source)}")


def percent(share: float) -> str:
    """Rounded down: 100 % is all."""
    return f"{int(share * 100)} %"


def place(one: Passage | Citation) -> str:
    """``p. 3``, ``p. 6 (iv)`` or ``lines 10-22``: where in its source."""
    if one.page is not None:
        return f"p. {one.page}" + (f" ({one_line(one.page_label)})" if one.page_label else "")
    if one.line_start is None:
        return ""
    if one.line_end in (None, one.line_start):
        return f"line {one.line_start}"
    return f"lines {one.line_start}-{one.line_end}"


def became(one: Passage | Citation) -> str:
    """What became of a file that is not as it was read."""
    return "file gone" if one.gone else "file changed since it was read"


def explained(one: Passage) -> str:
    """Who found it and at which place, and what came of it."""
    parts = [_half(name, found) for name, found in one.found_by.items()]
    weights = [
        f"{name.replace('_', ' ')} {value:.3g}" for name, value in (one.explain or {}).items()
    ]
    return " · ".join([*parts, *weights, f"score {one.score:.3g}"])


def _half(name: str, found: Found) -> str:
    rank = f"#{found.rank}" if found.rank is not None else "beyond its list"
    return f"{name} {rank} ({found.score:.3g})"


def _heading(one: Passage, output: Output) -> Text:
    from rich.text import Text

    heading = Text()
    heading.append(f"{one.rank:<{INDENT}}")
    heading.append(one_line(one.source), style="bold cyan")
    if place(one):
        heading.append(f"  {place(one)}")
    if one.stale:
        heading.append(f"  ({became(one)})", style="yellow")
    sure = _sureness(one)
    width = output.width - (sure.cell_len + 2 if sure else 0)
    room = width - heading.cell_len - 2
    heading.append("  " + _heading_path(one.headings, room), style="dim")
    heading.truncate(width, overflow="ellipsis", pad=bool(sure))
    return heading.append("  ").append(sure) if sure else heading


def _sureness(one: Passage) -> Text:
    """``●●●●○``, with a word where it is weak; nothing where no confidence is known."""
    from rich.text import Text

    if one.confidence is None:
        return Text()
    full = min(max(1, int(DOTS * one.confidence + 0.5)), DOTS)
    dots = "●" * full + "○" * (DOTS - full)
    return Text(f"{dots} weak" if one.weak else f"{dots}     ", style="yellow" if one.weak else "")


def _heading_path(headings: Sequence[str], room: int) -> str:
    """The nearest headings: where there is no room for all, the outer ones are left out."""
    from rich.cells import cell_len

    inner = list(headings)
    path = one_line(" › ".join(inner))
    while len(inner) > 1 and cell_len(path) > room:
        del inner[0]
        path = one_line("… › " + " › ".join(inner))
    return path


def _text_lines(text: str, question: str, width: int) -> list[str]:
    """The lines of the text that a person sees: from its most telling sentence on."""
    body = _HEADING_LINES.sub("", text) or text  # the headings stand above it already
    start = _most_telling(body, question) if len(body) > LINES_OF_TEXT * width // 2 else 0
    lines = _wrapped(("… " if start else "") + one_line(body[start:]), width - 2)
    if len(lines) > LINES_OF_TEXT:
        lines = [*lines[: LINES_OF_TEXT - 1], lines[LINES_OF_TEXT - 1] + " …"]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    from ragcli.cli.wrap import Wrapper

    wrapper = Wrapper(width)
    return (wrapper.feed(text) + wrapper.end()).splitlines()


def _most_telling(text: str, question: str) -> int:
    """Where the sentence with the most terms of the question begins; the first of equals."""
    from ragcli.text.sentences import sentence_spans
    from ragcli.text.terms import question_terms, terms

    wanted = set(question_terms(question))
    best, best_count = 0, 0
    for start, end in sentence_spans(text, 0, len(text)):
        count = len(wanted.intersection(terms(text[start:end])))
        if count > best_count:
            best, best_count = start, count
    return best
