"""Which languages of the corpus its embedding model was not taught, and how that is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ragcli import providers
from ragcli.embedding.languages import EVERY, MULTILINGUAL
from ragcli.store import Store, overview, sets
from ragcli.text.language_names import language_name

if TYPE_CHECKING:
    from ragcli.domain import Embedder
    from ragcli.store.rows import EmbeddingSet

# A fifth of the text unknown: below it are names, quotations and code, above it a language that the
# model was not taught.
SHARE_TO_TELL = 0.2

# An answer is warned of where half of the text can not be found by meaning: a line on every answer
# that a fifth cannot would not be read for long.
SHARE_TO_WARN = 0.5

# Smaller shares are told with the others, not named.
_SHARE_TO_NAME = 0.05

_BY_WORDS = ": found by words, not by meaning"


def by_words(store: Store, taught: frozenset[str] | None) -> dict[str, float]:
    """The languages that a model taught these does not know, each with its share of the text; none
    where nobody says what the model was taught."""
    if taught is None or taught == EVERY:
        return {}
    shares = overview.language_shares(store.connection)
    return {code: share for code, share in shares.items() if code not in taught}


def untaught(store: Store, embedder: Embedder, least: float = SHARE_TO_WARN) -> str | None:
    """What is said where so much of the text or more is in such languages; of an answer, unless
    another share is given."""
    found = by_words(store, embedder.languages)
    if sum(found.values()) < least:
        return None
    return f"{told(found)}, which {_short(embedder)} was not taught{_BY_WORDS}"


def is_untaught(warning: str) -> bool:
    """It is of the corpus, the same whatever was asked."""
    return warning.endswith(_BY_WORDS) and "was not taught" in warning


def before_embedding(
    store: Store, chosen: EmbeddingSet, embedder: Embedder, unknown_share: float
) -> str | None:
    """What is said before hours of embedding, with a model that does better; once for the same
    languages. ``unknown_share`` is that of a sample of the text."""
    found = untaught(store, embedder, SHARE_TO_TELL)
    if found is None and unknown_share >= SHARE_TO_TELL:
        found = (
            f"{_short(embedder)} does not know {unknown_share * 100:.0f} % of this text{_BY_WORDS}"
        )
    fact = sets.LANGUAGES_TOLD.format(chosen.id)
    codes = " ".join(sorted(_named(by_words(store, embedder.languages)))) or "?"
    if found is None or store.fact(fact) == codes:
        return None
    with store.transaction():
        store.set_fact(fact, codes)
    return f"{found}. Better: {_better()}"


def told(shares: Mapping[str, float]) -> str:
    """38 % of the text is Chinese, 12 % Korean."""
    named = _named(shares)
    parts = [f"{share * 100:.0f} % {language_name(code)}" for code, share in named.items()]
    return ", ".join([parts[0].replace("%", "% of the text is"), *parts[1:]])


def _named(shares: Mapping[str, float]) -> Mapping[str, float]:
    return {code: share for code, share in shares.items() if share >= _SHARE_TO_NAME} or shares


def _better() -> str:
    here = next((model for model in MULTILINGUAL if providers.is_local(model)), None)
    where = " (it is on this machine)" if here else ""
    return f"rag reembed --model {here or MULTILINGUAL[0]}{where}"


def _short(embedder: Embedder) -> str:
    return embedder.identity.name.rpartition("/")[2]
