"""Pages of a PDF to one text with blocks: what only the whole document tells. Pure.

Which lines are printed on page after page, which size of letters is a heading's, and whether the
hyphen at a line's end belongs to its word.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ragcli.domain import Block, BlockKind, Page
from ragcli.reading.extracted import clean
from ragcli.reading.pdflayout import Part, parts_of
from ragcli.reading.pdflines import Line, PageText

# Running heads and feet: among the outermost lines of a page, this near to its edge (a share of its
# height), on this many pages.
_OUTERMOST = 3
_MARGIN = 0.12
_REPEATED_PAGES = 3
_NUMBERS_TRIED = 4
# Headings are set larger than the text by this much, or bold, and are no longer than this.
_LARGER = 1.15
_HEADING_LINES = 3
_HEADING_CHARACTERS = 200
_BOLD_HEADING_CHARACTERS = 100
# Where more of the text is bold or large, it is the style of the text.
_HEADING_SHARE = 0.3
_DEEPEST_HEADING = 6

_NUMBER = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"[\W\d_]*(?:[ivxlc]+[\W\d_]*)?", re.IGNORECASE)
_SENTENCE = re.compile(r"[.,;:。，；：]$")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_NUMBERING = re.compile(
    r"(?:(?:chapter|section|part|appendix) )?[\divxlc]+(?:\.\d+)*[.:)]? ", re.IGNORECASE
)
# Letters that some fonts have in one piece and nobody types.
_LIGATURES = {ord(c): unicodedata.normalize("NFKC", c) for c in "ﬀﬁﬂﬃﬄﬅﬆ"}
_SEPARATOR = "\n\n"
_CELL_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline; ``level`` 1 is the highest."""

    level: int
    title: str


@dataclass(slots=True)
class ReadPage:
    """A page as it was read: its lines, its label, its bookmarks, and what stands on it beside its
    text (values of a form, notes), a paragraph each."""

    content: PageText = field(default_factory=PageText)
    label: str = ""
    bookmarks: list[Bookmark] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Assembled:
    """The document's text as it grows, with its pages and blocks."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    blocks: list[Block] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def add(self, text: str, kind: BlockKind | None, level: int = 0, title: str = "") -> None:
        """Append a paragraph; one without a kind is no block."""
        text = clean(text).strip()
        if not text:
            return
        if self.length:
            self.parts.append(_SEPARATOR)
            self.length += len(_SEPARATOR)
        start = self.length
        self.parts.append(text)
        self.length += len(text)
        if kind is not None:
            self.blocks.append(Block(kind, start, self.length, level, title))

    def close_page(self, number: int, start: int, label: str) -> None:
        """What was added since ``start`` is this page's."""
        if start < self.length:
            start += len(_SEPARATOR) if start else 0
        self.pages.append(Page(number, start, self.length, label))


def assemble(pages: Sequence[ReadPage]) -> Assembled:
    """The text of all pages in order."""
    running = _running_lines(pages)
    join = _Joiner(pages)
    laid_out = [
        parts_of(
            [line for line in page.content.lines if id(line) not in running],
            is_vertical=page.content.is_vertical,
        )
        for page in pages
    ]
    headings = _Headings(laid_out) if not any(page.bookmarks for page in pages) else None
    built = Assembled()
    for number, (page, parts) in enumerate(zip(pages, laid_out, strict=True), 1):
        start = built.length
        edges = sorted(
            (line for line in page.content.lines if id(line) in running), key=lambda line: line.y0
        )
        middle = page.content.height / 2
        for line in (line for line in edges if line.y0 < middle):
            built.add(line.text, "paragraph" if running[id(line)] else None)
        for part, bookmark in _marked(parts, page.bookmarks):
            title = join.text(part.lines) if part.lines else ""
            if bookmark:
                built.add(title, "heading", bookmark.level, bookmark.title)
            elif headings and (level := headings.level(part)):
                built.add(title, "heading", level, " ".join(title.split()))
            elif part.rows:
                built.add(join.table(part.rows), "table")
            else:
                built.add(title, "paragraph")
        for line in (line for line in edges if line.y0 >= middle):
            built.add(line.text, "paragraph" if running[id(line)] else None)
        for extra in page.extras:
            built.add(extra, "paragraph")
        built.close_page(number, start, page.label)
    return built


