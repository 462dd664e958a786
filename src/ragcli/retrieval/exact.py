"""Pieces of a question that only an exact match answers: identifiers, error codes, quoted phrases.

Judged by their form alone: what mixes letters with digits or signs, has capitals inside, or stands
in quotation marks is not a word with synonyms. Where it exists, it must win.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Straight single quotes are left out: they are apostrophes more often.
_QUOTED = re.compile(
    '"([^"\n]+)"|“([^”\n]+)”|„([^“”\n]+)[“”]|«([^»\n]+)»|「([^」\n]+)」|『([^』\n]+)』|`([^`\n]+)`'
)
# ASCII runs between spaces or other scripts, without the punctuation of the sentence around them.
_RUN = re.compile(r"[0-9A-Za-z_$#@][!-~]*[0-9A-Za-z_]")
_IDENTIFIER = re.compile(
    # E1234, 0x80070005, x86_64, CVE-2024-1234; but not 19th, 1990s, 24-month, 10km
    r"(?!\d[\d.,]*-?[a-z]+\Z)(?=.*[A-Za-z])(?=.*\d).*"
    r"|.*[A-Za-z0-9]_[A-Za-z0-9].*|_\w+"  # max_retries, __init__
    r"|.*[A-Za-z0-9]{2}(?:::|->|[.\\@])[A-Za-z0-9]{2}.*"  # os.path, std::map, docs/readme.md
    r"|.*[a-z][A-Z].*"  # getUserName
    r"|[A-Z]{5,}"  # ENOENT, SIGKILL
    r"|\d{5,}"  # 80070
)
_POSSESSIVE = re.compile(r"['’]s\b")
# A quoted single letter, or punctuation, is about itself and stands everywhere.
_LEAST_CHARACTERS = 2


def exact_pieces(question: str) -> list[str]:
    """The pieces, folded as `exact_hits` compares them, in order."""
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(question)]
    rest = _QUOTED.sub(" ", question)
    # In a question that shouts, capitals mean nothing.
    shouted = rest.isupper()
    found = [
        run
        for run in _RUN.findall(_POSSESSIVE.sub(" ", unicodedata.normalize("NFKC", rest)))
        if _IDENTIFIER.fullmatch(run) and not (shouted and run.isalpha())
    ]
    folded = dict.fromkeys(_fold(piece) for piece in (*quoted, *found))
    return [piece for piece in folded if len(piece) >= _LEAST_CHARACTERS]


def exact_hits(pieces: Sequence[str], texts: Sequence[str]) -> list[bool]:
    """Which of the candidates' texts hold one of the pieces. A piece that more than half of them
    hold is what the corpus is about, and does not set its holders apart."""
    hits = [False] * len(texts)
    if not pieces:
        return hits
    folded = [_fold(text) for text in texts]
    for piece in pieces:
        # E12 is not in E123: of letters and digits a piece is whole. Other scripts have no spaces.
        whole = re.compile(rf"(?<![0-9a-z_]){re.escape(piece)}(?![0-9a-z_])")
        holding = [whole.search(text) is not None for text in folded]
        if sum(holding) * 2 <= len(texts):
            hits = [one or other for one, other in zip(hits, holding, strict=True)]
    return hits


def _fold(text: str) -> str:
    """Width and case folded, white space as single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
