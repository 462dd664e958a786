"""Readers beside a writer: what they see, and what it costs them.

    python benchmarks/readers.py --readers 8 --seconds 60

A project of many files is made. Readers, a process each, ask one question after the other: first
alone, then beside a writer that adds, changes and removes files all the time. Every file says in
each of its paragraphs which version of it this is, so that a document that is seen in two states,
or in part, is noticed. Prints errors, mixed states, and how long a question takes (milliseconds).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import multiprocessing.synchronize
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FILES = 200
# So many change with every ingest of the writer; of them every third is there or is not.
CHANGING = 30
PARAGRAPHS = 12
# The first questions of a process import libraries and load the model.
WARMING = 10
_SAYS = re.compile(r"File (\d+) in version (\d+), paragraph (\d+) of 12")

Stop = multiprocessing.synchronize.Event


def text_of(file: int, version: int) -> str:
    """Of paragraphs that are long enough to be cut apart."""
    return "\n\n".join(
        f"File {file} in version {version}, paragraph {n} of {PARAGRAPHS}: "
        + f"the boiler {file} is checked in the winter {version} by the harbour {n}. " * 6
        for n in range(1, PARAGRAPHS + 1)
    )


def write(folder: Path, file: int, version: int) -> None:
    path = folder / f"{file:03}.md"
    if file < CHANGING and file % 3 == 0 and version % 2:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text_of(file, version), encoding="utf-8")


def is_mixed(passages: Sequence[Any], whole: Mapping[str, str]) -> bool:
    """A passage that is no slice of one version of its file, or two versions of a file."""
    versions: dict[str, set[str]] = {}
    for one in passages:
        said = _SAYS.findall(one.text)
        versions.setdefault(one.source, set()).update(version for _, version, _ in said)
        if said:
            file, version, _ = said[0]
            text = whole.setdefault(f"{file} {version}", text_of(int(file), int(version)))
            if text[one.char_start : one.char_end] != one.text:
                return True
    return any(len(found) > 1 for found in versions.values())


def read(root: Path, model: str, number: int, stop: Stop, seconds: float, told: Any) -> None:
    """One reader, a new opening of the project for every tenth question, as commands are."""
    from ragcli import Rag

    took: list[float] = []
    mixed, errors = 0, []
    whole: dict[str, str] = {}
    question = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stop.is_set():
        try:
            with Rag.open(root, model=model) as rag:
                for _ in range(10):
                    question += 1
                    asked = f"boiler {(number * 7 + question) % FILES} in winter"
                    started = time.perf_counter()
                    found = rag.query(asked, top_k=20)
                    if question > WARMING:
                        took.append((time.perf_counter() - started) * 1000)
                    mixed += is_mixed(found.passages, whole) or not found.passages
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    told.put((took, mixed, errors))


def change(root: Path, model: str, stop: Stop, told: Any) -> None:
    """The writer: the next version of the files that change, and an ingest, again and again."""
    from ragcli import Rag

    version, errors = 0, []
    while not stop.is_set():
        version += 1
        try:
            for file in range(CHANGING):
                write(root / "docs", file, version)
            with Rag.open(root, model=model, wait_s=60.0) as rag:
                rag.ingest(allow_removals=True)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    told.put((version, errors))


def measure(root: Path, model: str, readers: int, seconds: float) -> dict[str, Any]:
    """Make the project in ``root``; questions alone, then beside the writer."""
    from ragcli import Rag

    (root / "docs").mkdir(parents=True)
    for file in range(FILES):
        write(root / "docs", file, 0)
    with Rag.create(root, model=model) as rag:
        rag.ingest([root / "docs"])
    alone, _ = _run(root, model, readers, seconds, writer=False)
    beside, wrote = _run(root, model, readers, seconds, writer=True)
    return {"readers": readers, "seconds": seconds, "alone": alone, "beside": beside, **wrote}


def _run(
    root: Path, model: str, readers: int, seconds: float, *, writer: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    spawn = multiprocessing.get_context("spawn")
    stop, told, wrote = spawn.Event(), spawn.Queue(), spawn.Queue()
    at_work = [
        spawn.Process(target=read, args=(root, model, n, stop, seconds, told))
        for n in range(readers)
    ]
    if writer:
        at_work.append(spawn.Process(target=change, args=(root, model, stop, wrote)))
    for process in at_work:
        process.start()
    results = [told.get() for _ in range(readers)]
    stop.set()
    ingests, troubles = wrote.get() if writer else (0, [])
    for process in at_work:
        process.join()
    took = sorted(t for some, _, _ in results for t in some)
    summary = {
        "questions": len(took),
        "p50_ms": round(statistics.median(took), 1),
        "p95_ms": round(took[int(0.95 * len(took))], 1),
        "mixed": sum(mixed for _, mixed, _ in results),
        "errors": [error for _, _, errors in results for error in errors],
    }
    return summary, {"ingests": ingests, "writer_errors": troubles}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", default="sentence-transformers/all-MiniLM-L6-v2")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("XDG_CONFIG_HOME", place)
        result = measure(Path(place) / "project", given.model, given.readers, given.seconds)
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
