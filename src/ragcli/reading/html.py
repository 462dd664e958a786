"""HTML: the visible text with its headings, lists, tables and code, without what surrounds it.

A page is read three ways, from the most to the least selective: what the page itself marks as
its main part; the body without navigation, site header, footer and asides; the whole body. The
first that holds a good share of the next one's text is taken, so that a mislabelled page loses
nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ragcli.domain import Document
from ragcli.reading.dates import iso_date
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder, metadata_value, one_line
from ragcli.reading.htmltext import Skip, TextWalk

# HTML Standard, "prescan a byte stream": browsers look at 1 KiB; long comments and scripts before
# the declaration are common enough to look further.
CHARSET_BYTES = 4096
# A <main> that holds less of the page's text than this is not where the text is.
GOOD_SHARE = 0.4
# Browsers stop nesting at 512 (Blink, WebKit). The parser's time is quadratic in the depth:
# 100,000 nested lists would take minutes.
MAX_DEPTH = 512

_CHARSET = re.compile(rb"<meta[^>]{1,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Elements that must be closed: an unclosed <p> or <li> does not nest.
_NESTING = re.compile(
    r"<(/?)(?:div|ul|ol|dl|table|blockquote|section|article|main|aside|nav|header|footer|form"
    r"|fieldset|center|details|figure|pre)(?=[\s/>])[^>]*>",
    re.IGNORECASE,
)
_DATES = ("article:published_time", "date", "dcterms.date", "dc.date", "datepublished")
_METADATA = ("author", "description", "keywords")


def read(data: bytes, path: PurePath) -> Document:
    """The text of a page, whatever state its markup is in; never raises."""
    declared = _CHARSET.search(data[:CHARSET_BYTES])
    text = decode(data, declared[1].decode("ascii") if declared else None)
    tree = LexborHTMLParser(_flattened(text.removeprefix("\ufeff")))
    walk = _best(tree.body) if tree.body is not None else TextWalk()
    meta = _meta(tree)
    return Document(
        text=walk.builder.text,
        format="html",
        blocks=walk.builder.blocks,
        title=_title(tree, meta, walk),
        date=_date(tree, meta),
        metadata={name: meta[name] for name in _METADATA if meta.get(name)},
    )


def visible(text: str) -> TextBuilder:
    """All that a browser would show of a page that is no web page: a mail, a cell, a note."""
    tree = LexborHTMLParser(_flattened(text))
    walk = TextWalk()
    return walk.walk(tree.body, Skip.INVISIBLE).builder if tree.body is not None else walk.builder


def _flattened(text: str) -> str:
    """The page with elements nested too deep replaced by line breaks."""
    if len(_NESTING.findall(text)) <= MAX_DEPTH:
        return text
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        if not tag[1]:
            depth += 1
            return tag[0] if depth <= MAX_DEPTH else "<br>"
        depth = max(depth - 1, 0)
        return tag[0] if depth < MAX_DEPTH else "<br>"

    return _NESTING.sub(keep, text)


def _best(body: LexborNode) -> TextWalk:
    """The most selective reading of the page that loses none of its substance."""
    full = TextWalk().walk(body, Skip.NAVIGATION)
    bare = TextWalk().walk(body, Skip.SURROUNDINGS)
    best = bare if _is_good_share(bare, full) else full
    main = _main(body)
    if main is not None:
        inner = TextWalk().walk(main, Skip.NAVIGATION)
        best = inner if _is_good_share(inner, best) else best
    return best if best.builder.blocks else TextWalk().walk(body, Skip.INVISIBLE)


def _is_good_share(part: TextWalk, whole: TextWalk) -> bool:
    return len(part.builder.text) >= GOOD_SHARE * len(whole.builder.text)


def _main(body: LexborNode) -> LexborNode | None:
    """What the page calls its main part; of several articles none is."""
    found = body.css("main, [role=main]") or body.css("article")
    return found[0] if len(found) == 1 else None


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """The page's meta elements by lower-case name; the first of a name counts."""
    facts: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property") or attributes.get("itemprop")
        value = metadata_value(attributes.get("content") or "")
        if name and value:
            facts.setdefault(name.lower(), value)
    return facts


def _title(tree: LexborHTMLParser, meta: dict[str, str], walk: TextWalk) -> str | None:
    node = tree.css_first("head > title") or tree.css_first("body > title")
    first = next((b.title for b in walk.builder.blocks if b.level == 1), None)
    stated = one_line(node.text()) if node is not None else ""
    return stated or meta.get("og:title") or first


def _date(tree: LexborHTMLParser, meta: dict[str, str]) -> str | None:
    for value in (meta[name] for name in _DATES if name in meta):
        if date := iso_date(value):
            return date
    node = tree.css_first("time[datetime]")
    return iso_date(node.attributes.get("datetime") or "") if node is not None else None
