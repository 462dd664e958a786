"""The file of `rag export`: a zip archive with a manifest that knows every member by its SHA-256.

Its members are a few files of `.rag`, by their names there, so that no name can lead elsewhere.
docs/format.md describes it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError  # noqa: N812  # a class, whatever its name says

from ragcli import private
from ragcli.errors import ProjectCorrupt, ProjectIncompatible, RagError, UsageError

SCHEMA = "ragcli.archive/1"
MANIFEST = "manifest.json"
STORE = "store.sqlite"
# What may be in one, beside the manifest.
_MEMBER = re.compile(
    r"store\.sqlite|config\.toml|questions\.jsonl|self-questions\.jsonl"
    r"|evaluations/\w[\w.-]{0,199}\.json"
)
# A manifest names each member in some 150 bytes.
_MOST_MANIFEST_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_BROKEN = (zipfile.BadZipFile, ZlibError, EOFError, NotImplementedError, OverflowError)
ANEW = "copy it again from where it came, or export it again"


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: its length in bytes, and its SHA-256 in hexadecimal."""

    name: str
    size_bytes: int
    sha256: str


def write(file: Path, members: Mapping[str, Path], about: Mapping[str, Any]) -> int:
    """An archive of these files, by their names in it, readable by its owner only; its size in
    bytes. It appears whole or not at all. ``about`` is told in the manifest. Raises OSError."""
    fresh = file.with_name(f".{file.name}.new")
    try:
        descriptor = private.open_file(fresh, os.O_RDWR | os.O_TRUNC)
        with os.fdopen(descriptor, "w+b") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                written = [_add(archive, name, path) for name, path in members.items()]
                manifest = {
                    "schema": SCHEMA,
                    **about,
                    "members": {
                        m.name: {"size_bytes": m.size_bytes, "sha256": m.sha256} for m in written
                    },
                }
                archive.writestr(
                    zipfile.ZipInfo(MANIFEST), json.dumps(manifest, indent=2, ensure_ascii=False)
                )
            out.flush()
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return size


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> Member:
    # Every member with one date: the archive tells nothing but what is in it.
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = private.FILE_MODE << 16
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        return Member(name, *_copy(source, target))


def is_archive(file: Path) -> bool:
    """An earlier archive, that a new one may replace."""
    try:
        with zipfile.ZipFile(file) as archive:
            _manifest(archive)
    except (OSError, ValueError, ProjectCorrupt, ProjectIncompatible, *_BROKEN):
        return False
    return True


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """All members into a private folder, each checked by its size and hash on the way; what the
    manifest says. Nothing there may be used unless this returns.

    Raises ProjectCorrupt (damaged, or no archive), ProjectIncompatible (of a newer ragcli),
    UsageError (it cannot be read), RagError (there is no room for it).
    """
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            members = _members(archive, manifest)
            _check_room(members, folder)
            for member in members:
                _extract(archive, member, folder)
    except (UnicodeDecodeError, ValueError, *_BROKEN) as error:
        raise _damaged(file, str(error) or type(error).__name__) from error
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}", "check it") from error
    return manifest


def _damaged(file: Path | str, why: str) -> ProjectCorrupt:
    return ProjectCorrupt(f"{file} is damaged, or no archive of rag export: {why}", ANEW)


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        with archive.open(MANIFEST) as stream:
            data = stream.read(_MOST_MANIFEST_BYTES + 1)
    except (KeyError, RuntimeError) as error:  # not there; encrypted
        raise ValueError("it has no manifest") from error
    if len(data) > _MOST_MANIFEST_BYTES:
        raise ValueError("its manifest is too long")
    try:
        manifest = json.loads(data)
    except RecursionError as error:
        raise ValueError("its manifest is no JSON") from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if not isinstance(schema, str) or not schema.startswith("ragcli.archive/"):
        raise ValueError("its manifest is another program's")
    if schema != SCHEMA:
        raise ProjectIncompatible(
            f"the archive has the form {schema}; this ragcli knows {SCHEMA}",
            "use a newer ragcli: pip install --upgrade ragcli",
        )
    return dict(manifest)


def _members(archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> list[Member]:
    """What the manifest names, when it is exactly what the archive holds."""
    named = manifest.get("members")
    if not isinstance(named, dict) or STORE not in named:
        raise ValueError("its manifest names no store")
    members = []
    for name, about in named.items():
        if not _MEMBER.fullmatch(name) or not isinstance(about, dict):
            raise ValueError(f"{name!r} is no file of a project")
        size, digest = about.get("size_bytes"), about.get("sha256")
        if type(size) is not int or not isinstance(digest, str):
            raise ValueError(f"its manifest says nothing of {name}")
        members.append(Member(name, size, digest))
    there = {info.filename: info for info in archive.infolist()}
    if len(there) != len(archive.infolist()) or there.keys() != {*named, MANIFEST}:
        raise ValueError("it holds other files than its manifest names")
    for member in members:
        info = there[member.name]
        if info.file_size != member.size_bytes or info.compress_type not in _METHODS:
            raise ValueError(f"{member.name} is not what the manifest says")
        if info.flag_bits & 1:
            raise ValueError(f"{member.name} is encrypted")
    return members


def _check_room(members: list[Member], folder: Path) -> None:
    size, free = sum(m.size_bytes for m in members), shutil.disk_usage(folder).free
    if size > free:
        raise RagError(
            f"the archive unpacks to {size >> 10:,} kB, and {free >> 10:,} kB are free",
            "make room, or import it on another disk",
        )


def _extract(archive: zipfile.ZipFile, member: Member, folder: Path) -> None:
    path = folder / member.name
    private.make_folder(path.parent)
    descriptor = private.open_file(path, os.O_WRONLY | os.O_EXCL)
    with os.fdopen(descriptor, "wb") as target, archive.open(member.name) as source:
        found = Member(member.name, *_copy(source, target, most=member.size_bytes))
        target.flush()
        os.fsync(descriptor)
    if found != member:
        raise ValueError(f"{member.name} has other contents than when it was written")


def _copy(source: IO[bytes], target: IO[bytes], most: int | None = None) -> tuple[int, str]:
    """(bytes, SHA-256) of what was copied; it ends after ``most`` bytes, and one block."""
    digest, size = sha256(), 0
    while block := source.read(_BLOCK_BYTES):
        target.write(block)
        digest.update(block)
        size += len(block)
        if most is not None and size > most:
            break
    return size, digest.hexdigest()
