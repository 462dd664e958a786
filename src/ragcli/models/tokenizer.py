"""A model's own tokenizer, without torch."""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# BERT's and its kin: white space and punctuation part words before anything is looked up.
_PARTED_BY_WHITE_SPACE = ("BertPreTokenizer",)

# The tokenizer's record of a token takes a hundred bytes: a book is encoded in pieces, which end at
# white space.
_PIECE = re.compile(r".{1,65536}(?:[ \t\n\r]|\Z)|[^ \t\n\r]+", re.DOTALL)


class ModelTokenizer:
    """Counts tokens as the model will, and knows which pieces it has no word for."""

    def __init__(self, folder: Path, *, special_tokens: bool = True) -> None:
        """``special_tokens`` is false for a model that is given none (static embeddings)."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._tokenizer = _load(folder)
        # Padding and truncation are settings of the file (the packaged MiniLM pads to 128 and
        # cuts at 128, while the model takes 256): neither may touch a count.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._adds_special = special_tokens
        added = int(self._tokenizer.num_special_tokens_to_add(False))
        self.special_tokens = added if special_tokens else 0
        names = ("[UNK]", "<unk>")
        self._unknown = {i for n in names if (i := self._tokenizer.token_to_id(n)) is not None}

    def count(self, text: str) -> int:
        return len(self._bare(text))

    def token_ends(self, text: str) -> Sequence[int] | None:
        """Where each token ends, for tokenizers that never join what white space parts; others
        (byte-level, SentencePiece) may count a space to the word after it."""
        if type(self._tokenizer.pre_tokenizer).__name__ not in _PARTED_BY_WHITE_SPACE:
            return None
        ends = array("L")
        for piece in _PIECE.finditer(text):
            offsets = self._tokenizer.encode(piece[0], add_special_tokens=False).offsets
            ends.extend(piece.start() + end for _, end in offsets)
        return ends

    def encode(self, text: str) -> list[int]:
        """The text's token ids as the model is given them, special tokens included."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=self._adds_special).ids
        return ids

    def encode_pair(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """(token ids of two texts as one sequence, special tokens included; which of the two each
        belongs to, as the model tells them apart)."""
        encoding = self._tokenizer.encode(first, second)
        return encoding.ids, encoding.type_ids

    def _bare(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def unknown_share(self, text: str) -> float:
        ids = self._bare(text)
        return sum(i in self._unknown for i in ids) / len(ids) if ids else 0.0


def _load(folder: Path) -> Any:
    from tokenizers import Tokenizer

    for place in (folder, *sorted(p for p in folder.iterdir() if p.is_dir())):
        if (place / "tokenizer.json").is_file():
            return Tokenizer.from_file(str(place / "tokenizer.json"))
    # Older models ship only a vocabulary; transformers knows how to build the rest from it.
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True).backend_tokenizer
