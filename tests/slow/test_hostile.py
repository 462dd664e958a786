"""A folder of files that harm: each costs itself and a line in the ledger, and nothing more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import hostile

PLUGINS = Path(__file__).parents[1] / "plugins"
PROGRAM = [sys.executable, "-c", "from ragcli.cli.start import main; main()"]
# The whole tree may take 1 GB; an ingest takes some 300 MB more with the default model.
MOST_BYTES = 700 * 1024 * 1024

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel tells memory and limits"
)


def _pss(pid: int) -> int:
    """What a process takes of the memory, its share of what it shares, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


class _Ingest:
    """An ingest that is watched: ``code``, ``told`` on stderr, ``peak`` of its tree in bytes."""

    def __init__(self, env: dict[str, str], *args: str, on_first_word: Any = None) -> None:
        self.peak, self.told = 0, ""
        with subprocess.Popen(
            [*PROGRAM, "ingest", *args], env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as process:
            watching = threading.Thread(target=self._watch, args=(process,))
            watching.start()
            assert process.stderr is not None
            for line in process.stderr:
                self.told += line.decode()
                if on_first_word and b"docs/" in line:
                    on_first_word()
                    on_first_word = None
            self.code = process.wait()
            watching.join()

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self.peak = max(self.peak, sum(_pss(pid) for pid in set(_tree(process.pid))))
            time.sleep(0.02)


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("RAG_", "XDG_"))}
    return {
        **kept,
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(PLUGINS),
        "RAG_MODEL": "fake:64",
    }


def _json(env: dict[str, str], *args: str) -> dict[str, Any]:
    ran = subprocess.run([*PROGRAM, *args, "--json"], env=env, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def _states(env: dict[str, str]) -> dict[str, str]:
    """What became of each file, and by which rule the others were passed over."""
    files = {f["source"]: f["state"] for f in _json(env, "ls")["files"]}
    status = _json(env, "status", "--problems", "--skipped")
    told = {p["source"] for p in status["problems"]}
    assert told == {name for name, state in files.items() if state != "stored"}
    assert all(p["message"] for p in status["problems"])
    skipped = {s["source"]: f"skipped: {s['reason'].split(':')[0]}" for s in status["skipped"]}
    return {name.removeprefix("docs/"): state for name, state in (files | skipped).items()}


def test_a_hostile_folder(surroundings: dict[str, str], tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    expected = hostile.lay_out(docs)
    assert len(expected) >= 80
    last, growing = docs / "vanishing.txt", docs / "growing.txt"
    last.write_text("soon gone")
    os.utime(last, (1, 1))  # what is oldest is read last
    growing.write_bytes(b"a line of a log\n" * 1_000_000)
    stop = threading.Event()

    def grow() -> None:
        with growing.open("ab", buffering=0) as file:
            while not stop.wait(0.0005):
                file.write(b"more\n")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        first = _Ingest(surroundings, "docs", on_first_word=last.unlink)
    finally:
        stop.set()
        writer.join()
    assert first.code == 3, first.told
    assert "vanishing.txt: the file is gone" in first.told
    assert first.peak < MOST_BYTES, f"{first.peak >> 20} MB"
    found = _states(surroundings)
    assert found.pop("vanishing.txt") == "failed"
    assert found.pop("growing.txt") in ("failed", "stored")
    assert found.keys() == expected.keys()
    wrong = {n: s for n, s in found.items() if s not in expected[n].split("|")}
    assert not wrong
    for listed in _json(surroundings, "ls")["files"]:
        assert (listed["chunks"] > 0) == (listed["state"] in ("stored", "partly")), listed
    secret = _json(surroundings, "status")
    assert secret["chunks"] == secret["embedded_chunks"]

    growing.unlink()
    again = _Ingest(surroundings)
    assert again.code == 0, again.told
    assert _states(surroundings) == found
    retried = _Ingest(surroundings, "--retry")
    assert retried.code == 0 and retried.peak < MOST_BYTES
    assert _states(surroundings) == found
    assert not (tmp_path / "owned").exists() and not (tmp_path.parent / "owned").exists()


def test_nothing_outside_is_read(surroundings: dict[str, str], tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    names = [name.decode() for name in hostile.FILES if name.startswith((b"outside", b"laughs"))]
    assert len(names) > 10
    hostile.lay_out_named(docs, names)
    (tmp_path / "outside.txt").write_text("xylophone secret")
    (docs / "link.txt").symlink_to(tmp_path / "outside.txt")
    _Ingest(surroundings, "docs")
    for question in ("xylophone", "root:x:0:0", "/bin/bash"):
        ran = subprocess.run(
            [*PROGRAM, "query", question, "--mode", "keyword", "--json"],
            env=surroundings,
            capture_output=True,
            check=False,
        )
        texts = [p["text"] for p in json.loads(ran.stdout)["passages"]]
        assert not any("xylophone" in t or "/bin/bash" in t or "hahaha" in t for t in texts)
