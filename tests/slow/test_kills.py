"""Killed anywhere, a project opens, answers, and one more ingest makes it equal to a clean one.

The ingests run in child processes of their own, as from a terminal, and are killed with SIGKILL
at moments that are spread at random over the time an ingest takes.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.faults.harness import write_corpus

from ragcli import Rag
from ragcli.domain import Filter

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
PLUGINS = REPOSITORY / "tests" / "plugins"
FAKE = "fake:64"
FILES = 40
REAL = "sentence-transformers/all-MiniLM-L6-v2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that no settings or caches of this machine take part."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    monkeypatch.syspath_prepend(str(PLUGINS))
    return tmp_path


def change_corpus(folder: Path) -> None:
    """Some files edited, moved, removed and added."""
    for number in range(0, 12, 2):
        path = folder / f"file-{number}.md"
        path.write_text(path.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    (folder / "file-13.md").rename(folder / "moved-13.md")
    (folder / "file-15.md").unlink()
    (folder / "new.md").write_text("# New\n\nA harbour in winter.\n", encoding="utf-8")


def start_ingest(project: Path, model: str, *words: str) -> subprocess.Popen[bytes]:
    rag = Path(sys.executable).with_name("rag")
    return subprocess.Popen(
        [rag, "ingest", *words, "--model", model, "--quiet"],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def ingest(project: Path, model: str, *words: str) -> float:
    """A whole ingest; its seconds."""
    started = time.monotonic()
    child = start_ingest(project, model, *words)
    _, stderr = child.communicate()
    assert child.returncode == 0, stderr.decode()
    return time.monotonic() - started


def ingest_killed(project: Path, model: str, after_s: float, *words: str) -> bool:
    """Kill an ingest and whatever it started; whether it was still running."""
    child = start_ingest(project, model, *words)
    try:
        child.wait(timeout=after_s)
        running = False
    except subprocess.TimeoutExpired:
        running = True
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        assert not running
    child.communicate()
    return running


def contents(project: Path) -> dict[str, Any]:
    """Documents, chunks and embeddings by what they are, without the numbers they have."""
    with Rag.open(project, model="") as rag:
        connection = rag.store.connection
        documents = {
            source: rag.store.document(document_id)
            for source, document_id in connection.execute(
                "SELECT source, document_id FROM files WHERE document_id IS NOT NULL"
            ).fetchall()
        }
        chunks = connection.execute(
            "SELECT d.content_hash, c.char_start, c.char_end, c.headings, c.page, c.line_start,"
            " c.embed_hash, e.vector FROM chunks c JOIN documents d ON d.id = c.document_id"
            " LEFT JOIN embeddings e ON e.embed_hash = c.embed_hash ORDER BY 1, 2"
        ).fetchall()
        (embeddings,) = connection.execute("SELECT count(*) FROM embeddings").fetchone()
        (stored,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    return {
        "documents": documents,
        "chunks": [row[:-1] for row in chunks],
        "vectors": np.array([np.frombuffer(row[-1] or b"", np.float32) for row in chunks]),
        "counts": (stored, embeddings),
    }


def assert_equal(project: Path, clean: dict[str, Any]) -> None:
    found = contents(project)
    assert found["documents"] == clean["documents"]
    assert found["chunks"] == clean["chunks"]
    assert found["counts"] == clean["counts"]
    # Batches of other sizes round the last bit differently in the real model.
    np.testing.assert_allclose(found["vectors"], clean["vectors"], atol=1e-5)


def assert_opens_and_answers(project: Path) -> None:
    """What is committed can be read, every passage is exact, and the index agrees with numpy."""
    if not (project / ".rag" / "store.sqlite").exists():
        return
    with Rag.open(project) as rag:
        for mode in ("keyword", "hybrid"):
            for passage in rag.query("how long is the warranty? 保修期", mode=mode).passages:
                path = project / passage.source
                if path.exists() and not passage.stale:
                    text = path.read_text(encoding="utf-8")
                    assert text[passage.char_start : passage.char_end] == passage.text
        if rag.store.counts()["embedded"]:
            vector = rag.embedder.embed_query("river stone")
            every = rag.store.search_dense(vector, 1000, Filter())
            scores = rag.store.dense_scores(vector, [i for i, _ in every])
            assert len(every) == rag.store.counts()["embedded"]
            assert all(abs(scores[i] - s) < 1e-5 for i, s in every)


@pytest.fixture(scope="module")
def clean_contents(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, dict[str, Any]]:
    """What an ingest that nobody disturbs gives, of the corpus as written and as changed."""
    wanted = {}
    for changed in (False, True):
        project = tmp_path_factory.mktemp("clean")
        write_corpus(project / "docs", FILES, sections=4, words=120)
        if changed:
            change_corpus(project / "docs")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(PLUGINS))
            patch.setenv("HOME", str(project / "home"))
            ingest(project, FAKE, "docs")
        wanted[changed] = contents(project)
    return wanted


@pytest.mark.parametrize("round_", range(50))
def test_kill_at_a_random_moment(
    home: Path, clean_contents: dict[bool, dict[str, Any]], round_: int
) -> None:
    """Even rounds kill the first ingest, odd ones an ingest of changes."""
    chance = random.Random(round_)
    changed = round_ % 2 == 1
    after_s = chance.uniform(0.2, 1.5)
    killed = False
    while not killed:
        project = home / "project"
        shutil.rmtree(project, ignore_errors=True)
        write_corpus(project / "docs", FILES, sections=4, words=120)
        if changed:
            ingest(project, FAKE, "docs")
            change_corpus(project / "docs")
        killed = ingest_killed(project, FAKE, after_s, "docs")
        after_s *= 0.7
    assert_opens_and_answers(project)
    ingest(project, FAKE, "docs")
    assert_opens_and_answers(project)
    assert_equal(project, clean_contents[changed])


def test_kills_with_the_real_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, clean = home / "project", home / "clean"
    for folder in (project, clean):
        shutil.copytree(REPOSITORY / "sample_docs", folder / "docs")
    took_s = ingest(clean, REAL, "docs")
    wanted = contents(clean)
    for share in (0.2, 0.6, 0.9):
        shutil.rmtree(project / ".rag", ignore_errors=True)
        ingest_killed(project, REAL, share * took_s, "docs")
        ingest(project, REAL, "docs")
        assert_equal(project, wanted)
