"""Time `rag ask` to a model's first token, beside the same `rag query`.

    python benchmarks/ask.py [FOLDER] [--runs 15] [--question TEXT]

FOLDER (default: sample_docs) is ingested into a project. The strict stand-in for an Ollama server
that the tests use runs beside, on a loopback port; it answers at once, so that what is measured is
ragcli's own part. Commands take turns: `rag query` as a whole process, and `rag ask` from its start
until the stand-in has written its first token, for a generator that is named and, each time in a
project that has none pinned, for one that is picked. `later` is the median over the rounds of how
much later than the query's end, in the same round. Above it stands what an import of Ollama's own
client costs, and of what streams in its place.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import SPREAD, rag_command, run_well, spread

HERE = Path(__file__).resolve().parent
SAMPLE_DOCS = HERE.parent / "sample_docs"
RUNS = 15
ALONE = {"HF_HUB_OFFLINE": "1", "RAG_SERVE": "never"}
# Well above the line in the sample documents.
QUESTION = "How many dimensions does the default model have?"
MODEL = "tiny:latest"
IMPORTS = ("ollama", "httpx", "http.client")
_TIMED = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def first_token(project: Path, question: str, rounds: int) -> dict[str, Any]:
    """Seconds of each command, and how much later than the query's end the first token came."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from fakes.ollama_server import FakeOllama

    seconds: dict[str, list[float]] = {}
    with FakeOllama() as fake:
        environ = {**ALONE, "OLLAMA_HOST": fake.host}
        at = [question, "--project", str(project)]
        named = ["--generator", f"ollama:{MODEL}"]
        commands = {
            "rag query": [rag_command(), "query", *at],
            "rag ask, generator named": [rag_command(), "ask", *at, *named],
            "rag ask, generator picked": [rag_command(), "ask", *at],
        }
        for number in range(rounds + 1):
            for name, argv in commands.items():
                (project / ".rag" / "config.toml").unlink(missing_ok=True)
                fake.first_tokens.clear()
                started = time.perf_counter()
                done = run_well(argv, (0,), environ)
                asked = bool(fake.first_tokens)
                took_s = fake.first_tokens[0] - started if asked else done.wall_s
                if ("ask" in argv) != asked:
                    sys.exit(f"{name} should {'not ' * asked}have asked the model")
                if number:  # one round goes before: files come into the system's cache
                    seconds.setdefault(name, []).append(took_s)
                print(f"  round {number} of {rounds}: {name}: {took_s:.3f} s", file=sys.stderr)
    base = seconds["rag query"]
    return {
        name: {
            "wall_s": spread(times),
            "later_s": spread([one - first for one, first in zip(times, base, strict=True)]),
            "runs": len(times),
        }
        for name, times in seconds.items()
    }


def imports(rounds: int) -> dict[str, Any]:
    """Seconds that each client's import takes in a fresh process, in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, times in seconds.items():
            took_s = float(run_well([sys.executable, "-c", _TIMED.format(name)]).stdout)
            if number:
                times.append(took_s)
    return {name: spread(times) for name, times in seconds.items()}


def times(folder: Path, question: str, runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary)
        ingest = [rag_command(), "ingest", str(folder), "--project", str(project), "--quiet"]
        run_well(ingest, (0, 3), ALONE)
        return {"first_token": first_token(project, question, runs), "imports": imports(runs)}


def show(result: dict[str, Any]) -> None:
    print("\n| import, in a process of its own | median | min | max |\n|---|---|---|---|")
    for name, one in result["imports"].items():
        print(f"| {name} | " + " | ".join(f"{one[part]:.3f} s" for part in SPREAD) + " |")
    print("\n| until | median | min | max | later than the query's end |\n|---|---|---|---|---|")
    for name, one in result["first_token"].items():
        spans = " | ".join(f"{one['wall_s'][part]:.3f} s" for part in SPREAD)
        later = one["later_s"]
        told = f"{later['median']:+.3f} s ({later['min']:+.3f} to {later['max']:+.3f})"
        end = "its end" if name == "rag query" else "the first token"
        print(f"| {name}: {end} | {spans} | {'–' if name == 'rag query' else told} |")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE_DOCS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--question", default=QUESTION)
    given = parser.parse_args(arguments)
    show(times(given.folder, given.question, given.runs))


if __name__ == "__main__":
    main()
