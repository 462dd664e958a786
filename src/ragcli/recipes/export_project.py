"""The export recipe: a project as one file, of one committed state, while others read and write.

Keys and trust stay behind, and so do conversations and logged questions: those are not of the
documents. What was removed is not in it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from ragcli import disk, private
from ragcli.config import Settings
from ragcli.errors import UsageError
from ragcli.evaluation.questions import Question, Relevant, changed_lines
from ragcli.recipes import private_files, runs
from ragcli.store import Store, archive, database, filesystem, sets, travel
from ragcli.store.folder import MARK, ProjectFolder

Paths = Literal["keep", "relative", "none"]
PATHS: tuple[Paths, ...] = get_args(Paths)
_SECRETS = frozenset(f.name for f in fields(Settings) if f.metadata["secret"])


@dataclass(frozen=True, slots=True)
class Exported:
    """``paths`` says how they are told in it, ``size_bytes`` is the archive's own."""

    file: str
    paths: Paths
    files: int
    chunks: int
    model: str | None
    size_bytes: int


def export(store: Store, file: Path, paths: Paths) -> Exported:
    """Write the project into ``file``, in place of an earlier archive; whole or not at all.

    ``relative`` tells paths outside the project's folder relative to it, ``none`` leaves all paths
    out, and with them the question sets and saved runs, which name them. Raises UsageError.
    """
    _refuse_unwanted(store.folder, file)
    # A copy of the store is made ready on a disk of this machine; the file may be on a share.
    writable = filesystem.is_writable(store.folder.rag)
    place = store.folder.rag if writable else Path(tempfile.gettempdir())
    with disk.place_named(f"write {file}", "choose another place"):
        room = Path(tempfile.mkdtemp(dir=place, prefix=".export-"))
        try:
            room.chmod(private.FOLDER_MODE)
            return _export(store, file, paths, ProjectFolder(room))
        finally:
            shutil.rmtree(room, ignore_errors=True)


def _refuse_unwanted(folder: ProjectFolder, file: Path) -> None:
    if MARK in file.resolve().parts:
        raise UsageError(f"{file} lies in a project's own folder", "choose another place")
    if file.is_dir():
        raise UsageError(f"{file} is a folder", f"name a file: rag export {file / 'project.rag'}")
    if file.exists() and not (file.is_file() and archive.is_archive(file)):
        raise UsageError(
            f"{file} exists, and is no archive of a project", "choose another name; it was kept"
        )


def _export(store: Store, file: Path, paths: Paths, room: ProjectFolder) -> Exported:
    private.make_folder(room.rag)
    database.copy(store.connection, room.database)
    copy = Store(room)
    travel.leave_behind(copy)
    sources: dict[str, str] = {}
    if paths == "relative":
        sources = travel.tell_relative(copy, store.folder)
    elif paths == "none":
        travel.leave_paths_out(copy)
    counts, chosen = copy.counts(), sets.active(copy.connection)
    travel.pack(copy)
    _copy_config(store.folder, room)
    if paths != "none":
        _copy_questions(store.folder, room, sources)
        _copy_runs(store.folder, room, words=paths == "keep")
    model = chosen.identity.name if chosen else None
    about = {
        "paths": paths,
        "files": counts["files"],
        "chunks": counts["chunks"],
        "model": model,
        "made_at": store.now(),
    }
    size = archive.write(file, _members(room), about)
    return Exported(str(file), paths, counts["files"], counts["chunks"], model, size)


def _members(room: ProjectFolder) -> dict[str, Path]:
    there = [path for path in sorted(room.rag.rglob("*")) if path.is_file()]
    return {path.relative_to(room.rag).as_posix(): path for path in there}


def _copy_config(folder: ProjectFolder, room: ProjectFolder) -> None:
    """Without keys, which a project's file may not hold in any case."""
    import tomlkit

    if not folder.config.is_file():
        return
    document = tomlkit.parse(folder.config.read_text(encoding="utf-8"))
    for name in _SECRETS:
        document.pop(name, None)
    private.write_text(room.config, tomlkit.dumps(document))


def _copy_questions(folder: ProjectFolder, room: ProjectFolder, sources: Mapping[str, str]) -> None:
    for file, target in ((folder.questions, room.questions), (folder.self_made, room.self_made)):
        with suppress(FileNotFoundError):
            text = file.read_text(encoding="utf-8-sig", errors="replace")
            private.write_text(target, renamed(text, sources))


def renamed(questions: str, sources: Mapping[str, str]) -> str:
    """A question set about files that have other names now. Its other lines stay as they are."""
    if not sources:
        return questions
    lines = changed_lines(questions.splitlines(), lambda question: _about(question, sources))
    return "".join(f"{line}\n" for line in lines)


def _about(question: Question, sources: Mapping[str, str]) -> Question:
    def about(places: tuple[Relevant, ...]) -> tuple[Relevant, ...]:
        return tuple(replace(p, file=sources.get(p.file, p.file)) for p in places)

    return replace(question, relevant=about(question.relevant), answers=about(question.answers))


def _copy_runs(folder: ProjectFolder, room: ProjectFolder, *, words: bool) -> None:
    for file in sorted(folder.evaluations.glob("*.json")):
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            saved: Any = json.loads(file.read_text(encoding="utf-8"))
            kept = saved if words else runs.without_words(saved)
            private_files.write(room.evaluations / file.name, json.dumps(kept, ensure_ascii=False))
