"""Do the passages cover both halves of a question that was joined from two?

    python benchmarks/compound.py SET_DIR [--project DIR] [--half develop|report] [--json FILE]

SET_DIR is as for passages.py. Each question of a half of the set (every other one: `develop` for
choosing, `report` for reporting) is joined with the next one that another paragraph of the same
file answers, and with one of another file, in English as `Q1 and q2?` and `Q1? Q2?`, in Chinese
as `Q1，q2？` and `Q1？Q2？`. Beside what ragcli does stands the same without taking the question
apart. The passages of the set's own questions are compared, too. `answers` says of every third
question joined from two of one file whether extractive answers hold both answers, with two
sentences for each part and with one.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from common import machine
from extractive import held, interval, paired, project_of

from ragcli import Rag
from ragcli.retrieval.compound import parts

K = 5


def joined(one: str, other: str) -> dict[str, str]:
    """Two questions as one, in two ways."""
    first, second = (q.strip().rstrip("?？.。 ") for q in (one, other))
    if re.search("[\u4e00-\u9fff]", one + other):
        return {"mark": f"{first}？{second}？", "conjunction": f"{first}，{second}？"}
    lower = second[:1].lower() + second[1:]
    return {"mark": f"{first}? {second}?", "conjunction": f"{first} and {lower}?"}


def pairs(questions: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(kind, question, other question)"""
    for i, one in enumerate(questions):
        later = questions[i + 1 :] + questions[:i]
        gold = one["relevant"][0]
        for kind, same in (("same file", True), ("other file", False)):
            for other in later:
                also = other["relevant"][0]
                if (also["file"] == gold["file"]) == same and also["start"] != gold["start"]:
                    yield kind, one, other
                    break


def finds(rag: Rag, root: Path, question: str, golds: list[dict[str, Any]]) -> bool:
    """Every gold span is found by one of the first K passages: half of the shorter is covered."""
    found = [
        ((rag.folder.root / p.source).resolve(), p.char_start, p.char_end)
        for p in rag.query(question, top_k=K).passages
    ]
    return all(
        any(
            file == (root / g["file"]).resolve()
            and min(end, g["end"]) - max(start, g["start"])
            >= 0.5 * min(end - start, g["end"] - g["start"])
            for file, start, end in found
        )
        for g in golds
    )


def as_one() -> Any:
    return mock.patch("ragcli.recipes.query.parts", lambda question: ())


def compare(rag: Rag, root: Path, questions: list[dict[str, Any]]) -> dict[str, Any]:
    """Both golds among the first K, with and without parts, by how the two were joined."""
    told: dict[str, tuple[list[bool], list[bool], list[bool]]] = {}
    for kind, one, other in pairs(questions):
        golds = [one["relevant"][0], other["relevant"][0]]
        for way, text in joined(one["question"], other["question"]).items():
            after, before, apart = told.setdefault(f"{kind}, {way}", ([], [], []))
            after.append(finds(rag, root, text, golds))
            apart.append(bool(parts(text)))
            with as_one():
                before.append(finds(rag, root, text, golds))
    return {
        name: {
            "questions": len(after),
            "taken_apart": sum(apart),
            "before": interval(before),
            "after": interval(after),
            "difference": paired(after, before),
        }
        for name, (after, before, apart) in told.items()
    }


def answered(rag: Rag, questions: list[dict[str, Any]]) -> dict[str, Any]:
    """Both answers are inside the quotes, by how many sentences there may be for each part."""
    held_both: dict[int, list[bool]] = {1: [], 2: []}
    quoted: dict[int, list[int]] = {1: [], 2: []}
    same = [(one, other) for kind, one, other in pairs(questions) if kind == "same file"]
    for one, other in same[2::3]:
        found = rag.query(joined(one["question"], other["question"])["conjunction"])
        for most, both in held_both.items():
            with mock.patch("ragcli.generation.extractive.MAX_SENTENCES_A_PART", most):
                *_, last = rag.answer_from(found, allow_weak=True)
            assert last.answer is not None, "the last piece is the answer"
            quotes = [c.quote or "" for c in last.answer.citations]
            both.append(held(one, quotes) and held(other, quotes))
            quoted[most].append(len(quotes))
    return {
        "questions": len(held_both[1]),
        "before": interval(held_both[1]),
        "after": interval(held_both[2]),
        "difference": paired(held_both[2], held_both[1]),
        "sentences": {str(most): sum(n) / len(n) for most, n in quoted.items()},
    }


def unharmed(rag: Rag, questions: list[dict[str, Any]]) -> dict[str, int]:
    """Of the set's own questions: those taken apart, and those of the others that changed."""
    several, changed = 0, 0
    for text in (q["question"] for q in questions):
        if parts(text):
            several += 1
            continue
        now = rag.query(text).passages
        with as_one():
            changed += now != rag.query(text).passages
    return {"questions": len(questions), "taken_apart": several, "others_changed": changed}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("set_dir", type=Path)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--half", choices=("develop", "report"), default="report")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    lines = (options.set_dir / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    half = questions[options.half == "report" :: 2]
    with tempfile.TemporaryDirectory() as scratch:
        root = options.set_dir / "corpus"
        rag = project_of(root, options.project or Path(scratch))
        result = {"unharmed": unharmed(rag, questions)}
        if "start" in questions[0]["relevant"][0]:
            result |= compare(rag, root, half)
            result["answers"] = answered(rag, half)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), **result}, indent=1) + "\n")


if __name__ == "__main__":
    main()
