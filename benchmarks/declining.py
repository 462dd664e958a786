"""How well confidence tells questions that a corpus can answer from those that it cannot.

    python benchmarks/declining.py NAME=SET_DIR=PROJECT...

SET_DIR holds `questions.jsonl`, PROJECT is a project with its corpus ingested. For each:

* its own questions against those of each other set (unrelated);
* its own questions against the same ones with every file left out that holds an answer (on topic,
  but unanswerable);
* those of its own questions that hold a name or a number against themselves with it swapped for
  another question's (near misses; now and then the corpus answers them all the same).

Given are the AUROC, and the share of answerable questions that are declined and of the others that
are answered at the default line, a confidence of 0.5. Nothing of the line was fitted to a question.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ragcli import Rag
from ragcli.domain import Filter
from ragcli.recipes.calibrate import chance
from ragcli.recipes.question import read_question
from ragcli.recipes.search import StoreSearcher
from ragcli.retrieval.confidence import confidence, evidence
from ragcli.retrieval.retrieve import retrieve
from ragcli.store import sets

LINE = 0.5


class Excluding(StoreSearcher):
    """A corpus without some of its documents."""

    def __init__(self, gone: frozenset[int], *parts: Any) -> None:
        super().__init__(*parts)
        self._gone = gone

    def _kept(self, found: Sequence[tuple[int, float]], k: int) -> list[tuple[int, float]]:
        return [one for one in found if one[0] not in self._gone][:k]

    def dense(self, query: Any, k: int) -> list[tuple[int, float]]:
        return self._kept(super().dense(query, k + len(self._gone)), k)

    def keyword(self, terms: Sequence[str], k: int, also: Sequence[int]) -> list[tuple[int, float]]:
        return self._kept(super().keyword(terms, k + len(self._gone), also), k + len(also))

    def holding(self, piece: str, k: int) -> list[int]:
        return [i for i in super().holding(piece, k) if i not in self._gone]


def confidences(
    rag: Rag, questions: Sequence[Mapping[str, Any]], *, left_out: bool = False
) -> np.ndarray[Any, Any]:
    """(questions,) of the project's confidence in each."""
    store = rag.store
    chosen = sets.active(store.connection)
    assert chosen is not None
    background = chance(store, chosen)
    assert background is not None, "not calibrated: ingest again"
    found = []
    for one in questions:
        gone = _chunks_of(rag, one) if left_out else frozenset[int]()
        question = read_question(store, chosen, one["question"], "hybrid", lambda: rag.embedder, [])
        searcher = Excluding(gone, store, chosen.chunk_set_id, Filter(), rag.embedder.unknown_share)
        ranking = retrieve(searcher, question, "hybrid", 5)
        found.append(confidence(evidence(ranking.chunks), background))
    return np.array(found)


def _chunks_of(rag: Rag, question: Mapping[str, Any]) -> frozenset[int]:
    """The chunks of the files that hold an answer."""
    ids: set[int] = set()
    for relevant in question["relevant"]:
        rows = rag.store.connection.execute(
            "SELECT c.id FROM chunks c JOIN files f ON f.document_id = c.document_id"
            " WHERE f.source = ? OR f.source LIKE ?",
            (relevant["file"], f"%/{relevant['file']}"),
        )
        ids.update(i for (i,) in rows)
    return frozenset(ids)


# Names (not the first word), numbers, and Chinese transcriptions of names.
_SWAPPED = re.compile(
    r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*|\d[\d,.]*\d"
    r"|[\u4e00-\u9fff]{2,4}·[\u4e00-\u9fff]{2,4}"
)


def near_misses(
    questions: Sequence[Mapping[str, Any]],
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(a question, the same with one name or number of another question in place of its own)."""
    choose = random.Random(0)
    kinds: dict[str, list[str]] = {}
    found = [(q, _SWAPPED.search(q["question"])) for q in questions]
    for _, match in found:
        if match:
            kinds.setdefault(_kind(match[0]), []).append(match[0])
    pairs = []
    for question, match in found:
        others = [o for o in kinds.get(_kind(match[0]), ()) if o != match[0]] if match else []
        if match and others:
            text = question["question"]
            swapped = text[: match.start()] + choose.choice(others) + text[match.end() :]
            pairs.append((question, {**question, "question": swapped}))
    return pairs


def _kind(piece: str) -> str:
    return "number" if piece[0].isdigit() else "name" if piece.isascii() else "transcription"


def auroc(positive: np.ndarray[Any, Any], negative: np.ndarray[Any, Any]) -> float:
    """How often a positive is above a negative, ties counted half (Mann and Whitney 1947)."""
    above = (positive[:, None] > negative[None]).mean()
    return float(above + (positive[:, None] == negative[None]).mean() / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="NAME=SET_DIR=PROJECT")
    parser.add_argument("--save", type=Path, help="the confidences, as JSON")
    options = parser.parse_args()
    parts = [one.split("=") for one in options.sets]
    rags = {name: Rag.open(project) for name, _, project in parts}
    questions = {
        name: [json.loads(line) for line in (Path(path) / "questions.jsonl").open("rb")]
        for name, path, _ in parts
    }
    kept: dict[str, list[float]] = {}
    print(f"{'corpus':<16}{'against':<24}{'AUROC':>7}{'declined':>10}{'answered':>10}")
    for name, rag in rags.items():
        own = confidences(rag, questions[name])
        others = {other: confidences(rag, questions[other]) for other in rags if other != name}
        others["file left out"] = confidences(rag, questions[name], left_out=True)
        kept[name] = own.tolist()
        pairs = near_misses(questions[name])
        missed = confidences(rag, [after for _, after in pairs])
        before = confidences(rag, [question for question, _ in pairs])
        kept[f"{name} < near misses"] = missed.tolist()
        for other, values in others.items():
            kept[f"{name} < {other}"] = values.tolist()
            declined, answered = (own < LINE).mean(), (values >= LINE).mean()
            print(
                f"{name:<16}{other:<24}{auroc(own, values):>7.4f}"
                f"{declined:>10.3f}{answered:>10.3f}",
                flush=True,
            )
        declined, answered = (before < LINE).mean(), (missed >= LINE).mean()
        print(
            f"{name:<16}{f'{len(pairs)} near misses':<24}{auroc(before, missed):>7.4f}"
            f"{declined:>10.3f}{answered:>10.3f}",
            flush=True,
        )
    if options.save:
        options.save.write_text(json.dumps(kept))


if __name__ == "__main__":
    main()
