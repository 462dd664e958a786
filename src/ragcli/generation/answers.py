"""An answer as it comes, sentence by sentence: each is given out once it is whole and checked.

So what was shown never has to be taken back, and what a stream showed and what the JSON holds are
one text: ``read_answer`` puts a whole answer through the same reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from ragcli.domain import Citation, Passage, Sentence
from ragcli.generation.citations import check, check_line
from ragcli.generation.markers import MARKER, UNFINISHED, Link, MarkerReader, clean
from ragcli.text.sentences import sentence_spans
from ragcli.text.unseen import without_lone_joiners

_MARKER = re.compile(MARKER)
# Stands for a marker where sentences are looked for: neither a word nor the end of one.
_MASK = "\0"


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """A whole answer. ``removed`` are the markers that pointed nowhere."""

    text: str
    citations: tuple[Citation, ...]
    uncited: tuple[str, ...]
    removed: tuple[str, ...]


def read_answer(text: str, passages: Sequence[Passage], *, verbatim: bool) -> CheckedAnswer:
    """A whole answer, checked against the passages that it was written from."""
    reader = AnswerReader(passages, verbatim=verbatim)
    return checked([*reader.feed(text), *reader.end()], reader.removed)


def checked(sentences: Sequence[Sentence], removed: Sequence[str]) -> CheckedAnswer:
    """The sentences as one answer; what is cited twice for the same claim is named once."""
    citations = dict.fromkeys(c for s in sentences for c in s.citations)
    return CheckedAnswer(
        "".join(s.text for s in sentences),
        tuple(citations),
        tuple(s.uncited for s in sentences if s.uncited),
        tuple(removed),
    )


class AnswerReader:
    """``verbatim`` says that each line is a quote and its marker (``extractive.py``)."""

    def __init__(self, passages: Sequence[Passage], *, verbatim: bool) -> None:
        self._passages = passages
        self._verbatim = verbatim
        self._markers = MarkerReader(len(passages))
        self._held = ""

    @property
    def removed(self) -> list[str]:
        """The markers that pointed nowhere, so far."""
        return self._markers.removed

    def feed(self, piece: str) -> list[Sentence]:
        """The sentences that are whole now that this piece has come."""
        self._held += clean(piece)
        starts = self._starts()
        if len(starts) < 2:
            return []
        settled, self._held = self._held[: starts[-1]], self._held[starts[-1] :]
        return [self._sentence(settled[a:b]) for a, b in pairwise(starts)]

    def end(self) -> list[Sentence]:
        """What is left, when nothing more comes."""
        starts = [*self._starts(ended=True), len(self._held)]
        held, self._held = self._held, ""
        return [self._sentence(held[a:b]) for a, b in pairwise(starts) if a < b]

    def _starts(self, *, ended: bool = False) -> list[int]:
        """Where sentences surely start in what is held; 0 first. A marker after a full stop belongs
        to the sentence before it."""
        masked = _MARKER.sub(lambda m: _MASK * len(m[0]), self._held)
        unfinished = None if ended else UNFINISHED.search(masked)
        known = unfinished.start() if unfinished else len(masked)
        starts = [0]
        for line in re.finditer(r"[^\n]+", masked):
            if self._verbatim:
                spans = [line.span()]
            else:
                spans = sentence_spans(masked, line.start(), line.end())
            for start, end in spans:
                own = start + len(masked[start:end]) - len(masked[start:end].lstrip(_MASK + " \t"))
                if 0 < own < min(end, known):
                    starts.append(own)
        return starts

    def _sentence(self, text: str) -> Sentence:
        if self._verbatim:
            return self._quoted_line(text)
        shown, links = self._markers.read(without_lone_joiners(text))
        citations = [
            check(link.number, link.quote, claim, self._passages)
            for group, claim in _claims(shown, links)
            for link in group
        ]
        shown, ends = _repointed(shown, links, citations)
        return Sentence(shown, tuple(citations), ends, "" if links else _claim(shown))

    def _quoted_line(self, text: str) -> Sentence:
        citation = check_line(text.strip("\n"), self._passages)
        if citation is None:
            return Sentence(text, uncited=text.strip())
        marker_end = text.rindex("]") + 1  # a date may stand behind it
        return Sentence(text, (citation,), (marker_end,))


def _claims(shown: str, links: Sequence[Link]) -> Iterator[tuple[list[Link], str]]:
    """Markers that stand side by side, and the words before them that they are to prove."""
    begin = 0
    group: list[Link] = []
    for link, following in zip_longest(links, links[1:]):
        group.append(link)
        if following is not None and not shown[link.end : following.start].strip():
            continue
        claim = _claim(shown[begin : group[0].start])
        # Nothing of its own, as in `[1] and [2]`: what stands before both.
        yield group, claim or _claim(shown[: group[0].start])
        begin, group = link.end, []


def _claim(text: str) -> str:
    """What a sentence claims: nothing where it only introduces what follows, or has no words."""
    claim = re.sub(r"\[\d+\]", "", text).strip(" \t\n,;.，；。-*•#>")
    introduces = text.rstrip().endswith((":", "："))
    return claim if any(c.isalnum() for c in claim) and not introduces else ""


def _repointed(
    shown: str, links: Sequence[Link], citations: Sequence[Citation]
) -> tuple[str, tuple[int, ...]]:
    """The sentence with each marker at the passage that does hold its words, and their ends."""
    text, position = "", 0
    ends = []
    for link, citation in zip(links, citations, strict=True):
        text += f"{shown[position : link.start]}[{citation.marker}]"
        position = link.end
        ends.append(len(text))
    return text + shown[position:], tuple(ends)
