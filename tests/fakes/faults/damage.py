"""Damage to the files of a project, and what must be said of it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fakes.faults.harness import Commands, Contents, answers, assert_equal, contents, opened

from ragcli.errors import RagError
from ragcli.store.database import EngineError

# What people write, and what only says what the rest is.
_NOT_ANSWERING = ("README", ".gitignore", "lock", "config.toml", "store.sqlite-shm")


@dataclass(frozen=True, slots=True)
class Damage:
    """``kind`` is flip (a bit at ``place``), cut (at ``place``) or delete, of a file by name."""

    kind: str
    file: str
    place: int = 0
    bit: int = 0

    def apply(self, folder: Path) -> None:
        path = folder / self.file
        if self.kind == "delete":
            path.unlink()
        elif self.kind == "cut":
            path.write_bytes(path.read_bytes()[: self.place])
        else:
            data = bytearray(path.read_bytes())
            data[self.place] ^= 1 << self.bit
            path.write_bytes(bytes(data))


def damages(folder: Path, flips: int, cuts: int, seed: int) -> list[Damage]:
    """So many flips and cuts at random places of all files, small ones as often as large ones for
    a third of them; and every file deleted."""
    chance = random.Random(seed)
    sizes = {p.name: p.stat().st_size for p in sorted(folder.iterdir()) if p.is_file()}
    filled = [name for name, size in sizes.items() if size]
    found = [Damage("delete", name) for name in sizes]
    for number in range(flips + cuts):
        weights = None if number % 3 == 0 else [sizes[name] for name in filled]
        (name,) = chance.choices(filled, weights)
        place = chance.randrange(sizes[name])
        kind = "flip" if number < flips else "cut"
        found.append(Damage(kind, name, place, chance.randrange(8)))
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """What people saw of a damage. ``noticed``: a command said it or went on rightly and doctor
    said it; ``harmless``: nothing that is stored or answered has changed."""

    damage: Damage
    refused: str
    doctor: tuple[str, ...]
    harmless: bool


def examine(
    commands: Commands, whole: Path, project: Path, damage: Damage, clean: Contents
) -> Seen:
    """Damage a copy of a project, ask it, let doctor look, mend it and bring it up to date.
    Raises AssertionError for a wrong answer, for silence, and for what is not mended."""
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(whole, project)
    damage.apply(project / ".rag")
    refused, found = _asked(project)
    if not refused:
        _assert_true_words(found, clean)
    looked = commands.run(project, "doctor")
    failing = tuple(line for line in looked.said.splitlines() if line.startswith(("✗", "!")))
    changed = refused or found != clean.answers
    if changed and damage.file not in _NOT_ANSWERING:
        assert looked.code != 0 or _is_mended(failing, project, clean), (damage, looked.said)
    if looked.code:
        assert "hint" in looked.said or any(line.startswith(" ") for line in
                                            looked.said.splitlines()), looked.said  # fmt: skip
    _mend(commands, project, clean)
    return Seen(damage, refused, failing, not changed and not failing)


def _asked(project: Path) -> tuple[str, Sequence[tuple[object, ...]]]:
    """(the error with its cure, what the questions found)."""
    try:
        with opened(project) as rag:
            return "", answers(rag)
    except RagError as error:
        assert error.hint, error
        return f"{error.exit_code}: {error.message}; {error.hint}", ()
    except EngineError as error:
        return f"13: {error}", ()


def _assert_true_words(found: Sequence[tuple[object, ...]], clean: Contents) -> None:
    """Every passage is word for word in the file that it is said to be in."""
    for _, source, start, end, text, _, title, _ in found:
        document = clean.documents.get(str(source))
        assert document is not None, source
        assert document.text[start:end] == text, source  # type: ignore[misc]
        assert document.title == title, source


def _is_mended(failing: Sequence[str], project: Path, clean: Contents) -> bool:
    """A query may have written a broken index file anew."""
    return _asked(project)[1] == clean.answers


def _mend(commands: Commands, project: Path, clean: Contents) -> None:
    """Repair and one more ingest give what a clean ingest gives; only where the store says that it
    is of a newer program an ingest into a new project does."""
    commands.run(project, "doctor", "--repair")
    again = commands.ingest(project)
    healthy = commands.run(project, "doctor", "--quiet")
    if again.code or healthy.code:
        assert "use a newer ragcli" in again.said, again.said + healthy.said
        shutil.rmtree(project / ".rag")
        again = commands.ingest(project)
        assert again.code == 0, again.said
    assert_equal(contents(project), clean)
