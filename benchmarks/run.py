"""What `make bench` runs: every benchmark that needs nothing but this repository.

    python benchmarks/run.py [SECTION...] [--texts FOLDER] [--runs 5] [--ingest-runs 3]
    python benchmarks/run.py --show results/FILE.json

Sections, in the order in which they run; without a name, all of them:

    cold     whole processes on the sample documents, and with 10,000, 100,000, 1,000,000 chunks
    peers    `rag` beside what a user would pick in its place: ingest, again, cold and warm query
    ingest   tokens/s beside sentence-transformers, and the share of what this machine can multiply
    ask      `rag ask` until a model's first token, beside the same `rag query`
    sample   retrieval on sample_docs/: 30 questions say that nothing is broken, not how good it is

Prints tables in Markdown, which docs/benchmarks.md is written from, and keeps everything in
results/<date>-<machine>.json; sections that were not run stay as that file has them. --texts gives
peers and ingest more to read than the sample documents hold.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ask
import cold
import environments
import ingest
import limits
import passages
import peers
from common import SAMPLE_QUESTIONS, machine, rag_command, run_well
from passages import Corpus, Found, Gold, Question

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_DOCS = ROOT / "sample_docs"
RESULTS = Path(__file__).resolve().parent / "results"
# One of the samples is in GB18030, undeclared.
ENCODINGS = ("utf-8", "gb18030")
TOP_K = 10
ANSWER_WITHIN = 5


def sample_scores() -> dict[str, Any]:
    """The ranking of files, and how often the answer stands in the first passages."""
    lines = SAMPLE_QUESTIONS.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    questions = [Question(e["id"], e["question"], (Gold(e["file"]),)) for e in entries]
    corpus = Corpus(SAMPLE_DOCS, ENCODINGS)
    with tempfile.TemporaryDirectory() as folder:
        argv = [rag_command(), "ingest", str(SAMPLE_DOCS), "--project", folder, "--quiet"]
        run_well(argv, expected=(0, 3))
        found = passages.ask_all(questions, Path(folder).resolve(), TOP_K, None, corpus)
    rows = [
        passages.ranking(question, some)
        | {f"answer@{ANSWER_WITHIN}": holds_answer(some[:ANSWER_WITHIN], entry["answer"])}
        for question, some, entry in zip(questions, found, entries, strict=True)
    ]
    tally = passages.count(found, corpus)
    languages = {}
    for language in ("en", "zh"):
        chosen = [r for r, e in zip(rows, entries, strict=True) if e["id"].startswith(language)]
        languages[language] = passages.summary(chosen)
    return {
        "questions": len(questions),
        "k": TOP_K,
        "mode": "as set",
        "metrics": passages.summary(rows),
        "metrics_by_language": languages,
        "passages": tally.passages,
        "unknown_source": tally.unknown_source,
        "offsets_given": tally.offsets_given,
        "offsets_true": tally.offsets_true,
    }


def holds_answer(some: Sequence[Found], answer: str) -> float:
    """1 when a passage holds the answer's words; line breaks and runs of blanks do not count."""
    wanted = _plain(answer)
    return float(any(wanted in _plain(passage.text) for passage in some))


def _plain(text: str) -> str:
    return "".join(text.split())


# ------------------------------------------------------------------ sections


def _cold(given: argparse.Namespace) -> dict[str, Any]:
    return cold.times(SAMPLE_DOCS, given.sizes, cold.QUESTION, given.runs)


def _peers(given: argparse.Namespace) -> dict[str, Any]:
    place = given.environments.resolve()
    return peers.compare(
        given.texts, place, list(environments.PEERS), given.runs, given.ingest_runs
    )


def _ingest(given: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        return ingest.measure(given.texts, limits.LENGTHS, given.tokens, given.ingest_runs, place)


# `sample` last: it loads numpy, and a child's resident set begins with its parent's.
SECTIONS: dict[str, tuple[Callable[[argparse.Namespace], dict[str, Any]], Callable[..., None]]] = {
    "cold": (_cold, cold.show),
    "peers": (_peers, peers.show),
    "ingest": (_ingest, ingest.show),
    "ask": (lambda given: ask.times(SAMPLE_DOCS, ask.QUESTION, ask.RUNS), ask.show),
    "sample": (lambda given: sample_scores(), passages.show),
}


def file_name(facts: dict[str, Any], date: str) -> str:
    words = f"{facts['cpu']} {facts['cores']} cores"
    return f"{date}-{re.sub(r'[^a-z0-9]+', '-', words.lower()).strip('-')}.json"


def show(result: Mapping[str, Any]) -> None:
    facts = result["machine"]
    print(f"{result['date']}  {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB")
    for name in SECTIONS:
        if name in result:
            print(f"\n## {name}")
            SECTIONS[name][1](result[name])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--show", type=Path, metavar="FILE", help="print a result's tables again")
    parser.add_argument("--texts", type=Path, default=SAMPLE_DOCS, help="for peers and ingest")
    parser.add_argument("--runs", type=int, default=cold.RUNS, help="of each query")
    parser.add_argument("--ingest-runs", type=int, default=peers.INGEST_RUNS)
    parser.add_argument("--sizes", type=cold.numbers, default=list(cold.SIZES), help="for cold")
    parser.add_argument("--tokens", type=int, default=ingest.TOKENS, help="for ingest")
    parser.add_argument("--environments", type=Path, default=environments.DEFAULT_FOLDER)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    if unknown := [name for name in given.sections if name not in SECTIONS]:
        parser.error(f"no section is called {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    given.texts = given.texts.resolve()
    return given


def main() -> None:
    given = _arguments()
    if given.show:
        show(json.loads(given.show.read_text(encoding="utf-8")))
        return
    facts, date = machine(), datetime.now(UTC).date().isoformat()
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / file_name(facts, date)
    result = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    result |= {"date": date, "machine": facts}
    for name in SECTIONS:
        if not given.sections or name in given.sections:
            print(f"{name}:", file=sys.stderr)
            result[name] = SECTIONS[name][0](given)
            # After each: what a long run has measured is not lost with what comes after it.
            text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
            file.write_text(text, encoding="utf-8")
    show(result)
    print(f"\nwritten to {file}")


if __name__ == "__main__":
    main()
