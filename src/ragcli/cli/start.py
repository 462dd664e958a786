"""Where the program begins: what must be settled before anything is imported, and a quick end.

Each line is a measured part of a cold question (2026-11-24, 2 cores): one thread for numpy's
matrix library 0.05 s, a lazier garbage collector 0.015 s, no teardown 0.055 s.
"""

from __future__ import annotations

import gc
import os
import sys

# Imports allocate some 100,000 objects and free nearly none: a collection every 700 finds nothing.
YOUNG_OBJECTS = 50_000

# Model, FAISS and question are made ready in three threads. Python lets one that comes back from
# reading a file wait 5 ms for its turn, and each opens a dozen.
TURN_S = 0.0005


def main() -> None:
    """The command ``rag``. Ends the process."""
    gc.set_threshold(YOUNG_OBJECTS)
    sys.setswitchinterval(TURN_S)
    # No command multiplies matrices with numpy, and its threads are costly to start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ragcli.cli.app import main as run

    code = run()
    # Everything is written, closed and committed; unloading the libraries would only cost time.
    os._exit(code)
