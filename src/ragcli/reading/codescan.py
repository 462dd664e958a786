"""Finds the definitions of a source file by its language's patterns: no grammar, one pass a step.

Comments and strings are blanked first, so that what stands in them defines nothing and closes
nothing. Of lines that look like a definition, those are kept that stand where one can stand.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ragcli.reading.codelanguage import Language

# A definition with more lines than this is looked into: about two screens, and about four chunks
# of the default model. Containers are always looked into.
LARGE_LINES = 100
# Two namespaces, two classes, a method: what lies deeper is the inside of something.
MAX_DEPTH = 5

_NOT_LINE_END = re.compile(r"[^\n]")
_BRACKET = re.compile(r"[()\[\]{}]")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BODY = re.compile(r"[(\[{;]")
_CLOSES = re.compile(r"[})\]]|(?:end|fi|done|esac|next)", re.IGNORECASE)
# The type of a function on a line of its own above its name.
_TYPE_LINE = re.compile(r"[A-Za-z_][\w \t*&:<>,]{0,200}$")


@dataclass(frozen=True, slots=True)
class Definition:
    """Lines ``first`` to before ``last``; ``inner`` are those within it, in order."""

    name: str
    first: int
    last: int
    is_container: bool
    inner: list[Definition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    kind: str
    line: int
    char_end: int


class Source:
    """A text, its lines, and what of them is neither comment nor string."""

    def __init__(self, text: str, spans: Sequence[tuple[int, int]], language: Language) -> None:
        self.language = language
        self.spans = spans
        self.starts = [start for start, _ in spans]
        self.comments: list[tuple[int, int]] = []
        plain = text.replace("\r\n", " \n").replace("\r", "\n")
        plain = " " + plain[1:] if text.startswith("\ufeff") else plain
        self.code = language.noise.sub(self._blanked, plain)
        self.lines = [self.code[start:end] for start, end in spans]
        self._comment_of_line = self._whole_comments(text)
        self._next = self._next_as_far_left()
        self._closing = _closing_brackets(self.code)

    def _blanked(self, match: re.Match[str]) -> str:
        if match.lastgroup is not None and match["comment"] is not None:
            self.comments.append(match.span())
            return _NOT_LINE_END.sub(" ", match[0])
        # A string stays something: `x = "…"` is no line without a value.
        return match[0][0] + _NOT_LINE_END.sub(" ", match[0][1:])

    def line_at(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def _whole_comments(self, text: str) -> dict[int, int]:
        """Last line -> first line of each comment that has its lines for itself."""
        whole: dict[int, int] = {}
        for start, end in self.comments:
            first, last = self.line_at(start), self.line_at(max(start, end - 1))
            if self.lines[first].isspace() and text[self.starts[first] : start].strip() == "":
                whole[last] = first
        return whole

    def _next_as_far_left(self) -> list[int]:
        """Of each line the next that stands as far left, but for lines that go on with it."""
        following = [len(self.lines)] * len(self.lines)
        open_lines: list[tuple[int, int]] = []
        for i, line in enumerate(self.lines):
            code = line.lstrip()
            if not code:
                continue
            indent = _width(line[: len(line) - len(code)])
            goes_on = self.language.continues.match(code) is not None
            while open_lines and open_lines[-1][0] >= indent:
                if goes_on and open_lines[-1][0] == indent:
                    break
                following[open_lines.pop()[1]] = i
            if not goes_on:
                open_lines.append((indent, i))
        return following

    def end_of(self, found: _Found) -> int | None:
        """The line after a definition; None where it only declares, or has no body."""
        after = self._next[found.line]
        body = self._body(found, after)
        if found.kind in "bmk" and body is None and self.language.ends == "braces":
            return None
        closes = after < len(self.lines) and _CLOSES.match(self.lines[after].lstrip()) is not None
        if closes and _indent(self.lines[after]) == _indent(self.lines[found.line]):
            return after + 1
        if self.language.ends == "braces" and body is not None:
            closing = self._closing.get(body)
            if closing is not None:
                return self.line_at(closing) + 1
        return self._without_trailing_space(found.line, after)

    def _body(self, found: _Found, after: int) -> int | None:
        """Where the brace stands that opens its body, none of its parameters' own."""
        stop = self.spans[after - 1][1] if after > found.line else found.char_end
        place = found.char_end
        while match := _BODY.search(self.code, place, stop):
            if match[0] == "{":
                return match.start()
            if match[0] == ";":
                return None
            closing = self._closing.get(match.start())
            if closing is None:
                return None
            place = closing + 1
        return None

    def _without_trailing_space(self, first: int, after: int) -> int:
        while after > first + 1 and self.lines[after - 1].isspace():
            after -= 1
        return after

    def start_of(self, line: int, stop: int) -> int:
        """The line at which a definition starts with its comments, attributes and type."""
        while line > stop:
            above = self._comment_of_line.get(line - 1)
            if above is None:
                above = self._lead_above(line)
            if above is None or above < stop:
                break
            line = above
        return line

    def _lead_above(self, line: int) -> int | None:
        code = self.lines[line - 1].strip()
        if self.language.lead.match(code):
            return line - 1
        if code and code[-1] in ")]":
            opening = self._opening_line(line - 1)
            if opening is not None and self.language.lead.match(self.lines[opening].lstrip()):
                return opening
        starts_with_name = self.language.ends == "braces" and _TYPE_LINE.match(code)
        if starts_with_name and _indent(self.lines[line - 1]) == _indent(self.lines[line]):
            return line - 1
        return None

    def _opening_line(self, line: int) -> int | None:
        last = self.starts[line] + len(self.lines[line].rstrip()) - 1
        opening = self._closing.get(-last)
        return None if opening is None else self.line_at(opening)


