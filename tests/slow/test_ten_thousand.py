"""Ten thousand chunks: FAISS finds what numpy finds, also when its file is broken."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ragcli import Rag

pytestmark = pytest.mark.slow

PLUGINS = Path(__file__).parents[1] / "plugins"
QUESTIONS = [f"word{n} word{n * 7 % 900} 词{n}" for n in range(20)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    chance = random.Random(0)
    for number in range(200):
        paragraphs = (
            " ".join(f"word{chance.randrange(900)}" for _ in range(200)) + "." for _ in range(50)
        )
        (folder / f"{number:03}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
    with Rag.create(folder, model="fake:64") as rag:
        assert rag.ingest([folder]).chunks >= 10_000
    return folder


def query_top_10(project: Path) -> list[list[str]]:
    """The ids of the chunks that the command finds for each question."""
    lines = [json.dumps({"id": n, "question": q, "k": 10}) for n, q in enumerate(QUESTIONS)]
    ran = subprocess.run(
        [Path(sys.executable).with_name("rag"), "query", "--batch", "-", "--mode", "dense"],
        cwd=project,
        env={
            "PYTHONPATH": str(PLUGINS),
            "HOME": str(project),
            "PATH": "",
            "XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"],  # where the project is trusted
        },
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    return [[p["text"] for p in row["passages"]] for row in rows]


def exact_top_10(project: Path) -> list[list[str]]:
    """The same by numpy, over every embedding in the store."""
    with Rag.open(project) as rag:
        rows = rag.store.connection.execute(
            "SELECT c.id, e.vector FROM chunks c JOIN embeddings e ON e.embed_hash = c.embed_hash"
            " ORDER BY c.id"
        ).fetchall()
        matrix = np.array([np.frombuffer(vector, np.float32) for _, vector in rows])
        found = []
        for question in QUESTIONS:
            scores = matrix @ rag.embedder.embed_query(question)
            best = np.lexsort((np.arange(len(rows)), -scores))[:10]
            found.append([r.chunk.text for r in rag.store.passages([rows[i][0] for i in best])])
    return found


def test_the_same_top_10_with_a_whole_a_broken_and_no_index_file(project: Path) -> None:
    whole = query_top_10(project)
    for passages, exact in zip(whole, exact_top_10(project), strict=True):
        # Neighbours lend and join, so the order differs: the nearest are there all the same.
        assert all(any(text in passage for passage in passages) for text in exact[:3])
    for damage in (Path.unlink, lambda path: path.write_bytes(b"not FAISS")):
        (index,) = (project / ".rag").glob("vectors-*.faiss")
        damage(index)
        assert query_top_10(project) == whole
        (mended,) = (project / ".rag").glob("vectors-*.faiss")
        assert mended.stat().st_size > 10_000 * 64 * 4
        assert query_top_10(project) == whole
