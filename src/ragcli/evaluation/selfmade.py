"""Questions made from a project's own text, without a model: known items.

* ``sentence``: a sentence is taken out of its document and asks for the text around it (the inverse
  cloze task of Lee et al. 2019). Question and answer share the topic and a few words, as a person's
  question does; the sentence itself is blanked where it stood, or it would be found by its words
  alone. That is done in a copy of the store: see ``blanked``.
* ``title``: a document's title asks for the document, a heading for what stands under it.
* ``phrase``: two neighbouring words, one of which hardly any other chunk has: can what was seen
  once be found again by its words?

The choice is by a hash of what is chosen from, so that the same documents give the same questions,
and a document that comes or goes changes no other's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from ragcli.domain import Block, Document
from ragcli.evaluation.questions import Relevant
from ragcli.text.lines import on_one_line
from ragcli.text.scripts import UNSPACED, unspaced_share
from ragcli.text.sentences import sentence_spans, trimmed
from ragcli.text.terms import STOP_WORDS, terms

CAUTION = (
    "these questions were made from the documents: sentences that were taken out, titles, rare"
    " phrases. They tell whether a change has broken something, and how chunk sizes and fusion"
    " compare here; not how well people's questions are answered, nor whether words or meaning, or"
    " which model, serves those better. Other passages may answer as well: that counts as missed"
)

# How many of each kind: enough for intervals of a few points each, and a few seconds of asking.
WANTED = {"sentence": 100, "title": 50, "phrase": 50}

# Words of a sentence, or characters where words are not spaced: a headline or a table row is no
# sentence, and a long one asks for many things.
_WORDS = range(8, 41)
_CHARACTERS = range(16, 101)
# What a sentence asks for reaches so far to both sides of it, within its section: together about a
# chunk of 254 tokens. Less text around it than this says too little to be found by.
_AROUND, _AROUND_UNSPACED = 400, 150
_LEAST_AROUND = 0.75

# In so few chunks stands the rare word of a phrase.
_RARE = 2
# Pairs of words that are tried in a block: most blocks have a rare word, or none.
_TRIED = 20
# A heading of common words ("Getting started") asks for nothing in particular.
_HEADING_COMMON = 0.02
_LEAST_SECTION = 80
# Of a section that much is quoted, to see later whether it still stands there.
_QUOTED = 200

_LETTER = rf"[^\W{UNSPACED}]"
_PIECE = re.compile(
    rf"(?P<pair>[{UNSPACED}]{{1,2}})|(?P<word>{_LETTER}(?:(?:{_LETTER}|['’./:-])*{_LETTER})?)"
)
_CHARACTER = re.compile(r"[^\r\n]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """A question of a kind; ``place`` names no file yet."""

    kind: str
    question: str
    place: Relevant


@dataclass(frozen=True, slots=True)
class Corpus:
    """What decides which words of a document are rare: in how many of the ``chunks`` a term
    stands, and in which language the document's words are made terms of."""

    frequency: Callable[[str], int]
    chunks: int
    language: str | None = None
    _known: dict[str, int] = field(default_factory=dict)

    def rarity(self, word: str) -> int:
        """In how many chunks the rarest term of a word stands; in all, where it says nothing."""
        if word not in self._known:
            wanted = [term for term in terms(word, self.language) if term not in STOP_WORDS]
            self._known[word] = min(map(self.frequency, wanted), default=self.chunks)
        return self._known[word]


def titles(document: Document, corpus: Corpus) -> Iterator[Made]:
    """Of the title the whole document, of each heading what stands right under it."""
    title = " ".join((document.title or "").split())
    if title and _asks(title, corpus):
        yield Made("title", title, Relevant(""))
    headings = [i for i, block in enumerate(document.blocks) if block.kind == "heading"]
    ends = [document.blocks[i].char_start for i in headings[1:]] + [len(document.text)]
    sections = list(zip(headings, ends, strict=False))
    for index, end in _shuffled(sections, _seed(document)):
        block = document.blocks[index]
        name = " ".join(block.title.split())
        body = document.text[block.char_end : end].strip()
        if name == title or len(body) < _LEAST_SECTION or not _asks(name, corpus):
            continue
        start = document.text.index(body, block.char_end)
        place = Relevant("", start=start, end=start + len(body), text=body[:_QUOTED].strip())
        yield Made("title", name, place)


def _asks(title: str, corpus: Corpus) -> bool:
    """It asks for something in particular: two words at least, one of them rare."""
    pieces = [p for p in _pieces(title) if corpus.rarity(p.text) < corpus.chunks]
    return len(pieces) >= 2 and any(_is_rare(corpus, p.text, _HEADING_COMMON) for p in pieces)


