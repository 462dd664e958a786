"""The frame that every alternative shares, so that each script shows only what its peer needs.

    python <peer>_script.py build FOLDER INDEX       --model MODEL    from nothing
    python <peer>_script.py again FOLDER INDEX       --model MODEL    the folder may have changed
    python <peer>_script.py query INDEX QUESTION     --model MODEL [-k 5]
    python <peer>_script.py warm  INDEX QUESTIONS    --model MODEL [-k 5]

FOLDER holds .md and .txt files; others than UTF-8 are passed over. `build` and `again` print
{"pieces": N}. QUESTIONS is a file, a question a line; `warm` loads once and prints
{"milliseconds": [...]}, a number a question. Pieces have 1,000 characters, which is what fits into
256 tokens of English: where a peer brings a splitter of its own, that one cuts, at that size and
without overlap, so that all embed about the same number of tokens.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """``id`` is the file and the piece's number in it: the same piece keeps it."""

    id: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    score: float
    source: str
    text: str


Search = Callable[[str, int], Sequence[Hit]]
# How many pieces the index then holds.
Write = Callable[[Path, Path, str], int]


def pieces(folder: Path) -> list[Piece]:
    """Every text file cut every so many characters, for peers that bring no splitter."""
    cut = []
    for path in sorted([*folder.rglob("*.md"), *folder.rglob("*.txt")]):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, start in enumerate(range(0, len(text), CHARACTERS)):
            cut.append(Piece(f"{path}#{number}", str(path), text[start : start + CHARACTERS]))
    return cut


def main(
    build: Write,
    again: Write,
    load: Callable[[Path, str], Search],
    query: Callable[[Path, str, int], None] | None = None,
) -> None:
    """``build`` and ``again`` take folder, index and model; ``load`` takes index and model.

    ``query`` (index, question, k) is for a peer whose own command answers a cold question.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("build", "again", "query", "warm"))
    parser.add_argument("first", type=Path, help="FOLDER, or INDEX for query and warm")
    parser.add_argument("second", help="INDEX, QUESTION or QUESTIONS")
    parser.add_argument("--model", required=True, help="a folder")
    parser.add_argument("-k", type=int, default=5)
    given = parser.parse_args()
    if given.action in ("build", "again"):
        write = build if given.action == "build" else again
        print(json.dumps({"pieces": write(given.first, Path(given.second), given.model)}))
        return
    if given.action == "query" and query is not None:
        query(given.first, given.second, given.k)
        return
    search = load(given.first, given.model)
    if given.action == "query":
        for hit in search(given.second, given.k):
            print(f"{hit.score:.3f} {hit.source}: {' '.join(hit.text.split())}")
        return
    questions = Path(given.second).read_text(encoding="utf-8").splitlines()
    print(json.dumps({"milliseconds": [_milliseconds(search, q, given.k) for q in questions]}))


def _milliseconds(search: Search, question: str, k: int) -> float:
    started = time.perf_counter()
    search(question, k)
    return round((time.perf_counter() - started) * 1000, 2)
