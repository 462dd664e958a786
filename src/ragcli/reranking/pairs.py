"""A question and a text as one sequence of tokens, within the model's limit."""

from __future__ import annotations

from ragcli.errors import TextTooLong
from ragcli.models.tokenizer import ModelTokenizer
from ragcli.reranking.engine import Pair
from ragcli.reranking.folder import CrossEncoderFolder
from ragcli.reranking.windows import windows

# A question that takes more of the model's limit leaves too little room for the texts: they would
# be read in many small parts.
QUESTION_SHARE = 0.5


class PairTokenizer:
    """Makes pairs as the model was trained on them."""

    def __init__(self, folder: CrossEncoderFolder) -> None:
        self._tokenizer = ModelTokenizer(folder.path)
        self._max_tokens = folder.max_tokens

    def unknown_share(self, text: str) -> float:
        """The share of the text's pieces that the vocabulary lacks, 0 to 1."""
        return self._tokenizer.unknown_share(text)

    def check_question(self, question: str) -> None:
        """Raises TextTooLong for one that leaves too little room."""
        room = int(self._max_tokens * QUESTION_SHARE)
        size = self._tokenizer.count(question)
        if size > room:
            raise TextTooLong(0, size, room)

    def pair(self, question: str, text: str) -> Pair:
        """The pair, however long it is."""
        ids, types = self._tokenizer.encode_pair(question, text)
        return Pair(question, text, ids, types)

    def pairs(self, question: str, text: str) -> list[Pair]:
        """The text whole where it fits beside the question, else in parts that do."""
        whole = self.pair(question, text)
        if self._fits(whole):
            return [whole]
        parts = windows(text, lambda part: self._fits(self.pair(question, part)))
        return [self.pair(question, part) for part in parts]

    def _fits(self, pair: Pair) -> bool:
        return len(pair.ids) <= self._max_tokens
