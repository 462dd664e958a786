"""What is shown of a stored chunk or file beside its text: key, date, whether it is stale."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragcli.domain import state_of
from ragcli.store import ledger
from ragcli.store.folder import file_of, is_part
from ragcli.store.freshness import of

if TYPE_CHECKING:
    from ragcli.domain import State
    from ragcli.store import Store
    from ragcli.store.freshness import Freshness
    from ragcli.store.rows import ChunkRow, FileRow


def chunk_key(row: ChunkRow) -> str:
    """The public id of a chunk: from the document's content and the offsets, so that unchanged
    text keeps it across re-ingest, move and rebuild."""
    parts = f"{row.content_hash} {row.chunk.char_start} {row.chunk.char_end}"
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def date_of(own: str | None, file: FileRow) -> tuple[str | None, str | None]:
    """(date, whose it is): the document's own where it states one, else its file's."""
    if own:
        return own, "document"
    if file.mtime_ns is None:
        return None, None
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
    return moment.isoformat(timespec="seconds"), "file"


def files_held(rows: Sequence[FileRow]) -> list[FileRow]:
    """The files, without their parts, of which the project has something."""
    return [
        row
        for row in rows
        if not is_part(row.path)
        and (row.document_id is not None or row.state in ("stored", "partly"))
    ]


def freshness(store: Store, file: FileRow, *, verify: bool = False) -> Freshness:
    """What became of a file, or of the one that a part lies in, since it was read; see
    ``store/freshness.py``."""
    if not is_part(file.path):
        return of(store.folder, file, verify=verify)
    whole = ledger.file_at(store.connection, file_of(file.path))
    now = of(store.folder, whole, verify=verify) if whole else "gone"
    return "changed" if now == "current" and file.state == "failed" else now


def is_stale(store: Store, file: FileRow) -> bool:
    """The file has changed or gone since it was read, by its size and mtime."""
    return freshness(store, file) != "current"


def shown_state(ledger_state: str, code: str | None) -> State:
    """A file's state from the ledger's, and the code of what kept it from being read."""
    if ledger_state == "stored":
        return "stored"
    if ledger_state == "partly":
        return "partly"
    return state_of(code or "") if ledger_state == "failed" else "skipped"