def _running_lines(pages: Sequence[ReadPage]) -> dict[int, bool]:
    """The heads and feet that stand on page after page, by ``id``: whether it is the first of its
    kind, to be found as text once. A page's number is none."""
    if len(pages) < _REPEATED_PAGES:
        return {}
    sizes = _sizes(line for page in pages for line in page.content.lines)
    body = max(sizes, key=lambda size: sizes[size], default=0.0)
    found: dict[tuple[str, str], list[Line]] = {}
    for number, page in enumerate(pages):
        for side, line in _outermost(page.content):
            if line.size <= body * _LARGER:
                for key in _keys(line.text, number):
                    found.setdefault((side, key), []).append(line)
    running: dict[int, bool] = {}
    for lines in found.values():
        if len(lines) >= _REPEATED_PAGES:
            for i, line in enumerate(lines):
                first = i == 0 and not _PAGE_NUMBER.fullmatch(line.text)
                running[id(line)] = first and running.get(id(line), True)
    return running


def _outermost(page: PageText) -> Iterator[tuple[str, Line]]:
    lines = sorted((line for line in page.lines if line.upright), key=lambda line: line.y0)
    for line in lines[:_OUTERMOST]:
        if line.y1 < _MARGIN * page.height:
            yield "head", line
    for line in lines[-_OUTERMOST:]:
        if line.y0 > (1 - _MARGIN) * page.height:
            yield "foot", line


def _keys(text: str, number: int) -> set[str]:
    """What a line has in common with its like on other pages: all of it, or all but a number that
    counts the pages."""
    text = " ".join(text.casefold().split())
    keys = {text}
    for match in islice(_NUMBER.finditer(text), _NUMBERS_TRIED):
        counted = int(match[0][:9]) - number
        keys.add(f"{text[: match.start()]}\0{counted}\0{text[match.end() :]}")
    return keys


