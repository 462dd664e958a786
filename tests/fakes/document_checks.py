"""What holds for every document, whoever read it."""

from __future__ import annotations

from itertools import pairwise

from ragcli.domain import Document


def check(document: Document, markup: str = "", start: int = 0) -> None:
    """Every reader's promises. Only ``markup`` characters, or what stands before ``start`` (front
    matter), may lie outside all blocks."""
    text, blocks, pages = document.text, document.blocks, document.pages
    text.encode()  # no lone surrogates
    for block in blocks:
        assert 0 <= block.char_start < block.char_end <= len(text)
        piece = text[block.char_start : block.char_end]
        assert piece == piece.rstrip()
        if block.kind == "heading":
            assert block.level >= 1
            assert block.title == " ".join(block.title.split())
            assert block.title or document.format == "code"  # the end of a definition
        else:
            assert (block.level, block.title) == (0, "")
    for left, right in pairwise(blocks):
        assert left.char_end <= right.char_start
    outside = uncovered(text, [(b.char_start, b.char_end) for b in blocks], start)
    assert not set(outside) - set(markup), outside
    for left_page, right_page in pairwise(pages):
        assert left_page.number < right_page.number
        assert left_page.char_start <= left_page.char_end <= right_page.char_start
    if pages:
        assert uncovered(text, [(p.char_start, p.char_end) for p in pages], 0) == ""
    for key, value in document.metadata.items():
        assert key and value
        f"{key}{value}".encode()


def uncovered(text: str, spans: list[tuple[int, int]], start: int) -> str:
    """The visible characters outside the spans."""
    gaps = []
    for span_start, span_end in spans:
        gaps.append(text[start:span_start])
        start = max(start, span_end)
    gaps.append(text[start:])
    return "".join("".join(gaps).split())


def pieces(document: Document) -> list[tuple[str, str]]:
    """(kind, text) of each block."""
    return [(b.kind, document.text[b.char_start : b.char_end]) for b in document.blocks]


def headings(document: Document) -> list[tuple[int, str]]:
    """(level, title) of each heading."""
    return [(b.level, b.title) for b in document.blocks if b.kind == "heading"]
