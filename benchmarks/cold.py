"""Time whole processes, as a person or cron starts them: `rag` and the plain script.

    python benchmarks/cold.py [FOLDER] [--sizes 10000,100000,1000000] [--runs 5] [--question TEXT]

FOLDER (default: sample_docs) is ingested into a project, and both are asked. Then, for each of the
sizes, the same on a project of so many chunks (synthetic.py), beside the script with an index of so
many vectors. Commands take turns; one round before them is not counted, so that files are in the
system's cache. `ratio` is to `rag query` in the same round.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common import (
    Command,
    model_folder,
    rag_command,
    run_well,
    show_summary,
    size_bytes,
    summary,
    take_turns,
)

HERE = Path(__file__).resolve().parent
SAMPLE_DOCS = HERE.parent / "sample_docs"
PLAIN_SCRIPT = HERE / "alternatives" / "plain_script.py"
PLAIN_INDEX = HERE / "alternatives" / "plain_index.py"
SYNTHETIC = HERE / "synthetic.py"
QUESTION = "How many dimensions does the default model have?"
SIZES = (10_000, 100_000, 1_000_000)
RUNS = 5
# Nothing found is an answer; some file unread is not this benchmark's affair.
FINE = (0, 3, 4)
OFFLINE = {"HF_HUB_OFFLINE": "1"}


def _queries(project: Path, index: Path, question: str) -> dict[str, Command]:
    rag, at = rag_command(), ["--project", str(project)]
    script = [sys.executable, str(PLAIN_SCRIPT), "query", str(index), question]
    return {
        "rag query, hybrid": Command([rag, "query", question, *at], OFFLINE, FINE),
        "rag query, keyword": Command(
            [rag, "query", question, "--mode", "keyword", *at], OFFLINE, FINE
        ),
        "plain script, query": Command([*script, "--model", model_folder()], OFFLINE),
    }


def sample(folder: Path, question: str, runs: int) -> dict[str, Any]:
    """Every command on a project of this folder; the first ingest and build only once."""
    with tempfile.TemporaryDirectory() as temporary:
        project, index = Path(temporary) / "project", Path(temporary) / "index"
        ingest = [rag_command(), "ingest", str(folder), "--project", str(project), "--quiet"]
        build = [sys.executable, str(PLAIN_SCRIPT), "build", str(folder), str(index)]
        firsts = {
            "rag ingest, first": run_well(ingest, FINE, OFFLINE),
            "plain script, build": run_well([*build, "--model", model_folder()], (0,), OFFLINE),
        }
        commands = _queries(project, index, question) | {
            "rag --help": Command([rag_command(), "--help"]),
            "rag ingest, nothing changed": Command(ingest, OFFLINE, FINE),
        }
        told = summary(take_turns(commands, runs))
    return told | {
        name: {
            "wall_s": dict.fromkeys(("median", "min", "max"), round(one.wall_s, 3)),
            "peak_mib": round(one.peak_bytes / 2**20),
            "peak_of": one.peak_of,
            "runs": 1,
        }
        for name, one in firsts.items()
    }


def of_size(chunks: int, question: str, runs: int) -> dict[str, Any]:
    """Questions to a project of so many chunks, and what it takes on disk."""
    if not SYNTHETIC.is_file():
        return {"skipped": f"{SYNTHETIC.name} is not here"}
    with tempfile.TemporaryDirectory() as temporary:
        project, index = Path(temporary) / "project", Path(temporary) / "index"
        number = ["--chunks", str(chunks)]
        run_well([sys.executable, str(SYNTHETIC), str(project), *number])
        run_well(
            [sys.executable, str(PLAIN_INDEX), str(index), *number, "--texts", str(SAMPLE_DOCS)]
        )
        stored = sorted(p for p in (project / ".rag").rglob("*") if p.is_file())
        return {
            "times": summary(take_turns(_queries(project, index, question), runs)),
            "disk_bytes": {
                str(path.relative_to(project / ".rag")): path.stat().st_size for path in stored
            },
            "plain_script_disk_bytes": size_bytes(index),
        }


def times(folder: Path, sizes: Sequence[int], question: str, runs: int) -> dict[str, Any]:
    return {
        "sample": sample(folder, question, runs),
        "sizes": {str(chunks): of_size(chunks, question, runs) for chunks in sizes},
    }


def show(told: Mapping[str, Any]) -> None:
    show_summary("whole process, the sample documents", told["sample"])
    for chunks, one in told["sizes"].items():
        title = f"whole process, {int(chunks):,} chunks"
        if "skipped" in one:
            print(f"\n{title}: skipped, {one['skipped']}")
            continue
        show_summary(title, one["times"])
        parts = {name: size for name, size in one["disk_bytes"].items() if size}
        print(f"\nOn disk {sum(parts.values()) / 1e6:,.0f} MB; the plain script's index:", end=" ")
        print(f"{one['plain_script_disk_bytes'] / 1e6:,.0f} MB.")
        print("\n| part | MB |\n|---|---|")
        for name, size in parts.items():
            print(f"| `{name}` | {size / 1e6:,.1f} |")


def numbers(text: str) -> list[int]:
    """Of a list with commas; none of an empty one."""
    return [int(part) for part in text.split(",") if part]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLE_DOCS)
    parser.add_argument("--sizes", type=numbers, default=list(SIZES))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    told = times(given.folder.resolve(), given.sizes, given.question, given.runs)
    if given.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        show(told)


if __name__ == "__main__":
    main()
