"""An answer for people: its text as it comes, its citations, who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from ragcli.cli.output import Output, one_line, show_safely
from ragcli.cli.show_passages import became, place, tell_share
from ragcli.cli.wording import count
from ragcli.cli.wrap import Wrapper, columns
from ragcli.domain import Answer, Citation, Passage, Sentence
from ragcli.domain.found import CONFIDENCE_LINE
from ragcli.recipes.ask import Piece

_SIGNS = {"supported": "✓", "unchecked": "·"}
_WRONG = "✗"
_COLOURS = {"supported": "green", "unchecked": "dim"}
UNCITED = "[?]"
_THOUGHT = "~"
_INCOMPLETE = "[incomplete]"

_GAP = "   "

# Where the source of a citation begins: below it stands what had no room beside it.
_BELOW = len("  ✓ [1] ")

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
                output.text(wrapper.feed(marked(piece.sentence, output)), painted=True)
            if live and piece.answer:
                output.text(wrapper.end(), painted=True)
                ended = True
            yield piece
    finally:
        if begun and not ended:
            output.text(f"{wrapper.end()}\n", painted=True)


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
        text = "".join(marked(one, output) for one in answer.sentences)
        output.line(wrapped(text, output), painted=True)
    elif answer.answer and not answer.answer.endswith("\n"):
        output.line()
    if answer.incomplete:
        output.line(_INCOMPLETE)
    if answer.citations:
        output.line()
    for citation in answer.citations:
        _show_citation(citation, answer.answer, output)
    for warning in answer.warnings:
        output.warn(warning)
    tell_share(answer, output)


def marked(sentence: Sentence, output: Output) -> str:
    """The sentence with a sign behind each citation that is wrong, and one where none is given; on
    a terminal the markers have their verdicts' colours."""
    clean = show_safely if output.out_is_terminal else str
    text, position = "", 0
    for end, citation in zip(sentence.marker_ends, sentence.citations, strict=True):
        marker = max(position, sentence.text.rfind("[", position, end))
        wrong = "" if citation.verdict in _SIGNS else f" {_WRONG}"
        colour = _COLOURS.get(citation.verdict, "red")
        text += clean(sentence.text[position:marker])
        text += output.painted(f"{sentence.text[marker:end]}{wrong}", colour)
        position = end
    rest = clean(sentence.text[position:])
    if not sentence.uncited:
        return text + rest
    shown = rest.rstrip()
    return f"{text}{shown} {output.painted(UNCITED, 'yellow')}{rest[len(shown) :]}"


def wrapped(text: str, output: Output, indent: int = 0) -> str:
    """The text at words that fit the terminal; as it is in a pipe."""
    if not output.out_is_terminal:
        return text.rstrip()
    wrapper = Wrapper(output.width - indent)
    lines = (wrapper.feed(text) + wrapper.end()).rstrip().split("\n")
    return "\n".join(" " * indent + line for line in lines)


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
    output.line(wrapped(text, output))
    if why:
        output.detail(why)


def citation_line(citation: Citation, text: str) -> str:
    """Who says so, where, and what is to be said of it; the quote where ``text`` has not its
    words."""
    return _GAP.join(_citation(citation, text, lambda words, _: words))


def _show_citation(citation: Citation, text: str, output: Output) -> None:
    """The same; on a terminal in colours, and what has no room beside the place stands below."""
    head, *details = _citation(citation, text, output.painted)
    line = _GAP.join((head, *details))
    if not output.out_is_terminal or columns(line) <= output.width:
        output.line(line, painted=True)
        return
    output.line(head, painted=True)
    for detail in details:
        output.line(wrapped(detail, output, _BELOW), painted=True)


def _citation(citation: Citation, text: str, paint: Callable[[str, str], str]) -> list[str]:
    """The place; then, where there are any, the words quoted and what the verdict rests on."""
    colour = _COLOURS.get(citation.verdict, "red")
    sign = paint(f"{_SIGNS.get(citation.verdict, _WRONG)} [{citation.marker}]", colour)
    where = f", {place(citation)}" if place(citation) else ""
    parts = [f"  {sign} {paint(one_line(citation.source), 'cyan')}{where}"]
    if citation.stale:
        parts[0] += paint(f"  ({became(citation)})", "yellow")
    quote = one_line(citation.quote or "")
    if quote and quote not in one_line(text):
        parts.append(f'"{quote}"')
    if citation.note:
        parts.append(paint(one_line(citation.note), colour))
    return parts


def footer(answer: Answer, output: Output, duration_s: float) -> None:
    """Who wrote it, from how much, and how well it is supported."""
    supported = sum(c.verdict == "supported" for c in answer.citations)
    parts = [
        answer.generator,
        count(len(answer.passages), "passage"),
        f"{duration_s:.1f} s",
        f"{supported} of {count(len(answer.citations), 'citation')} supported",
    ]
    if answer.uncited:
        parts.append(f"{count(len(answer.uncited), 'sentence')} without a citation {UNCITED}")
    output.note(" · ".join(parts))


def offer_generator(output: Output, elsewhere: str | None) -> None:
    """Nobody chose a generator and none was picked: what this is, and how to get one. One of the
    Ollama ``elsewhere`` has to be named."""
    if elsewhere is not None:
        output.note(
            "No LLM of this machine, so these are the documents' own words. One of the Ollama at"
            f" {elsewhere} is never picked; name it: --generator ollama:MODEL"
        )
        return
    output.note(
        "No LLM found, so these are the documents' own words. For written answers:\n"
        "  install Ollama (ollama.com), then: ollama pull qwen3:4b"
    )
