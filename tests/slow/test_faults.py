"""A fault at every write step of an ingest: killed, without power, on a full or failing disk.

Short here; `make soak` goes through all steps and many more random moments.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from fakes.faults.harness import (
    Commands,
    Contents,
    Ran,
    assert_equal,
    assert_true,
    change_corpus,
    chosen_steps,
    contents,
    in_memory,
    write_corpus,
)
from fakes.faults.steps import Fault

pytestmark = pytest.mark.slow

ENDING = ("kill", "torn", "power")
REFUSING = ("full", "quota", "io", "sync", "gone", "remounted")
SAID = {
    "full": "no space left",
    "quota": "quota",
    "io": "the disk",
    "sync": "the disk",
    "gone": "the disk",
    "remounted": "the disk",
    "read": "the disk",
}
_TOLD = {
    "full": "disk full from a write step on",
    "quota": "quota used up from a write step on",
    "io": "one write step failed (EIO)",
    "sync": "every sync failed from a step on (EIO)",
    "gone": "disk gone from a write step on",
    "remounted": "disk mounted read-only from a write step on",
}
# How many parts the soak's work is cut into, so that all cores have some.
SHARDS = 8


class Bench:
    """A project before its first ingest and one before an ingest of changes, what a clean ingest
    gives of each, and the steps that it takes."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        (folder / "home").mkdir()
        self.commands = Commands(folder / "home")
        self._folder = folder
        self._before = {False: folder / "first", True: folder / "second"}
        write_corpus(self._before[False] / "docs")
        shutil.copytree(self._before[False], self._before[True])
        self.states: dict[bool, Contents] = {}
        self.steps: dict[bool, tuple[str, ...]] = {}
        self.reads: dict[bool, int] = {}
        self._keep(False)
        shutil.rmtree(self._before[True])
        self.project.rename(self._before[True])
        change_corpus(self._before[True] / "docs")
        self._keep(True)

    def _keep(self, changed: bool) -> None:
        self.lay_out(changed)
        ran = self.commands.ingest(self.project)
        assert ran.code == 0, ran.said
        self.steps[changed], self.reads[changed] = ran.steps, ran.reads
        self.states[changed] = contents(self.project)

    @property
    def corpus(self) -> Path:
        """The documents of the first ingest."""
        return self._before[False] / "docs"

    def lay_out(self, changed: bool) -> None:
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(self._before[changed], self.project)

    def possible(self, changed: bool) -> list[Contents]:
        """The states that an ingest may leave."""
        return [self.states[True], self.states[False]] if changed else [self.states[False]]

    def with_fault(self, fault: Fault, changed: bool) -> Ran:
        """An ingest with a fault, and what must hold after it."""
        self.lay_out(changed)
        ran = self.commands.ingest(self.project, fault)
        self._recovers(ran, changed)
        return ran

    def killed_after(self, seconds: float, changed: bool) -> Ran:
        self.lay_out(changed)
        ran = self.commands.ingest(self.project, kill_after_s=seconds)
        self._recovers(ran, changed)
        return ran

    def _recovers(self, ran: Ran, changed: bool) -> None:
        assert_true(self.project, self.possible(changed), ran.seen)
        again = self.commands.ingest(self.project)
        assert again.code == 0, again.said
        assert_equal(contents(self.project), self.states[changed])


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch, in_memory() as folder:
        patch.setenv("HOME", str(folder / "home"))
        made = Bench(folder)
        yield made
        made.commands.close()


def _killed(bench: Bench, kind: str, changed: bool, numbers: list[int]) -> None:
    for number in numbers:
        ran = bench.with_fault(Fault(kind, number, seed=number), changed)
        # How many commits there are depends on the time: a late step may not come.
        reached = number <= len(ran.steps)
        assert ran.code == (-9 if reached else 0), (number, ran.said)


def _refused(bench: Bench, kind: str, changed: bool, numbers: list[int]) -> None:
    """Exit 1 with a clear message and a hint, unless the run could do without."""
    for number in numbers:
        ran = bench.with_fault(Fault(kind, number), changed)
        if "cannot make a project" in ran.said:  # in a folder that may not be written to
            assert (ran.code, kind) == (2, "remounted"), (number, ran.said)
        elif ran.code:
            assert ran.code == 1, (number, ran.said)
            assert SAID[kind] in ran.said and "hint: " in ran.said, (number, ran.said)
            assert "Traceback" not in ran.said and "unexpected" not in ran.said, ran.said


def test_every_step_is_known_by_its_name(bench: Bench) -> None:
    """The harness sees what SQLite, the index file and the folder are written by."""
    first = set(bench.steps[False])
    assert {
        "make .rag",
        "write lock",
        "write .store.sqlite.new",
        "sync .store.sqlite.new",
        "rename store.sqlite",
        "write store.sqlite-wal",
        "sync store.sqlite-wal",
        "write store.sqlite",
        "write .vectors-N.faiss.new",
        "sync .vectors-N.faiss.new",
        "rename vectors-N.faiss",
        "rename vectors-N.json",
        "sync .rag",
    } <= first
    assert "delete vectors-N.faiss" in set(bench.steps[True])


