"""A process that runs `rag` again and again, each time in a child of its own, with a fault.

    python -m fakes.faults.child      # reads a run a line from stdin, as JSON

Everything is imported once; each run is a fork, so that thousands of them take minutes. Files are
read in the child itself: readers write nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def _run(asked: dict[str, Any]) -> int:
    """In the fork: one command. Returns its exit code, if it gets so far."""
    from fakes.faults.steps import Fault, Steps
    from fakes.reading import InProcessReader

    from ragcli.cli.app import main
    from ragcli.reading import worker

    worker.ReaderPool = InProcessReader  # type: ignore[assignment, misc]
    os.chdir(asked["project"])
    for number in (1, 2):
        os.dup2(os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    fault = Fault(**asked["fault"]) if asked["fault"] else None
    steps = Steps(Path(asked["project"]) / ".rag", Path(asked["log"]), fault)
    steps.take_over()
    code = main(asked["argv"])
    Path(asked["log"] + ".reads").write_text(str(steps.reads), encoding="utf-8")
    return code


def _load() -> None:
    """What every command would import."""
    import faiss  # noqa: F401
    import numpy  # noqa: F401
    import ragcli_fake  # noqa: F401

    import ragcli.cli.doctor
    import ragcli.cli.ingest
    import ragcli.cli.query
    import ragcli.rag
    import ragcli.recipes.ingest
    import ragcli.store.store  # noqa: F401
    from ragcli.domain import Document
    from ragcli.reading.language import with_language

    with_language(Document(text="What is told of a language is told by a model.", format="text"))


def main() -> None:
    _load()
    for line in sys.stdin:
        asked = json.loads(line)
        process = os.fork()
        if not process:
            code = 99
            try:
                code = _run(asked)
            finally:
                os._exit(code)
        if asked["kill_after_s"] is not None:
            time.sleep(asked["kill_after_s"])
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
