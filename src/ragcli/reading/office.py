"""What the formats of office programs share: facts, and how parts of a text are put in lines."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ragcli.domain import Document, Page, Problem
from ragcli.errors import Unreadable
from ragcli.reading.dates import iso_date
from ragcli.reading.extracted import TextBuilder, metadata_value, one_line
from ragcli.reading.package import elements, local_name, part_named, relations
from ragcli.reading.titles import meant_title

_HEADING_STYLE = re.compile(
    r"(?:heading|标题|標題|見出し|제목|überschrift|titre|título|titolo|kop|rubrik|заголовок|nagłówek)"
    r" ?([1-9])$",
    re.IGNORECASE,
)
# Deeper lists are indented no further: the text would leave its line.
_MAX_INDENT = 8


@dataclass(frozen=True, slots=True)
class Facts:
    """A document's properties; ``date`` is when it was last changed (ISO 8601)."""

    title: str = ""
    date: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def document_of(
    format: str,
    builder: TextBuilder,
    facts: Facts,
    title: str | None,
    *,
    pages: Iterable[Page] = (),
    problems: Iterable[Problem] = (),
) -> Document:
    """What was gathered, as a document. ``title`` is what its text calls it, where its properties
    say nothing that was meant."""
    return Document(
        text=builder.text,
        format=format,
        blocks=builder.blocks,
        pages=tuple(pages),
        title=meant_title(facts.title) or title,
        date=facts.date,
        metadata=facts.metadata,
        problems=tuple(problems),
    )


def main_part(package: zipfile.ZipFile, usual: str, noun: str) -> str:
    """The part that the package's own table calls the document; ``usual`` is where it lies
    else. Raises Unreadable (``wrong_format``)."""
    for relation in relations(package, "").values():
        if relation.kind == "officeDocument":
            return relation.part
    found = part_named(package, usual)
    if found is None:
        raise Unreadable("wrong_format", f"a zip file, but not a {noun}")
    return found


def core_properties(package: zipfile.ZipFile) -> Facts:
    """The core properties that say something (ECMA-376 part 2, 8.3)."""
    parts = [r.part for r in relations(package, "").values() if r.kind == "core-properties"]
    return facts_of(
        {
            local_name(element): element.text or ""
            for root in elements(package, (parts or ["docProps/core.xml"])[0], "coreProperties")
            for element in root
        }
    )


def facts_of(values: Mapping[str, str]) -> Facts:
    """Facts from values by the names that Dublin Core and Office's core properties give them."""
    values = {name: metadata_value(value) for name, value in values.items()}
    return Facts(
        title=values.get("title", ""),
        date=iso_date(values.get("modified", "")) or iso_date(values.get("created", "")),
        metadata={
            name: values[key]
            for key, name in (
                ("creator", "author"),
                ("subject", "subject"),
                ("keywords", "keywords"),
            )
            if values.get(key)
        },
    )


def comment(author: str, text: str) -> str:
    """A comment as it stands in a text, after what it is about."""
    author = one_line(author)
    return f"Comment by {author}: {text}" if author else f"Comment: {text}"


def row_line(cells: Sequence[str]) -> str:
    """A row of a table as a line; empty cells at its end are left out."""
    filled = max((i + 1 for i, cell in enumerate(cells) if cell), default=0)
    return " | ".join(cells[:filled])


def heading_level(style_name: str) -> int | None:
    """The level of a heading that the name of its style tells, in the languages of Office."""
    match = _HEADING_STYLE.match(style_name.replace("_20_", " "))  # LibreOffice's space
    return int(match[1]) if match else None


def list_line(depth: int, marker: str, text: str) -> str:
    """An item of a list as a line; the outermost items have depth 0."""
    return f"{'  ' * min(depth, _MAX_INDENT)}{marker} {text}"
