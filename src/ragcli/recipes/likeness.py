"""How near texts are to a question in meaning, by the project's embedding model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragcli.retrieval.question import readable

if TYPE_CHECKING:
    from ragcli.domain import Embedder


@dataclass(frozen=True, slots=True)
class EmbeddedLikeness:
    """Keeps the promise ``Likeness``. ``embedder`` is called when it is first needed."""

    embedder: Callable[[], Embedder]

    def __call__(self, question: str, texts: Sequence[str]) -> list[float]:
        """Raises ProviderUnavailable, ModelMismatch."""
        model = self.embedder()
        share = readable(model.unknown_share(question))
        short = [t for t in texts if model.counter.count(t) <= model.room_tokens]
        if not share or not short or model.counter.count(question) > model.room_tokens:
            return [0.0] * len(texts)
        cosines = model.embed_documents(short) @ model.embed_query(question)  # (short,)
        near = dict(zip(short, cosines.tolist(), strict=True))
        return [share * readable(model.unknown_share(t)) * near.get(t, 0.0) for t in texts]
