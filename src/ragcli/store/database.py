"""The connection to ``store.sqlite``: how it is opened, checked, and how a write becomes whole."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ragcli import private
from ragcli.errors import ProjectCorrupt, ProjectIncompatible, RagError
from ragcli.store import filesystem, schema

# A reader waits only for another's checkpoint or commit, which take milliseconds.
BUSY_TIMEOUT_S = 30.0


_CURE = "mend it: rag doctor --repair, then rag ingest; or restore it from a copy"

# What SQLite raises, for those who must go on although the store is broken.
EngineError = sqlite3.Error
ENGINE = f"sqlite {sqlite3.sqlite_version}"


def now() -> str:
    """This moment in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def connect(path: Path) -> sqlite3.Connection:
    """An open store of the current format or an older one, which is to be migrated; where nothing
    can be written it is opened for reading.

    Raises ProjectCorrupt (missing, damaged, not a store), ProjectIncompatible (unknown format),
    UsageError (on a network file system), RagError (read-only, with a log that must be read).
    """
    if not path.is_file():
        raise ProjectCorrupt(f"{path} is missing", "rebuild the project: rag ingest FOLDER")
    with corruption_named(path):
        connection, writable = _opened(path)
    try:
        _prepare(connection, path, writable=writable)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, writable: bool) -> None:
    # Bytes that are no text any more are for the checksums to find.
    connection.text_factory = readable_text
    with corruption_named(path):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if application != schema.APPLICATION_ID:
            raise ProjectCorrupt(f"{path} is not a ragcli store", _CURE)
        if version < 1:
            raise ProjectCorrupt(f"{path} is of no format that there was", _CURE)
        if version > schema.FORMAT_VERSION:
            raise ProjectIncompatible(
                f"this project has format {version}; this ragcli knows format"
                f" {schema.FORMAT_VERSION}",
                "use a newer ragcli: pip install --upgrade ragcli",
            )
        if writable:
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: a commit is on the disk when it returns, also after power loss.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")


def readable_text(data: bytes) -> str:
    """Whatever the bytes are."""
    return str(data, "utf-8", "replace")


def _opened(path: Path) -> tuple[sqlite3.Connection, bool]:
    """(the connection, whether it may write). On a full disk, where there is no room for what
    readers and writers share, a store without a log can be read all the same."""
    if not filesystem.is_writable(path.parent):
        mode = "mode=ro" if _log_of(path).exists() else "immutable=1"
        return _open_to_read(path, mode), False
    filesystem.refuse_network(path.parent)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA schema_version")
    except BaseException as error:
        connection.close()
        log = _log_of(path)
        has_log = log.exists() and log.stat().st_size
        disk = isinstance(error, sqlite3.OperationalError) and filesystem.is_full(path.parent)
        if has_log or not disk:
            raise
        return _open_to_read(path, "immutable=1"), False
    return connection, True


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _open_to_read(path: Path, mode: str) -> sqlite3.Connection:
    """``mode=ro``: with the log and what its readers share; ``immutable=1``: as a file that nobody
    changes (https://sqlite.org/wal.html, "Read-Only Databases")."""
    address = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.OperationalError as error:
        connection.close()
        raise RagError(
            f"{path} cannot be written, and its log cannot be read without ({error})",
            "run `rag status` once where the project can be written; it takes the log in",
        ) from error
    return connection


def create(path: Path, facts: dict[str, str]) -> None:
    """An empty store, readable by its owner only; it appears whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    for left in path.parent.glob(f"{fresh.name}*"):
        left.unlink()
    delete_log(path)
    os.close(private.open_file(fresh, os.O_WRONLY))
    connection = sqlite3.connect(fresh, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        schema.create(connection, facts)
        # Last, so that nothing is left in a log: what fails when that is moved is told to nobody.
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    fresh.replace(path)
    sync_folder(path.parent)


def delete_log(path: Path) -> None:
    """Of a store that goes: it would be taken for that of the one in its place."""
    for left in (_log_of(path), path.with_name(f"{path.name}-shm")):
        left.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """A new name in a folder is on the disk, also after a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy(connection: sqlite3.Connection, path: Path) -> None:
    """All that is stored, of one committed state, into a new file, readable by its owner only."""
    os.close(private.open_file(path, os.O_WRONLY | os.O_EXCL))
    target = sqlite3.connect(path, isolation_level=None)
    try:
        connection.backup(target)
    finally:
        target.close()


def empty_log(connection: sqlite3.Connection) -> bool:
    """Move everything from the write-ahead log into the database, and leave the log without a byte;
    false where some reader did not let go of an older state within BUSY_TIMEOUT_S."""
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


def is_outdated(connection: sqlite3.Connection) -> bool:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return bool(version < schema.FORMAT_VERSION)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an older format up to date, a numbered step at a time, all in one commit. The caller
    holds the project's lock."""
    with transaction(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        try:
            for step in range(version, schema.FORMAT_VERSION):
                schema.MIGRATIONS[step](connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                raise
            # It has a table that its format has not, or lacks one.
            raise ProjectCorrupt(f"the store is not of format {version}: {error}", _CURE) from error
        connection.execute(f"PRAGMA user_version = {schema.FORMAT_VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the writes inside, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full or failing disk may have made SQLite roll back on its own.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def rehearsal(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the writes inside are seen inside only, and undone in the end."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


@contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the writes inside, or none, within a rehearsal."""
    connection.execute("SAVEPOINT inner_transaction")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK TO inner_transaction")
        raise
    finally:
        connection.execute("RELEASE inner_transaction")


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Reads inside see one committed state, whatever a writer does meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


@contextmanager
def corruption_named(path: Path) -> Iterator[None]:
    """SQLite's own words for a damaged file become ProjectCorrupt."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    # Also SQLite's complaint of a name in its own tables, when that is no text.
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise ProjectCorrupt(f"{path} is damaged: {error}", _CURE) from error
