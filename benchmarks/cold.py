"""Time whole processes, as a person or cron starts them: `rag` and the plain script.

    python benchmarks/cold.py [FOLDER] [--sizes 10000,100000,1000000] [--runs 5] [--question TEXT]

FOLDER (default: sample_docs) is ingested into a project, and both are asked. Then, for each of the
sizes, the same on a project of so many chunks (synthetic.py), beside the script with an index of so
many vectors; the next ingest there; and what scale.py tells of the store. Commands take turns; one
round before them is not counted, so that files are in the system's cache. `ratio` is to the first
command of the table in the same round.
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
    sample_questions,
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
SCALE = HERE / "scale.py"
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


def of_size(chunks: int, question: str, runs: int, kept: Path) -> dict[str, Any]:
    """Questions to a project of so many chunks, the next ingest, and what its store costs.

    ``kept`` is where embeddings lie that every size uses.
    """
    if not SYNTHETIC.is_file():
        return {"skipped": f"{SYNTHETIC.name} is not here"}
    with tempfile.TemporaryDirectory() as temporary:
        project, index = Path(temporary) / "project", Path(temporary) / "index"
        number = ["--chunks", str(chunks)]
        texts = ["--texts", str(SAMPLE_DOCS)]
        vectors = ["--embeddings", str(kept / "texts.npy")]
        run_well([sys.executable, str(SYNTHETIC), str(project), *number, *texts, *vectors])
        run_well([sys.executable, str(PLAIN_INDEX), str(index), *number, *texts])
        return {
            "times": summary(take_turns(_queries(project, index, question), runs)),
            "ingest": summary(take_turns(_ingests(project), runs)),
            "plain_script_disk_bytes": size_bytes(index),
            "rag_disk_bytes": size_bytes(project / ".rag"),
            "store": _store(project, kept, runs),
        }


def _ingests(project: Path) -> dict[str, Command]:
    """An ingest of the whole folder after nothing and after one file has changed."""
    file = min(path for path in project.rglob("*.txt") if ".rag" not in path.parts)
    argv = [rag_command(), "ingest", str(project), "--project", str(project), "--quiet"]

    def change() -> None:
        with file.open("a", encoding="utf-8") as end:
            end.write(f"\nChanged when it had {file.stat().st_size} bytes.\n")

    return {
        "rag ingest, nothing changed": Command(argv, OFFLINE, FINE),
        "rag ingest, one file changed": Command(argv, OFFLINE, FINE, before=change),
    }


def _store(project: Path, kept: Path, runs: int) -> dict[str, Any]:
    """What scale.py tells, part by part."""
    if not SCALE.is_file():
        return {"skipped": f"{SCALE.name} is not here"}
    questions = kept / "questions.txt"
    questions.write_text("\n".join(sample_questions()) + "\n", encoding="utf-8")
    argv = [sys.executable, str(SCALE), str(project), str(questions), "--runs", str(runs)]
    left = run_well([*argv, "--vectors", str(kept / "questions.npy")]).stdout.strip()
    told: dict[str, Any] = {}
    while left:
        part, end = json.JSONDecoder().raw_decode(left)
        told |= part
        left = left[end:].lstrip()
    return told


def times(folder: Path, sizes: Sequence[int], question: str, runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as kept:
        return {
            "sample": sample(folder, question, runs),
            "sizes": {str(n): of_size(n, question, runs, Path(kept)) for n in sizes},
        }


def show(told: Mapping[str, Any]) -> None:
    show_summary("whole process, the sample documents", told["sample"])
    for chunks, one in told["sizes"].items():
        title = f"whole process, {int(chunks):,} chunks"
        if "skipped" in one:
            print(f"\n{title}: skipped, {one['skipped']}")
            continue
        show_summary(title, one["times"])
        show_summary(f"ingest again, {int(chunks):,} chunks", one["ingest"])
        print(
            f"\nOn disk {one['rag_disk_bytes'] / 1e6:,.0f} MB; the plain script's index:", end=" "
        )
        print(f"{one['plain_script_disk_bytes'] / 1e6:,.0f} MB.")
        print("\n```json\n" + json.dumps(one["store"], indent=1, ensure_ascii=False) + "\n```")


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
