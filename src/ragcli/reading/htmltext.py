"""The walk over a page's elements that gathers its text as a browser would show it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Literal

from selectolax.lexbor import LexborNode

from ragcli.reading.extracted import TextBuilder, clean, one_line


class Skip(IntEnum):
    """What is left out. Each leaves out what the one before it does, and more."""

    INVISIBLE = 1  # what no browser shows as text
    NAVIGATION = 2  # also menus and hidden elements
    SURROUNDINGS = 3  # also what frames the content: site header, footer, asides


_INVISIBLE = frozenset(
    [
        "script",
        "style",
        "template",
        "head",
        "title",
        "iframe",
        "object",
        "svg",
        "select",
        "datalist",
        "audio",
        "video",
        "canvas",
    ]
)
_NAVIGATION = frozenset(("nav", "noscript"))
_SURROUNDINGS = frozenset(("header", "footer", "aside"))
_CONTENT = frozenset(("article", "main"))
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "button",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "caption",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "td",
        "th",
        "ul",
    ]
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HANDLES = frozenset(("a", "span"))
# Of a heading to itself, of a note back to where it was made.
_LINK_SIGNS = frozenset(["¶", "#", "§", "∞", "🔗", "↩", "↩\ufe0e", "↩\ufe0f", "↑", "^"])
# What marks of notes stand in, and how long they are.
_RAISED = frozenset(("sup", "a"))
_NOTE_CHARACTERS = 4
_LISTS = frozenset(("ul", "ol", "menu", "dir", "dl"))
_ITEMS = frozenset(("li", "dt"))
_CELLS = frozenset(("td", "th"))
# A table that holds one of these lays out a page and is no table of data.
_LAYOUT = "table, pre, h1, h2, h3, h4"

_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# What a browser collapses; a no-break space is not among it.
_COLLAPSIBLE = re.compile(r"[ \t\n\f\r]+")
# Stands for <br> until white space is collapsed. The parser leaves no NUL in a text.
_BREAK = "\0"
_EMPTY_LINE = re.compile(r"\0[ \t\n\f\r]*\0[ \t\n\f\r\0]*")
# It shows only where a line breaks; inside a word it hides the word from search.
_SOFT_HYPHEN = "\u00ad"
_MAX_INDENT = 8


def traverse(
    root: LexborNode, is_read: Callable[[LexborNode], bool]
) -> Iterator[tuple[Literal["enter", "text", "leave"], LexborNode]]:
    """The steps through a node and all below it, in reading order; what is not read is passed by.

    It follows the links between nodes instead of calling itself: pages nest deeper than Python's
    stack.
    """
    node = root
    while True:
        if node.is_text_node:
            yield "text", node
        elif node.is_element_node and (node.mem_id == root.mem_id or is_read(node)):
            yield "enter", node
            if node.child is not None:
                node = node.child
                continue
            yield "leave", node
        while node.mem_id != root.mem_id and node.next is None and node.parent is not None:
            node = node.parent
            yield "leave", node
        if node.mem_id == root.mem_id or node.next is None:
            return
        node = node.next


class TextWalk:
    """One reading of a part of a page; its text is in ``builder``."""

    def __init__(self, builder: TextBuilder | None = None) -> None:
        self.builder = builder or TextBuilder()
        self._inline: list[str] = []
        self._lists: list[int] = []  # the open lists; nodes are known by their address
        self._marker = ""  # what the next line of a list begins with
        self._heading = self._pre = self._table = 0  # the open one, 0 for none
        self._note = 0  # the open mark of a note
        self._row: list[str] = []

    def walk(
        self,
        root: LexborNode,
        skip: Skip,
        left_out: frozenset[int] = frozenset(),
        met: Callable[[LexborNode], None] | None = None,
    ) -> TextWalk:
        """Read everything below a node, but for what is skipped and the nodes left out.

        ``met`` is told of each element before the text in it is added to the builder.
        """

        def is_read(node: LexborNode) -> bool:
            return node.mem_id not in left_out and not is_skipped(node, skip)

        for step, node in traverse(root, is_read):
            if step == "text":
                self._inline.append(clean(node.text_content or ""))
            elif step == "enter":
                self._enter(node)
                if met is not None:
                    met(node)
            else:
                self._leave(node)
        self._flush()
        return self

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._inline.append("\n" if self._pre else _BREAK)
        elif not self._note and tag in _RAISED and _is_note_mark(node):
            self._note = node.mem_id
            self._inline.append("[")
        if tag not in BLOCKS:
            return
        self._boundary()
        if self._heading or self._table or self._pre:
            return
        if tag in HEADINGS:
            self._heading = node.mem_id
        elif tag == "pre":
            self._pre = node.mem_id
        elif tag == "table" and not _is_layout(node):
            self._table = node.mem_id
        elif tag in _LISTS:
            self._lists.append(node.mem_id)
        elif tag in _ITEMS:
            self._marker = "- "

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if node.mem_id == self._note:
            self._note = 0
            self._inline.append("]")
        if tag not in BLOCKS:
            return
        if node.mem_id == self._heading:
            self._heading = 0
            title = one_line(self._take())
            self.builder.add("heading", title, level=HEADINGS[tag], title=title)
        elif node.mem_id == self._pre:
            self._pre = 0
            self.builder.add("code", "".join(self._take()).strip("\n").rstrip())
        elif node.mem_id == self._table:
            self._table = 0
            self._flush()
        elif self._table:
            self._leave_in_table(tag)
        else:
            self._boundary()
            if self._lists and node.mem_id == self._lists[-1]:
                self._lists.pop()
            if tag in _ITEMS or tag in _LISTS:
                self._marker = ""

    def _leave_in_table(self, tag: str) -> None:
        if tag in _CELLS:
            self._row.append(one_line(self._take()))
        elif tag == "tr":
            if any(self._row):
                line = " | ".join(self._row).rstrip()
                self.builder.add("table", line, group=("table", self._table))
            self._row = []
        elif tag == "caption":
            self.builder.add("paragraph", one_line(self._take()))
        else:
            self._boundary()

    def _boundary(self) -> None:
        """Where a block starts or ends: a new line in code, white space in a cell or heading."""
        if self._pre:
            if self._inline and not self._inline[-1].endswith("\n"):
                self._inline.append("\n")
        elif self._heading or self._table:
            self._inline.append(" ")
        else:
            self._flush()

    def _flush(self) -> None:
        """Put what has gathered into the text, as lines of a list or as paragraphs."""
        for paragraph in _EMPTY_LINE.split(self._take()):
            lines = [_COLLAPSIBLE.sub(" ", line).strip(" ") for line in paragraph.split(_BREAK)]
            lines = [line for line in lines if line and not line.isspace()]
            if self._lists:
                self._add_to_list(lines)
            else:
                self.builder.add("paragraph", "\n".join(lines).rstrip())

    def _add_to_list(self, lines: list[str]) -> None:
        indent = "  " * (min(len(self._lists), _MAX_INDENT) - 1)
        for line in lines:
            text = f"{indent}{self._marker or '  '}{line}".rstrip()
            self.builder.add("list", text, group=("list", self._lists[0]))
            self._marker = ""

    def _take(self) -> str:
        text = "".join(self._inline).replace(_SOFT_HYPHEN, "")
        self._inline.clear()
        return text


def _is_note_mark(node: LexborNode) -> bool:
    """True for a number that leads to a note; joined to the word before, it would hide the word."""
    attributes = node.attributes
    if node.tag == "a" and not (
        attributes.get("epub:type") == "noteref"
        or attributes.get("role") == "doc-noteref"
        or ((attributes.get("href") or "").startswith("#") and node.css_first("sup") is not None)
    ):
        return False
    said = node.text(strip=True)
    return (
        len(said) <= _NOTE_CHARACTERS
        and said.isalnum()
        and (node.tag == "a" or node.css_first("a") is not None)
    )


def is_skipped(node: LexborNode, skip: Skip) -> bool:
    tag = node.tag or ""
    if tag in _INVISIBLE:
        return True
    if skip < Skip.NAVIGATION:
        return False
    if tag in _NAVIGATION or _is_hidden(node) or (tag in _HANDLES and _is_handle(node)):
        return True
    return skip >= Skip.SURROUNDINGS and tag in _SURROUNDINGS and not _belongs_to_content(node)


def _is_handle(node: LexborNode) -> bool:
    """True for what documentation and wikis put behind their headings and notes: a link to the
    heading itself (¶) or back to the text (↩), a link to its editor."""
    attributes = node.attributes
    if node.tag == "a":
        target = attributes.get("href") or ""
        return target.startswith("#") and node.text(strip=True) in _LINK_SIGNS
    return "mw-editsection" in (attributes.get("class") or "").split()


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    return (
        ("hidden" in attributes and attributes["hidden"] != "until-found")
        # A caption is hidden from ears only, where the picture's description says the same.
        or (attributes.get("aria-hidden") == "true" and node.tag != "figcaption")
        or attributes.get("role") == "navigation"
        or bool(_HIDDEN_STYLE.search(attributes.get("style") or ""))
    )


def _belongs_to_content(node: LexborNode) -> bool:
    """An article's own header or footer, or a header that holds the page's main heading."""
    if node.css_first("h1") is not None:
        return True
    parent = node.parent
    while parent is not None:
        if parent.tag in _CONTENT:
            return True
        parent = parent.parent
    return False


def _is_layout(table: LexborNode) -> bool:
    role = table.attributes.get("role")
    return role in ("presentation", "none") or any(
        part.css_first(_LAYOUT) is not None for part in table.iter()
    )
