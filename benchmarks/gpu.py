"""From how many chunks on does a GPU repay torch's start, and does it give the same embeddings?

    python benchmarks/gpu.py FOLDER [--sizes 250,1000,4000,0] [--runs 3]

Needs a GPU and a CUDA build of torch. FOLDER holds text files. The first N of them (0: all) are
ingested by the whole command into new projects: on the GPU, whatever their number, and by ONNX
Runtime on all cores, in turns. Compared: wall-clock time and every stored embedding.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import machine, run_well
from engines import embeddings

# The command, with the threshold set to the number given first.
RAG = """
import sys
from ragcli.embedding import sentence_transformers as provider
provider.GPU_PAYS_TEXTS_A_CORE = int(sys.argv.pop(1))
from ragcli.cli.start import main
main()
"""
WAYS = {"gpu": "1", "cpu": str(10**9)}


def ingest(folder: Path, project: Path, threshold: str) -> float:
    """Seconds of the whole command."""
    command = [sys.executable, "-c", RAG, threshold, "ingest", str(folder), "--quiet"]
    started = time.perf_counter()
    run_well([*command, "--project", str(project)], expected=(0, 3))
    return time.perf_counter() - started


def compare(files: list[Path], runs: int) -> str:
    """One row of the table."""
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "texts"
        folder.mkdir()
        for file in files:
            (folder / file.name).write_bytes(file.read_bytes())
        for run in range(runs):
            found = {}
            for name, threshold in WAYS.items():
                project = Path(temporary) / f"{name}-{run}"
                seconds[name].append(ingest(folder, project, threshold))
                found[name] = embeddings(project)
    gpu, cpu = (np.stack([found[name][key] for key in sorted(found["cpu"])]) for name in WAYS)
    medians = [statistics.median(seconds[name]) for name in WAYS]
    apart, cosine = np.abs(gpu - cpu).max(), (gpu * cpu).sum(axis=1).min()
    return (
        f"| {len(gpu):,} | {medians[0]:.1f} s | {medians[1]:.1f} s |"
        f" {medians[1] / medians[0]:.2f} | {apart:.1e} | {cosine:.7f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="250,1000,4000,0")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    files = sorted(path for path in given.folder.rglob("*") if path.is_file())
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        # Exports the model once, and wakes the GPU.
        ingest(files[0].parent, Path(temporary), WAYS["cpu"])
    print("| chunks | GPU | CPU | ratio | largest difference | least cosine |")
    print("|---|---|---|---|---|---|")
    for size in map(int, given.sizes.split(",")):
        print(compare(files[: size or None], given.runs), flush=True)


if __name__ == "__main__":
    main()
