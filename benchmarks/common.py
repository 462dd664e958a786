"""What the benchmarks share: the `rag` command, whole processes timed, the machine in words."""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# `ru_maxrss` is in kibibytes on Linux and in bytes on macOS.
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024

# Short against the fastest command here (0.2 s); each look at a large process costs it some
# milliseconds.
SAMPLE_EVERY_S = 0.05

SAMPLE_QUESTIONS = Path(__file__).resolve().parent.parent / "tests" / "sample_questions.jsonl"

SPREAD = ("median", "min", "max")
UNITS = {"wall_s": "s", "milliseconds": "ms"}

# The folder of the default model: a script cannot find a packaged one by its name.
_FIND_MODEL = (
    "from ragcli.config import DEFAULT_MODEL; from ragcli.models.locate import find;"
    " print(find(DEFAULT_MODEL))"
)

LIBRARIES = (
    "ragcli",
    "sentence-transformers",
    "torch",
    "onnxruntime",
    "tokenizers",
    "faiss-cpu",
    "numpy",
    "pypdf",
    "typer",
)


def rag_command() -> str:
    """The `rag` that belongs to this Python, else the first on the PATH."""
    beside = Path(sys.executable).with_name("rag")
    found = str(beside) if beside.is_file() else shutil.which("rag")
    if found is None:
        sys.exit("the command `rag` is not installed: pip install --editable .")
    return found


def model_folder() -> str:
    """Found in a process of its own: what this one loads would count in every child's memory."""
    return run_well([sys.executable, "-c", _FIND_MODEL]).stdout.strip()


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end.

    ``peak_bytes`` is what ``peak_of`` says: "PSS", the largest sum of proportional set sizes over
    the process and all below it, or "RSS", the largest resident set of the one process.
    """

    wall_s: float
    peak_bytes: int
    peak_of: str
    exit_code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str], environ: Mapping[str, str] | None = None, *, sample: bool = False
) -> Run:
    """Run a command to its end, without a terminal and without input.

    With ``sample`` the memory of its process tree is looked at while it runs, where the system
    tells it (Linux). That costs the process time: what is timed is not sampled. Without, the peak
    is the kernel's own record for this child. A child begins as a copy of its parent, so a parent
    that has loaded large libraries would raise it: benchmarks load none before.
    """
    env = {**os.environ, **(environ or {})}
    # A package that was installed has its bytecode; without it each start compiles 60 files.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        sampler = _Sampler(process.pid) if sample else None
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        pss_bytes = sampler.stop() if sampler else 0
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    peak_bytes = pss_bytes or usage.ru_maxrss * RSS_UNIT_BYTES
    peak_of = "PSS" if pss_bytes else "RSS"
    return Run(wall_s, peak_bytes, peak_of, process.returncode, *texts)


class _Sampler(threading.Thread):
    """Looks at the memory of a process tree until it is stopped."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._peak_bytes = 0
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            now_bytes = sum(_pss_bytes(process) for process in _tree(self._root))
            self._peak_bytes = max(self._peak_bytes, now_bytes)

    def stop(self) -> int:
        """The largest sum, 0 where nothing could be read."""
        self._ended.set()
        self.join()
        return self._peak_bytes


