"""The project folder: found as git finds ``.git``, private to its owner."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ragcli import disk, private
from ragcli.errors import ProjectNotFound, UsageError
from ragcli.store import filesystem

MARK = ".rag"

# Between a file and a part of it: in sources as they are shown, and in stored paths, where no path
# can hold it.
PART_MARK = "#part="
_PART_KEY = b"\0"

README = """\
This folder belongs to ragcli, the command `rag`. It holds the index of the documents around it,
and a copy of their text.

  store.sqlite    documents, chunks, embeddings: the truth
  vectors-*       a FAISS index of the embeddings, and what it is, as JSON
  config.toml     settings of this project; yours to edit (see: rag config show)
  questions.jsonl questions of yours, if there are any: what `rag eval` asks
  sessions/       conversations that you had kept (rag chat --sessions), and lines you typed
  lock            held by the one command that is writing

It can be rebuilt from the documents with `rag ingest`, and deleted when no longer wanted.
"""


NOTICES = {"README": README, ".gitignore": "*\n"}


def is_there(path: Path) -> bool:
    """Whether a path leads to something. ``Path.exists`` raises where it cannot know: for a name
    that is too long, or in a folder that may not be entered."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class ProjectFolder:
    """``root`` is the folder that holds ``.rag``."""

    root: Path

    @property
    def rag(self) -> Path:
        return self.root / MARK

    @property
    def database(self) -> Path:
        return self.rag / "store.sqlite"

    @property
    def config(self) -> Path:
        return self.rag / "config.toml"

    @property
    def lock(self) -> Path:
        return self.rag / "lock"

    @property
    def questions(self) -> Path:
        """The project's own question set."""
        return self.rag / "questions.jsonl"

    @property
    def self_made(self) -> Path:
        """A question set made from the documents."""
        return self.rag / "self-questions.jsonl"

    @property
    def history(self) -> Path:
        """Questions that were asked, where that is switched on."""
        return self.rag / "history.jsonl"

    @property
    def evaluations(self) -> Path:
        """Saved runs of `rag eval`."""
        return self.rag / "evaluations"

    @property
    def sessions(self) -> Path:
        """Conversations that are kept, and lines typed into one."""
        return self.rag / "sessions"

    def source_of(self, path: Path) -> str:
        """A path as it is shown and cited: relative to the project's folder, ``/`` between the
        parts, absolute when it lies outside; bytes that are no UTF-8 as ``\\xNN``."""
        return shown_name(self.key_of(path))

    def key_of(self, path: Path) -> bytes:
        """A path as it is stored: like the source, but its exact bytes."""
        normal = os.path.normpath(path if path.is_absolute() else Path.cwd() / path)
        root = str(self.root)
        if normal == root:
            return b"."
        # As strings: every file of every ingest passes here.
        return os.fsencode(normal.removeprefix(root.rstrip("/") + "/"))

    def path_of(self, key: bytes) -> Path:
        """The absolute path of a stored one; for a part that of the file it lies in."""
        return self.root / os.fsdecode(file_of(key))


def shown_name(key: bytes) -> str:
    """A stored path as it is shown and cited."""
    file, _, part = key.partition(_PART_KEY)
    shown = file.decode("utf-8", "backslashreplace")
    return f"{shown}{PART_MARK}{part.decode('utf-8', 'surrogateescape')}" if part else shown


def key_of_name(source: str) -> bytes:
    """The stored path of a name as it is shown, where its bytes are UTF-8."""
    file, _, part = source.partition(PART_MARK)
    return part_key(file.encode("utf-8", "surrogateescape"), part)


def part_key(file: bytes, part: str) -> bytes:
    """The stored path of a part of a file; the file's own for an empty name."""
    return file + _PART_KEY + part.encode("utf-8", "surrogateescape") if part else file


def is_part(key: bytes) -> bool:
    """A stored path is that of a file inside a file."""
    return _PART_KEY in key


def file_of(key: bytes) -> bytes:
    """The stored path of the file that a part lies in; a file's own."""
    return key.partition(_PART_KEY)[0]


def parts_range(file: bytes) -> tuple[bytes, bytes]:
    """(first, behind the last) of the stored paths of a file's parts."""
    return file + _PART_KEY, file + b"\1"


def find(explicit: str | None, environ: Mapping[str, str], start: Path) -> ProjectFolder:
    """``--project``, else ``RAG_PROJECT``, else the nearest ``.rag`` in ``start`` or above.

    Raises ProjectNotFound.
    """
    named = named_root(explicit, environ)
    if named is not None:
        if (named / MARK).is_dir():
            return ProjectFolder(named)
        raise ProjectNotFound(
            f"there is no project in {named}", "make one: rag ingest FOLDER --project " + str(named)
        )
    for folder in (start, *start.parents):
        if (folder / MARK).is_dir():
            return ProjectFolder(folder)
    raise ProjectNotFound(
        f"no project here: {start} and the folders above it hold no {MARK}",
        "make one: rag ingest FOLDER (or name one: --project DIR)",
    )


def named_root(explicit: str | None, environ: Mapping[str, str]) -> Path | None:
    """The project that was named, by flag or environment; ``…/.rag`` itself is accepted."""
    named = explicit or environ.get("RAG_PROJECT")
    if not named:
        return None
    root = Path(os.path.realpath(Path(named).expanduser()))
    return root.parent if root.name == MARK else root


def refuse_unwanted(root: Path, *, named: bool) -> None:
    """Raises UsageError where nobody can want a project unasked, or where none can be kept."""
    filesystem.refuse_network(root)
    if not named and root in {Path.home(), Path(root.anchor)}:
        raise UsageError(
            f"no project is made in {root} unless it is named: it would capture every later"
            " command below it",
            f"name a folder: --project DIR (or --project {root}, if that is meant)",
        )


def lay_out(folder: ProjectFolder) -> None:
    """The folder, with what it is for people, and for git. Raises OSError."""
    private.make_folder(folder.rag)
    for name, text in NOTICES.items():
        private.write_text(folder.rag / name, text)


def create(root: Path) -> ProjectFolder:
    """Make the folder, not yet the store. Raises UsageError where none can be made."""
    folder = ProjectFolder(root)
    with disk.place_named(f"make a project in {root}", "choose a folder you may write to"):
        lay_out(folder)
    return folder
