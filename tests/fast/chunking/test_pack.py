"""The chunks that packing chooses cost no more than any others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ragcli.chunking.locate import Locator
from ragcli.chunking.measure import Measure
from ragcli.chunking.pack import PER_CHUNK, _chunks_from, _tiny_joints, pack
from ragcli.chunking.units import document_units
from ragcli.domain import Block, Document, Page

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
