"""PowerPoint presentations (.pptx, .pptm, .ppsx, .potx): a page for each slide, in the order of
the presentation, with its notes and comments."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from ragcli.domain import Document, Page, Problem
from ragcli.errors import Unreadable
from ragcli.reading.drawings import drawing_lines
from ragcli.reading.extracted import TextBuilder, one_line
from ragcli.reading.office import comment, core_properties, document_of, main_part
from ragcli.reading.package import Relation, attribute, child, opened, relations, tree
from ragcli.reading.slidetext import SlideText, paragraphs


def read(data: bytes, path: PurePath) -> Document:
    """All slides, hidden ones too; a slide that cannot be read costs that slide.

    Raises Unreadable (``encrypted``, ``wrong_format``, ``broken``, ``too_large``).
    """
    with opened(data, "PPTX", "PowerPoint or LibreOffice") as package:
        return _read_package(package)


def _read_package(package: zipfile.ZipFile) -> Document:
    main = main_part(package, "ppt/presentation.xml", "PowerPoint presentation")
    problems: list[Problem] = []
    links = relations(package, main)
    authors = _authors(package, links, problems)
    builder = TextBuilder()
    text = SlideText(builder)
    slides = _Slides(package, text, authors)
    pages = []
    for number, part in enumerate(_slide_parts(package, main, links, problems), 1):
        start = builder.next_start
        found: list[Problem] = []
        slides.add(part, found)
        problems += [replace(problem, page=number) for problem in found]
        pages.append(Page(number, min(start, builder.length), builder.length))
    if problems and not builder.text:
        raise Unreadable(problems[0].code, problems[0].message, problems[0].hint)
    facts = core_properties(package)
    return document_of(
        "pptx", builder, facts, next(iter(text.titles), None), pages=pages, problems=problems
    )


def _slide_parts(
    package: zipfile.ZipFile, main: str, links: dict[str, Relation], problems: list[Problem]
) -> list[str]:
    """The slides in the presentation's order; where that cannot be read, in that of their links."""
    root = tree(package, main, problems)
    listed = [] if root is None else root.findall("{*}sldIdLst/{*}sldId")
    # A slide's id has no namespace, its link's has one: the last attribute of the name counts.
    names = [[v for k, v in e.items() if k.endswith("}id")] for e in listed]
    ordered = [links[ids[0]].part for ids in names if ids and ids[0] in links]
    missing = len(listed) - len(ordered)
    if missing:
        problems.append(Problem("broken", f"{missing} slides are missing"))
    return ordered or [link.part for link in links.values() if link.kind == "slide"]


class _Slides:
    """Adds one slide after the other, with what lies in parts of its own."""

    def __init__(self, package: zipfile.ZipFile, text: SlideText, authors: dict[str, str]) -> None:
        self._package = package
        self._text = text
        self._authors = authors
        self._masters: set[str] = set()  # those whose text has been added

    def add(self, part: str, problems: list[Problem]) -> None:
        root = tree(self._package, part, problems)
        shapes = child(root, "cSld", "spTree") if root is not None else None
        links = relations(self._package, part)
        if shapes is not None:
            self._text.add(
                shapes, lambda link: drawing_lines(self._package, links.get(link), problems)
            )
            self._add_masters(root, links)
        for kind, add in (("notesSlide", _add_notes), ("comments", _add_comments)):
            for link in links.values():
                linked = tree(self._package, link.part, problems) if link.kind == kind else None
                if linked is not None:
                    add(linked, self._text.builder, self._authors)

    def _add_masters(self, slide: Any, links: dict[str, Relation]) -> None:
        """What the slide's layout and its master show on it, for the first slide that has it."""
        for kind in ("slideLayout", "slideMaster"):
            part = next((link.part for link in links.values() if link.kind == kind), "")
            if attribute(slide, "showMasterSp") in ("0", "false") or part in ("", *self._masters):
                return
            self._masters.add(part)
            slide, links = tree(self._package, part, []), relations(self._package, part)
            shapes = child(slide, "cSld", "spTree") if slide is not None else None
            if shapes is not None:
                self._text.add_background(shapes)


def _add_notes(root: Any, builder: TextBuilder, authors: dict[str, str]) -> None:
    """What the speaker notes, which the body placeholder of a notes page holds."""
    for shape in root.iter("{*}sp"):
        if attribute(child(shape, "nvSpPr", "nvPr", "ph"), "type") == "body" and (
            text := "\n".join(paragraphs(shape))
        ):
            builder.add("paragraph", f"Notes: {text}")


def _add_comments(root: Any, builder: TextBuilder, authors: dict[str, str]) -> None:
    """Comments of both kinds: a text (PowerPoint 2007), a body with replies (2021)."""
    for said in root.iter("{*}cm", "{*}reply"):
        body = child(said, "txBody")
        plain = child(said, "text")
        text = " ".join(paragraphs(body)) if body is not None else ""
        if plain is not None:
            text = plain.text or ""
        if text := one_line(text):
            author = authors.get(attribute(said, "authorId"), "")
            builder.add("paragraph", comment(author, text))


def _authors(
    package: zipfile.ZipFile, links: dict[str, Relation], problems: list[Problem]
) -> dict[str, str]:
    """The names of those who commented, by their id."""
    parts = [r.part for r in links.values() if r.kind in ("commentAuthors", "authors")]
    roots = [root for part in parts if (root := tree(package, part, problems)) is not None]
    return {attribute(e, "id"): attribute(e, "name") for root in roots for e in root}
