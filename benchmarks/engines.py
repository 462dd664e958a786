"""Do the engines agree? The same folder through ONNX Runtime and through sentence-transformers.

    python benchmarks/engines.py SET_DIR... [--engine onnx] [-k 10] [--json]

SET_DIR holds `corpus/` and `questions.jsonl` with a `question` on each line (see passages.py). Each
set is ingested twice, by the engine and by torch. What is compared: every stored embedding (the
largest difference of a component, the least cosine), and for every question, in the modes dense and
hybrid, the top-k chunks. Chunks whose scores differ by less than TIE have no order of their own.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import rag_command, run_well

# Engines differ by about 1e-7 in a score; below this two passages are equally good.
TIE = 1e-5
MODES = ("dense", "hybrid")
FINE = (0, 3, 4)


def embeddings(project: Path) -> dict[bytes, np.ndarray]:
    """Vectors by the hash of their text."""
    with sqlite3.connect(project / ".rag" / "store.sqlite") as connection:
        rows = connection.execute("SELECT embed_hash, vector FROM embeddings").fetchall()
    return {key: np.frombuffer(vector, np.float32) for key, vector in rows}


def rankings(
    project: Path, questions: Path, mode: str, engine: str, k: int
) -> list[list[tuple[str, float]]]:
    """For each question the (chunk, score) found, best first."""
    asked = [rag_command(), "query", "--batch", str(questions), "--mode", mode, "-k", str(k)]
    done = run_well([*asked, "--engine", engine, "--project", str(project)], expected=FINE)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [[(p["chunk_id"], p["score"]) for p in one["passages"]] for one in answers]


def agree(one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]) -> bool:
    """The same chunks at the same places, but for the order of ties."""
    if len(one) != len(other):
        return False
    scores = dict(one) | dict(other)
    last = min([score for _, score in (*one, *other)], default=0.0)
    for (mine, score), (theirs, _) in zip(one, other, strict=True):
        # What ties with the last place may be left out of either list.
        tied = abs(scores[mine] - scores[theirs]) < TIE or abs(score - last) < TIE
        if mine != theirs and not tied:
            return False
    return True


def compare(folder: Path, engine: str, k: int) -> dict[str, Any]:
    """What differs on one set."""
    with tempfile.TemporaryDirectory() as temporary:
        projects = {name: Path(temporary) / name for name in (engine, "torch")}
        for name, project in projects.items():
            ingest = [rag_command(), "ingest", str(folder / "corpus"), "--quiet"]
            run_well([*ingest, "--engine", name, "--project", str(project)], expected=FINE)
        fast, slow = (embeddings(projects[name]) for name in (engine, "torch"))
        assert fast.keys() == slow.keys(), "both cut the same chunks"
        mine, theirs = (np.stack([v[key] for key in slow]) for v in (fast, slow))
        told: dict[str, Any] = {
            "set": folder.name,
            "embeddings": len(slow),
            "largest_difference": float(np.abs(mine - theirs).max()),
            "least_cosine": float((mine * theirs).sum(axis=1).min()),
        }
        for mode in MODES:
            found = [
                rankings(project, folder / "questions.jsonl", mode, name, k)
                for name, project in projects.items()
            ]
            same = [agree(one, other) for one, other in zip(*found, strict=True)]
            told[mode] = {"questions": len(same), "same": sum(same)}
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--engine", default="onnx")
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print one JSON object a set")
    given = parser.parse_args()
    for folder in given.sets:
        told = compare(folder.resolve(), given.engine, given.k)
        if given.json:
            print(json.dumps(told), flush=True)
            continue
        print(
            f"{told['set']}: {told['embeddings']:,} embeddings, largest difference"
            f" {told['largest_difference']:.1e}, least cosine {told['least_cosine']:.7f}"
        )
        for mode in MODES:
            same, asked = told[mode]["same"], told[mode]["questions"]
            print(f"  {mode}: the same top {given.k} for {same} of {asked} questions", flush=True)


if __name__ == "__main__":
    main()
