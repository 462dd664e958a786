"""What `make bench` runs: times and retrieval on sample_docs/, kept with what they depend on.

    python benchmarks/run.py [--runs 5] [--out FOLDER]

Prints a table and writes results/<date>-<machine>.json. The sample set is small (30 questions):
it says that nothing is broken, not how good retrieval is. Bring a real set: passages.py.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cold
import passages
from common import machine, rag_command, run_well
from passages import Corpus, Found, Gold, Question

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_DOCS = ROOT / "sample_docs"
SAMPLE_QUESTIONS = ROOT / "tests" / "sample_questions.jsonl"
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


def file_name(facts: dict[str, Any], date: str) -> str:
    words = f"{facts['cpu']} {facts['cores']} cores"
    return f"{date}-{re.sub(r'[^a-z0-9]+', '-', words.lower()).strip('-')}.json"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=cold.RUNS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    facts, date = machine(), datetime.now(UTC).date().isoformat()
    print(f"{date}  {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB\n")
    # First, while this process is small: a child's memory begins with its parent's.
    told = cold.times(SAMPLE_DOCS, cold.QUESTION, given.runs)
    cold.show(told)
    print()
    scores = sample_scores()
    passages.show(scores)
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / file_name(facts, date)
    result = {"date": date, "machine": facts, "cold": told, "sample_docs": scores}
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    file.write_text(text, encoding="utf-8")
    print(f"\nwritten to {file}")


if __name__ == "__main__":
    main()
