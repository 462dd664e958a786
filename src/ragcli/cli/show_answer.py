"""An answer for people: its text as it comes, its citations, who wrote it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from ragcli.cli.output import Output, one_line, show_safely
from ragcli.cli.show_passages import became, place, tell_share
from ragcli.cli.wrap import Wrapper
from ragcli.domain import Answer, Citation, Passage, Sentence
from ragcli.domain.found import CONFIDENCE_LINE
from ragcli.recipes.ask import Piece

_SIGNS = {"supported": "✓", "unchecked": "·"}
_WRONG = "✗"
_UNCITED = "[?]"
_THOUGHT = "~"
_INCOMPLETE = "[incomplete]"

# Passages that are named where none answers: what one looks into before asking elsewhere.
NEAREST = 3

# A confidence that is nearer to none than to the line.
FAR = 0.25


def stream(pieces: Iterator[Piece], output: Output, *, live: bool) -> Generator[Piece]:
    """The same pieces; ``live`` shows their text as it comes, wrapped at words. What was shown
    stays when it is interrupted."""
    wrapper = Wrapper(output.width)
    begun = ended = False
    try:
        for piece in pieces:
            if live and piece.sentence:
                begun = True
                output.text(wrapper.feed(show_safely(marked(piece.sentence))))
            if live and piece.answer:
                output.text(wrapper.end())
                ended = True
            yield piece
    finally:
        if begun and not ended:
            output.text(f"{wrapper.end()}\n")


class Thoughts:
    """What the model thinks, line by line on stderr, each marked: none of it is the answer."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held = ""

    def tell(self, thoughts: str) -> None:
        """Show the lines that are whole."""
        *lines, self._held = (self._held + thoughts).split("\n")
        for line in lines:
            self._say(line)

    def before(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The pieces of an answer; what was thought before each is shown first."""
        for piece in pieces:
            self._say(self._held)
            self._held = ""
            yield piece

    def _say(self, line: str) -> None:
        if line.strip():
            self._output.note(f"{_THOUGHT} {one_line(line)}")


def show(answer: Answer, output: Output, *, shown_already: bool) -> None:
    """What is left to show once the text was, or all of it."""
    if answer.declined:
        declined(answer.passages, answer.confidence, answer.why, output)
    elif not shown_already:
        output.line(_whole("".join(map(marked, answer.sentences)), output))
    elif answer.answer and not answer.answer.endswith("\n"):
        output.line()
    if answer.incomplete:
        output.line(_INCOMPLETE)
    if answer.citations:
        output.line()
    for citation in answer.citations:
        output.line(citation_line(citation, answer.answer))
    for warning in answer.warnings:
        output.warn(warning)
    tell_share(answer, output)


def marked(sentence: Sentence) -> str:
    """The sentence with a sign behind each citation that is wrong, and one where none is given."""
    text, position = "", 0
    for end, citation in zip(sentence.marker_ends, sentence.citations, strict=True):
        text += sentence.text[position:end]
        text += "" if citation.verdict in _SIGNS else f" {_WRONG}"
        position = end
    rest = sentence.text[position:]
    if not sentence.uncited:
        return text + rest
    shown = rest.rstrip()
    return f"{text}{shown} {_UNCITED}{rest[len(shown) :]}"


def _whole(text: str, output: Output) -> str:
    if not output.out_is_terminal:
        return text.rstrip("\n")
    wrapper = Wrapper(output.width)
    return (wrapper.feed(show_safely(text)) + wrapper.end()).rstrip("\n")


def declined(
    passages: Sequence[Passage], confidence: float | None, why: str | None, output: Output
) -> None:
    """That nothing was answered, what came nearest, and for those who ask for more the reason."""
    nearest = "; ".join(
        one_line(one.source) + (f", {place(one)}" if place(one) else "")
        for one in passages[:NEAREST]
    )
    if nearest and confidence is not None and confidence < CONFIDENCE_LINE:
        far = "far " if confidence < FAR else ""
        nearest += f" ({far}below the line)"
    text = f"Not in these documents. Nearest: {nearest}." if nearest else "Not in these documents."
    output.line(_whole(text, output))
    if why:
        output.detail(why)


def citation_line(citation: Citation, text: str) -> str:
    sign = _SIGNS.get(citation.verdict, _WRONG)
    where = f", {place(citation)}" if place(citation) else ""
    line = f"  {sign} [{citation.marker}] {one_line(citation.source)}{where}"
    if citation.stale:
        line += f"  ({became(citation)})"
    if citation.quote and one_line(citation.quote) not in one_line(text):
        line += f'   "{one_line(citation.quote)}"'
    if citation.note:
        line += f"   {one_line(citation.note)}"
    return line


def footer(answer: Answer, output: Output, duration_s: float) -> None:
    """Who wrote it, from how much, and how well it is supported."""
    supported = sum(c.verdict == "supported" for c in answer.citations)
    parts = [
        answer.generator,
        f"{len(answer.passages)} passages",
        f"{duration_s:.1f} s",
        f"{supported} of {len(answer.citations)} citations checked",
    ]
    if answer.uncited:
        count = len(answer.uncited)
        parts.append(f"{count} sentence{'s' if count > 1 else ''} without a citation")
    output.note(" · ".join(parts))


def offer_generator(output: Output) -> None:
    """Nobody chose a generator and none is installed: what this is, and how to get one."""
    output.note(
        "No LLM found, so these are the documents' own words. For written answers:\n"
        "  install Ollama (ollama.com), then: ollama pull qwen3:4b"
    )
