"""What this machine could embed at most, if it did nothing but multiply matrices.

    python benchmarks/limits.py [--json]

The fp32 matrix-multiply limit, in GFLOP/s, is measured with numpy: on one core and on all, with the
environment's BLAS variables as they are and without them. From it follows how many tokens a second
the default model can at most get through, for the arithmetic it takes:

all-MiniLM-L6-v2 has 6 layers, hidden size h = 384, intermediate size m = 1,536. A token passes in
each layer four projections (query, key, value, output: 4 h^2 multiplications with additions) and
the two of the feed-forward part (2 h m), at 2 operations each:

    6 * 2 * (4 * 384^2 + 2 * 384 * 1,536) = 21.2 MFLOP a token

and attends to all n tokens of its text: scores and weighted sum take h n each, at 2 operations:

    6 * 2 * 2 * 384 * n = 9.2 kFLOP * n a token

Softmax, normalisation, embeddings and the padding of a batch are not in it: useful work only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common import run_well

LAYERS, HIDDEN, INTERMEDIATE = 6, 384, 1536
TOKEN_FLOP = LAYERS * 2 * (4 * HIDDEN**2 + 2 * HIDDEN * INTERMEDIATE)
ATTENTION_FLOP = LAYERS * 2 * 2 * HIDDEN
LENGTHS = (60, 180, 250)

# What OpenBLAS, MKL and OpenMP read; numpy's wheel has the first.
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# 17 GFLOP a product: long enough for the clock, 16 MiB a matrix, beyond the caches.
SIDE = 2048
# The limit is the best of all tries in this time: what disturbs only makes them slower.
SECONDS = 3.0


def text_flop(tokens: int) -> float:
    """Operations that a text of so many tokens, special ones included, takes."""
    return tokens * (TOKEN_FLOP + ATTENTION_FLOP * tokens)


def least_seconds(lengths: Iterable[int], gflops: float) -> float:
    """The shortest time for texts of these lengths in tokens."""
    return sum(map(text_flop, lengths)) / (gflops * 1e9)


def multiply_gflops() -> float:
    """The best of the products made in a few seconds, in this process."""
    import numpy as np

    chance = np.random.default_rng(0)
    left, right = (chance.random((SIDE, SIDE), dtype=np.float32) for _ in range(2))
    out = np.empty_like(left)
    best_s, ends = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < ends:
        started = time.perf_counter()
        np.matmul(left, right, out=out)
        best_s = min(best_s, time.perf_counter() - started)
    return 2 * SIDE**3 / best_s / 1e9


def measure() -> dict[str, Any]:
    """The limits of this machine, each in a process of its own."""
    found = {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ}
    unset = dict.fromkeys(THREAD_VARIABLES, "")
    told = {
        "one core": _in_process({**unset, "OPENBLAS_NUM_THREADS": "1"}),
        "all cores": _in_process(unset),
    }
    if found:
        told["environment as it is"] = _in_process({})
    return {
        "gflops": told,
        "environment": found,
        "tokens_per_s": {str(n): round(n / least_seconds([n], told["all cores"])) for n in LENGTHS},
    }


def _in_process(environ: Mapping[str, str]) -> float:
    """An empty variable is none to OpenBLAS."""
    code = "import limits; print(limits.multiply_gflops())"
    here = {"PYTHONPATH": str(Path(__file__).resolve().parent)}
    done = run_well([sys.executable, "-c", code], environ={**environ, **here})
    return round(float(done.stdout), 1)


def show(told: Mapping[str, Any]) -> None:
    print("\n| fp32 matrix multiply | GFLOP/s |\n|---|---|")
    for name, gflops in told["gflops"].items():
        print(f"| {name} | {gflops:.0f} |")
    print("\n| tokens of a text | tokens/s at most |\n|---|---|")
    for length, rate in told["tokens_per_s"].items():
        print(f"| {length} | {rate:,} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    told = measure()
    if given.json:
        print(json.dumps(told))
    else:
        show(told)


if __name__ == "__main__":
    main()
