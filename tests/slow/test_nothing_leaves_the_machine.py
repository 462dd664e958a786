"""With the default model nothing leaves the machine either: no library looks for a hub, a newer
version or a place to report to, in Python or in native code. The kernel watches: an internet
socket of any kind would end the process."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

import pytest
from fakes.watching import watched

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.system() != "Linux", reason="seccomp is Linux's"),
]
SAMPLES = Path(__file__).parents[2] / "sample_docs"

QUESTION = "How many dimensions does the default model have?"
EVERY = [
    ["ingest", "docs"],
    ["query", QUESTION],
    ["query", QUESTION, "--engine", "torch"],
    ["ask", QUESTION, "--generator", "extractive"],
    ["embed", "a text"],
    ["why-not", QUESTION, "docs/embeddings.md"],
    ["eval", "--self"],
    ["status", "--problems"],
    ["reembed", "--chunk-tokens", "64"],
    ["export", "all.rag", "--paths", "none"],
    ["import", "all.rag", "copy"],
    ["query", QUESTION, "--project", "copy"],
    ["rm", "--purge", "docs/embeddings.md"],
]


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    # Nobody has told the libraries to keep quiet; ONNX Runtime does so where CI is set.
    quiet = ("RAG_", "HF_", "ORT_", "OPENAI_", "DO_NOT", "CI", "GITHUB_", "TF_BUILD", "JENKINS")
    for name in [n for n in os.environ if n.startswith(quiet)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    work = tmp_path / "work"
    (work / "docs").mkdir(parents=True)
    monkeypatch.chdir(work)
    shutil.copy(SAMPLES / "en/embeddings.md", work / "docs")
    return dict(os.environ)


def test_no_library_reaches_out(env: dict[str, str], tmp_path: Path) -> None:
    told = tmp_path / "told"
    codes, said, ended = watched(EVERY, told, {**env, "WATCHED_NATIVE": "1"})
    assert ended == 0, said
    assert not told.exists(), told.read_text()
    assert len(codes) == len(EVERY), said
    assert set(codes.values()) <= {0, 4}, said


def test_the_kernel_ends_who_reaches_out(env: dict[str, str], tmp_path: Path) -> None:
    """What the test above would see: Ollama is asked whether it is there, on loopback."""
    env |= {"WATCHED_NATIVE": "1", "OLLAMA_HOST": "127.0.0.1:9"}
    codes, said, ended = watched([["models"]], tmp_path / "told", env)
    assert (codes, ended) == ({}, -31), said  # SIGSYS