def _sizes(lines: Iterable[Line]) -> Counter[float]:
    """How many characters are set in each size."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes


class _Headings:
    """Which paragraphs are headings by their looks, and of which level."""

    def __init__(self, pages: Sequence[Sequence[Part]]) -> None:
        lines = [line for parts in pages for part in parts for line in part.lines]
        sizes = _sizes(lines)
        total = max(sum(sizes.values()), 1)
        self._body = max(sizes, key=lambda size: sizes[size], default=0.0)
        bold = sum(len(line.text) for line in lines if line.bold)
        self._bold_counts = bold < _HEADING_SHARE * total
        used = {part.lines[0].size for parts in pages for part in parts if self._is_large(part)}
        self._levels = {size: i for i, size in enumerate(sorted(used, reverse=True), 1)}

    def level(self, part: Part) -> int:
        """1 is the highest; 0 for what is no heading."""
        if self._is_large(part):
            return min(self._levels[part.lines[0].size], _DEEPEST_HEADING)
        if self._is_bold_line(part):
            return min(len(self._levels) + 1, _DEEPEST_HEADING)
        return 0

    def _is_large(self, part: Part) -> bool:
        return (
            0 < len(part.lines) <= _HEADING_LINES
            and min(line.size for line in part.lines) >= _LARGER * self._body > 0
            and _could_be_heading(part, _HEADING_CHARACTERS)
        )

    def _is_bold_line(self, part: Part) -> bool:
        return (
            self._bold_counts
            and len(part.lines) == 1
            and part.lines[0].bold
            and part.lines[0].size >= self._body
            and not _SENTENCE.search(part.lines[0].text)
            and _could_be_heading(part, _BOLD_HEADING_CHARACTERS)
        )


def _could_be_heading(part: Part, most: int) -> bool:
    text = " ".join(line.text for line in part.lines)
    return len(text) <= most and any(c.isalpha() for c in text) and part.lines[0].upright


def _marked(
    parts: Sequence[Part], bookmarks: Sequence[Bookmark]
) -> Iterator[tuple[Part, Bookmark | None]]:
    """The parts; the lines in which the title of a bookmark stands are one of their own."""
    marks = _places(parts, bookmarks)
    for i, part in enumerate(parts):
        start = 0
        for first, end, bookmark in sorted(marks.get(i, ()), key=lambda mark: mark[:2]):
            if first < start:
                continue
            if first > start:
                yield Part(part.lines[start:first]), None
            yield Part(part.lines[first:end]), bookmark
            start = end
        if part.rows:
            yield part, None
        elif start < len(part.lines):
            yield Part(part.lines[start:]), None


def _places(
    parts: Sequence[Part], bookmarks: Sequence[Bookmark]
) -> Mapping[int, list[tuple[int, int, Bookmark]]]:
    """Part -> (first line, line after the last, bookmark) of each title that is found."""
    if not bookmarks:
        return {}
    places: dict[str, tuple[int, int, int]] = {}
    for size in range(1, _HEADING_LINES + 1):
        for i, part in enumerate(parts):
            for first in range(len(part.lines) - size + 1):
                heading = " ".join(line.text for line in part.lines[first : first + size])
                for key in _heading_keys(heading):
                    places.setdefault(key, (i, first, first + size))
    marks: dict[int, list[tuple[int, int, Bookmark]]] = {}
    taken: set[tuple[int, int, int]] = set()
    for bookmark in bookmarks:
        place = next((places[k] for k in _heading_keys(bookmark.title) if k in places), None)
        if place and place not in taken:
            taken.add(place)
            marks.setdefault(place[0], []).append((place[1], place[2], bookmark))
    return marks


def _heading_keys(text: str) -> list[str]:
    """What two writings of one heading have in common, with its number and without."""
    keys = (text, _NUMBERING.sub("", text, count=1))
    return [
        key
        for each in keys
        if (key := "".join(unicodedata.normalize("NFKC", each).casefold().split()))
    ]


class _Joiner:
    """Lines to text. A hyphen at a line's end is dropped, unless the document writes the word with
    one elsewhere, or it stands before what goes on no word."""

    def __init__(self, pages: Sequence[ReadPage]) -> None:
        lines = [line for page in pages for line in page.content.lines]
        self._known: set[str] = set()
        if any(line.is_broken for line in lines):
            for line in lines:
                self._known.update(_WORDS.findall(line.text.lower()))

    def text(self, lines: Sequence[Line], separator: str = "\n") -> str:
        """Lines below each other; Chinese and Japanese go on without a line end."""
        text = ""
        is_broken = False
        for line in lines:
            added = line.text.translate(_LIGATURES)
            if not text:
                text = added
            elif is_broken and (first := _FIRST_WORD.match(added)):
                text = self._without_hyphen(text, first[0]) + added
            elif _is_unspaced(text[-1]) and _is_unspaced(added[0]):
                text += added
            else:
                text += separator + added
            is_broken = line.is_broken
        return text

    def table(self, rows: Sequence[Sequence[Sequence[Line]]]) -> str:
        """A row a line."""
        return "\n".join(_CELL_SEPARATOR.join(self.text(cell, " ") for cell in row) for row in rows)

    def _without_hyphen(self, text: str, following: str) -> str:
        stem = text[:-1]
        last = _LAST_WORD.search(stem)
        if not last:
            return text
        first, second = last[0].lower(), following.lower()
        if first + second in self._known:
            return stem
        is_compound = f"{first}-{second}" in self._known
        return text if is_compound or not following[0].islower() else stem


def _is_unspaced(character: str) -> bool:
    """Whether it belongs to a script that is written without spaces between words: Chinese,
    Japanese, and their punctuation."""
    return (
        "\u2e80" <= character <= "\ua4cf"
        or "\uf900" <= character <= "\ufaff"
        or ("\uff00" <= character <= "\uff9f" or "\U00020000" <= character <= "\U0003ffff")
    )
