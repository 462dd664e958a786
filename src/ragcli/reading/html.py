"""HTML: the visible text with its headings, lists, tables and code, without what surrounds it.

Where a page has an article (``article.py``), that is read. Any other page is read three ways,
from the most to the least selective: what the page itself marks as its main part; the body
without navigation, site header, footer and asides; the whole body. The first that holds a good
share of the next one's text is taken, so that a mislabelled page loses nothing.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ragcli.domain import Document
from ragcli.reading.article import find_article
from ragcli.reading.encodings import decode
from ragcli.reading.extracted import TextBuilder
from ragcli.reading.htmlfacts import Facts
from ragcli.reading.htmltext import Skip, TextWalk
from ragcli.reading.language import hinted

# HTML Standard, "prescan a byte stream": browsers look at 1 KiB; long comments and scripts before
# the declaration are common enough to look further.
CHARSET_BYTES = 4096
# A <main> that holds less of the page's text than this is not where the text is.
GOOD_SHARE = 0.4
# Browsers stop nesting at 512 (Blink, WebKit). The parser's time is quadratic in the depth:
# 100,000 nested lists would take minutes.
MAX_DEPTH = 512

_CHARSET = re.compile(
    rb"<meta[^>]{1,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)"
    rb"|<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
# Elements that must be closed: an unclosed <p> or <li> does not nest.
_NESTING = re.compile(
    r"<(/?)(?:div|ul|ol|dl|table|blockquote|section|article|main|aside|nav|header|footer|form"
    r"|fieldset|center|details|figure|pre)(?=[\s/>])[^>]*>",
    re.IGNORECASE,
)
_EMPTY_ELEMENT = re.compile(r"<([A-Za-z][\w:.-]*)((?:\s[^<>]*)?)/>")
# Entities that XHTML declares for itself are none of HTML, whose readers see text in them.
_SUBSET = re.compile(r"<!DOCTYPE[^\[>]*\[[^\]]*\]\s*>", re.IGNORECASE)
_SUBSET_CHARACTERS = 65536
# HTML Standard, "Void elements".
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
# A page with less text than this that carries an article for search engines shows it by a script.
_NO_TEXT = 200
_PARAGRAPHS = re.compile(r"\n\s*")


def read(data: bytes, path: PurePath) -> Document:
    """The text of a page, whatever state its markup is in; never raises."""
    tree = parse(data)
    facts = Facts(tree)
    walk = TextWalk()
    if tree.body is not None:
        walk = _best(tree.body, facts.stated_title, path.name)
    if len(walk.builder.text) < _NO_TEXT:
        _add_article_body(walk, facts.article_body)
    text = walk.builder.text
    return Document(
        text=text,
        format="html",
        blocks=walk.builder.blocks,
        title=facts.title([b.title for b in walk.builder.blocks if b.level == 1]),
        language=hinted(text, facts.language),
        date=facts.date,
        metadata=facts.metadata,
    )


def visible(text: str) -> TextBuilder:
    """All that a browser would show of a page that is no web page: a mail."""
    tree = LexborHTMLParser(_flattened(text))
    walk = TextWalk()
    return walk.walk(tree.body, Skip.INVISIBLE).builder if tree.body is not None else walk.builder


def parse(data: bytes, *, is_xml: bool = False) -> LexborHTMLParser:
    """The tree of a page. ``is_xml`` is for pages that stand in a package: XHTML ends elements
    where they begin (``<title/>``), which to a browser is their beginning only."""
    declared = _CHARSET.search(data[:CHARSET_BYTES])
    stated = (declared[1] or declared[2]).decode("ascii") if declared else None
    text = decode(data, stated).removeprefix("\ufeff")
    if subset := _SUBSET.search(text, 0, _SUBSET_CHARACTERS):
        text = text[: subset.start()] + text[subset.end() :]
    return LexborHTMLParser(_flattened(_EMPTY_ELEMENT.sub(_closed, text) if is_xml else text))


def _closed(tag: re.Match[str]) -> str:
    return tag[0] if tag[1].lower() in _VOID else f"<{tag[1]}{tag[2]}></{tag[1]}>"


def _add_article_body(walk: TextWalk, body: str) -> None:
    if len(body) > len(walk.builder.text):
        for paragraph in _PARAGRAPHS.split(body):
            walk.builder.add("paragraph", paragraph.strip())


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


def _best(body: LexborNode, title: str, name: str) -> TextWalk:
    article = find_article(body, title, name)
    if article is not None:
        walk = TextWalk()
        if article.heading is not None:
            walk.walk(article.heading, Skip.NAVIGATION)
        return walk.walk(article.root, Skip.NAVIGATION, article.left_out)
    return _page(body)


def _page(body: LexborNode) -> TextWalk:
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
