"""Score the passages that a project finds, on a question set that anyone can bring.

    python benchmarks/passages.py SET_DIR [--project DIR] [-k 10] [--mode MODE] [--json]

SET_DIR holds the folder `corpus/` and the file `questions.jsonl`, one object a line:

    {"id": "7", "question": "...", "relevant": [{"file": "a/b.md", "start": 120, "end": 480}]}

`file` is relative to `corpus/`; `start` and `end` are code points of the decoded file, end
exclusive. `page` (from 1) may stand in place of them; with neither the whole file is meant.

* A span is found by a passage that covers at least half of the shorter of the two; a page by a
  passage that touches it; a file by the first passage of it (the ranking is then one of files).
* Each gold span counts once, at its first finder.
* Character recall is the share of the gold characters that the union of the first 5 passages
  covers; character precision the share of those passages' characters that are gold.
* The intervals are 95 % bootstrap intervals over the questions, with a fixed seed.
* A passage with line numbers is a slice of the decoded file; whether it is so is counted.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import rag_command, run_well

KS = (1, 3, 5, 10)
CHARACTERS_AT = 5
# A ranking of files takes the first passage of each: ask for more passages than files wanted.
PASSAGES_PER_FILE = 3
RESAMPLES, SEED = 1000, 0

Span = tuple[str, int, int]  # file, start, end


@dataclass(frozen=True, slots=True)
class Gold:
    """What answers a question. Without offsets and page the whole file does."""

    file: str
    start: int | None = None
    end: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    gold: tuple[Gold, ...]

    @property
    def of_files(self) -> bool:
        return all(g.start is None and g.page is None for g in self.gold)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage as `rag query --json` gives it; ``file`` is relative to the corpus."""

    file: str | None
    start: int
    end: int
    page: int | None
    page_end: int | None
    text: str
    has_lines: bool


@dataclass(slots=True)
class Tally:
    """Counts beside the metrics: passages, those of no corpus file, and offsets."""

    passages: int = 0
    unknown_source: int = 0
    offsets_given: int = 0
    offsets_true: int = 0
    nothing_found: int = 0


@dataclass(slots=True)
class Corpus:
    """The files of a set, decoded when they are asked for."""

    root: Path
    encodings: tuple[str, ...] = ("utf-8",)
    _texts: dict[str, str | None] = field(default_factory=dict)

    def file_of(self, source: str, project: Path) -> str | None:
        """The corpus file that a passage's source names; by the end of its path when the
        project was made from another copy of the corpus."""
        absolute = project / source
        if absolute.is_relative_to(self.root):
            return absolute.relative_to(self.root).as_posix()
        parts = Path(source).parts
        ends = (Path(*parts[i:]) for i in range(len(parts)) if parts[i] != "/")
        return next((end.as_posix() for end in ends if (self.root / end).is_file()), None)

    def text(self, file: str) -> str | None:
        if file not in self._texts:
            self._texts[file] = self._decoded((self.root / file).read_bytes())
        return self._texts[file]

    def _decoded(self, data: bytes) -> str | None:
        for encoding in self.encodings:
            with suppress(UnicodeDecodeError):
                return data.decode(encoding)
        return None


# ------------------------------------------------------------------ metrics


def finds(passage: Found, gold: Gold) -> bool:
    if passage.file != gold.file:
        return False
    if gold.start is not None and gold.end is not None:
        shared = min(passage.end, gold.end) - max(passage.start, gold.start)
        shorter = min(passage.end - passage.start, gold.end - gold.start)
        return shared >= 0.5 * max(1, shorter)
    if gold.page is not None:
        last = passage.page_end or passage.page
        return passage.page is not None and passage.page <= gold.page <= (last or 0)
    return True


def ranking(question: Question, passages: Sequence[Found]) -> dict[str, float]:
    """Recall at each k, MRR@10 and nDCG@10 of one question."""
    if question.of_files:
        passages = _first_of_each_file(passages)
    found_by = [{i for i, g in enumerate(question.gold) if finds(p, g)} for p in passages]
    scores = {f"recall@{k}": len(set().union(*found_by[:k])) / len(question.gold) for k in KS}
    first = next((rank for rank, golds in enumerate(found_by[:10], 1) if golds), None)
    scores["mrr@10"] = 1 / first if first else 0.0
    seen: set[int] = set()
    gain = 0.0
    for rank, golds in enumerate(found_by[:10], 1):
        gain += 1 / math.log2(rank + 1) if golds - seen else 0.0
        seen |= golds
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(question.gold)) + 1))
    scores["ndcg@10"] = gain / best
    return scores


def _first_of_each_file(passages: Sequence[Found]) -> list[Found]:
    firsts: dict[str | None, Found] = {}
    for passage in passages:
        firsts.setdefault(passage.file, passage)
    return list(firsts.values())


def characters(question: Question, passages: Sequence[Found]) -> dict[str, float]:
    """Character recall and precision of the first passages; none where no span is given."""
    gold = [
        (g.file, g.start, g.end) for g in question.gold if g.start is not None and g.end is not None
    ]
    if len(gold) < len(question.gold):
        return {}
    first = [(p.file or "", p.start, p.end) for p in passages[:CHARACTERS_AT]]
    shared = [s for g in gold for p in first if (s := _shared(g, p))]
    covered = _length(_union(shared))
    returned = sum(end - start for _, start, end in first)
    return {
        f"character_recall@{CHARACTERS_AT}": covered / max(1, _length(_union(gold))),
        f"character_precision@{CHARACTERS_AT}": covered / max(1, returned),
    }


