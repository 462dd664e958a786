"""SHA-256 of large files, computed once and remembered.

Hashing 90 MB of weights costs as much as a whole cold query, so the result is kept in the user's
cache, keyed by path, size, mtime and inode: any change of the file is a new key.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from ragcli.config import cache_folder, spare_cache_folder

_NOTES = "hashes"  # in the cache folder


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex. Raises OSError."""
    note = _note(path)
    for folder in (cache_folder, spare_cache_folder):
        with suppress(OSError, ValueError):
            remembered = _read(folder() / note)
            if remembered is not None:
                return remembered
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    _remember(note, digest)
    return digest


def forget() -> None:
    """Hash every file anew the next time: a bit may have flipped, which leaves no trace in a
    file's time."""
    for folder in (cache_folder, spare_cache_folder):
        with suppress(OSError):
            for note in (folder() / _NOTES).iterdir():
                note.unlink()


def _note(path: Path) -> Path:
    status = path.stat()
    key = json.dumps([str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino])
    return Path(_NOTES) / hashlib.sha256(key.encode()).hexdigest()[:32]


def _read(note: Path) -> str | None:
    """A digest that was remembered, twice: a note with a changed letter is none."""
    first, _, second = note.read_text(encoding="ascii").partition(" ")
    return first if first == second and len(first) == 64 else None


def _remember(note: Path, digest: str) -> None:
    # A cache that cannot be written costs time, nothing else.
    for folder in (cache_folder, spare_cache_folder):
        with suppress(OSError):
            place = folder() / note
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_suffix(f".{os.getpid()}")
            fresh.write_text(f"{digest} {digest}", encoding="ascii")
            fresh.replace(place)
            return