def _is_rare(corpus: Corpus, piece: str, share: float) -> bool:
    return corpus.rarity(piece) <= max(_RARE, share * corpus.chunks)


def phrases(document: Document, corpus: Corpus) -> Iterator[Made]:
    """Two neighbouring words, one of them rare in the corpus."""
    seed = _seed(document)
    for block in _shuffled([b for b in document.blocks if b.kind != "heading"], seed):
        pieces = _pieces(document.text[block.char_start : block.char_end])
        pairs = [pair for pair in pairwise(pieces) if _is_neighbour(document.text, block, *pair)]
        for first, second in _shuffled(pairs, seed)[:_TRIED]:
            rarities = (corpus.rarity(first.text), corpus.rarity(second.text))
            text = document.text[block.char_start + first.start : block.char_start + second.end]
            rare = 0 < min(rarities) <= _RARE and max(rarities) < corpus.chunks
            if rare and document.text.count(text) == 1:
                yield Made("phrase", text, Relevant("", text=text))
                break  # one of a block


def sentences(
    document: Document, quoted: Sequence[tuple[int, int]], asked_for: Sequence[tuple[int, int]]
) -> Iterator[Made]:
    """Sentences, each for the text around it. ``quoted`` are spans whose words other questions ask
    for: they must stay. ``asked_for`` are what other sentences ask for, and lack one already."""
    used = list(asked_for)
    spans = [
        (*span, section)
        for section, block in _blocks_with_section(document)
        if block.kind in ("paragraph", "list")
        for span in sentence_spans(document.text, block.char_start, block.char_end)
    ]
    for start, end, section in _shuffled(spans, _seed(document)):
        text = document.text[start:end]
        unspaced = unspaced_share(text) > 0.5
        around = _AROUND_UNSPACED if unspaced else _AROUND
        size = len(text) if unspaced else len(text.split())
        if size not in (_CHARACTERS if unspaced else _WORDS):
            continue
        first, last = max(section[0], start - around), min(section[1], end + around)
        rest = len((document.text[first:start] + document.text[end:last]).strip())
        if rest < _LEAST_AROUND * around or _touches(used, first, last):
            continue
        if _touches(quoted, start, end):
            continue
        used.append((first, last))
        yield Made("sentence", on_one_line(text), Relevant("", start=first, end=last))


def _touches(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(first < end and start < last for first, last in spans)


def _blocks_with_section(document: Document) -> Iterator[tuple[tuple[int, int], Block]]:
    """Each block with (start, end) of what stands between the headings around it."""
    section: list[Block] = []
    for block in (*document.blocks, Block("heading", len(document.text), len(document.text))):
        if block.kind == "heading":
            for one in section:
                yield (section[0].char_start, section[-1].char_end), one
            section = []
        else:
            section.append(block)


def blanked(document: Document, spans: Sequence[tuple[int, int]]) -> Document:
    """The document with spaces in place of these spans: every other offset stays what it is."""
    text = document.text
    for start, end in spans:
        text = text[:start] + _CHARACTER.sub(" ", text[start:end]) + text[end:]
    blocks = (
        replace(block, char_start=start, char_end=end)
        for block in document.blocks
        for start, end in trimmed(text, block.char_start, block.char_end)
    )
    return replace(document, text=text, blocks=tuple(blocks))


# ------------------------------------------------------------------ words


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word without the marks around it, or two characters of a script without spaces."""

    text: str
    start: int
    end: int
    is_pair: bool


def _pieces(text: str) -> list[_Piece]:
    return [_Piece(m[0], m.start(), m.end(), m["pair"] is not None) for m in _PIECE.finditer(text)]


def _is_neighbour(text: str, block: Block, first: _Piece, second: _Piece) -> bool:
    """Nothing but a space stands between two words, nothing between two pairs."""
    between = text[block.char_start + first.end : block.char_start + second.start]
    return first.is_pair == second.is_pair and between == ("" if first.is_pair else " ")


def _seed(document: Document) -> bytes:
    return hashlib.sha256(document.text.encode("utf-8", "replace")).digest()


def _shuffled(items: Sequence[T], seed: bytes) -> list[T]:
    """In an order that is as good as chance, and always the same."""
    digests = {
        i: hashlib.sha256(seed + repr(one).encode("utf-8", "replace")).digest()
        for i, one in enumerate(items)
    }
    return [items[i] for i in sorted(digests, key=digests.__getitem__)]
