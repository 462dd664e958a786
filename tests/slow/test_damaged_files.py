"""Bits that flip, files cut short and files deleted: no wrong answer, no silence, all mended."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.faults.damage import damages, examine
from fakes.faults.harness import Commands, Contents, contents, in_memory, write_corpus

pytestmark = pytest.mark.slow

SHARDS = 8


class Bench:
    """A whole project, and what it holds."""

    def __init__(self, folder: Path) -> None:
        (folder / "home").mkdir()
        self.commands = Commands(folder / "home")
        self.whole, self.project = folder / "whole", folder / "project"
        write_corpus(self.project / "docs")
        ran = self.commands.ingest(self.project)
        assert ran.code == 0, ran.said
        self.clean: Contents = contents(self.project)
        shutil.copytree(self.project, self.whole)

    def examine(self, flips: int, cuts: int, seed: int, share: slice) -> dict[str, int]:
        """How many damages there were, and what was seen of them."""
        counted = dict.fromkeys(("damages", "refused", "told by doctor", "harmless"), 0)
        for damage in damages(self.whole / ".rag", flips, cuts, seed)[share]:
            seen = examine(self.commands, self.whole, self.project, damage, self.clean)
            counted["damages"] += 1
            counted["refused"] += bool(seen.refused)
            counted["told by doctor"] += bool(seen.doctor)
            counted["harmless"] += seen.harmless
        return counted


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch, in_memory() as folder:
        patch.setenv("HOME", str(folder / "home"))
        made = Bench(folder)
        yield made
        made.commands.close()


def test_flips_and_cuts_in_every_file(bench: Bench) -> None:
    counted = bench.examine(14, 5, 1, slice(None))
    assert counted["told by doctor"] > counted["damages"] // 4


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
def test_soak_flips_and_cuts_in_every_file(
    bench: Bench, shard: int, record_property: Callable[[str, object], None]
) -> None:
    counted = bench.examine(300, 100, random.Random(7).randrange(99), slice(shard, None, SHARDS))
    for name, count in counted.items():
        record_property("soak", [f"flips, cuts and deletions: {name}", count])
