"""The reranking step of a query: the best chunks, read beside the question and reordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ragcli.background import Background, Deadline
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
    deadline: Deadline | None,
    warnings: list[str],
) -> Ranking:
    """The chunks, whose ``rows`` retrieval has read, in the order that it and the reranker give
    together. They stay as they are, with a warning, where the reranker cannot read the question,
    or is not ready by the deadline. Raises ProviderUnavailable."""
    if len(ranking.chunks) < 2:
        return ranking
    can_read = readable(reranker.unknown_share(question))
    if can_read == 0:
        warnings.append(f"{reranker.name} cannot read this question: not reranked")
        return ranking
    texts = [rows[one.id].chunk.embed_text for one in ranking.chunks]
    try:
        # Its loading is not of the budget, only of the deadline.
        if deadline is None:
            reranker.score(question, ())
        elif not deadline.allows(Background(lambda: reranker.score(question, ()))):
            warnings.append(f"{reranker.name} was not ready in time: not reranked")
            return ranking
        spend_s = budget_s if deadline is None else min(budget_s, deadline.left_s)
        logits = score_within(
            texts, lambda some: reranker.score(question, some), spend_s, reranker.lanes
        )
    except TextTooLong as error:
        warnings.append(f"{error.message} beside a passage: not reranked by {reranker.name}")
        return ranking
    if len(logits) < len(texts):
        cure = ": the setting rerank_s gives it more" if spend_s == budget_s else ""
        warnings.append(
            f"{reranker.name} scored {len(logits)} of {len(texts)} candidates in its"
            f" {spend_s:.2g} s{cure}"
        )
    return ranking._replace(chunks=rerank(ranking.chunks, logits, can_read))
