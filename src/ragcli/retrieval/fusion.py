"""The evidence for a chunk, in parts that add up to its score.

Reciprocal rank fusion (Cormack et al. 2009) sees ranks only, and scaling each half by its best
candidate (Bruch et al. 2023) makes every question's best the same: a half that found nothing worth
having gets as much say as one that is sure. Here each half is measured against what the question
asks for. The cosine has a scale of its own; the keyword score is divided by the score of a text
that says everything the question does, terms that occur nowhere included. So a half that has little
says little, questions can be compared with each other, and the sum says how sure one may be
(``confidence.py``).

docs/retrieval.md has the figures behind each weight.
"""

from __future__ import annotations

from typing import NamedTuple

# Shares of a score's scale. Of weights from 0.3 to 0.6 for the keyword half and 0.1 to 0.25 for the
# words in one place none is better on English, Chinese and scientific texts by what can be told
# from chance.
DENSE, KEYWORD, NEAR = 0.4, 0.45, 0.15

# In source code a plain word stands in names, comments and strings of all kinds; what it does not
# say is what the code does. On questions to code the keyword half at full weight loses 0.04 of
# nDCG@10, at a quarter it gains 0.01. An identifier wins all the same (EXACT).
IN_CODE = 0.25

# A piece of the question that only an exact match answers outweighs all other evidence.
EXACT = 1.0

# Chunks do not overlap, so the words of an answer may stand on both sides of a cut: a chunk is lent
# this share of its best neighbour's score.
NEIGHBOUR = 0.2


class Parts(NamedTuple):
    """The evidence for one chunk; the parts add up to the score. ``rerank`` is what a reranker adds
    (``rerank.py``), the others are retrieval's own."""

    dense: float = 0.0
    keyword: float = 0.0
    near: float = 0.0
    exact: float = 0.0
    neighbour: float = 0.0
    rerank: float = 0.0

    @property
    def score(self) -> float:
        return sum(self)
