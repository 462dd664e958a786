"""Markers such as ``[1]`` in an answer, and what they point at.

``MarkerFilter`` reads an answer as it comes and lets no marker through that points nowhere;
``resolve`` puts a whole answer through the same filter and links what is left to passages. So
what a terminal showed and what the JSON holds are one text.

A marker is ``[1]``, ``[1, 2]``, ``[1-3]``, ``【1】``, ``【1†…】``, in any width; all are written
``[1][2]`` in the answer. Inside code (`` ` ``) brackets are left alone.

An answer that quotes verbatim is read by its lines: ``"the quote" [1]``, where the last ``" [n]``
of a line closes it, whatever quotation marks or brackets the quote itself contains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ragcli.domain import Citation, Passage
from ragcli.text.lines import LineTable, on_one_line, on_one_line_with_offsets
from ragcli.text.sentences import sentence_spans

_OPEN, _CLOSE = r"[\[【［]", r"[\]】］]"
# Three digits: `[2024]` is a year. Length limits keep what is held back in a stream short.
_NUMBER = r"[0-9０-９]{1,3}"
_SEPARATOR = r"[ \t]{0,2}[,，、;；–~-][ \t]{0,2}"
_TAIL = r"†[^\[\]【】［］\n`]{0,60}"
_MARKER = (
    rf"{_OPEN}[ ]?(?P<numbers>{_NUMBER}(?:{_SEPARATOR}{_NUMBER}){{0,15}})[ ]?(?:{_TAIL})?{_CLOSE}"
)
# The look-behinds keep a long run of blanks from being tried at each of its characters.
_TOKEN = re.compile(rf"(?P<ticks>`+)|(?P<newline>\n)|(?P<space>(?<![ \t])[ \t]*|){_MARKER}")
# What a marker, a run of blanks before one, or a run of backticks may begin with: at the end of
# what has come so far, it waits. 128 is more than the longest marker's numbers take.
_UNFINISHED = re.compile(
    rf"`+$|(?<![ \t])[ \t]*{_OPEN}[0-9０-９,，、;；–~ \t-]{{0,128}}(?:{_TAIL})?$|(?<![ \t])[ \t]+$"
)
_RANGE = re.compile(rf"(?P<first>{_NUMBER})[ \t]*[–~-][ \t]*(?P<last>{_NUMBER})|(?P<one>{_NUMBER})")
# A fence of code has three backticks or more (CommonMark 0.31, 4.5); fewer end with their line.
_FENCE_TICKS = 3

_VERBATIM_LINE = re.compile(r'^"(?P<quote>.*)" \[(?P<number>\d+)\]$')


@dataclass(frozen=True, slots=True)
class Resolved:
    """An answer whose markers all point at passages.

    ``removed`` are the markers that pointed nowhere, ``uncited`` the sentences without a marker.
    """

    answer: str
    citations: tuple[Citation, ...]
    removed: tuple[str, ...]
    uncited: tuple[str, ...]


def clean(text: str) -> str:
    """Text that cannot move a terminal's cursor: no control characters but newline and tab.

    U+FFFD and lone surrogates go too: a model that breaks a character in two makes them.
    """
    return "".join(c for c in text if c in "\n\t" or not _is_unprintable(c))


def _is_unprintable(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code == 0xFFFD


class MarkerFilter:
    """An answer's text, cleaned, its invalid markers removed, piece by piece.

    ``count`` is the number of passages. Only an unfinished marker is held back. However an answer
    is cut into pieces, what ``feed`` and ``end`` return joins to the same text.
    """

    def __init__(self, count: int, *, verbatim: bool = False) -> None:
        self.removed: list[str] = []
        self._count = count
        self._verbatim = verbatim
        self._held = ""
        self._code = ""  # the backticks that opened the code we are in
        self._last = ""  # the end of what was let through

    def feed(self, piece: str) -> str:
        """What can be shown now that this piece has come."""
        text = self._held + clean(piece)
        if self._verbatim:
            return text
        unfinished = _UNFINISHED.search(text)
        settled = unfinished.start() if unfinished else len(text)
        self._held = text[settled:]
        return self._filtered(text[:settled])

    def end(self) -> str:
        """What was held back, when nothing more comes."""
        held, self._held = self._held, ""
        return self._filtered(held)

    def _filtered(self, text: str) -> str:
        shown: list[str] = []
        position = 0
        for token in _TOKEN.finditer(text):
            self._show(shown, text[position : token.start()])
            self._show(shown, self._kept(token))
            position = token.end()
        self._show(shown, text[position:])
        return "".join(shown)

    def _show(self, shown: list[str], text: str) -> None:
        shown.append(text)
        self._last = (self._last + text)[-256:]

    def _kept(self, token: re.Match[str]) -> str:
        if not token["numbers"]:
            self._code = _code_after(self._code, token[0])
            return token[0]
        if self._code:
            return token[0]
        valid, invalid = _numbers(token["numbers"], self._count)
        self.removed += [f"[{n}]" for n in invalid]
        if valid:
            return token["space"] + "".join(f"[{n}]" for n in valid)
        # Taking a marker out must not make one of what stood around it.
        if self._last.endswith("`"):
            return token["space"] or " "
        return "…" if _UNFINISHED.search(self._last.rstrip(" \t")) else ""


def _code_after(code: str, token: str) -> str:
    """The backticks that we are inside of after this run of backticks, or this newline."""
    if token == "\n":
        return code if len(code) >= _FENCE_TICKS else ""
    if not code:
        return token
    return "" if token == code else code


def _numbers(text: str, count: int) -> tuple[list[int], list[int]]:
    """(valid, invalid) numbers of a marker, in order; of a range, its end speaks for the rest."""
    valid: dict[int, None] = {}
    invalid: dict[int, None] = {}
    for match in _RANGE.finditer(text):
        first, last = int(match["first"] or match["one"]), int(match["last"] or match["one"])
        for n in {first: None, **dict.fromkeys(range(first, min(last, count) + 1)), last: None}:
            (valid if 1 <= n <= count else invalid)[n] = None
    return list(valid), list(invalid)


def resolve(text: str, passages: Sequence[Passage], *, verbatim: bool) -> Resolved:
    """The answer as it is shown, with its citations.

    ``verbatim`` says that the answer quotes (see the top of this file): each quote is looked up in
    its passage and is ``supported`` when it stands there, else ``not_found``. A citation without
    a quote is ``unchecked`` and spans its passage; each passage is named once, in order.
    """
    markers = MarkerFilter(len(passages), verbatim=verbatim)
    answer = markers.feed(text) + markers.end()
    if verbatim:
        citations, uncited = _resolve_lines(answer, passages)
    else:
        found = list(_markers(answer))
        named = dict.fromkeys(n for _, _, n in found)
        citations = [_citation(n, passages[n - 1]) for n in named]
        uncited = list(_uncited(answer, [(start, end) for start, end, _ in found]))
    return Resolved(answer, tuple(citations), tuple(markers.removed), tuple(uncited))


def _markers(answer: str) -> Iterator[tuple[int, int, int]]:
    """(start, end, number) of each marker of a filtered answer."""
    code = ""
    for token in _TOKEN.finditer(answer):
        if not token["numbers"]:
            code = _code_after(code, token[0])
        elif not code:
            yield token.end("space"), token.end(), int(token["numbers"])


def _uncited(answer: str, markers: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Sentences that make a claim and have no marker in them or right after them."""
    spans = []
    for line in re.finditer(r"[^\n]+", answer):
        for start, end in sentence_spans(answer, line.start(), line.end()):
            spans.append((_after_markers(answer, start, markers), end))
    sentences = [(start, end) for start, end in spans if start < end]
    starts = [start for start, _ in sentences]
    for (start, end), until in zip(sentences, [*starts[1:], len(answer)], strict=False):
        if any(start <= at < until for at, _ in markers):
            continue
        sentence = answer[start:end]
        # What ends with a colon only introduces the claims that follow.
        if any(c.isalnum() for c in sentence) and not sentence.endswith((":", "：")):
            yield sentence


