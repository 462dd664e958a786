"""Headings of plain text: chapters, numbered and underlined titles.

Plain text does not say what a heading is, so a line must look like one of those that books,
standards and notes have, and something must stand under it: a table of contents is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragcli.domain import Block
from ragcli.reading.extracted import one_line
from ragcli.reading.lineblocks import Levels

_MAX_CHARACTERS = 100  # more is a sentence

_CHAPTER = re.compile(
    r"\s*(?P<kind>book|volume|part|act|chapter|letter|canto|appendix|section|scene)"
    r"\s+(?:[ivxlcdm]{1,8}|\d{1,3}|[a-z]|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve|the\s+(?:first|second|third|last))\b"
    r"(?:\s*[.:—–-]+)?(?P<title>\s+[^\s\d].*)?\s*\Z",
    re.IGNORECASE,
)
_CHINESE_CHAPTER = re.compile(
    r"\s*第[〇零一二三四五六七八九十百千两\d０-９]{1,8}(?P<kind>[卷部篇集编章回幕节節])"
    r"(?P<title>[\s:：、.．—].*|[^\s的。，；]{1,20})?\s*\Z"
)
_CHINESE_OPENING = re.compile(
    r"\s*(?:序[章言幕]|楔子|引子|前言|尾声|后记|後記|附录[一二三四五\d]?)\s*\Z"
)
_RANKS = {
    **dict.fromkeys(["book", "volume", "卷", "部", "编"], 0),
    **dict.fromkeys(["part", "act", "篇", "集"], 1),
    **dict.fromkeys(["chapter", "letter", "canto", "appendix", "章", "回", "幕"], 2),
    **dict.fromkeys(["section", "scene", "节", "節"], 3),
}
_NUMBERED = re.compile(
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,4})\.?[ \t\u3000]+(?P<title>[^\W\d_a-z].*)\Z"
)
_RULE = re.compile(r"([=\-~*#^_])\1{2,}\Z")
_LEADERS = re.compile(r"\.{3}|(?:\. ){3}|…{2}|\s\d+\s*\Z")
_SENTENCE_END = re.compile(r"[.!?,;:。！？，；：]\s*\Z")
_SHORT_LINE = re.compile(r"^[^\r\n]{1,60}(?=[\r\n]|\Z)", re.MULTILINE)
_UNDERLINE_TOLERANCE = 2


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` is the highest for 1; ``style`` says which headings it may be compared with."""

    block: Block
    style: str
    level: int
    number: tuple[int, ...] = ()


def with_headings(text: str, paragraphs: Sequence[tuple[int, int]]) -> list[Block]:
    """The paragraphs as blocks, those that are headings as such."""
    pieces = [piece for start, end in paragraphs for piece in _pieces(text, start, end)]
    found = [_heading(text, *piece) for piece in pieces]
    found = _in_sequence(_with_body(found))
    levels = _levels([heading for heading in found if heading])
    blocks: list[Block] = []
    for (start, end), heading in zip(pieces, found, strict=True):
        if heading is None:
            blocks.append(Block("paragraph", start, end))
        else:
            title = heading.block.title
            level = levels[heading.style, heading.level]
            blocks.append(Block("heading", start, end, level, title))
    return blocks


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A paragraph, parted at the Chinese chapter titles in it: novels have no empty lines."""
    if text.find("第", start, end) < 0 or text.find("\n", start, end) < 0:
        yield start, end
        return
    begin = start
    for match in _SHORT_LINE.finditer(text, start, end):
        if match[0].lstrip().startswith("第") and _is_chinese_title(match[0]):
            yield from _trimmed(text, begin, match.start())
            yield from _trimmed(text, match.start(), match.end())
            begin = match.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Without the ends of the lines around it; nothing where nothing else is there."""
    while start < end and text[start] in "\r\n":
        start += 1
    end = start + len(text[start:end].rstrip())
    if start < end:
        yield start, end


def _is_chinese_title(line: str) -> bool:
    return bool(_CHINESE_CHAPTER.match(line)) and not _SENTENCE_END.search(line)


