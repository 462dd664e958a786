"""Score extractive answers, end to end: do the quoted sentences hold the answer's words?

    python benchmarks/extractive.py SET_DIR [--project DIR] [--gold] [--half develop|report|all]
                                    [--json FILE]

SET_DIR is as for passages.py, its questions with `answers` beside `relevant` (both with offsets);
where they have none, `relevant` is the answer. Each question is asked of a project with the set's
corpus, by `ask` with the generator `extractive`; with `--gold` the passages are the gold span,
first, and up to four other gold spans of the same file, the nearest, which leaves retrieval out.
Beside the answer stand, from the same passages: the first three sentences of the best one, the
three nearest to the question by cosine, and the three best by BM25 (k1 1.2, b 0.75, document
frequencies of the whole corpus). `held` asks for an answer's words inside one quote, `place` for
its place in the document. Differences are paired. `develop` is every other question, from the
first, by which weights were chosen, `report` the rest.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from common import machine

from ragcli import Rag
from ragcli.domain import Passage, QueryResult
from ragcli.generation.quotable import Quotable, quotables
from ragcli.text.lines import on_one_line
from ragcli.text.terms import question_terms, terms

OTHERS = 4
SENTENCES = 3
K1, B = 1.2, 0.75
RESAMPLES, SEED = 1000, 0


def project_of(corpus: Path, folder: Path) -> Rag:
    """The project in the folder, with this corpus; made where there is none."""
    rag = Rag.create(folder.resolve(), generator="extractive")
    if rag.store.is_empty():
        rag.ingest([corpus.resolve()])
    return rag


def interval(values: Sequence[float]) -> dict[str, float]:
    """The mean with its 95 % bootstrap interval over the questions."""
    array = np.array(values, float)
    picks = np.random.default_rng(SEED).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(array[picks].mean(axis=1), [2.5, 97.5])
    return {
        name: round(float(v), 4)
        for name, v in zip(("mean", "low", "high"), (array.mean(), low, high), strict=True)
    }


def paired(one: Sequence[float], other: Sequence[float]) -> dict[str, float]:
    """The mean difference, question by question, with its interval."""
    return interval([float(a) - float(b) for a, b in zip(one, other, strict=True)])


# ------------------------------------------------------------------ passages


def gold_passages(
    found: QueryResult, golds: Sequence[Mapping[str, Any]], question: Mapping[str, Any]
) -> QueryResult:
    """The result with the gold span, first, and the nearest others of its file as its passages."""
    gold = question["relevant"][0]
    others = [s for s in golds if s["file"] == gold["file"] and s["start"] != gold["start"]]
    nearest = sorted(others, key=lambda s: abs(s["start"] - gold["start"]))[:OTHERS]
    like = found.passages[0]
    made = [
        replace(
            like,
            rank=rank,
            source=span["file"],
            headings=(),
            char_start=span["start"],
            char_end=span["end"],
            text=span["text"],
        )
        for rank, span in enumerate([gold, *nearest], 1)
    ]
    return replace(found, passages=tuple(made))


# ------------------------------------------------------------------ baselines


class Baselines:
    """Three sentences of the same passages by each of the usual ways."""

    def __init__(self, rag: Rag, corpus: Path) -> None:
        self._embedder = rag.embedder
        self._vectors: dict[str, Any] = {}
        texts = [p.read_text("utf-8") for p in sorted(corpus.rglob("*")) if p.is_file()]
        lines = [line for text in texts for line in text.split("\n") if line.strip()]
        counted = [Counter(terms(line)) for line in lines]
        self._holding = Counter(t for one in counted for t in one)
        self._lines = len(lines)

    def first(self, question: str, passages: Sequence[Passage]) -> list[Quotable]:
        return list(quotables(1, passages[0]))[:SENTENCES]

    def cosine(self, question: str, passages: Sequence[Passage]) -> list[Quotable]:
        every = _every(passages)
        fresh = list(dict.fromkeys(s.text for s in every if s.text not in self._vectors))
        if fresh:
            self._vectors |= zip(fresh, self._embedder.embed_documents(fresh), strict=True)
        asked = self._embedder.embed_query(question)
        return _best(every, lambda s: float(self._vectors[s.text] @ asked))

    def bm25(self, question: str, passages: Sequence[Passage]) -> list[Quotable]:
        every = _every(passages)
        counts = {s: Counter(terms(s.text)) for s in every}
        usual = sum(c.total() for c in counts.values()) / len(counts)
        asked = question_terms(question)

        def score(sentence: Quotable) -> float:
            own = counts[sentence]
            length = K1 * (1 - B + B * own.total() / usual)
            return sum(self._idf(t) * own[t] * (K1 + 1) / (own[t] + length) for t in asked)

        return _best(every, score)

    def _idf(self, term: str) -> float:
        holding = self._holding[term]
        return math.log(1 + (self._lines - holding + 0.5) / (holding + 0.5))


def _every(passages: Sequence[Passage]) -> list[Quotable]:
    return [s for n, p in enumerate(passages, 1) for s in quotables(n, p)]


def _best(every: Sequence[Quotable], score: Callable[[Quotable], float]) -> list[Quotable]:
    return sorted(every, key=lambda s: (-score(s), s.place))[:SENTENCES]


# ------------------------------------------------------------------ scores


def held(question: Mapping[str, Any], quotes: Sequence[str]) -> bool:
    """An answer's words are inside one quote."""
    quoted = [on_one_line(q) for q in quotes]
    return any(on_one_line(a["text"]) in q for a in answers(question) for q in quoted)


