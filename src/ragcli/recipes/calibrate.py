"""What questions get here that are about nothing: the corpus' own background.

Each such question is made of words from places of the corpus that have nothing to do with each
other. What it gets, it gets by chance: more in a corpus about one field, where any words are near
any text. No document leaves its own text, and nothing but the corpus is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from ragcli.domain import Filter
from ragcli.recipes.question import read_question
from ragcli.recipes.search import StoreSearcher
from ragcli.retrieval.confidence import evidence
from ragcli.retrieval.retrieve import retrieve
from ragcli.store import sets
from ragcli.text.scripts import UNSPACED, unspaced_share
from ragcli.text.terms import STOP_WORDS

if TYPE_CHECKING:
    import random

    from ragcli.domain import Embedder
    from ragcli.store import Store
    from ragcli.store.rows import EmbeddingSet

# The median of 24 is within 0.03 of that of 1,000, which moves the line by less than 0.01.
QUESTIONS = 24

# As many words as the questions of public sets have beside stop words (5 to 6 on average).
WORDS = 6

# A word in a script without spaces, in characters.
UNSPACED_WORD = 3

# The background is measured anew when the corpus has grown or shrunk by a fifth.
GROWTH = 1.2


def chance(store: Store, chosen: EmbeddingSet) -> float | None:
    """What questions about nothing get; None until it was measured for this set."""
    measured = _measured(store, chosen)
    return measured[0] if measured else None


def is_due(store: Store, chosen: EmbeddingSet) -> bool:
    """The corpus is not the one that was measured, by more than a little."""
    chunks = store.chunk_count(chosen.chunk_set_id)
    measured = _measured(store, chosen)
    if not chunks or measured is None:
        return chunks > 0
    return max(chunks, measured[1]) > GROWTH * min(chunks, measured[1])


def calibrate(store: Store, chosen: EmbeddingSet, embedder: Callable[[], Embedder]) -> None:
    """Measure what questions about nothing get, and store it."""
    from statistics import median

    amounts = [_amount(store, chosen, text, embedder) for text in _questions(store, chosen)]
    if amounts:
        chunks = store.chunk_count(chosen.chunk_set_id)
        with store.transaction():
            store.set_fact(_name(chosen), f"{median(amounts):.4f} {chunks}")


def _amount(
    store: Store, chosen: EmbeddingSet, text: str, embedder: Callable[[], Embedder]
) -> float:
    question = read_question(store, chosen, text, "hybrid", embedder, [])
    searcher = StoreSearcher(store, chosen.chunk_set_id, Filter(), embedder().unknown_share)
    return evidence(retrieve(searcher, question, "hybrid", 1).chunks)


def _questions(store: Store, chosen: EmbeddingSet) -> list[str]:
    """The same ones for the same corpus."""
    from random import Random  # a question needs `chance` only

    choose = Random(0)
    words = [
        word
        for row in store.passages(store.sample(chosen.chunk_set_id, QUESTIONS * WORDS, choose))
        if (word := _word(row.chunk.text, choose))
    ]
    choose.shuffle(words)  # neighbouring chunks are about one thing
    starts = range(0, len(words) - WORDS + 1, WORDS)
    return [" ".join(words[start : start + WORDS]) for start in starts]


def _word(text: str, choose: random.Random) -> str | None:
    found = [w for w in _words().findall(text) if w.lower() not in STOP_WORDS]
    if not found:
        return None
    word = str(choose.choice(found))
    if unspaced_share(word) > 0.5:
        start = choose.randrange(max(1, len(word) - UNSPACED_WORD + 1))
        word = word[start : start + UNSPACED_WORD]
    return word


def _measured(store: Store, chosen: EmbeddingSet) -> tuple[float, int] | None:
    """(what they got, of how many chunks), when it was measured last."""
    fact = store.fact(_name(chosen))
    if fact is None:
        return None
    try:
        amount, chunks = fact.split()
        return float(amount), int(chunks)
    except ValueError:  # damaged: it is measured anew
        return None


@cache
def _words() -> re.Pattern[str]:
    return re.compile(rf"[{UNSPACED}]{{2,}}|[^\W\d_{UNSPACED}]{{3,}}")


def _name(chosen: EmbeddingSet) -> str:
    return sets.CHANCE.format(chosen.id)
