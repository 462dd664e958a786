"""The seconds that one engine takes for texts, once its model is loaded: a process for each.

    python benchmarks/embed_texts.py TEXTS.json sentence-transformers
    python benchmarks/embed_texts.py TEXTS.json ragcli [--settings '{"precision": "int8"}']

TEXTS.json is a list of texts. Prints {"seconds": …}. sentence-transformers encodes at its defaults;
ragcli's embedder is asked as an ingest asks it: tasks of like length, in as many lanes as pay.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from common import model_folder

# The first call also pays for buffers and threads.
WARM_UP = 8

# Small, so that no lane is idle at the end of a few hundred texts.
TASK_TEXTS = 8


def plain() -> Callable[[Sequence[str]], Any]:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model_folder(), device="cpu").encode


def ragcli(flags: Mapping[str, Any]) -> Callable[[Sequence[str]], Any]:
    from ragcli.config import load_settings
    from ragcli.providers import embedder

    settings, _ = load_settings(flags, os.environ, {}, {})
    made = embedder(settings.model, settings)

    def embed(texts: Sequence[str]) -> Any:
        ordered = sorted(texts, key=len, reverse=True)
        tasks = [ordered[i : i + TASK_TEXTS] for i in range(0, len(ordered), TASK_TEXTS)]
        with ThreadPoolExecutor(made.lanes) as lanes:
            return list(lanes.map(made.embed_documents, tasks))

    return embed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", type=Path)
    parser.add_argument("engine", choices=("sentence-transformers", "ragcli"))
    parser.add_argument("--settings", type=json.loads, default={})
    given = parser.parse_args()
    texts = json.loads(given.texts.read_text(encoding="utf-8"))
    embed = plain() if given.engine == "sentence-transformers" else ragcli(given.settings)
    embed(texts[:WARM_UP])
    started = time.perf_counter()
    embed(texts)
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
