"""What a store costs at its size: recall, time, memory and disk, without the embedding model.

    python benchmarks/scale.py PROJECT QUESTIONS.txt --vectors FILE.npy [--runs 5]

PROJECT is best made by synthetic.py. QUESTIONS.txt holds a question a line; their vectors are
kept in --vectors and taken from it the next time.

* Recall@10 of the dense half against all stored embeddings, without and with filters on paths.
* Milliseconds of processor time of each half, in one process: median and worst over the
  questions. They hardly depend on what else runs on the machine.
* A fresh process from its start to the passages of a hybrid question whose vector is known, with
  the memory of that process (PSS). A whole cold `rag query` adds the model.
* A file added, changed and removed, from the first look at the folder to the commit, with the
  model loaded before.
* Bytes on the disk, by table.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ragcli import Rag
from ragcli.domain import Filter
from ragcli.recipes.question import read_question
from ragcli.recipes.search import StoreSearcher
from ragcli.retrieval.retrieve import Ranking, retrieve
from ragcli.store import Store, embeddings, filters, sets
from ragcli.store.database import EngineError

if TYPE_CHECKING:
    import numpy as np

    from ragcli.domain import Embedder

TOP_K = 10
DEPTH = 100
# Of a project of synthetic.py: everything, 10 %, 50 %.
FILTERS = {
    "all": Filter(),
    "one in ten": Filter(path="*7.txt"),
    "half": Filter(path="*[02468].txt"),
}
PARTS = {
    "texts": ("texts",),
    "embeddings": ("embeddings", "sqlite_autoindex_embeddings_1"),
    "chunks": ("chunks", "chunks_document", "chunks_embed_hash"),
}


def vectors_of(questions: Sequence[str], rag: Rag, kept: Path | None) -> np.ndarray:
    """(n, dimension)."""
    import numpy as np

    if kept is not None and kept.is_file():
        loaded: np.ndarray = np.load(kept)
        return loaded
    made = np.vstack([rag.embedder.embed_query(q) for q in questions])
    if kept is not None:
        np.save(kept, made)
    return made


def recall(store: Store, vectors: np.ndarray, only: Filter) -> float:
    """The share of the ten nearest, by a look at every embedding, that the store finds."""
    import numpy as np

    chosen = sets.active(store.connection)
    assert chosen is not None
    allowed = filters.chunk_ids(store.connection, only, chosen.chunk_set_id) if only else None
    best_ids = np.empty((len(vectors), 0), np.int64)
    best = np.empty((len(vectors), 0), np.float32)
    for ids, matrix in embeddings.every(store.connection, chosen):
        keep = slice(None) if allowed is None else np.isin(ids, allowed)
        scores = np.hstack([best, vectors @ matrix[keep].T])
        names = np.hstack([best_ids, np.broadcast_to(ids[keep], (len(vectors), len(ids[keep])))])
        top = np.argsort(-scores, axis=1, kind="stable")[:, :TOP_K]
        best = np.take_along_axis(scores, top, 1)
        best_ids = np.take_along_axis(names, top, 1)
    found = 0
    for vector, wanted in zip(vectors, best_ids, strict=True):
        found += len({i for i, _ in store.search_dense(vector, TOP_K, only)} & set(wanted.tolist()))
    return found / best_ids.size


def milliseconds(calls: Sequence[Callable[[], object]]) -> dict[str, float]:
    """Median and worst of one call each, after a first that is not counted."""
    calls[0]()
    taken = []
    for call in calls:
        started = time.process_time()
        call()
        taken.append((time.process_time() - started) * 1000)
    return {"median": round(statistics.median(taken), 1), "worst": round(max(taken), 1)}


def halves(store: Store, questions: Sequence[str], vectors: np.ndarray) -> dict[str, Any]:
    told: dict[str, Any] = {}
    pairs = list(zip(questions, vectors, strict=True))
    for name, only in FILTERS.items():
        told[f"dense, {name}"] = milliseconds(
            [lambda v=v, f=only: store.search_dense(v, DEPTH, f) for _, v in pairs]
        )
    told["keyword"] = milliseconds([lambda q=q: keyword_half(store, q) for q, _ in pairs])
    told["hybrid"] = milliseconds([lambda q=q, v=v: hybrid(store, q, v) for q, v in pairs])
    told["counts"] = milliseconds([store.counts] * 5)
    told["embedded_share"] = milliseconds([store.embedded_share] * 5)
    return told


def keyword_half(store: Store, question: str) -> object:
    return _ranking(store, question, None)


def hybrid(store: Store, question: str, vector: np.ndarray) -> object:
    with store.snapshot():
        return _ranking(store, question, vector), store.embedded_share()


def _ranking(store: Store, question: str, vector: np.ndarray | None) -> Ranking:
    """By words alone without a vector."""
    chosen = sets.active(store.connection)
    assert chosen is not None
    read = read_question(store, chosen, question, "keyword", _no_model, [])
    searcher = StoreSearcher(store, chosen.chunk_set_id, Filter(), None)
    mode: Literal["keyword", "hybrid"] = "keyword" if vector is None else "hybrid"
    return retrieve(searcher, read._replace(vector=vector), mode, TOP_K)


def _no_model() -> Embedder:
    raise AssertionError("words need no model")


_FRESH = """
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from scale import hybrid
from ragcli import Rag
vectors = np.load(sys.argv[3])
with Rag.open(sys.argv[2]) as rag:
    hybrid(rag.store, sys.argv[4], vectors[int(sys.argv[5])])
lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("Pss:")))
"""


def fresh_processes(
    project: Path, questions: Sequence[str], vectors: Path, runs: int
) -> dict[str, float]:
    here = str(Path(__file__).resolve().parent)
    taken, memory = [], []
    for number in range(runs + 1):
        which = number % len(questions)
        argv = [sys.executable, "-c", _FRESH, here, str(project), str(vectors)]
        started = time.perf_counter()
        ran = subprocess.run(
            [*argv, questions[which], str(which)], capture_output=True, text=True, check=True
        )
        taken.append(time.perf_counter() - started)
        memory.append(int(ran.stdout.split()[-1]) / 1024)
    return {
        "median_s": round(statistics.median(taken[1:]), 3),
        "worst_s": round(max(taken[1:]), 3),
        "pss_mib": round(max(memory)),
    }


def changes(rag: Rag, runs: int) -> dict[str, Any]:
    """Seconds of `rag.ingest` of one file that is new, changed, gone."""
    rag.embedder.embed_query("load the model")
    folder = rag.folder.root / "docs"
    file = folder / "benchmark-of-one-file.txt"
    told: dict[str, list[float]] = {"added": [], "changed": [], "removed": [], "whole folder": []}
    for run in range(runs):
        for name, text in (
            ("added", f"A first text, number {run}.\n\n" * 9),
            ("changed", "Another."),
        ):
            file.write_text(f"{text} {time.time()}", encoding="utf-8")
            told[name].append(seconds(lambda: rag.ingest([file])))
        file.unlink()
        told["removed"].append(seconds(lambda: rag.remove([str(file)])))
        told["whole folder"].append(seconds(rag.ingest))
    return {name: {"median": statistics.median(t), "worst": max(t)} for name, t in told.items()}


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return round(time.perf_counter() - started, 3)


def disk(store: Store) -> dict[str, int]:
    """Bytes: of the tables (where SQLite can tell), and of the files."""
    told = {p.name: p.stat().st_size for p in store.folder.rag.iterdir() if p.stat().st_size > 1e6}
    try:
        sizes = store.connection.execute("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name")
        rows = dict(sizes.fetchall())
    except EngineError:
        return told
    for part, names in PARTS.items():
        told[f"store: {part}"] = sum(rows.pop(name, 0) for name in names)
    told["store: keyword index"] = sum(s for n, s in rows.items() if n.startswith("keyword_"))
    told["store: the rest"] = sum(s for n, s in rows.items() if not n.startswith("keyword_"))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("questions", type=Path, metavar="QUESTIONS.txt")
    parser.add_argument("--vectors", type=Path, required=True, metavar="FILE.npy")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-changes", action="store_true", help="change no file")
    given = parser.parse_args()
    questions = [q for q in given.questions.read_text(encoding="utf-8").splitlines() if q.strip()]
    with Rag.open(given.project) as rag:
        vectors = vectors_of(questions, rag, given.vectors)
        told: dict[str, Any] = {"counts": dict(rag.store.counts()), "bytes": disk(rag.store)}
        tell(told)
        tell({"milliseconds": halves(rag.store, questions, vectors)})
        tell(
            {"fresh process": fresh_processes(given.project, questions, given.vectors, given.runs)}
        )
        tell({"recall@10": {name: recall(rag.store, vectors, f) for name, f in FILTERS.items()}})
        if not given.no_changes:
            tell({"seconds": changes(rag, given.runs)})


def tell(part: dict[str, Any]) -> None:
    print(json.dumps(part, indent=1), flush=True)


if __name__ == "__main__":
    main()
