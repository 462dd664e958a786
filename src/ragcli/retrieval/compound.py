"""Several questions in one: taken apart with care, and one ranking of what each part finds.

It is taken apart after a question mark, and, in English and Chinese, before a further clause that
asks. What asks for too little by itself, or leans on what was said before (`and when was it
published?`), stays with the part before it: then all is as for one question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ragcli.retrieval.fusion import Parts
from ragcli.retrieval.retrieve import Ranked, Ranking
from ragcli.text.scripts import HAN
from ragcli.text.terms import STOP_WORDS, question_words

# With five passages asked for, more parts would leave each with one.
MAX_PARTS = 4

# Words beside stop words that a part must have to be asked alone; two Han characters make one.
_LEAST_WORDS = 2

# So much of what the whole question says of a chunk counts beside what the part says of it: from
# 0.3 to 0.5 joined questions of two files gain what they do without, those of one file lose less.
CONTEXT = 0.5

# Beyond these, scores differ by the order in which they were added up.
_DIGITS = 9

_MARK = re.compile(r"(?<=[?？؟])\s*")
# `, what`, ` and who`, `, and are`: but not `, who`, which begins a relative clause, or ` and is`,
# which goes on with the same subject.
_ENGLISH = re.compile(
    r"[,;]\s+(?=(?:what|how|why)\b)"
    r"|[,;]?\s+(?:and|but)\s+(?:also\s+)?"
    r"(?=(?:what|which|who|whom|whose|when|where|why|how|do|does|did)\b)"
    r"|[,;]\s+(?:and|but)\s+(?:also\s+)?(?=(?:is|are|was|were|can|could|has|have|will|should)\b)",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[，；;,]\s*(?:以及|并且|而且|还有|另外|同时|和|与)?|以及|并且|还有|另外")
_TAIL = re.compile(
    r"[\s,;，；、]*(?:(?:\band|\bbut|\balso|以及|并且|而且|还有|另外|同时|和|与)\s*)*$"
)
_ASKS = re.compile(
    r"[?？؟]|\b(?:what|which|who|whom|whose|when|where|why|how)\b"
    r"|^(?:is|are|was|were|do|does|did|can|could|has|have|will|should)\b",
    re.IGNORECASE,
)
_CHINESE_ASKS = re.compile(
    r"什么|谁|哪|何时|何地|何处|何人|为何|如何|几|多[少久长大高远快重深]|怎[么样]|是否|[吗呢]|是不是|有没有"
)
_LEANS = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her|this|these|those|former|latter|same)\b"
    r"|[它他她该此这那]|其(?![他它余次实中])",
    re.IGNORECASE,
)
# Chinese grammar, which asks for nothing.
_HAN_CONTENT = re.compile(rf"(?![的了是在有和与被由为于了吗呢什么谁哪何几多少怎样如])[{HAN}]")


def parts(question: str) -> tuple[str, ...]:
    """The questions that a question consists of; none where it is one."""
    found: list[str] = []
    for clause in _clauses(question):
        alone = len(found) < MAX_PARTS and _words(clause) >= _LEAST_WORDS and _asks(clause)
        first_asks = bool(found) and _asks(found[-1]) and _words(found[-1]) >= _LEAST_WORDS
        if first_asks and alone and not _LEANS.search(clause):
            found.append(clause)
        else:
            found[-1:] = ["".join([*found[-1:], clause])]
    return tuple(_TAIL.sub("", part).strip() for part in found) if len(found) > 1 else ()


def _clauses(question: str) -> Iterator[str]:
    """Slices of the question that together are all of it."""
    for sentence in _cut(_MARK, question):
        for clause in _cut(_ENGLISH, sentence):
            asking = len(_CHINESE_ASKS.findall(clause)) > 1
            yield from _cut(_CHINESE, clause) if asking else [clause]


def _cut(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    start = 0
    for match in pattern.finditer(text):
        if start < match.end() < len(text):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


def _asks(clause: str) -> bool:
    return bool(_ASKS.search(clause) or _CHINESE_ASKS.search(clause))


def _words(clause: str) -> float:
    spaced = {w.term for w in question_words(clause) if w.is_plain or w.text.isascii()}
    return len(spaced - STOP_WORDS) + len(_HAN_CONTENT.findall(clause)) / 2


def joined(rankings: Sequence[Ranking], whole: Ranking) -> Ranking:
    """The rankings of all parts as one, each with some of what the whole question says of a chunk:
    a part leaves out what it shares with the others. A chunk has its score as a share of the best
    one for the part that it says most about, so that the best of each part come first."""
    context = {one.id: one for one in whole.chunks}
    top = whole.chunks[0].score if whole.chunks else 0.0
    best: dict[int, Ranked] = {}
    leading = set()
    for ranking in rankings:
        own = [_added(one, context.get(one.id)) for one in ranking.chunks]
        first = max(own, key=lambda r: (r.score, -r.id), default=None)
        most = first.score if first else 0.0
        leading |= {first.id} if first else set()
        for one in own:
            scaled = _scaled(one, top / most if most > 0 else 1.0)
            if one.id not in best or scaled.score > best[one.id].score:
                best[one.id] = scaled
    chunks = sorted(best.values(), key=lambda r: (-r.score, r.id not in leading, r.id))
    every = [*rankings, whole]
    neighbours = {i: others for ranking in every for i, others in ranking.neighbours.items()}
    read = dict.fromkeys(i for r in every for i in r.candidates[: r.read])
    rest = dict.fromkeys(i for r in every for i in r.candidates if i not in read)
    return Ranking(chunks, neighbours, [*read, *rest], len(read))


def _added(one: Ranked, whole: Ranked | None) -> Ranked:
    if whole is None:
        return one
    return _with(one, (a + CONTEXT * b for a, b in zip(one.parts, whole.parts, strict=True)))


def _scaled(one: Ranked, factor: float) -> Ranked:
    return _with(one, (part * factor for part in one.parts))


def _with(one: Ranked, values: Iterable[float]) -> Ranked:
    parts = Parts(*values)
    return one._replace(score=round(parts.score, _DIGITS), parts=parts)
