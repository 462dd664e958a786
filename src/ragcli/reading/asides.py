"""What surrounds an article calls itself by its name: the words of classes, ids and roles."""

from __future__ import annotations

import re
from typing import Literal

from selectolax.lexbor import LexborNode

from ragcli.reading.htmltext import HEADINGS

_WORDS_APART = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")

# At the beginning of a word; what stands around the articles of most sites.
_ASIDE = re.compile(
    r"^overlay|(?:^|-)(?:comment|disqus|livefyre|respond|repl(?:y|ies)|discussion"
    r"|shar(?:e|ing)(?:$|-)|social|addthis|addtoany|follow|relate|recommend|similar"
    r"|more-(?:stories|news|articles|from|on|in)|read-(?:more|next|also)|see-also|also(?:$|-)"
    r"|popular|trending|most-|recent|teaser|promo|sponsor|advert|ads?(?:$|-)|banner|outbrain|taboola"
    r"|side-?bar|side-?col|right-?(?:bar|col|rail|side)|widget|rail(?:$|-)"
    r"|reviews(?:$|-)|testimonial|paywall|newsletter|subscri|sign-?up|sign-?in|log-?in|cookie|consent|gdpr|modal|popup|lightbox"
    r"|breadcrumb|paginat|pager|paging|nav(?:$|-)|navbar|navigat|menu|toc(?:$|-)|table-of-contents"
    r"|foot(?:$|er)|masthead|author-?(?:bio|box|info|card)|about-(?:the-)?author|bio(?:$|-)"
    r"|hide$|hidden$|noprint|screen-reader|sr-only)"
)
# Words that also stand on articles themselves: WordPress puts an article's tags there.
_MAYBE_ASIDE = re.compile(
    r"(?:^|-)(?:facebook|twitter|tweet|pinterest|latest|headlines|register|tool(?:s|bar|box)|search"
    r"|tags?(?:$|-)|tag-?(?:cloud|list)|keywords|skip|print|e-?mail|rating|poll(?:$|-)|visually)"
)
_CONTENT = re.compile(
    r"(?:^|-)(?:article|content|entry|h-?entry|post|story|body|main|text|page)(?:$|-)"
)
# hAtom and h-entry microformats, and what most publishing systems call an article's text.
_ARTICLE = re.compile(
    r"^(?:h-?entry|type-post|(?:article|entry|post|story)-?(?:body|content|text))$"
)
_NOTES = re.compile(r"(?:^|-)(?:footnote|endnote|reference|bibliograph|admonition|citation)")
_FIGURE = re.compile(r"(?:^|-)(?:photo|image|figure|caption|video)")

_ASIDE_TAGS = frozenset(("aside", "footer", "form", "nav", "button"))
_ASIDE_ROLES = frozenset(
    ("navigation", "complementary", "banner", "contentinfo", "search", "dialog", "alert", "menu")
)
_ARTICLE_TAGS = frozenset(("article", "main"))

# Before a block's heading stand an anchor or two, and white space.
_HEADING_AMONG = 8

Calling = Literal["article", "aside", ""]


def calling(node: LexborNode, tag: str) -> Calling:
    """What a block calls itself; empty when nothing is said."""
    attributes = node.attributes
    if not attributes:
        return _called_by_tag(tag)
    if attributes.get("itemprop") == "articleBody" or attributes.get("role") == "main":
        return "article"
    names = [words(name) for name in (attributes.get("class") or "").split()]
    identity = words(attributes.get("id") or "")
    if identity and not (_is_aside([identity]) and _is_slug(identity, node)):
        names.append(identity)
    if names:
        if _any(_NOTES, names) or (tag == "aside" and _any(_FIGURE, names)):
            return ""
        if _any(_ARTICLE, names):
            return "article"
        if _is_aside(names):
            return "aside"
    return "aside" if attributes.get("role") in _ASIDE_ROLES else _called_by_tag(tag)


def _called_by_tag(tag: str) -> Calling:
    if tag in _ARTICLE_TAGS:
        return "article"
    return "aside" if tag in _ASIDE_TAGS else ""


def words(text: str) -> str:
    """The words of a name or a heading in lower case, joined by hyphens."""
    return _WORDS_APART.sub("-", text).lower().strip("-")


def _is_aside(names: list[str]) -> bool:
    return _any(_ASIDE, names) or (_any(_MAYBE_ASIDE, names) and not _any(_CONTENT, names))


def _is_slug(identity: str, node: LexborNode) -> bool:
    """True where a block is named after its heading: documentation of menus is no menu."""
    child = node.child
    for _ in range(_HEADING_AMONG):
        if child is None:
            return False
        if child.is_element_node and child.tag in HEADINGS:
            return identity in words(child.text())
        child = child.next
    return False


def _any(pattern: re.Pattern[str], names: list[str]) -> bool:
    return any(pattern.search(name) for name in names)