def _tree(root: int) -> Iterator[int]:
    """A process and all below it, as far as they still live."""
    yield root
    for task in Path(f"/proc/{root}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                yield from _tree(int(child))


def _pss_bytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def run_well(
    argv: Sequence[str],
    expected: Sequence[int] = (0,),
    environ: Mapping[str, str] | None = None,
) -> Run:
    """The same, and the end of this program when the command fails."""
    done = run(argv, environ)
    if done.exit_code not in expected:
        sys.exit(failure(argv, done))
    return done


def failure(argv: Sequence[str], done: Run) -> str:
    """What ended badly, and its last words."""
    return f"{' '.join(argv)}\nended with {done.exit_code}:\n{done.stderr[-2000:]}"


# ------------------------------------------------------------------ in turns


@dataclass(frozen=True, slots=True)
class Command:
    """A process to be measured. ``before`` makes things ready and is not timed; ``speaks`` says
    that a run without output has failed."""

    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    expected: Sequence[int] = (0,)
    before: Callable[[], None] = lambda: None
    speaks: bool = False


@dataclass(slots=True)
class Turns:
    """The runs of one command, the first of them not to be counted; or why it failed."""

    runs: list[Run] = field(default_factory=list)
    error: str | None = None


def take_turns(
    commands: Mapping[str, Command],
    rounds: int,
    each_round: Callable[[], None] = lambda: None,
) -> dict[str, Turns]:
    """Run commands round robin, so that a slow minute of the machine falls on all of them.

    One round goes before, uncounted: files come into the system's cache, and memory is sampled.
    A command that fails is told so and left out; the others go on.
    """
    all_turns = {name: Turns() for name in commands}
    for number in range(rounds + 1):
        each_round()
        for name, command in commands.items():
            turns = all_turns[name]
            if turns.error is not None:
                continue
            command.before()
            one = run(command.argv, command.environ, sample=number == 0)
            if one.exit_code in command.expected and (one.stdout.strip() or not command.speaks):
                turns.runs.append(one)
            else:
                # Results may be published: the command line names this machine's folders.
                turns.error = failure(command.argv, one).splitlines()[-1]
                print(failure(command.argv, one), file=sys.stderr)
            said = "failed" if turns.error else f"{one.wall_s:.2f} s"
            print(f"  round {number} of {rounds}: {name}: {said}", file=sys.stderr, flush=True)
    return all_turns


def summary(
    all_turns: Mapping[str, Turns],
    unit: str = "wall_s",
    value: Callable[[Run], float] = lambda one: one.wall_s,
) -> dict[str, dict[str, Any]]:
    """For each command the spread of a value, its memory, and ``ratio``: the median over the
    rounds of its value to the first command's in the same round."""
    values = {
        name: [value(one) for one in turns.runs[1:]]
        for name, turns in all_turns.items()
        if turns.error is None
    }
    base = values.get(next(iter(all_turns)))
    told: dict[str, dict[str, Any]] = {}
    for name, turns in all_turns.items():
        if turns.error is not None:
            told[name] = {"error": turns.error}
            continue
        told[name] = {
            unit: spread(values[name]),
            "peak_mib": round(turns.runs[0].peak_bytes / 2**20),
            "peak_of": turns.runs[0].peak_of,
            "runs": len(values[name]),
        }
        if base:
            ratios = [one / first for one, first in zip(values[name], base, strict=True)]
            told[name]["ratio"] = round(statistics.median(ratios), 2)
    return told


def show_summary(title: str, told: Mapping[str, Mapping[str, Any]]) -> None:
    """As a table in Markdown, which a terminal shows well enough."""
    print(f"\n| {title} | median | min | max | ratio | peak memory |\n|---|---|---|---|---|---|")
    for name, one in told.items():
        if "error" in one:
            print(f"| {name} | failed: {one['error'][:90]} | | | | |")
            continue
        key = next(key for key in UNITS if key in one)
        spans = " | ".join(f"{one[key][part]:,.2f} {UNITS[key]}" for part in SPREAD)
        ratio = f"{one['ratio']:.2f}" if "ratio" in one else "–"
        print(f"| {name} | {spans} | {ratio} | {one['peak_mib']:,} MiB {one['peak_of']} |")


def sample_questions() -> list[str]:
    """The questions that belong to the sample documents."""
    lines = SAMPLE_QUESTIONS.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines if line.strip()]


def size_bytes(folder: Path) -> int:
    """All files of a folder together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ------------------------------------------------------------------ words


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Median, least and most."""
    three = (statistics.median(values), min(values), max(values))
    return {name: round(value, digits) for name, value in zip(SPREAD, three, strict=True)}


def machine() -> dict[str, Any]:
    """What the figures depend on. No host name: the file may be published."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: v for name in LIBRARIES if (v := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    return round(total / 2**30, 1)
