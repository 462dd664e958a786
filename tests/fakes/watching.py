"""Commands in a process that is watched: see ``watched/sitecustomize.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]

# Each command in turn, in one process: its exit code, and what it said.
_RUN = """
import io, json, os, sys
from ragcli.cli.app import main
pid = os.getpid()
for args in json.loads(sys.argv[1]):
    sys.argv[1:] = args
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"how long is the warranty?\\n"))
    code = main(args)
    if os.getpid() != pid:
        os._exit(code)  # `serve --detach` has forked, and this was the helper
    print(json.dumps([args, code]), file=sys.__stderr__, flush=True)
"""


def watched(
    commands: Sequence[Sequence[str]], told: Path, env: Mapping[str, str]
) -> tuple[dict[str, int], str, int]:
    """(the exit code by command line, all that was said, the process's own exit code). What it
    tried to reach is in ``told``."""
    folders = [TESTS / "fakes/watched", TESTS / "plugins"]
    watch = {"WATCHED": str(told), "PYTHONPATH": os.pathsep.join(map(str, folders))}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _RUN, json.dumps(commands)],
        env={**env, **watch},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [json.loads(one) for one in run.stderr.splitlines() if one.startswith('[["')]
    return {" ".join(args): code for args, code in lines}, run.stderr, run.returncode