def find_definitions(
    text: str, spans: Sequence[tuple[int, int]], language: Language
) -> list[Definition]:
    """The outermost definitions with those inside them, in order and without overlap."""
    source = Source(text, spans, language)
    found = []
    for match in language.definition.finditer(source.code):
        group = match.lastgroup or ""
        name = " ".join(text[match.start(group) : match.end(group)].split())
        found.append(_Found(name, group[0], source.line_at(match.start(group)), match.end()))
    if language.ends == "next":
        return _until_the_next(source, found)
    return _nested(source, found)


def _until_the_next(source: Source, found: Sequence[_Found]) -> list[Definition]:
    definitions: list[Definition] = []
    for one in found:
        if definitions and definitions[-1].first >= one.line:
            continue
        stop = definitions[-1].first + 1 if definitions else 0
        first = source.start_of(one.line, stop)
        if definitions:
            definitions[-1] = replace(definitions[-1], last=first)
        definitions.append(Definition(one.name, first, len(source.lines), False))
    return definitions


def _nested(source: Source, found: Sequence[_Found]) -> list[Definition]:
    top: list[Definition] = []
    around: list[Definition] = []
    for one in found:
        while around and around[-1].last <= one.line:
            around.pop()
        parent = around[-1] if around else None
        siblings = parent.inner if parent else top
        if len(around) >= MAX_DEPTH or not _may_stand(one, parent):
            continue
        last = source.end_of(one)
        if last is None:
            continue
        stop = siblings[-1].last if siblings else parent.first + 1 if parent else 0
        if parent and one.line < stop:
            continue
        first = source.start_of(one.line, stop)
        last = min(last, parent.last) if parent else last
        definition = Definition(one.name, first, last, one.kind in "ck")
        if source.language.clauses and siblings and _is_clause(source, siblings[-1], definition):
            merged = replace(siblings[-1], last=last)
            siblings[-1] = merged
            around.append(merged)
            continue
        siblings.append(definition)
        around.append(definition)
    return top


def _may_stand(one: _Found, parent: _Found | Definition | None) -> bool:
    if parent is None:
        return one.kind != "m"
    if isinstance(parent, Definition) and parent.is_container:
        return True
    return one.kind != "m" and isinstance(parent, Definition) and _is_large(parent)


def _is_large(definition: Definition) -> bool:
    return definition.last - definition.first > LARGE_LINES


def _is_clause(source: Source, before: Definition, definition: Definition) -> bool:
    between = source.lines[before.last : definition.first]
    return before.name == definition.name and all(line.isspace() for line in between)


def _closing_brackets(code: str) -> dict[int, int]:
    """Opening bracket -> its closing one, and minus the closing one -> the opening one.

    What does not fit together is passed over: preprocessors leave such code.
    """
    closing: dict[int, int] = {}
    opened: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(code):
        bracket, place = match[0], match.start()
        if bracket not in _PAIRS:
            opened.append((bracket, place))
        elif opened and opened[-1][0] == _PAIRS[bracket]:
            _, opening = opened.pop()
            closing[opening] = place
            closing[-place] = opening
        elif bracket == "}":
            while opened and opened[-1][0] != "{":
                opened.pop()
            if opened:
                _, opening = opened.pop()
                closing[opening] = place
    return closing


def _indent(line: str) -> int:
    return _width(line[: len(line) - len(line.lstrip())])


def _width(space: str) -> int:
    return len(space.expandtabs(4)) if "\t" in space else len(space)
