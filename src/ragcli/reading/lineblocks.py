"""What the readers of line-oriented markup share: the lines of a text, and blocks made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from ragcli.domain import Block, BlockKind
from ragcli.reading.extracted import one_line
from ragcli.text.lines import line_spans

# Longer headings are data or noise: they give no path.
MAX_HEADING_CHARACTERS = 500

# Each pattern of a title's markup with what is put in its place, in this order.
Markup = Sequence[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]]


class Lines:
    """A text's lines without their ends, and the blocks that some of them are."""

    def __init__(self, text: str) -> None:
        spans = line_spans(text)
        if spans and text.startswith("\ufeff"):
            spans[0] = (1, spans[0][1])
        self._starts = [start for start, _ in spans]
        self.lines = [text[start:end].rstrip() for start, end in spans]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> str:
        """The line without the white space behind it; empty beyond the last one."""
        return self.lines[index] if index < len(self.lines) else ""

    def indent(self, index: int) -> int:
        line = self.lines[index]
        return len(line) - len(line.lstrip())

    def block(self, kind: BlockKind, first: int, last: int) -> Iterator[Block]:
        """The lines from ``first`` to before ``last`` as a block; none where all are empty.

        Prose starts at its first character, what is laid out starts with its indentation.
        """
        while first < last and not self.lines[first]:
            first += 1
        while first < last and not self.lines[last - 1]:
            last -= 1
        if first < last:
            start = self._starts[first] + (self.indent(first) if kind == "paragraph" else 0)
            yield Block(kind, start, self._starts[last - 1] + len(self.lines[last - 1]))

    def heading(
        self, first: int, last: int, level: int, source: str, markup: Markup = ()
    ) -> Iterator[Block]:
        """The heading on these lines, its title made of ``source`` by replacing its markup; a
        paragraph where that is no title which a path could show."""
        title = ""
        if len(source) <= MAX_HEADING_CHARACTERS:
            for pattern, replacement in markup:
                source = pattern.sub(replacement, source)
            title = one_line(source)
        for block in self.block("paragraph", first, last):
            if title:
                yield Block("heading", block.char_start, block.char_end, level, title)
            else:
                yield block

    def run(self, index: int, holds: Callable[[str], object]) -> int:
        """The first line from ``index`` on for which ``holds`` does not hold."""
        while index < len(self.lines) and holds(self.lines[index]):
            index += 1
        return index

    def until(self, index: int, mark: str) -> int:
        """The first line from ``index`` on that is this mark, in whatever case."""
        while index < len(self.lines) and self.lines[index].strip().lower() != mark.lower():
            index += 1
        return index

    def body(self, index: int, indent: int) -> int:
        """The line after those that are empty or stand further right than ``indent``."""
        last = index
        while index < len(self.lines):
            if self.lines[index]:
                if self.indent(index) <= indent:
                    break
                last = index + 1
            index += 1
        return last

    def list_end(self, index: int, is_item: Callable[[str], object]) -> int:
        """The line after a list that begins here: its items, and what is indented or follows one
        without an empty line."""
        margin = self.indent(index)
        last = index
        while index < len(self.lines):
            line = self.lines[index]
            after_empty = index > 0 and not self.lines[index - 1]
            if line and after_empty and self.indent(index) <= margin and not is_item(line):
                break
            last = index + 1 if line else last
            index += 1
        return last


def first_title(blocks: Iterable[Block]) -> str | None:
    """The title of the first heading of the first level."""
    return next((b.title for b in blocks if b.kind == "heading" and b.level == 1), None)


class Levels:
    """Levels of heading styles, in the order in which they appear."""

    def __init__(self) -> None:
        self._styles: list[object] = []

    def of(self, style: object) -> int:
        if style not in self._styles:
            self._styles.append(style)
        return self._styles.index(style) + 1
