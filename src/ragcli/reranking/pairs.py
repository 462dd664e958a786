"""Two texts as one sequence of tokens, within the model's limit."""

from __future__ import annotations

from collections.abc import Callable

from ragcli.errors import TextTooLong
from ragcli.models.tokenizer import ModelTokenizer
from ragcli.reranking.engine import Pair
from ragcli.reranking.folder import CrossEncoderFolder
from ragcli.reranking.windows import windows

# What takes more of the model's limit (a question, a claim) leaves too little room for the texts
# that it is paired with: they would be read in many small parts.
SHARE = 0.5


class PairTokenizer:
    """Makes pairs as the model was trained on them."""

    def __init__(self, folder: CrossEncoderFolder) -> None:
        self._tokenizer = ModelTokenizer(folder.path)
        self._max_tokens = folder.max_tokens

    def unknown_share(self, text: str) -> float:
        """The share of the text's pieces that the vocabulary lacks, 0 to 1."""
        return self._tokenizer.unknown_share(text)

    def check(self, text: str) -> None:
        """Raises TextTooLong for one that leaves too little room beside it."""
        room = int(self._max_tokens * SHARE)
        size = self._tokenizer.count(text)
        if size > room:
            raise TextTooLong(0, size, room)

    def pair(self, first: str, second: str) -> Pair:
        """The pair, however long it is."""
        ids, types = self._tokenizer.encode_pair(first, second)
        return Pair(first, second, ids, types)

    def pairs(self, text: str, paired: Callable[[str], Pair]) -> list[Pair]:
        """What ``paired`` makes of the text: of all of it where that fits, else of parts."""
        whole = paired(text)
        if self._fits(whole):
            return [whole]
        return [paired(part) for part in windows(text, lambda part: self._fits(paired(part)))]

    def _fits(self, pair: Pair) -> bool:
        return len(pair.ids) <= self._max_tokens
