"""What each piece of retrieval is worth: variants side by side on question sets, paired.

    python benchmarks/ablation.py SET_DIR=PROJECT... [--only NAME,...] [--json FILE]

SET_DIR holds `questions.jsonl`, PROJECT is a project with its corpus ingested at the defaults. Each
variant changes one thing of retrieval as it is; `plain` is the usual recipe in its place: pieces of
1,000 characters that overlap by 200, found by cosine alone; `rrf` fuses both halves' ranks.

Of sets whose answers are files nDCG@10 is given, of others also recall@5 and character recall@5. A
difference from retrieval as it is has a 95 % interval, and a star where it can be told from chance.
Last, leaving one set out: the weights that are best on the other sets, and what they give on it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ragcli import Rag
from ragcli.domain import Passage, QueryResult, ignore
from ragcli.evaluation.bootstrap import differences
from ragcli.recipes import evaluate, question_files
from ragcli.retrieval import passages, retrieve
from ragcli.retrieval.fusion import Parts
from ragcli.store import keyword, sets

SHOWN = ("ndcg@10", "recall@5", "char_recall@5")
RRF = 60  # Cormack et al. 2009
PLAIN_CHARACTERS, PLAIN_OVERLAP = 1000, 200

_WEIGHTS = {
    "weights .25/.60/.15": (0.25, 0.60, 0.15),
    "weights .33/.52/.15": (0.33, 0.52, 0.15),
    "weights .50/.35/.15": (0.50, 0.35, 0.15),
    "weights .60/.25/.15": (0.60, 0.25, 0.15),
    "weights .35/.35/.30": (0.35, 0.35, 0.30),
    "weights .45/.50/.05": (0.45, 0.50, 0.05),
}

Patches = Sequence[tuple[Any, str, Any]]


def _set(weights: tuple[float, float, float]) -> Patches:
    names = ("DENSE", "KEYWORD", "NEAR")
    return [(retrieve, name, value) for name, value in zip(names, weights, strict=True)]


def _ranks(halves: Any, i: int, text: Any, is_exact: bool) -> Parts:
    """Reciprocal ranks, for `_Halves.parts`."""
    found = halves.found_by(i)
    share = {h: 1 / (RRF + f.rank) for h, f in found.items() if f.rank is not None}
    return Parts(dense=share.get("dense", 0.0), keyword=share.get("keyword", 0.0))


VARIANTS: dict[str, Patches] = {
    "as it is": [],
    "rrf": [
        (retrieve._Halves, "parts", _ranks),
        (retrieve, "NEIGHBOUR", 0.0),
        (passages, "JOINING", 0),
    ],
    "nothing for words in one place": [(retrieve, "NEAR", 0.0)],
    "nothing lent by neighbours": [(retrieve, "NEIGHBOUR", 0.0)],
    "no joining: chunks are passages": [(passages, "JOINING", 0)],
    "plain words count in code": [(retrieve, "IN_CODE", 1.0)],
    "k1 = 1.2": [(keyword, "_WEIGHTS", "1.0, 0.5, 0.5")],
    "no exact pieces": [(retrieve, "EXACT", 0.0)],
    **{name: _set(weights) for name, weights in _WEIGHTS.items()},
}


@contextmanager
def _patched(patches: Patches) -> Iterator[None]:
    with ExitStack() as stack:
        for home, name, value in patches:
            stack.enter_context(patch.object(home, name, value))
        yield


class Plain:
    """Pieces of so many characters, found by cosine alone, as tutorials teach it."""

    def __init__(self, rag: Rag) -> None:
        import numpy as np

        self._rag = rag
        self._pieces: list[tuple[str, int, int, str]] = []
        for document_id in rag.store.document_ids():
            text = rag.store.document(document_id).text
            for start in range(0, len(text), PLAIN_CHARACTERS - PLAIN_OVERLAP):
                piece = text[start : start + PLAIN_CHARACTERS]
                if piece.strip():
                    source = rag.store.cited_as(document_id)
                    self._pieces.append((source, start, start + len(piece), piece))
        room = rag.embedder.room_tokens
        texts = [self._cut(piece[3], room) for piece in self._pieces]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        self._vectors = np.empty((len(texts), rag.embedder.identity.dimension), np.float32)
        for at in range(0, len(order), 32):
            some = order[at : at + 32]
            self._vectors[some] = rag.embedder.embed_documents([texts[i] for i in some])

    def _cut(self, text: str, room: int) -> str:
        """What a model that cuts at its limit would read."""
        while self._rag.embedder.counter.count(text) > room:
            text = text[: len(text) * 9 // 10]
        return text

    def ask(self, question: str, k: int) -> QueryResult:
        cosines = self._vectors @ self._rag.embedder.embed_query(question)
        best = (-cosines).argsort(kind="stable")[:k]
        found = tuple(self._passage(rank, int(i)) for rank, i in enumerate(best, 1))
        return QueryResult(question, "dense", None, found)

    def _passage(self, rank: int, i: int) -> Passage:
        source, start, end, text = self._pieces[i]
        nothing: dict[str, Any] = dict.fromkeys(
            ("title", "page", "page_end", "line_start", "line_end", "date", "date_origin")
        )
        return Passage(
            rank=rank,
            score=0.0,
            source=source,
            headings=(),
            char_start=start,
            char_end=end,
            text=text,
            chunk_id=str(i),
            chunk_ids=(str(i),),
            also_in=(),
            stale=False,
            found_by={},
            **nothing,
        )


Rows = list[Mapping[str, float]]


def figures(rag: Rag, prepared: evaluate.Prepared, ask: Callable[[str, int], QueryResult]) -> Rows:
    count = rag.embedder.counter.count
    done = evaluate.evaluate(rag.store, prepared, ask, count, 10, ignore)
    return [o.metrics for o in done.outcomes]


def means(rows: Rows) -> dict[str, float]:
    return {m: sum(r[m] for r in rows) / len(rows) for m in SHOWN if m in rows[0]}


def measure(rag: Rag, folder: Path, names: Sequence[str]) -> dict[str, Rows]:
    prepared = evaluate.prepare(rag.store, question_files.read(folder / "questions.jsonl"))
    assert sets.active(rag.store.connection) is not None
    found = {}
    for name in names:
        if name == "plain":
            found[name] = figures(rag, prepared, Plain(rag).ask)
            continue
        mode: Any = name if name in ("dense", "keyword") else "hybrid"
        with _patched(VARIANTS.get(name, [])):
            found[name] = figures(
                rag, prepared, lambda text, k, mode=mode: rag.query(text, top_k=k, mode=mode)
            )
        print(f"  {folder.name}: {name} {means(found[name])}", flush=True)
    return found


def show(found: Mapping[str, Mapping[str, Rows]]) -> None:
    for name, variants in found.items():
        base = variants["as it is"]
        print(f"\n{name}: {len(base)} questions; as it is {means(base)}")
        for variant, rows in variants.items():
            cells = []
            for metric, one in differences(base, rows).items():
                if metric in SHOWN:
                    star = "*" if one.is_real else " "
                    cells.append(
                        f"{metric} {one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}]{star}"
                    )
            print(f"  {variant:<34}{'  '.join(cells)}")


def left_out(found: Mapping[str, Mapping[str, Rows]]) -> None:
    """For each set the weights that are best on the others, by the mean of nDCG@10."""
    choices = ["as it is", *_WEIGHTS]
    print("\nweights chosen without a set, and what they give on it (nDCG@10)")
    for name in found:
        others = [v for n, v in found.items() if n != name]
        if not others or any(c not in v for v in found.values() for c in choices):
            return
        best = max(choices, key=lambda c: sum(means(v[c])["ndcg@10"] for v in others))
        given, own = (means(found[name][c])["ndcg@10"] for c in (best, "as it is"))
        print(f"  {name:<16}{best:<24}{given:.4f}   as it is {own:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", metavar="SET_DIR=PROJECT")
    parser.add_argument("--only", help="names of variants, with commas between")
    parser.add_argument("--json", type=Path, help="the means, as JSON")
    options = parser.parse_args()
    names = ["as it is", "dense", "keyword", "plain", *list(VARIANTS)[1:]]
    if options.only:
        names = ["as it is", *options.only.split(",")]
    found = {}
    for one in options.sets:
        folder, project = map(Path, one.split("="))
        found[folder.name] = measure(Rag.open(project), folder, names)
    show(found)
    left_out(found)
    if options.json:
        table = {s: {v: means(r) for v, r in variants.items()} for s, variants in found.items()}
        options.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
