"""Many at once: ingests that overlap, and readers beside a writer."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ragcli import Rag

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
PLUGINS = REPOSITORY / "tests" / "plugins"
PROCESSES, ROUNDS = 10, 10

# One of the processes: it changes its own file and brings the project up to date, again and again;
# what it prints are the exit codes.
WRITER = """
import random, sys
from pathlib import Path
from ragcli import Rag
from ragcli.errors import RagError
root, number, rounds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(number)
for round_ in range(rounds):
    text = f"Process {number} was here in round {round_}.\\n\\n" * (round_ + 1)
    (root / "docs" / f"{number}.txt").write_text(text)
    wait = chance.choice([0.0, 0.2, 60.0])
    try:
        with Rag.create(root, model="fake:64", wait_s=wait) as rag:
            rag.ingest([root / "docs"])
        print(0)
    except RagError as error:
        print(error.exit_code)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    monkeypatch.syspath_prepend(str(PLUGINS))
    return tmp_path


def test_a_hundred_overlapping_ingests(home: Path) -> None:
    """From ten processes, the first of which makes the project; each ends with 0 or 11."""
    root = home / "project"
    (root / "docs").mkdir(parents=True)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), str(number), str(ROUNDS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    codes = []
    for writer in writers:
        out, err = writer.communicate(timeout=300)
        assert writer.returncode == 0, err
        codes += [int(line) for line in out.split()]
    assert len(codes) == PROCESSES * ROUNDS and set(codes) <= {0, 11}
    assert codes.count(0) > PROCESSES
    with Rag.open(root, model="fake:64") as rag:
        rag.ingest()
        for number in range(PROCESSES):
            name = f"docs/{number}.txt"
            assert rag.show(name).text == (root / name).read_text()
        assert rag.doctor().healthy
        with Rag.create(home / "clean", model="fake:64") as clean:
            clean.ingest([root / "docs"])
            for number in range(PROCESSES):
                question = f"was process {number} here in round 9?"
                assert _found(rag, question) == _found(clean, question)


def _found(rag: Rag, question: str) -> list[tuple[str, float]]:
    """Every chunk with its score; equal scores come in the order of ingests."""
    passages = rag.query(question, top_k=200, passage_tokens=16).passages
    return sorted((p.chunk_id, round(p.score, 6)) for p in passages)


@pytest.mark.parametrize("seconds", [8.0, pytest.param(60.0, marks=pytest.mark.soak)])
def test_readers_beside_a_writer(
    home: Path, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is blocked, and nobody sees half a document."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    readers = importlib.import_module("readers")
    result = readers.measure(home / "project", "fake:64", 8, seconds)
    assert result["writer_errors"] == [] and result["ingests"] > 0
    for part in ("alone", "beside"):
        assert (result[part]["errors"], result[part]["mixed"]) == ([], 0), json.dumps(result)
        assert result[part]["questions"] > 8