def answers(question: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = question.get("answers") or question["relevant"]
    return found


def score(
    rag: Rag, corpus: Path, questions: Sequence[Mapping[str, Any]], golds: Sequence[Any] | None
) -> dict[str, Any]:
    """The figures of the answers and of each baseline."""
    baselines = Baselines(rag, corpus)
    rows: dict[str, list[bool]] = {n: [] for n in ("ragcli", "place", "first", "cosine", "bm25")}
    lengths: list[int] = []
    for question in questions:
        asked = question["question"]
        found = rag.query(asked)
        if golds is not None:
            found = gold_passages(found, golds, question)
        *_, last = rag.answer_from(found, allow_weak=True)
        answer = last.answer
        assert answer is not None, "the last piece is the answer"
        assert all(c.verdict == "supported" for c in answer.citations), "a quote that is not exact"
        rows["ragcli"].append(held(question, [c.quote or "" for c in answer.citations]))
        rows["place"].append(
            any(
                c.source.endswith(a["file"])
                and c.char_start <= a["start"]
                and a["end"] <= c.char_end
                for a in answers(question)
                for c in answer.citations
            )
        )
        lengths.append(len(answer.citations))
        for name in ("first", "cosine", "bm25"):
            chosen = getattr(baselines, name)(asked, found.passages) if found.passages else []
            rows[name].append(held(question, [s.text for s in chosen]))
    return {
        "questions": len(questions),
        "sentences": {"mean": round(float(np.mean(lengths)), 2), "most": max(lengths)},
        "held": {name: interval(values) for name, values in rows.items()},
        "ragcli less": {n: paired(rows["ragcli"], rows[n]) for n in ("first", "cosine", "bm25")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("set_dir", type=Path)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--gold", action="store_true")
    parser.add_argument("--half", choices=("develop", "report", "all"), default="report")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    corpus = options.set_dir / "corpus"
    lines = (options.set_dir / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    every = {(r["file"], r["start"]): r for q in questions for r in q["relevant"]}
    halves = {"develop": questions[::2], "report": questions[1::2], "all": questions}
    with tempfile.TemporaryDirectory() as scratch:
        rag = project_of(corpus, options.project or Path(scratch))
        golds = list(every.values()) if options.gold else None
        result = score(rag, corpus, halves[options.half], golds)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), **result}, indent=1) + "\n")


if __name__ == "__main__":
    main()
