"""Coverage-guided fuzzing of one target, or of all in turn, by atheris (``make fuzz``).

python tests/fuzz/run.py [TARGET...] [--seconds 60]

What breaks a target is kept in ``build/fuzz/TARGET/`` as ``crash-...`` or ``timeout-...``.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "build/fuzz"
# A reader has 120 s for a file of any size; these are of some kB.
TIMEOUT_S = 20
MOST_BYTES = 4096


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="all, when none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.in_process:
        fuzz(asked.targets[0], asked.seconds)
    sys.path.insert(0, str(HERE))
    from targets import TARGETS

    failed = [name for name in asked.targets or TARGETS if not is_fine(name, asked.seconds)]
    for name in failed:
        print(f"{name}: see {KEPT / name}")
    return bool(failed)


def is_fine(name: str, seconds: int) -> bool:
    """In a process of its own: libFuzzer ends the process that it runs in."""
    print(f"{name}: {seconds} s", flush=True)
    command = [sys.executable, __file__, name, "--seconds", str(seconds), "--in-process"]
    return subprocess.run(command, check=False).returncode == 0


def fuzz(name: str, seconds: int) -> None:
    import atheris

    sys.path.insert(0, str(HERE))
    with atheris.instrument_imports(include=["ragcli"]):
        from targets import TARGETS, seeds

        import_readers()

    corpus = KEPT / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = {
        "max_total_time": seconds,
        "timeout": TIMEOUT_S,
        "max_len": MOST_BYTES,
        "artifact_prefix": f"{KEPT / name}/",
        "verbosity": 0,
        "print_final_stats": 1,
    }
    arguments = [f"-{option}={value}" for option, value in options.items()]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], TARGETS[name])
    atheris.Fuzz()


def import_readers() -> None:
    """Else they are imported with the first file of their format, when nothing watches any more
    what their code does."""
    import ragcli.reading

    for module in pkgutil.iter_modules(ragcli.reading.__path__, "ragcli.reading."):
        importlib.import_module(module.name)


if __name__ == "__main__":
    sys.exit(main())
