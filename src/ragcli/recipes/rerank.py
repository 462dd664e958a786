"""The reranking step of a query: the best candidates, read beside the question and reordered."""

from __future__ import annotations

from collections.abc import Sequence

from ragcli.domain import Reranker
from ragcli.errors import TextTooLong
from ragcli.retrieval.exact import exact_hits, exact_pieces
from ragcli.retrieval.rerank import Candidate, rerank, rerank_weight, score_within
from ragcli.retrieval.retrieve import Ranked
from ragcli.store import Store


def reranked(
    store: Store,
    question: str,
    ranked: Sequence[Ranked],
    reranker: Reranker,
    budget_s: float,
    warnings: list[str],
) -> list[Ranked]:
    """The chunks, given best first, in the order that retrieval and reranker give together;
    ``explain`` tells the parts of each score. They stay as they are, with a warning, where the
    reranker cannot read the question. Raises ProviderUnavailable, ProjectCorrupt."""
    if len(ranked) < 2:
        return list(ranked)
    weight = rerank_weight(reranker.unknown_share(question))
    if weight == 0:
        warnings.append(f"{reranker.name} cannot read this question: not reranked")
        return list(ranked)
    texts = [row.chunk.embed_text for row in store.passages([one.id for one in ranked])]
    try:
        reranker.score(question, ())  # its loading is not of the budget
        logits = score_within(
            texts, lambda some: reranker.score(question, some), budget_s, reranker.lanes
        )
    except TextTooLong as error:
        warnings.append(f"{error.message} beside a passage: not reranked by {reranker.name}")
        return list(ranked)
    if len(logits) < len(texts):
        warnings.append(
            f"{reranker.name} scored {len(logits)} of {len(texts)} candidates in its"
            f" {budget_s:g} s: the setting rerank_s gives it more"
        )
    hits = exact_hits(exact_pieces(question), texts)
    candidates = [Candidate(one.score, hit) for one, hit in zip(ranked, hits, strict=True)]
    order = []
    for new in rerank(candidates, logits, weight):
        old = ranked[new.place]
        parts = {
            "rerank_weight": weight,
            "rerank_part": new.rerank_part,
            "retrieval_part": new.retrieval_part,
            "retrieval_score": old.score,
        }
        if new.logit is not None:
            parts["rerank_logit"] = new.logit
        order.append(Ranked(old.id, new.score, old.found_by, {**old.explain, **parts}))
    return order
