"""`rag` beside what a user would pick in its place: same texts, same model, same run.

    python benchmarks/peers.py [FOLDER] [--only script,txtai] [--runs 5] [--ingest-runs 3]

The texts of FOLDER (default: sample_docs) are laid out as 30 Markdown files of 285 kB in all. Then
whole processes take turns, `rag` first in every round: a first ingest, an ingest of the same files
again, one with a line added to one file, a cold question, and 30 questions to one process. Every
alternative is the shortest script that its own documentation teaches (alternatives/), on the CPU,
with its defaults; all of them search by embeddings only, `rag` by words too.

Numbers are medians; `ratio` is the median of the rounds' ratios to `rag`. Memory is the largest sum
of PSS over the process tree, taken in a round that is not counted.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environments
from common import (
    Command,
    Run,
    model_folder,
    rag_command,
    run_well,
    sample_questions,
    show_summary,
    size_bytes,
    summary,
    take_turns,
)
from environments import PEERS, Environment

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_DOCS = ROOT / "sample_docs"
ALTERNATIVES = Path(__file__).resolve().parent / "alternatives"

# What the first comparison here was made with, before there was a ragcli.
FILES, BYTES = 30, 285_000
TOP_K = 5
RUNS, INGEST_RUNS = 5, 3
RAG = "rag"
# The first question to a process also pays for what is loaded when it is needed.
UNCOUNTED_QUESTIONS = 1
# No hub is asked whether a model that lies here has changed; Chroma reports nothing to its makers.
ENVIRON = {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}


@dataclass(frozen=True, slots=True)
class Tool:
    """One of those compared: its commands on its own index."""

    title: str
    index: Path
    build: Sequence[str]
    again: Sequence[str]
    query: Sequence[str]
    warm: Sequence[str]


def lay_out(source: Path, folder: Path) -> int:
    """Write the texts of ``source`` as FILES files of equal size, BYTES in all or as much as there
    is; return the bytes. Nothing is repeated: a text that is known need not be embedded again."""
    texts = []
    for path in sorted([*source.rglob("*.md"), *source.rglob("*.txt")]):
        try:
            texts.append(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
    paragraphs = [p for p in dict.fromkeys(re.split(r"\n\s*\n", "\n\n".join(texts))) if p.strip()]
    total = min(BYTES, sum(len(p.encode()) for p in paragraphs))
    files: list[list[str]] = [[] for _ in range(FILES)]
    size = 0
    for paragraph in paragraphs:
        if size >= total:
            break
        files[size * FILES // total].append(paragraph)
        size += len(paragraph.encode())
    folder.mkdir(parents=True)
    for number, some in enumerate(filter(None, files)):
        (folder / f"{number:02}.md").write_text("\n\n".join(some) + "\n", encoding="utf-8")
    return size_bytes(folder)


def tools(
    made: Mapping[str, Environment | str], work: Path, folder: Path, questions: Sequence[str]
) -> dict[str, Tool]:
    """`rag`, and every alternative that has an environment."""
    batch, plain = work / "questions.jsonl", work / "questions.txt"
    lines = [json.dumps({"id": i, "question": q}) for i, q in enumerate(questions)]
    batch.write_text("\n".join(lines) + "\n", encoding="utf-8")
    plain.write_text("\n".join(questions) + "\n", encoding="utf-8")
    model, question, k = model_folder(), questions[0], ["-k", str(TOP_K)]
    rag, project = rag_command(), work / RAG
    at = ["--project", str(project)]
    ingest = [rag, "ingest", str(folder), *at, "--quiet"]
    found = {
        RAG: Tool(
            "ragcli",
            project,
            ingest,
            ingest,
            [rag, "query", question, *k, *at],
            [rag, "query", "--batch", str(batch), *k, *at, "--json"],
        )
    }
    for name, environment in made.items():
        if isinstance(environment, str):
            continue
        index = work / name
        script = [str(environment.python), str(ALTERNATIVES / PEERS[name].script)]
        end = ["--model", model]
        found[name] = Tool(
            PEERS[name].title,
            index,
            [*script, "build", str(folder), str(index), *end],
            [*script, "again", str(folder), str(index), *end],
            [*script, "query", str(index), question, *k, *end],
            [*script, "warm", str(index), str(plain), *k, *end],
        )
    return found


def warm_ms(one: Run) -> float:
    """Median milliseconds of a question to a loaded process, from its output: a list from an
    alternative; from `rag` an object a question, with the parts of its time."""
    lines = [json.loads(line) for line in one.stdout.splitlines() if line.startswith("{")]
    if "milliseconds" in lines[-1]:
        each = lines[-1]["milliseconds"]
    else:
        each = [sum(line["timings_ms"].values()) for line in lines]
    return float(statistics.median(each[UNCOUNTED_QUESTIONS:]))


class Comparison:
    """The measurements, in the order in which each finds what it needs."""

    def __init__(self, chosen: Mapping[str, Tool], folder: Path) -> None:
        self._tools = dict(chosen)
        self._folder = folder
        self._changes = 0
        self.told: dict[str, Any] = {}

    def ingest(self, rounds: int) -> None:
        commands = {
            name: self._command(tool.build, before=lambda t=tool: _clear(t.index))  # type: ignore[misc]
            for name, tool in self._tools.items()
        }
        turns = take_turns(commands, rounds)
        self.told["first ingest"] = self._titled(summary(turns))
        self._tools = {n: t for n, t in self._tools.items() if turns[n].error is None}
        self.told["size"] = {
            tool.title: {
                "index_bytes": size_bytes(tool.index),
                "pieces": self._pieces(name, turns[name].runs[-1]),
            }
            for name, tool in self._tools.items()
        }

    def again(self, rounds: int) -> None:
        commands = {name: self._command(tool.again) for name, tool in self._tools.items()}
        self.told["nothing changed"] = self._titled(summary(take_turns(commands, rounds)))
        turns = take_turns(commands, rounds, self._change_one)
        self.told["one file changed"] = self._titled(summary(turns))

    def query(self, rounds: int, warm_rounds: int) -> None:
        commands = {n: self._command(t.query, speaks=True) for n, t in self._tools.items()}
        self.told["cold query"] = self._titled(summary(take_turns(commands, rounds)))
        commands = {n: self._command(t.warm, speaks=True) for n, t in self._tools.items()}
        turns = take_turns(commands, warm_rounds)
        self.told["warm query"] = self._titled(summary(turns, "milliseconds", warm_ms))

    def _command(self, argv: Sequence[str], **rest: Any) -> Command:
        return Command(argv, ENVIRON, **rest)

    def _titled(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {self._tools[name].title: one for name, one in told.items()}

    def _pieces(self, name: str, built: Run) -> int:
        if name == RAG:
            argv = [rag_command(), "status", "--json", "--project", str(self._tools[name].index)]
            return int(json.loads(run_well(argv).stdout)["chunks"])
        return int(json.loads(built.stdout.splitlines()[-1])["pieces"])

    def _change_one(self) -> None:
        """A sentence that no earlier round had, at the end of the middle file."""
        self._changes += 1
        files = sorted(self._folder.iterdir())
        file = files[len(files) // 2]
        with file.open("a", encoding="utf-8") as end:
            end.write(f"\nThis file was changed {self._changes} times while it was measured.\n")


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def compare(
    source: Path, place: Path, only: Sequence[str], runs: int, ingest_runs: int
) -> dict[str, Any]:
    """Everything, with the environments that lie or are made in ``place``."""
    made = environments.prepare(place, only)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        folder = work / "texts"
        total = lay_out(source, folder)
        files = len(list(folder.iterdir()))
        comparison = Comparison(tools(made, work, folder, sample_questions()), folder)
        comparison.ingest(ingest_runs)
        comparison.again(ingest_runs)
        comparison.query(runs, ingest_runs)
    told = comparison.told
    return {
        "texts": {"files": files, "bytes": total},
        "versions": {
            PEERS[n].title: e.version for n, e in made.items() if isinstance(e, Environment)
        },
        "not_installed": {PEERS[n].title: e for n, e in made.items() if isinstance(e, str)},
        "size": told.pop("size"),
        "times": told,
    }


def show(told: Mapping[str, Any]) -> None:
    texts = told["texts"]
    print(f"\n{texts['files']} Markdown files, {texts['bytes'] / 1000:,.0f} kB. Versions:")
    print(", ".join(f"{title} {version}" for title, version in told["versions"].items()))
    for title, reason in told["not_installed"].items():
        print(f"{title} is not installed: {reason}")
    for what, times in told["times"].items():
        show_summary(what, times)
    print("\n| on disk | kB | pieces |\n|---|---|---|")
    for title, one in told["size"].items():
        print(f"| {title} | {one['index_bytes'] / 1000:,.0f} | {one['pieces']:,} |")


def chosen_names(text: str | None) -> list[str]:
    names = text.split(",") if text else list(PEERS)
    if unknown := [name for name in names if name not in PEERS]:
        sys.exit(f"no alternative is called {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLE_DOCS)
    parser.add_argument("--only", help=f"some of {','.join(PEERS)}")
    parser.add_argument("--environments", type=Path, default=environments.DEFAULT_FOLDER)
    parser.add_argument("--runs", type=int, default=RUNS, help="cold questions")
    parser.add_argument("--ingest-runs", type=int, default=INGEST_RUNS, help="all others")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    told = compare(
        given.folder.resolve(),
        given.environments.resolve(),
        chosen_names(given.only),
        given.runs,
        given.ingest_runs,
    )
    if given.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        show(told)


if __name__ == "__main__":
    main()
