"""OpenDocument files (OASIS ODF 1.0 to 1.4): a zip of parts, or all of them in one flat XML."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ragcli.domain import Problem
from ragcli.errors import Unreadable
from ragcli.reading.office import Facts, facts_of
from ragcli.reading.package import (
    attribute,
    elements,
    leaves,
    local_name,
    open_part,
    opened,
    part_named,
    tree,
)

# What stands at the beginning of a document, before its body.
FRONT = frozenset(("meta", "styles", "automatic-styles", "master-styles"))
_ROOTS = frozenset(("document", "document-content", "document-styles", "document-meta", "body"))
_PARTS = ("meta.xml", "styles.xml", "content.xml")
_FACTS = {
    "title": "title",
    "creator": "creator",
    "initial-creator": "creator",
    "subject": "subject",
    "keyword": "keywords",
    "date": "modified",
    "creation-date": "created",
}


@dataclass(slots=True)
class OpenDocument:
    """An open file. ``problems`` grow as damage is met."""

    data: bytes
    package: zipfile.ZipFile | None  # None for a flat one
    problems: list[Problem] = field(default_factory=list)

    def leaves(self, tags: Collection[str], containers: Collection[str]) -> Iterator[Any]:
        """The elements named in ``tags``, and those of FRONT, that stand in nothing but
        ``containers``, in the order in which they can be understood."""
        wanted, around = {*tags, *FRONT}, {*containers, *_ROOTS}
        if self.package is None:
            yield from leaves(io.BytesIO(self.data), "the file", wanted, around, self.problems)
            return
        for name in _PARTS:
            part = part_named(self.package, name)
            if part is not None:
                with open_part(self.package, part) as stream:
                    yield from leaves(stream, name, wanted, around, self.problems)

    def embedded(self, frame: Any) -> Any:
        """The root of the document (a chart, a formula, a sheet) that a ``draw:object`` shows;
        None when there is none that can be read."""
        part = f"{attribute(frame, 'href').removeprefix('./').strip('/')}/content.xml"
        if self.package is not None and part_named(self.package, part) is not None:
            return tree(self.package, part, self.problems)
        return next((e for e in frame if local_name(e) in ("document", "math")), None)

    def check_found(self, text: str) -> None:
        """Raises Unreadable when there is no text and damage may be why."""
        if self.problems and not text:
            problem = self.problems[0]
            raise Unreadable(problem.code, problem.message, problem.hint)


@contextmanager
def opened_document(data: bytes, name: str) -> Iterator[OpenDocument]:
    """The document in a file's bytes; ``name`` is the format's in messages ("ODT").

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<?xml", b"<office:document")):
        yield OpenDocument(data, None)
        return
    with opened(data, name, "LibreOffice") as package:
        if part_named(package, "content.xml") is None:
            raise Unreadable("wrong_format", f"a zip file, but not an {name} document")
        if elements(package, "META-INF/manifest.xml", "encryption-data"):
            hint = "save it without a password"
            raise Unreadable("encrypted", "encrypted with a password", hint)
        yield OpenDocument(data, package)


def facts(meta: Any) -> Facts:
    """What the element ``office:meta`` states."""
    values: dict[str, str] = {}
    for element in meta:
        name = _FACTS.get(local_name(element))
        text = (element.text or "").strip()
        if not name or not text:
            continue
        if name == "keywords" and name in values:
            values[name] += f", {text}"
        # Dublin Core's creator is here who changed it last.
        elif local_name(element) != "creator" or name not in values:
            values[name] = text
    return facts_of(values)
