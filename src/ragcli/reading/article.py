"""Which part of a page is its article, and what within it is not.

An article is prose: blocks of text that are long and hardly linked. Whoever follows the element
with most of the page's prose, from the body inwards, until prose would be left behind, stands at
the article. Lists of links, teasers of other articles, forms, and what calls itself a sidebar, a
share bar or comments are left out of it. A page with little prose (a listing, tables, an index)
has no article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from ragcli.reading.asides import calling, words
from ragcli.reading.htmltext import BLOCKS, HEADINGS, Skip, is_skipped, traverse
from ragcli.text.scripts import UNSPACED

# The figures below were set on 30 pages of news sites and blogs with their main text marked by
# hand, and hold on as many others: see docs/decisions.md.

# Text is measured in letters; a character of a script without spaces says as much as three.
_UNSPACED = re.compile(f"[{UNSPACED}]")
_LETTERS_PER_CHARACTER = 3
_SPACE = re.compile(r"\s+")
_STOP = re.compile(r"[.!?:;,…。！？：；，、।۔؟،»”\"]")

# Articles with all their comments have some thousands of elements; what has more is a table.
_MAX_ELEMENTS = 50_000
# A block of prose has at least this many letters, and at most this share of them in links.
_PROSE_LETTERS = 80
_PROSE_LINKED = 0.5
# A page with less prose than one long paragraph, or an article of which less is prose, is none.
_ARTICLE_LETTERS = 200
_ARTICLE_PROSE = 0.35
# What calls itself the article, and is the only one to do so, holds this share of the prose.
_DECLARED_SHARE = 0.25
# What calls itself aside, and holds more than this share of the prose, is none.
_MISNAMED_SHARE = 0.6
# The way inwards: to the child with most of the prose, unless it leaves more than this share of
# the prose behind, or of all text that is hardly linked, or a paragraph of more than a few words.
_MOST = 0.5
_PROSE_LEFT_BEHIND = 0.01
_TEXT_LEFT_BEHIND = 0.1
_LEAD_LETTERS = 40
_HARDLY_LINKED = 0.2
_MOSTLY_PROSE = 0.6
# Blocks with this share of their text in links lead away.
_LEADS_AWAY = 0.6
# A heading with this share of its text in a link is the title of another article, where no more
# than this many letters follow it.
_ALL_LINKED = 0.9
_TEASER_LETTERS = 500
# The words of a link that also holds a picture, where they are its title.
_CARD_LETTERS = 20

_CONTAINERS = frozenset(
    [
        *("div", "section", "article", "main", "form", "center", "span", "font"),
        *("table", "tbody", "tr", "td"),
    ]
)
_LINKING = frozenset(
    [
        *("ul", "ol", "dl", "li", "menu", "div", "section", "article", "header", "p"),
        *("table", "tr", "td"),
    ]
)


@dataclass(slots=True)
class _Part:
    """An element of the page; lengths are in letters, with all that stands in it."""

    node: LexborNode
    tag: str
    parent: int  # the index of the element around it
    is_aside: bool = False
    is_article: bool = False
    is_link: bool = False
    holds_data: bool = False  # a cell of a table's header stands in it
    own_prose: int = 0  # in blocks of text directly in it
    text: int = 0
    linked: int = 0
    prose: int = 0
    article_prose: int = 0  # without asides
    teasers: int = 0  # headings that are links, and links of a picture with words
    has_title: bool = False  # a main heading that is none
    children: list[int] = field(default_factory=list)

    @property
    def is_hardly_linked(self) -> bool:
        return self.linked <= _HARDLY_LINKED * self.text

    @property
    def is_mostly_prose(self) -> bool:
        return self.is_hardly_linked and self.article_prose >= _MOSTLY_PROSE * self.text


@dataclass(frozen=True, slots=True)
class Article:
    """``root`` holds the article, without the elements ``left_out`` (addresses of nodes).

    ``heading`` is its main heading, where that stands outside.
    """

    root: LexborNode
    left_out: frozenset[int]
    heading: LexborNode | None


def find_article(body: LexborNode, title: str, name: str) -> Article | None:
    """The article of a page that is called ``title`` and lies in a file of this name; None for a
    page that has none."""
    parts = _Survey(body, name).parts
    if len(parts) > _MAX_ELEMENTS:
        return None
    _add_up(parts)
    if parts[0].article_prose < _ARTICLE_LETTERS:
        return None
    root = _root(parts)
    left_out = set(_left_out(parts, root))
    unlinked = parts[root].text - parts[root].linked
    unlinked -= sum(parts[i].text - parts[i].linked for i in left_out)
    if parts[root].article_prose < _ARTICLE_PROSE * unlinked:
        return None
    addresses = frozenset(parts[i].node.mem_id for i in left_out)
    return Article(parts[root].node, addresses, _heading(parts, root, left_out, title))


class _Survey:
    """Every element of a page in reading order, each with the text that stands directly in it."""

    def __init__(self, body: LexborNode, page: str) -> None:
        self._page = page
        self.parts: list[_Part] = []
        self._open: list[int] = []
        self._open_blocks: list[int] = []
        self._open_links = 0
        # The text since the last boundary of a block.
        self._run: list[str] = []
        self._letters = self._linked = 0
        for step, node in traverse(body, lambda node: not is_skipped(node, Skip.NAVIGATION)):
            if len(self.parts) > _MAX_ELEMENTS:
                break
            if step == "text":
                self._add(node.text_content or "")
            elif step == "enter":
                self._enter(node, node.tag or "")
            else:
                self._leave()

    def _add(self, text: str) -> None:
        letters = _letters(text)
        part = self.parts[self._open[-1]]
        part.text += letters
        if self._open_links:
            part.linked += letters
            self._linked += letters
        self._letters += letters
        self._run.append(text)

    def _enter(self, node: LexborNode, tag: str) -> None:
        index = len(self.parts)
        part = _Part(node, tag, self._open[-1] if self._open else 0)
        if index:
            self.parts[part.parent].children.append(index)
        self.parts.append(part)
        self._open.append(index)
        if tag in BLOCKS:
            self._end_run()
            self._open_blocks.append(index)
            name = calling(node, tag)
            part.is_aside, part.is_article = name == "aside", name == "article"
        elif tag == "a" and _leads_elsewhere(node, self._page):
            part.is_link = True
            self._open_links += 1

    def _leave(self) -> None:
        index = self._open.pop()
        if self.parts[index].is_link:
            self._open_links -= 1
        if self._open_blocks[-1] == index:
            self._end_run()
            self._open_blocks.pop()

    def _end_run(self) -> None:
        if self._letters >= _PROSE_LETTERS and self._linked <= _PROSE_LINKED * self._letters:
            text = "".join(self._run)
            part = self.parts[self._open_blocks[-1]]
            if part.tag not in HEADINGS and (_STOP.search(text) or _UNSPACED.search(text)):
                part.own_prose += self._letters - self._linked
        self._run.clear()
        self._letters = self._linked = 0


def _letters(text: str) -> int:
    text = _SPACE.sub(" ", text).strip()
    return len(text) + (_LETTERS_PER_CHARACTER - 1) * len(_UNSPACED.findall(text))


def _leads_elsewhere(link: LexborNode, page: str) -> bool:
    target = link.attributes.get("href")
    if target is None:
        return False
    file, mark, _ = target.partition("#")
    return not mark or file not in ("", page)


def _add_up(parts: list[_Part]) -> None:
    """From what stands directly in each element to all that stands in it."""
    for part in reversed(parts):
        part.prose += part.own_prose
        if part.tag in HEADINGS and part.text and part.linked >= _ALL_LINKED * part.text:
            part.teasers += 1
        elif part.tag == "h1" and part.text:
            part.has_title = True
        elif part.is_link and part.text >= _CARD_LETTERS and part.node.css_first("img"):
            part.teasers = max(part.teasers, 1)
        if part.tag == "th":
            parts[part.parent].holds_data = True
        if part is not parts[0]:
            around = parts[part.parent]
            around.holds_data |= part.holds_data
            around.text += part.text
            around.linked += part.linked
            around.prose += part.prose
            around.teasers += part.teasers
            around.has_title = around.has_title or part.has_title
    for part in reversed(parts):
        if part.prose > _MISNAMED_SHARE * parts[0].prose:
            part.is_aside = False
        part.article_prose += part.own_prose
        if part.is_aside or _is_teaser(part):
            part.article_prose = 0
        if part is not parts[0]:
            parts[part.parent].article_prose += part.article_prose


def _root(parts: list[_Part]) -> int:
    """The innermost element that holds the article."""
    whole = parts[0].article_prose
    declared = _way_to_declared(parts)
    here = 0
    while parts[here].children:
        inwards = max(parts[here].children, key=lambda i: (i in declared, parts[i].article_prose))
        best = parts[inwards]
        if best.tag not in _CONTAINERS or (
            inwards not in declared and best.article_prose < _MOST * whole
        ):
            break
        if _leaves_text_behind(parts, here, inwards):
            break
        here = inwards
    return here


def _leaves_text_behind(parts: list[_Part], here: int, inwards: int) -> bool:
    """True where the article is more than the child inwards: what stands beside it matters."""
    others = [parts[i] for i in parts[here].children if i != inwards and not parts[i].is_aside]
    unlinked = [part for part in others if part.is_hardly_linked]
    prose = parts[here].own_prose + sum(p.article_prose for p in unlinked if p.is_mostly_prose)
    return (
        prose > _PROSE_LEFT_BEHIND * parts[0].article_prose
        or sum(p.text - p.linked for p in unlinked) > _TEXT_LEFT_BEHIND * parts[here].text
        or any(p.tag == "p" and p.text >= _LEAD_LETTERS for p in unlinked)
    )


def _way_to_declared(parts: list[_Part]) -> set[int]:
    """What calls itself the article, and the elements around it; none when several do."""
    inside = [False] * len(parts)
    outermost = []
    for i, part in enumerate(parts):
        inside[i] = part.is_article or inside[part.parent]
        if part.is_article and part.article_prose and (i == 0 or not inside[part.parent]):
            outermost.append(i)
    if len(outermost) != 1:
        return set()
    (i,) = outermost
    if parts[i].article_prose < _DECLARED_SHARE * parts[0].article_prose:
        return set()
    return {i, *_around(parts, i)}


def _around(parts: list[_Part], i: int) -> Iterator[int]:
    while i:
        i = parts[i].parent
        yield i


def _left_out(parts: list[_Part], root: int) -> Iterator[int]:
    """The outermost elements below the root that are no part of the article."""
    waiting = list(parts[root].children)
    while waiting:
        i = waiting.pop()
        if parts[i].is_aside:
            yield i
        elif parts[i].tag == "table" and parts[i].holds_data:
            continue  # data, however much of it is linked
        elif _leads_away(parts[i]) and not parts[i].holds_data:
            yield i
        else:
            waiting += parts[i].children


def _leads_away(part: _Part) -> bool:
    """True for lists of links, and for the beginnings of other articles."""
    if part.tag not in _LINKING or part.article_prose >= _PROSE_LETTERS:
        return False
    many_links = part.text > 0 and part.linked >= _LEADS_AWAY * part.text
    return many_links or (0 < part.text <= _TEASER_LETTERS * part.teasers and not part.has_title)


def _is_teaser(part: _Part) -> bool:
    is_short = part.text <= _TEASER_LETTERS
    return part.tag in _LINKING and part.teasers == 1 and is_short and not part.has_title


def _heading(parts: list[_Part], root: int, left_out: set[int], title: str) -> LexborNode | None:
    """The heading that says what the page's title says, else its only main heading."""
    inner = {root}
    outside = []
    for i, part in enumerate(parts):
        if i in left_out:
            continue
        if i != root and part.parent in inner:
            inner.add(i)
        if part.tag in HEADINGS and part.text:
            if i not in inner:
                outside.append(part)
            elif part.tag == "h1" or words(part.node.text()) in words(title):
                return None
    # A title also says the name of the site, which is a heading of its own on many pages.
    said = [(words(part.node.text()), part) for part in outside]
    same = [(len(text), part) for text, part in said if text and text in words(title)]
    if same:
        return max(same, key=lambda pair: pair[0])[1].node
    tops = [part for part in outside if part.tag == "h1"]
    return tops[0].node if len(tops) == 1 else None