def _heading(text: str, start: int, end: int) -> Heading | None:
    if end - start > 2 * _MAX_CHARACTERS:
        return None
    lines = [line.strip() for line in text[start:end].splitlines()]
    if len(lines) > 2 or max(map(len, lines)) > _MAX_CHARACTERS or _LEADERS.search(lines[0]):
        return None
    title, under = lines[0], lines[1] if len(lines) == 2 else ""
    if under and (rule := _RULE.match(under)) and not _RULE.match(title):
        width = sum(2 if c >= "\u2e80" else 1 for c in title)
        near = min(abs(len(under) - len(title)), abs(len(under) - width))
        return _made(text, start, end, title, rule[1], 1) if near <= _UNDERLINE_TOLERANCE else None
    chapter = _CHINESE_CHAPTER.match(title) or _CHAPTER.match(title)
    if chapter and _is_title(chapter["title"] or "") and (not under or _is_title(under)):
        kind = chapter["kind"].lower()
        if not under or not chapter["title"]:
            return _made(text, start, end, f"{title} {under}", "chapter", _RANKS[kind])
    if not under and _CHINESE_OPENING.match(title):
        return _made(text, start, end, title, "chapter", _RANKS["章"])
    numbered = None if under else _NUMBERED.match(title)
    if numbered and not _SENTENCE_END.search(title):
        number = tuple(map(int, numbered["number"].split(".")))
        return _made(text, start, end, title, "number", len(number), number)
    return None


def _is_title(words: str) -> bool:
    """Of a chapter: it begins like one, and is no sentence that happens to begin with the word."""
    words = words.strip()
    if not words or not words[0].isalpha():
        return True
    return not words[0].islower() and not words.endswith((",", ";", "，", "；", "。"))


def _made(
    text: str,
    start: int,
    end: int,
    title: str,
    style: str,
    level: int,
    number: tuple[int, ...] = (),
) -> Heading:
    return Heading(Block("heading", start, end, 1, one_line(title)), style, level, number)


def _with_body(found: Sequence[Heading | None]) -> list[Heading | None]:
    """Without those that have neither text nor a deeper heading under them."""
    kept: list[Heading | None] = []
    for i, heading in enumerate(found):
        after = found[i + 1] if i + 1 < len(found) else heading
        bare = (
            heading
            and after
            and not (
                after is not heading
                and (after.style != heading.style or after.level > heading.level)
            )
        )
        kept.append(None if bare else heading)
    return kept


def _in_sequence(found: Sequence[Heading | None]) -> list[Heading | None]:
    """Numbered ones only where they count on from 1; and only where there are several."""
    kept = list(found)
    counted = [i for i, heading in enumerate(found) if heading and heading.number]
    last: tuple[int, ...] = ()
    follow: set[int] = set()
    for i in counted:
        heading = found[i]
        number = heading.number if heading else ()
        if number in _successors(last):
            follow.add(i)
            last = number
    for i in counted:
        if i not in follow or len(follow) < 2:
            kept[i] = None
    return kept


def _successors(last: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The numbers that may come after this one: its first part, and the next of each level."""
    if not last:
        return {(0,), (1,), (1, 0), (1, 1)}
    return {(*last, 0), (*last, 1)} | {
        (*last[:depth], last[depth] + 1, *tail)
        for depth in range(len(last))
        for tail in ((), (0,), (1,))
    }


def _levels(found: Sequence[Heading]) -> dict[tuple[str, int], int]:
    """Levels from 1 without gaps: chapters by their rank, rules in the order they appear in."""
    appearance = Levels()
    levels: dict[tuple[str, int], int] = {}
    ranks = sorted({heading.level for heading in found if heading.style == "chapter"})
    for heading in found:
        if heading.style == "chapter":
            level = ranks.index(heading.level) + 1
        elif heading.style == "number":
            level = len(ranks) + heading.level
        else:
            level = len(ranks) + appearance.of(heading.style)
        levels[heading.style, heading.level] = level
    return levels
