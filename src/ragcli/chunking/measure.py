"""How long a piece of a document is, in tokens and in characters."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ragcli.domain import TokenCounter, with_headings
from ragcli.text.estimate import english_tokens

# A token bound alone does not bound a text: WordPiece makes one [UNK] of any run without a space
# that is longer than 100 characters, be it a million. English has about 4.5 characters to a token
# of all-MiniLM-L6-v2, indented code about 6; past 8 it is data or padding, not words.
MAX_CHARACTERS_PER_TOKEN = 8

# Enough of a text to tell its bytes to a token, where counting all of it would be a second pass.
SAMPLE_CHARACTERS = 20_000

# A chunk may grow by this share beyond its size, within the model's room, where it would otherwise
# leave a crumb behind: a title of two words before a paragraph that fills a chunk.
STRETCH_SHARE = 8


# What parts tokens for every tokenizer that `token_ends` speaks for. BERT's drops a form feed and
# other controls, and joins what stood around them.
WHITE_SPACE = " \t\n\r"


class Measure:
    """A document's text, the model's counter, and the size of a chunk.

    ``size_tokens`` is the size of a chunk's embedded text to aim at, never more than the room. It
    is stated for English: a text whose words the model's vocabulary breaks into more pieces
    (Chinese: one for each character; code; a language it was not made for) gets chunks of as many
    bytes, not of as few words. ``stretch_tokens`` is how far the size may be exceeded;
    ``max_characters`` the other bound of a chunk.
    """

    def __init__(
        self, text: str, counter: TokenCounter, size_tokens: int, room_tokens: int
    ) -> None:
        self.text = text
        self._counter = counter
        self._ends = counter.token_ends(text)  # the whole text is encoded once
        size_tokens = round(size_tokens * self._tokens_for_one_of_english())
        self.size_tokens = max(1, min(size_tokens, room_tokens))
        self.stretch_tokens = max(
            0, min(self.size_tokens // STRETCH_SHARE, room_tokens - self.size_tokens)
        )
        self.max_characters = MAX_CHARACTERS_PER_TOKEN * self.size_tokens
        self._paths: dict[tuple[str, ...], int] = {}
        self._gaps = {"": 0, " ": 0}  # one space between words is in the tokens of the words

    def _tokens_for_one_of_english(self) -> float:
        """How many tokens this text takes for what is one token in English, 1 or more."""
        sample = self.text if self._ends is not None else self.text[:SAMPLE_CHARACTERS]
        tokens = len(self._ends) if self._ends is not None else self._counter.count(sample)
        return max(1.0, tokens / english_tokens(sample)) if sample else 1.0

    def count(self, start: int, end: int) -> int | None:
        """Tokens of ``text[start:end]``; None, uncounted, when it has too many characters."""
        if end - start > self.max_characters:
            return None
        return self._tokens(start, end)

    def _tokens(self, start: int, end: int) -> int:
        ends, text = self._ends, self.text
        if ends is None or not (_is_parted(text, start) and _is_parted(text, end)):
            return self._counter.count(text[start:end])
        return bisect_right(ends, end) - bisect_right(ends, start)

    def count_gap(self, start: int, end: int) -> int:
        """Tokens of what stands between two units: white space, or markup outside any block.

        Markup longer than an eighth of a chunk counts as more than any chunk can hold.
        """
        impassable = self.size_tokens + self.stretch_tokens + 1
        if end - start > self.max_characters:
            return impassable
        gap = self.text[start:end]
        if gap not in self._gaps:
            tokens = self._counter.count(gap)
            too_long = not gap.isspace() and tokens > self.size_tokens // 8
            self._gaps[gap] = impassable if too_long else tokens
        return self._gaps[gap]

    def count_embedded(self, headings: Sequence[str], text: str) -> int:
        """Tokens of a text under its heading path, exactly as it will be embedded."""
        return self._counter.count(with_headings(headings, text))

    def count_chunk(self, headings: tuple[str, ...], start: int, end: int) -> int:
        """The same of ``text[start:end]``."""
        if self._ends is None:
            return self.count_embedded(headings, self.text[start:end])
        if headings not in self._paths:  # white space stands between the path and the text
            self._paths[headings] = self.count_embedded(headings, "")
        return self._paths[headings] + self._tokens(start, end)


def _is_parted(text: str, place: int) -> bool:
    """White space, or an end of the text, on one side."""
    if place in (0, len(text)):
        return True
    return text[place - 1] in WHITE_SPACE or text[place] in WHITE_SPACE
