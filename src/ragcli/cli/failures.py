"""Every failure as a sentence, a hint and an exit code: the one place that translates."""

from __future__ import annotations

import errno
import re
import sys
from typing import TYPE_CHECKING, Any

from typer.exceptions import TyperException

from ragcli.errors import ProjectCorrupt, RagError, UsageError

if TYPE_CHECKING:
    import sqlite3

_DISK_FULL = (
    "there is no space left on the disk",
    "make room and run it again; the project holds what was committed",
)
_OVER_QUOTA = (
    "the disk quota is used up",
    "make room and run it again; the project holds what was committed",
)
# Also of a network share that went away. SQLite does not say which.
_DISK_FAILED = (
    "the disk could not be read or written",
    "is it full, over a quota, unmounted or failing? df; quota; dmesg. The project holds what was"
    " committed; then run it again, and rag doctor",
)
_READ_ONLY = (
    "the disk is mounted read-only",
    "it may have been after an error: findmnt -T .rag; dmesg. The project holds what was committed",
)
_TOO_MANY_OPEN = ("too many files are open", "allow more and run it again: ulimit -n 1024")
# A changed letter in the tables' own description.
_BROKEN = re.compile("no such |SQL logic error|malformed|unable to use function|vtable constructor")
_DISKS = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _OVER_QUOTA,
    errno.EIO: _DISK_FAILED,
    errno.ESTALE: _DISK_FAILED,
    errno.EROFS: _READ_ONLY,
    errno.EMFILE: _TOO_MANY_OPEN,
    errno.ENFILE: _TOO_MANY_OPEN,
}


def translate(error: Exception) -> RagError:
    """What is told for a failure."""
    if isinstance(error, RagError):
        return error
    if isinstance(error, TyperException):
        return _usage(error)
    if isinstance(error, OSError):
        return _system(error)
    engine = sys.modules.get("sqlite3")  # not imported for those who never opened a store
    if engine is not None and isinstance(error, engine.Error):
        return _store(error)
    if isinstance(error, MemoryError):
        return RagError("there is not enough memory", "close something, or ingest fewer files")
    said = " ".join(str(error).split()) or "nothing more is known"
    return RagError(
        f"unexpected failure: {type(error).__name__}: {said}",
        "run it again with --debug and report what it shows",
    )


def _usage(error: Any) -> UsageError:
    command = error.ctx.command_path if getattr(error, "ctx", None) else "rag"
    possible = getattr(error, "possibilities", None)
    option = getattr(error, "option_name", "")
    if "extra argument" in error.format_message():
        hint = f"put a text of several words in quotes; see: {command} --help"
    elif possible:
        hint = f"did you mean {' or '.join(sorted(possible))}?"
    elif option and command == "rag":
        hint = "options stand after the command: rag query --help"
    else:
        hint = f"see: {command} --help"
    message = f"no such option: {option}" if possible else error.format_message()
    sentence = re.sub(r"'([^']*)'", r"`\1`", message.strip().rstrip(".").replace("(s)", ""))
    return UsageError(sentence[:1].lower() + sentence[1:], hint)


def _system(error: OSError) -> RagError:
    if error.errno in _DISKS:
        return RagError(*_DISKS[error.errno])
    if isinstance(error, FileNotFoundError) and error.filename is None:
        return RagError("the current folder is not there any more", "go to one that is: cd")
    place = f"{error.filename}: " if error.filename else ""
    said = (error.strerror or str(error) or type(error).__name__).lower()
    return RagError(f"{place}{said}", "run it again with --debug to see where it happened")


def _code(error: sqlite3.Error) -> int | None:
    return getattr(error, "sqlite_errorcode", None)  # what Python itself refuses has none


def _store(error: sqlite3.Error) -> RagError:
    import sqlite3

    said = str(error)
    # A full disk says so only where SQLite writes; its shared memory "cannot be made larger".
    if "disk is full" in said or _code(error) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return RagError(*_DISK_FULL)
    if "disk I/O error" in said or "unable to open" in said:
        return RagError(*_DISK_FAILED)
    if "readonly" in said:
        return RagError(
            "this project can be read but not written",
            "is its disk full, and who owns its folder? df .rag; ls -ld .rag",
        )
    if isinstance(error, sqlite3.OperationalError) and not _BROKEN.match(said):
        return RagError(f"the store could not be used: {said}", "rag doctor says more")
    return ProjectCorrupt(f"the store is damaged: {said}", "see what is left: rag doctor")
