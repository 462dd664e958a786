"""The import recipe: a project from the file of an export, in a place where there is none.

Everything is unpacked and checked in a folder beside, and put in place by one rename.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ragcli import disk, private
from ragcli.config import settings_for
from ragcli.errors import UsageError
from ragcli.recipes.export_project import renamed
from ragcli.store import Store, archive, database, lock, sets, travel
from ragcli.store.folder import ProjectFolder, lay_out

# Beside `.rag`, until all is checked.
_ROOM = ".rag.new"


@dataclass(frozen=True, slots=True)
class Imported:
    """``project`` is its folder now; ``paths`` are told as the export was asked to."""

    project: str
    paths: str
    files: int
    chunks: int
    model: str | None


def import_project(file: Path, root: Path, distrust: Callable[[], None]) -> Imported:
    """Make the archive's project in the folder ``root``. ``distrust`` is called before it is
    there: whoever was trusted at this place was another.

    Raises UsageError (there is a project, the file cannot be read), ProjectCorrupt (the archive is
    damaged), ProjectIncompatible (of a newer ragcli), ProjectLocked (another import is at work).
    """
    folder = ProjectFolder(root)
    _refuse_present(folder)
    if not file.is_file():
        raise UsageError(f"{file} is no file", "name what rag export wrote")
    room = ProjectFolder(root / _ROOM)
    with disk.place_named(f"make a project in {root}", "choose a folder you may write to"):
        private.make_folder(room.root)
        with lock.writing(room.root / "lock", wait_s=0.0):
            try:
                imported = _unpacked(file, room, folder)
                distrust()
                _put_in_place(room, folder)
            finally:
                shutil.rmtree(room.root, ignore_errors=True)
    return imported


def _refuse_present(folder: ProjectFolder) -> None:
    if folder.rag.exists():
        raise UsageError(
            f"{folder.root} is a project already; it was kept",
            "choose another folder: rag import FILE DIR",
        )


def _unpacked(file: Path, room: ProjectFolder, folder: ProjectFolder) -> Imported:
    """The project, checked, in the room beside its place."""
    shutil.rmtree(room.rag, ignore_errors=True)  # of an import that was killed
    private.make_folder(room.rag)
    manifest = archive.unpack(file, room.rag)
    travel.check_foreign(room.database)
    settings_for(room.config, {}, {})
    lay_out(room)
    store = Store(room)
    try:
        sources = travel.settle(store, folder)
        chosen = sets.active(store.connection)
        if chosen is not None:
            store.publish_index(chosen, force=True)
        counts = store.counts()
    finally:
        store.close()
    for questions in (room.questions, room.self_made):
        with suppress(FileNotFoundError):
            text = questions.read_text(encoding="utf-8", errors="replace")
            private.write_text(questions, renamed(text, sources))
    return Imported(
        project=str(folder.root),
        paths=str(manifest.get("paths")),
        files=counts["files"],
        chunks=counts["chunks"],
        model=chosen.identity.name if chosen else None,
    )


def _put_in_place(room: ProjectFolder, folder: ProjectFolder) -> None:
    """One rename; the folder's entry is on the disk when this returns."""
    try:
        room.rag.rename(folder.rag)
    except OSError:
        _refuse_present(folder)  # somebody was quicker
        raise
    database.sync_folder(folder.root)
