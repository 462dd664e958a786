"""A real disk without room, under every command that writes: told, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.faults.harness import Commands, answers, opened, write_corpus

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"),
]

FREE_KB = (0, 8, 32, 60, 120, 250, 500)
WRITING = {
    "ingest": ("ingest", "docs"),
    "reembed": ("reembed", "--model", "fake:32", "--no-compare"),
    "export": ("export", "out.rag"),
    "import": ("import", "in.rag", "new"),
    "session": ("ask", "river stone", "--generator", "extractive", "--session", "s"),
    "mark": ("query", "river stone", "--mark", "1"),
    "save": ("eval", "--self", "--save", "run"),
    "config": ("config", "set", "top_k", "7"),
    "repair": ("doctor", "--repair"),
    "rm": ("rm", "docs/file-1.md"),
    "purge": ("rm", "docs/file-1.md", "--purge"),
}


class Disk:
    """A project on a disk of 8 MB, as often as one is asked for."""

    def __init__(self, folder: Path) -> None:
        self.mounted = folder / "disk"
        self.mounted.mkdir()
        self.project = self.mounted / "project"
        self._whole = folder / "whole"
        (folder / "home").mkdir()
        self.commands = Commands(folder / "home")
        write_corpus(self._whole / "docs")
        assert self.commands.ingest(self._whole).code == 0
        assert self.commands.run(self._whole, "export", "in.rag").code == 0

    def lay_out(self) -> None:
        self.unmount()
        tell = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(self.mounted)]
        if subprocess.run(tell, check=False, capture_output=True).returncode:
            pytest.skip("nothing can be mounted here")
        shutil.copytree(self._whole, self.project)
        assert self.commands.run(self.project, "config", "trust").code == 0

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.mounted)], check=False, capture_output=True)

    def fill(self, free_kb: int) -> None:
        room = shutil.disk_usage(self.mounted).free
        (self.mounted / "filling").write_bytes(bytes(room - (free_kb << 10)))

    def empty(self) -> None:
        (self.mounted / "filling").unlink()

    def answers(self) -> list[tuple[Any, ...]]:
        with opened(self.project) as rag:
            return answers(rag)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    folder = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder / "home"))
        made = Disk(folder)
        yield made
        made.commands.close()
        made.unmount()


def _prepare(disk: Disk, name: str) -> None:
    disk.lay_out()
    if name == "ingest":
        more = disk.project / "docs" / "new.md"
        more.write_text("# New\n\n" + "A harbour in winter. " * 900, encoding="utf-8")
    if name == "repair":
        (disk.project / ".rag" / "vectors-1.faiss").write_bytes(b"damaged")


@pytest.mark.parametrize("name", WRITING)
def test_it_is_told_and_the_project_is_as_before(disk: Disk, name: str) -> None:
    """With room again, the same command does what it could not do."""
    codes = []
    for free_kb in FREE_KB:
        _prepare(disk, name)
        before = disk.answers()
        disk.fill(free_kb)
        ran = disk.commands.run(disk.project, *WRITING[name])
        codes.append(ran.code)
        disk.empty()
        if ran.code:
            assert ran.code == 1, (free_kb, ran.said)
            assert "no space left" in ran.said or "are free" in ran.said, (free_kb, ran.said)
            assert "hint: " in ran.said and "Traceback" not in ran.said, ran.said
        if ran.code and name != "purge":
            assert disk.answers() == before, free_kb
        again = disk.commands.run(disk.project, *WRITING[name])
        assert again.code == 0 or (ran.code == 0 and name in ("rm", "import")), again.said
        healthy = disk.commands.run(disk.project, "doctor", "--quiet")
        assert healthy.code == 0, (free_kb, healthy.said)
    assert codes[0] == 1


@pytest.mark.parametrize("free_kb", FREE_KB)
def test_questions_are_answered(disk: Disk, free_kb: int) -> None:
    disk.lay_out()
    before = disk.answers()
    disk.fill(free_kb)
    assert disk.commands.run(disk.project, "query", "river stone").code == 0
    assert disk.answers() == before
    status = disk.commands.run(disk.project, "status")
    assert status.code == 0, status.said
