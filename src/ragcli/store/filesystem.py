"""What the disk under a project can do.

SQLite's log is shared memory beside the store: all who open it must see the same pages, which
network file systems do not give to several machines (https://sqlite.org/wal.html, "Overview":
"WAL does not work over a network filesystem").
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ragcli.errors import RagError, UsageError

# As the kernel and FUSE name them: NFS, SMB, Plan 9 (also WSL's /mnt/c), AFS, cluster file systems,
# and folders of other machines or of object stores.
_NETWORK = re.compile(
    r"(?:nfs|cifs|smb|9p|drvfs|afs|ncpfs|coda|ceph|lustre|gpfs|beegfs|ocfs2|gfs2|pvfs)\w*"
    r"|fuse\.(?:sshfs|s3fs|rclone|gcsfuse|gluster|davfs|mount-s3|curlftpfs|ceph|juicefs|cifs"
    r"|blobfuse|google-drive|onedriver).*"
)
# SQLite's shared memory beside a log (https://sqlite.org/walformat.html), and a page of the disk.
_SHARED_BYTES = (32 + 4) << 10
# Linux only: other systems' SQLite says by itself what it cannot do.
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


def is_writable(folder: Path) -> bool:
    """New files can be made in it; false on a disk that is mounted read-only, also for root."""
    return os.access(folder, os.W_OK | os.X_OK)


def is_full(folder: Path) -> bool:
    """There is no room for what SQLite's readers share."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < _SHARED_BYTES


def refuse_read_only(folder: Path) -> None:
    """Raises RagError where nothing can be written."""
    if not is_writable(folder):
        raise RagError(
            f"{folder} can be read but not written",
            f"whose is it, and how is its disk mounted? ls -ld {folder}; findmnt -T {folder}",
        )


def refuse_network(folder: Path) -> None:
    """Raises UsageError for a folder, which need not be there yet, on a network file system."""
    if kind := network_type(folder):
        raise UsageError(
            f"{folder} is on a network file system ({kind}), where a store gets damaged",
            "keep the project on this machine, the documents may stay where they are:"
            " rag ingest FOLDER --project DIR",
        )


def network_type(folder: Path) -> str | None:
    """The name of the network file system that a folder lies on; None on a disk of this machine,
    and where the system does not say."""
    kind = _mount_at(folder).partition(" ")[0]
    return kind if _NETWORK.fullmatch(kind) else None


def disks_within(path: Path) -> dict[Path, str]:
    """What a path lies on, and each folder below it where another disk is mounted: type and name
    of the disk and the place in it, which outlive a restart as the device's number (``st_dev``)
    need not. Empty where the system does not say."""
    place = os.path.realpath(path)
    own = _mount_at(path)
    found = {path: own} if own else {}
    for point, what in _mounts():
        below = point.removeprefix(f"{place.rstrip('/')}/")
        if below not in (point, ""):
            found[path / below] = what
    return found


def _mount_at(path: Path) -> str:
    """``type source root`` of the mount that holds a path: the deepest, and of equal ones the
    last; empty where the system does not say."""
    place = os.path.realpath(path)
    deepest, found = -1, ""
    for point, what in _mounts():
        holds = point == "/" or place == point or place.startswith(f"{point}/")
        if holds and len(point) >= deepest:
            deepest, found = len(point), what
    return found


def _mounts() -> Iterator[tuple[str, str]]:
    """(where, ``type source root``) of all mounts in their order (proc_pid_mountinfo(5))."""
    try:
        mounts = _MOUNTS.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return
    for line in mounts.splitlines():
        fields, _, source = line.partition(" - ")
        root, point = fields.split(" ")[3:5]
        point = _ESCAPED.sub(lambda m: chr(int(m[1], 8)), point)
        yield point, " ".join([*source.split(" ")[:2], root])
