"""The reranking step of a query: the best chunks, read beside the question and reordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ragcli.errors import TextTooLong
from ragcli.retrieval.question import readable
from ragcli.retrieval.rerank import rerank, score_within

if TYPE_CHECKING:
    from ragcli.domain import Reranker
    from ragcli.retrieval.retrieve import Ranking
    from ragcli.store.rows import ChunkRow


def reranked(
    question: str,
    ranking: Ranking,
    rows: Mapping[int, ChunkRow],
    reranker: Reranker,
    budget_s: float,
    warnings: list[str],
) -> Ranking:
    """The chunks, whose ``rows`` retrieval has read, in the order that it and the reranker give
    together. They stay as they are, with a warning, where the reranker cannot read the question.
    Raises ProviderUnavailable."""
    if len(ranking.chunks) < 2:
        return ranking
    can_read = readable(reranker.unknown_share(question))
    if can_read == 0:
        warnings.append(f"{reranker.name} cannot read this question: not reranked")
        return ranking
    texts = [rows[one.id].chunk.embed_text for one in ranking.chunks]
    try:
        reranker.score(question, ())  # its loading is not of the budget
        logits = score_within(
            texts, lambda some: reranker.score(question, some), budget_s, reranker.lanes
        )
    except TextTooLong as error:
        warnings.append(f"{error.message} beside a passage: not reranked by {reranker.name}")
        return ranking
    if len(logits) < len(texts):
        warnings.append(
            f"{reranker.name} scored {len(logits)} of {len(texts)} candidates in its"
            f" {budget_s:g} s: the setting rerank_s gives it more"
        )
    return ranking._replace(chunks=rerank(ranking.chunks, logits, can_read))
