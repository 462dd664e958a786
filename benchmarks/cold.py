"""Time whole processes, as a person or cron starts them: `rag` and a plain script.

    python benchmarks/cold.py [FOLDER] [--runs 5] [--question TEXT] [--json]

FOLDER (default: sample_docs) is ingested into a temporary project first. Each command then runs
once without being counted, so that its files are in the system's cache, and `--runs` times with
the clock on: median, least and most seconds, and the largest resident memory of any run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common import rag_command, run_well, spread

ROOT = Path(__file__).resolve().parent.parent
PLAIN_SCRIPT = Path(__file__).resolve().parent / "alternatives" / "plain_script.py"
QUESTION = "How many dimensions does the default model have?"
RUNS = 5
# Nothing found is an answer; some file unread is not this benchmark's affair.
FINE = (0, 3, 4)

# The folder of the default model: the plain script cannot find a packaged one by its name.
_FIND_MODEL = (
    "from ragcli.config import DEFAULT_MODEL; from ragcli.embedding.locate import find;"
    " print(find(DEFAULT_MODEL))"
)


def measure(argv: Sequence[str], runs: int) -> dict[str, Any]:
    """Seconds and memory of a command."""
    run_well(argv, expected=FINE)
    done = [run_well(argv, expected=FINE) for _ in range(runs)]
    return {
        "wall_s": spread([one.wall_s for one in done]),
        "peak_mib": round(max(one.peak_bytes for one in done) / 2**20),
        "runs": runs,
    }


def times(folder: Path, question: str, runs: int) -> dict[str, Any]:
    """The time of each command on a project of this folder."""
    rag = rag_command()
    # In a process of its own: what this one loads would count in every child's memory.
    model = run_well([sys.executable, "-c", _FIND_MODEL]).stdout.strip()
    with tempfile.TemporaryDirectory() as temporary:
        project, index = Path(temporary) / "project", Path(temporary) / "index"
        here = ["--project", str(project)]
        ingest = [rag, "ingest", str(folder), *here, "--quiet"]
        first = run_well(ingest, expected=FINE)
        plain = [sys.executable, str(PLAIN_SCRIPT)]
        plain_build = run_well([*plain, "build", str(folder), str(index), "--model", model])
        commands = {
            "rag --help": [rag, "--help"],
            "rag ingest, nothing changed": ingest,
            "rag query, keyword": [rag, "query", question, "--mode", "keyword", *here],
            "rag query, hybrid": [rag, "query", question, *here],
            "plain script, query": [*plain, "query", str(index), question, "--model", model],
        }
        told = {
            "rag ingest, first": _once(first.wall_s, first.peak_bytes),
            "plain script, build": _once(plain_build.wall_s, plain_build.peak_bytes),
        }
        return told | {name: measure(argv, runs) for name, argv in commands.items()}


def _once(wall_s: float, peak_bytes: int) -> dict[str, Any]:
    return {"wall_s": spread([wall_s]), "peak_mib": round(peak_bytes / 2**20), "runs": 1}


def show(told: Mapping[str, Any]) -> None:
    print(f"{'whole process':<30}{'median':>9}{'min':>9}{'max':>9}{'peak':>11}{'runs':>6}")
    for name, one in told.items():
        seconds = "".join(f"{one['wall_s'][key]:>7.2f} s" for key in ("median", "min", "max"))
        print(f"{name:<30}{seconds}{one['peak_mib']:>7,} MiB{one['runs']:>6}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "sample_docs")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    told = times(given.folder.resolve(), given.question, given.runs)
    if given.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        show(told)


if __name__ == "__main__":
    main()
