"""OpenDocument presentations (.odp, .otp, .fodp) and drawings (.odg): a page for each slide."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ragcli.domain import Document, Page
from ragcli.reading.extracted import one_line
from ragcli.reading.odfstyles import Styles
from ragcli.reading.odftext import SHAPES, Body
from ragcli.reading.office import Facts, document_of
from ragcli.reading.opendocument import facts, opened_document
from ragcli.reading.package import attribute, local_name

# What a master repeats on each slide.
_MARGINS = frozenset(("header", "footer", "date-time", "page-number"))


def read(data: bytes, path: PurePath) -> Document:
    """All slides, hidden ones too.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened_document(data, "ODP") as document:
        styles, stated = Styles(), Facts()
        slides = _Slides(Body(styles, document))
        tags, around = ("page", "footer-decl"), ("presentation", "drawing")
        for element in document.leaves(tags, around):
            name = local_name(element)
            if name == "meta":
                stated = facts(element)
            elif name in ("styles", "automatic-styles"):
                styles.add(element)
            elif name == "master-styles":
                slides.backgrounds = _backgrounds(element, slides.body)
            elif name == "footer-decl":
                slides.footers[attribute(element, "name")] = one_line("".join(element.itertext()))
            elif name == "page":
                slides.add(element)
        builder = slides.body.builder
        document.check_found(builder.text)
    return document_of(
        "odp", builder, stated, slides.title, pages=slides.pages, problems=document.problems
    )


def _backgrounds(masters: Any, body: Body) -> dict[str, list[str]]:
    """By the name of a master, what it shows beside its placeholders."""
    found = {}
    for master in masters.iter("{*}master-page"):
        shapes = [s for s in master if local_name(s) in SHAPES and not attribute(s, "class")]
        texts = (one_line(" ".join(body.texts(shape))) for shape in shapes)
        found[attribute(master, "name")] = [text for text in texts if text]
    return found


class _Slides:
    """The slides so far; footers, and the texts of masters, that are still to be shown, by
    name."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.pages: list[Page] = []
        self.title: str | None = None
        self.footers: dict[str, str] = {}
        self.backgrounds: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def add(self, page: Any) -> None:
        """Append a slide: its title, shapes, footer where it is new, notes and comments."""
        self.body.begin_page()
        builder = self.body.builder
        start = builder.next_start
        shapes = [shape for shape in page if local_name(shape) in SHAPES]
        for shape in sorted(shapes, key=lambda s: attribute(s, "class") != "title"):
            kind = attribute(shape, "class")
            if kind == "title":
                self._add_title(shape)
            elif kind not in _MARGINS:
                self.body.add(shape)
        builder.add("paragraph", self.footers.pop(attribute(page, "use-footer-name"), ""))
        for text in self.backgrounds.pop(attribute(page, "master-page-name"), ()):
            if text not in self._seen:
                self._seen.add(text)
                builder.add("paragraph", text)
        for notes in page.findall("{*}notes"):
            self._add_notes(notes)
        for annotation in page.findall("{*}annotation"):
            self.body.add_comment(annotation)
        number = len(self.pages) + 1
        self.pages.append(Page(number, min(start, builder.length), builder.length))

    def _add_title(self, shape: Any) -> None:
        title = one_line(" ".join(self.body.texts(shape)))
        self.title = self.title or title or None
        self.body.builder.add("heading", title, level=1, title=title)

    def _add_notes(self, notes: Any) -> None:
        for shape in notes:
            if attribute(shape, "class") == "notes":
                text = "\n".join(line for line in self.body.texts(shape) if line)
                self.body.builder.add("paragraph", f"Notes: {text}" if text else "")
