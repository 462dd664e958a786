"""What a text itself says about a question: the words it has together in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# A sentence's length in terms. 10 to 40 do alike on the development sets.
WINDOW_TERMS = 15


def window_share(terms: Sequence[str], weights: Mapping[str, float]) -> float:
    """The largest share of the question's weight that stands together in a text, 0 to 1.

    ``terms`` are the text's in order. BM25 counts words wherever they stand in a chunk; that they
    stand within one sentence says more (Tao and Zhai 2007, on proximity).
    """
    total = sum(weights.values())
    if not total:
        return 0.0
    places = [(place, term) for place, term in enumerate(terms) if term in weights]
    counts: dict[str, int] = {}
    best = held = 0.0
    first = 0
    for place, term in places:
        counts[term] = counts.get(term, 0) + 1
        if counts[term] == 1:
            held += weights[term]
        while places[first][0] <= place - WINDOW_TERMS:
            gone = places[first][1]
            counts[gone] -= 1
            if not counts[gone]:
                held -= weights[gone]
            first += 1
        best = max(best, held)
    return best / total


def surprise(terms: Iterable[str], weights: Mapping[str, float]) -> float:
    """How unlikely it is that a text has these words of the question by chance, in nats: the sum of
    the weights of those it has. A weight is the logarithm of how rare a word is."""
    held = weights.keys() & terms
    return sum(weight for term, weight in weights.items() if term in held)
