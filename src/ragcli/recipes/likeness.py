"""How near texts are to a question in meaning, by the project's embedding model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragcli.retrieval.question import readable

if TYPE_CHECKING:
    from ragcli.domain import Embedder


def likeness(model: Embedder, question: str, texts: Sequence[str]) -> list[float]:
    """What the promise ``Likeness`` says, on all lanes. Raises ProviderUnavailable."""
    from concurrent.futures import ThreadPoolExecutor

    share = readable(model.unknown_share(question))
    short = [t for t in texts if model.counter.count(t) <= model.room_tokens]
    if not share or not short or model.counter.count(question) > model.room_tokens:
        return [0.0] * len(texts)
    asked = model.embed_query(question)
    near: dict[str, float] = {}
    with ThreadPoolExecutor(model.lanes) as pool:
        some = [short[lane :: model.lanes] for lane in range(min(model.lanes, len(short)))]
        for own, vectors in zip(some, pool.map(model.embed_documents, some), strict=True):
            near |= zip(own, (vectors @ asked).tolist(), strict=True)
    return [share * readable(model.unknown_share(t)) * near.get(t, 0.0) for t in texts]
