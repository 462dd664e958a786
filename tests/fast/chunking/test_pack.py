"""The chunks that packing chooses cost no more than any others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ragcli.chunking import chunk_document
from ragcli.chunking.locate import Locator
from ragcli.chunking.measure import Measure
from ragcli.chunking.pack import CRUMB_SHARE, PER_CHUNK, _chunks_from, _tiny_joints, pack
from ragcli.chunking.units import document_units
from ragcli.domain import Block, Chunk, ChunkSettings, Document, Page

blocks = st.tuples(st.sampled_from(["paragraph", "code", 1, 2, 3]), st.integers(1, 12))


class WordCounter:
    def count(self, text: str) -> int:
        return len(text.split())

    def token_ends(self, text: str) -> None:
        return None


def built(parts: Sequence[tuple[object, int]], page_at: int) -> Document:
    text, made = "", []
    for kind, size in parts:
        start = len(text)
        text += " ".join(["word"] * size)
        if isinstance(kind, int):
            made.append(Block("heading", start, len(text), kind, "t"))
        else:
            made.append(Block("code" if kind == "code" else "paragraph", start, len(text)))
        text += "\n\n"
    cut = min(page_at * 10, len(text))
    return Document(text, "test", tuple(made), (Page(1, 0, cut), Page(2, cut, len(text))))


def partitions(n: int) -> Iterator[list[int]]:
    """Every way to cut n units: the places of the cuts, both ends included."""
    for choice in range(2 ** max(0, n - 1)):
        yield [0, *(i + 1 for i in range(n - 1) if choice >> i & 1), n]


@given(st.lists(blocks, min_size=1, max_size=7), st.integers(0, 40))
def test_no_other_chunks_are_cheaper(parts: list[tuple[object, int]], page_at: int) -> None:
    doc = built(parts, page_at)
    measure = Measure(doc.text, WordCounter(), 16, 18)
    units = document_units(doc, measure, Locator(doc))[:9]
    joints = _tiny_joints(units, measure)
    prices = {
        (first, after): PER_CHUNK + cost
        for first in range(len(units))
        for after, cost in _chunks_from(units, first, joints, measure)
    }

    def cost(cuts: list[int]) -> float:
        return sum(prices.get(span, float("inf")) for span in pairwise(cuts))

    chosen = [0]
    for group in pack(units, measure):
        chosen.append(chosen[-1] + len(group))
    assert cost(chosen) <= min(map(cost, partitions(len(units)))) + 1e-9


paragraphs = st.lists(st.lists(st.integers(2, 12), min_size=1, max_size=8), min_size=2, max_size=5)
SIZE = 24


def written(sizes: Sequence[Sequence[int]]) -> Document:
    """Paragraphs of sentences of so many words."""
    texts = [" ".join("Word" + " word" * (n - 1) + "." for n in sentences) for sentences in sizes]
    starts = [sum(len(text) + 2 for text in texts[:i]) for i in range(len(texts))]
    blocks = [
        Block("paragraph", start, start + len(text))
        for start, text in zip(starts, texts, strict=True)
    ]
    return Document("\n\n".join(texts), "test", tuple(blocks))


def cut(doc: Document) -> list[Chunk]:
    return chunk_document(doc, ChunkSettings(SIZE), WordCounter(), 2 * SIZE)


@given(paragraphs)
def test_parts_of_paragraphs_are_mixed_for_a_crumb_or_to_save_a_chunk(
    sizes: list[list[int]],
) -> None:
    doc = written(sizes)
    chunks = cut(doc)
    apart = sum(len(cut(written([sentences]))) for sentences in sizes)
    for chunk in chunks:
        spans = [
            (max(b.char_start, chunk.char_start), min(b.char_end, chunk.char_end), b)
            for b in doc.blocks
            if b.char_start < chunk.char_end and chunk.char_start < b.char_end
        ]
        in_part = any((start, end) != (b.char_start, b.char_end) for start, end, b in spans)
        if in_part and len(spans) > 1:
            least = min(len(doc.text[start:end].split()) for start, end, _ in spans)
            assert least < CRUMB_SHARE * SIZE or len(chunks) < apart