@pytest.mark.parametrize(
    ("kind", "changed"), [("kill", False), ("kill", True), ("torn", True), ("power", True)]
)
def test_killed_at_a_step_of_every_name(bench: Bench, kind: str, changed: bool) -> None:
    """Nothing that a reader saw is lost, and one more ingest gives what a clean one gives."""
    seed = ENDING.index(kind)
    _killed(bench, kind, changed, chosen_steps(bench.steps[changed], 1, seed))


@pytest.mark.parametrize("kind", REFUSING)
def test_a_disk_that_refuses_at_a_step_of_every_name(bench: Bench, kind: str) -> None:
    """The project is as before, and the message says what to do."""
    seed = REFUSING.index(kind)
    _refused(bench, kind, bool(seed % 2), chosen_steps(bench.steps[bool(seed % 2)], 1, seed))


def test_reads_that_fail(bench: Bench) -> None:
    chance = random.Random(0)
    _refused(bench, "read", True, sorted(chance.sample(range(1, bench.reads[True]), 5)))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_small_disk(bench: Bench, tmp_path: Path) -> None:
    """A real one, of 64 KB more at each try: it is full at another moment, and never in the way of
    the next try. A project of 7 files takes about 500 KB with its log."""
    disk = tmp_path / "disk"
    disk.mkdir()
    codes = []
    for kilobytes in range(64, 1024, 64):
        mounted = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        if subprocess.run(mounted, check=False, capture_output=True).returncode:
            pytest.skip("nothing can be mounted here")
        try:
            (disk / "docs").symlink_to(bench.corpus)
            ran = bench.commands.ingest(disk)
            codes.append(ran.code)
            if ran.code:
                assert ran.code == 1 and SAID["full"] in ran.said, (kilobytes, ran.said)
            grow = ["mount", "-o", "remount,size=8m", str(disk)]
            subprocess.run(grow, check=True, capture_output=True)
            assert_true(disk, [bench.states[False]])
            assert bench.commands.ingest(disk).code == 0
            assert_equal(contents(disk), bench.states[False])
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)
    assert codes[0] == 1 and codes[-1] == 0


def _killed_at_random(bench: Bench, rounds: int, seed: int) -> int:
    """How many of these ingests had not ended before."""
    chance = random.Random(seed)
    killed = 0
    for number in range(rounds):
        changed = bool(number % 2)
        started = monotonic()
        bench.lay_out(changed)
        bench.commands.ingest(bench.project)
        took_s = monotonic() - started
        killed += bench.killed_after(chance.uniform(0, took_s), changed).code == -9
    return killed


def test_killed_at_random_moments(bench: Bench) -> None:
    assert _killed_at_random(bench, 6, seed=0)


# ------------------------------------------------------------------ soak

# Of each name so many steps, where not all are tried.
SAMPLED = 3


def _shard(numbers: list[int], shard: int) -> list[int]:
    return numbers[shard::SHARDS]


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("changed", [False, True])
def test_soak_killed_at_every_step(
    bench: Bench, changed: bool, shard: int, record_property: Callable[[str, object], None]
) -> None:
    numbers = _shard(list(range(1, len(bench.steps[changed]) + 1)), shard)
    _killed(bench, "kill", changed, numbers)
    record_property("soak", ["killed at each write step", len(numbers)])


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("kind", ["torn", "power"])
def test_soak_without_power(
    bench: Bench, kind: str, shard: int, record_property: Callable[[str, object], None]
) -> None:
    told = {"torn": "killed in the middle of a write", "power": "power lost at a write step"}
    for changed in (False, True):
        numbers = _shard(chosen_steps(bench.steps[changed], SAMPLED), shard)
        _killed(bench, kind, changed, numbers)
        record_property("soak", [told[kind], len(numbers)])


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
def test_soak_killed_at_random_moments(
    bench: Bench, shard: int, record_property: Callable[[str, object], None]
) -> None:
    rounds = -(-200 // SHARDS)
    killed = _killed_at_random(bench, rounds, seed=shard)
    record_property("soak", ["killed at a random moment", killed])
    record_property("soak", ["had ended before the random moment", rounds - killed])


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("kind", REFUSING)
def test_soak_a_disk_that_refuses(
    bench: Bench, kind: str, shard: int, record_property: Callable[[str, object], None]
) -> None:
    for changed in (False, True):
        numbers = _shard(list(range(1, len(bench.steps[changed]) + 1)), shard)
        _refused(bench, kind, changed, numbers)
        record_property("soak", [_TOLD[kind], len(numbers)])


@pytest.mark.soak
@pytest.mark.parametrize("changed", [False, True])
def test_soak_reads_that_fail(
    bench: Bench, changed: bool, record_property: Callable[[str, object], None]
) -> None:
    numbers = list(range(1, bench.reads[changed] + 1, 6))
    _refused(bench, "read", changed, numbers)
    record_property("soak", ["every read refused from one on", len(numbers)])
