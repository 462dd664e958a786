"""A question, read as both halves of retrieval do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ragcli.errors import TextTooLong
from ragcli.recipes import languages
from ragcli.retrieval.exact import exact_pieces
from ragcli.retrieval.question import Question, rarest_weight, weigh
from ragcli.store import overview
from ragcli.text.asking import asked_terms
from ragcli.text.terms import characters

if TYPE_CHECKING:
    from ragcli.domain import Embedder, Mode
    from ragcli.store import Store
    from ragcli.store.rows import EmbeddingSet


def read_question(
    store: Store,
    chosen: EmbeddingSet,
    text: str,
    mode: Mode,
    embedder: Callable[[], Embedder],
    warnings: list[str],
) -> Question:
    """Its terms with their weights in this corpus, and, unless the mode is keyword, its embedding.

    Raises TextTooLong in dense mode; in hybrid mode that is a warning.
    """
    question = _words(store, chosen.chunk_set_id, text)
    if mode == "keyword":
        return question
    model = embedder()
    try:
        vector = model.embed_query(text)
    except TextTooLong as error:
        if mode == "dense":
            raise
        warnings.append(f"{error.message}: searched by its words only")
        return question
    question = question._replace(vector=vector, unknown_share=model.unknown_share(text))
    if question.readable == 0:
        warnings.append(
            f"{chosen.identity.name} cannot read this question: found by words, not by meaning"
        )
    elif untaught := languages.untaught(store, model):
        warnings.append(untaught)
    return question


def _words(store: Store, chunk_set_id: int, text: str) -> Question:
    """The question's terms, and, beside them, its Han characters that the corpus holds and that are
    not in every other chunk. Characters alone are no evidence."""
    spoken = tuple(overview.language_shares(store.connection))
    asked = asked_terms(text, spoken, store.vocabulary(chunk_set_id))
    frequencies = store.question_terms(chunk_set_id, asked.found)
    chunks = store.chunk_count(chunk_set_id)
    single = list(dict.fromkeys(characters(text))) if frequencies else []
    occurring = store.question_terms(chunk_set_id, single) if single else {}
    return Question(
        terms=(*frequencies, *(c for c, n in occurring.items() if n <= chunks / 2)),
        weights=weigh([*asked.found, *asked.missing], frequencies, chunks),
        exact=tuple(exact_pieces(text)),
        rarest=rarest_weight(chunks),
    )