def _union(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for file, start, end in sorted(spans):
        if joined and joined[-1][0] == file and start <= joined[-1][2]:
            joined[-1] = (file, joined[-1][1], max(joined[-1][2], end))
        else:
            joined.append((file, start, end))
    return joined


def _shared(one: Span, other: Span) -> Span | None:
    start, end = max(one[1], other[1]), min(one[2], other[2])
    return (one[0], start, end) if one[0] == other[0] and start < end else None


def _length(spans: Sequence[Span]) -> int:
    return sum(end - start for _, start, end in spans)


def summary(rows: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The mean of each metric, and its 95 % bootstrap interval."""
    import numpy as np

    told = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = np.array([row[name] for row in rows if name in row])  # (questions,)
        chance = np.random.default_rng(SEED)
        picks = chance.integers(0, len(values), (RESAMPLES, len(values)))
        low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
        told[name] = {
            "mean": round(float(values.mean()), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
        }
    return told


# ------------------------------------------------------------------ the set and the answers


def read_questions(file: Path) -> list[Question]:
    questions = []
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            entry = json.loads(line)
            gold = tuple(
                Gold(g["file"], g.get("start"), g.get("end"), g.get("page"))
                for g in entry["relevant"]
            )
            questions.append(Question(str(entry["id"]), entry["question"], gold))
    if not questions:
        sys.exit(f"{file} holds no question")
    return questions


def ask_all(
    questions: Sequence[Question], project: Path, k: int, mode: str | None, corpus: Corpus
) -> list[list[Found]]:
    """The passages for every question, by one process."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for q in questions:
            wanted = k * PASSAGES_PER_FILE if q.of_files else k
            line = {"id": q.id, "question": q.text, "k": wanted}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        argv = [rag_command(), "query", "--batch", file.name, "--json"]
        argv += ["--project", str(project), *(["--mode", mode] if mode else [])]
        answers = run_well(argv).stdout.split("\n")
    by_id = {str(a["id"]): a["passages"] for a in map(json.loads, filter(None, answers))}
    return [[_found(p, project, corpus) for p in by_id[q.id]] for q in questions]


def _found(passage: Mapping[str, Any], project: Path, corpus: Corpus) -> Found:
    return Found(
        file=corpus.file_of(passage["source"], project),
        start=passage["char_start"],
        end=passage["char_end"],
        page=passage["page"],
        page_end=passage["page_end"],
        text=passage["text"],
        has_lines=passage["line_start"] is not None,
    )


def count(found: Sequence[Sequence[Found]], corpus: Corpus) -> Tally:
    """Sources that are known, and offsets that cut the passage's own text out of the file."""
    tally = Tally(nothing_found=sum(not passages for passages in found))
    for passage in (p for passages in found for p in passages):
        tally.passages += 1
        if passage.file is None:
            tally.unknown_source += 1
        elif passage.has_lines:
            tally.offsets_given += 1
            text = corpus.text(passage.file)
            is_slice = text is not None and text[passage.start : passage.end] == passage.text
            tally.offsets_true += is_slice
    return tally


def score(
    questions: Sequence[Question], corpus: Corpus, project: Path, k: int, mode: str | None
) -> dict[str, Any]:
    """Every metric of a project on a question set."""
    project = project.resolve()
    project = project.parent if project.name == ".rag" else project
    found = ask_all(questions, project, k, mode, corpus)
    rows = [
        ranking(q, passages) | characters(q, passages)
        for q, passages in zip(questions, found, strict=True)
    ]
    tally = count(found, corpus)
    return {
        "questions": len(questions),
        "k": k,
        "mode": mode or "as set",
        "metrics": summary(rows),
        "passages": tally.passages,
        "nothing_found": tally.nothing_found,
        "unknown_source": tally.unknown_source,
        "offsets_given": tally.offsets_given,
        "offsets_true": tally.offsets_true,
    }


def show(result: Mapping[str, Any]) -> None:
    print(f"{result['questions']} questions, {result['k']} passages each, mode {result['mode']}")
    for name, value in result["metrics"].items():
        print(f"  {name:<22} {value['mean']:.3f}   [{value['low']:.3f}, {value['high']:.3f}]")
    print(
        f"  {result['passages']:,} passages, {result['unknown_source']} of unknown source;"
        f" offsets true {result['offsets_true']:,} of {result['offsets_given']:,}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set_dir", type=Path, metavar="SET_DIR")
    parser.add_argument("--project", type=Path, help="a project that holds the corpus already")
    parser.add_argument("-k", type=int, default=10, help="passages for each question")
    parser.add_argument("--mode", choices=("hybrid", "dense", "keyword"))
    parser.add_argument(
        "--encoding",
        default="utf-8",
        help="of the corpus' text files; several, tried in order: utf-8,gb18030",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    questions = read_questions(given.set_dir / "questions.jsonl")
    corpus = Corpus((given.set_dir / "corpus").resolve(), tuple(given.encoding.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        project = given.project
        if project is None:
            project = Path(folder)
            argv = [rag_command(), "ingest", str(corpus.root), "--project", folder, "--quiet"]
            run_well(argv, expected=(0, 3))
        result = score(questions, corpus, project, given.k, given.mode)
    if given.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        show(result)


if __name__ == "__main__":
    main()
