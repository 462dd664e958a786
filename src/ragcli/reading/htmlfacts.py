"""What a page says of itself: title, date, author, address, language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ragcli.reading.dates import iso_date
from ragcli.reading.extracted import clean, metadata_value, one_line

_DATES = (
    "article:published_time",
    "datepublished",
    "date",
    "dcterms.date",
    "dcterms.created",
    "dc.date",
    "dc.date.issued",
    "citation_publication_date",
    "citation_date",
    "pubdate",
    "publishdate",
)
_AUTHORS = ("author", "article:author", "dc.creator", "dcterms.creator", "citation_author")
_METADATA = ("description", "keywords")
# What stands between a page's title and the name of its site.
_SITE_APART = re.compile(r"\s+[|»·•–—-]\s+|\s*[|»]\s*|\s*_\s*(?=[^_]*$)|: ")
# The title stands before the site's name or behind it, and is rarely shorter.
_TITLE_FIRST = 0.25
_TITLE_LAST = 0.5

# Larger ones are data for scripts; those that nest deep are hostile.
_MAX_LINKED_DATA = 512 * 1024


class Facts:
    """The facts of one page, found when they are asked for."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._meta = _meta(tree)
        self._linked_data = list(_linked_data(tree))

    @property
    def stated_title(self) -> str:
        """The title element's text, the site's name and all; else what the page says elsewhere."""
        node = self._tree.css_first("head > title") or self._tree.css_first("body > title")
        return (one_line(node.text()) if node is not None else "") or self._meta.get("og:title", "")

    def title(self, headings: list[str]) -> str | None:
        """The page's title without the name of its site. ``headings`` are its main ones."""
        stated = self.stated_title
        if not stated:
            return headings[0] if headings else None
        said = [self._meta.get("og:title", ""), *headings]
        titles = [title for title in said if title and _is_title_in(title, stated)]
        if titles:
            return _without_site(min(titles, key=len), self._meta.get("og:site_name", ""))
        return _without_site(stated, self._meta.get("og:site_name", ""))

    @property
    def date(self) -> str | None:
        """When the page was published, as ISO 8601; else the first date marked on it."""
        stated: list[object] = [self._meta[name] for name in _DATES if name in self._meta]
        stated += [thing.get("datePublished") for thing in self._linked_data]
        stated += [node.attributes.get("datetime") for node in self._tree.css("time[datetime]")[:1]]
        dates = (iso_date(value) for value in stated if isinstance(value, str))
        return next((date for date in dates if date), None)

    @property
    def metadata(self) -> dict[str, str]:
        """Author, description, keywords and address, where they are stated."""
        facts = {name: self._meta[name] for name in _METADATA if name in self._meta}
        if author := self._author():
            facts["author"] = author
        if address := self._address():
            facts["url"] = address
        return facts

    @property
    def language(self) -> str | None:
        """What the page states, as BCP 47: ``zh-CN``."""
        root = self._tree.root
        return root.attributes.get("lang") if root is not None else None

    @property
    def article_body(self) -> str:
        """The article as the page gives it to search engines: plain text, or nothing."""
        bodies = (thing.get("articleBody") for thing in self._linked_data)
        return clean(max((b for b in bodies if isinstance(b, str)), key=len, default=""))

    def _author(self) -> str:
        for name in _AUTHORS:
            value = self._meta.get(name, "")
            if value and "://" not in value:
                return value
        for thing in self._linked_data:
            people = thing.get("author")
            names = [_name(person) for person in (people if isinstance(people, list) else [people])]
            if any(names):
                return metadata_value(", ".join(filter(None, names)))
        return ""

    def _address(self) -> str:
        node = self._tree.css_first('link[rel="canonical"][href]')
        stated = (node.attributes.get("href") or "") if node is not None else ""
        for address in (stated, self._meta.get("og:url", "")):
            if address.startswith(("https://", "http://")):
                return metadata_value(address)
        return ""


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


def _linked_data(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """The objects of the page's JSON-LD (schema.org), as far as it can be read."""
    for node in tree.css('script[type="application/ld+json"]'):
        source = _script_text(node)
        if len(source) > _MAX_LINKED_DATA:
            continue
        try:
            things = json.loads(source, strict=False)
        except (ValueError, RecursionError):
            continue
        for thing in things if isinstance(things, list) else [things]:
            if isinstance(thing, dict):
                yield thing
                graph = thing.get("@graph")
                yield from (
                    (t for t in graph if isinstance(t, dict)) if isinstance(graph, list) else ()
                )


def _script_text(node: LexborNode) -> str:
    return (node.child.text_content or "") if node.child is not None else ""


def _name(person: object) -> str:
    name = person.get("name") if isinstance(person, dict) else person
    return one_line(name) if isinstance(name, str) and "://" not in name else ""


def _is_title_in(title: str, stated: str) -> bool:
    least = _TITLE_FIRST if stated.startswith(title) else _TITLE_LAST
    return title in stated and len(title) >= least * len(stated)


def _without_site(title: str, site: str) -> str:
    """The title without the site's name before or behind it, where that name is known."""
    if not site or title == site:
        return title
    for part in _SITE_APART.finditer(title):
        if title[part.end() :].casefold() == site.casefold():
            return title[: part.start()]
        if title[: part.start()].casefold() == site.casefold():
            return title[part.end() :]
    return title
