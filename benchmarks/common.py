"""What the benchmarks share: the `rag` command, whole processes timed, the machine in words."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# `ru_maxrss` is in kibibytes on Linux and in bytes on macOS.
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024

LIBRARIES = (
    "ragcli",
    "sentence-transformers",
    "torch",
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


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end; ``peak_bytes`` is its largest resident set."""

    wall_s: float
    peak_bytes: int
    exit_code: int
    stdout: str
    stderr: str


def run(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Run:
    """Run a command to its end, without a terminal and without input.

    The peak is the kernel's own record for this child. A child begins as a copy of its parent,
    so a parent that has loaded large libraries would raise it: benchmarks load none before.
    """
    env = {**os.environ, **(environ or {})}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    peak_bytes = usage.ru_maxrss * RSS_UNIT_BYTES
    return Run(wall_s, peak_bytes, process.returncode, texts[0], texts[1])


def run_well(argv: Sequence[str], expected: Sequence[int] = (0,)) -> Run:
    """The same, and the end of this program when the command fails."""
    done = run(argv)
    if done.exit_code not in expected:
        sys.exit(f"{' '.join(argv)}\nended with {done.exit_code}:\n{done.stderr[-2000:]}")
    return done


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Median, least and most."""
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


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