def _after_markers(answer: str, start: int, markers: Sequence[tuple[int, int]]) -> int:
    """Where a sentence begins once the markers of the one before it are passed."""
    for marker_start, marker_end in markers:
        if marker_start == start:
            start = marker_end
            while start < len(answer) and answer[start] in " \t":
                start += 1
    return start


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        marker=number,
        quote=None,
        verdict="unchecked",
        source=passage.source,
        page=passage.page,
        line_start=passage.line_start,
        line_end=passage.line_end,
        char_start=passage.char_start,
        char_end=passage.char_end,
        chunk_id=passage.chunk_id,
        stale=passage.stale,
    )


# ------------------------------------------------------------------ answers that quote


def quote_line(sentence: str, number: int) -> str:
    """A line of a verbatim answer: the quote, on one line, and its marker."""
    return f'"{on_one_line(clean(sentence))}" [{number}]'


def _resolve_lines(answer: str, passages: Sequence[Passage]) -> tuple[list[Citation], list[str]]:
    citations: list[Citation] = []
    uncited: list[str] = []
    for line in filter(None, answer.split("\n")):
        match = _VERBATIM_LINE.match(line)
        number = int(match["number"]) if match else 0
        if match and 1 <= number <= len(passages):
            citations.append(_quoted(match["quote"], number, passages[number - 1]))
        else:
            uncited.append(line)
    return citations, uncited


def _quoted(quote: str, number: int, passage: Passage) -> Citation:
    span = _locate(quote, passage.text)
    whole = _citation(number, passage)
    if span is None:
        return replace(whole, quote=quote, verdict="not_found")
    start, end = span
    lines = LineTable(passage.text)
    first = passage.line_start
    return replace(
        whole,
        quote=passage.text[start:end],
        verdict="supported",
        line_start=None if first is None else first + lines.line_at(start) - 1,
        line_end=None if first is None else first + lines.line_at(end - 1) - 1,
        char_start=passage.char_start + start,
        char_end=passage.char_start + end,
    )


def _locate(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote stands in the text, read with the eyes of ``quote_line``."""
    visible = [i for i, c in enumerate(text) if c in "\n\t" or not _is_unprintable(c)]
    line, offsets = on_one_line_with_offsets("".join(text[i] for i in visible))
    at = line.find(quote) if quote else -1
    if at < 0:
        return None
    return visible[offsets[at]], visible[offsets[at + len(quote) - 1]] + 1
