"""A Filter as SQL: which chunks may be found. Applied before top-k, in every mode."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from ragcli.errors import UsageError
from ragcli.store.folder import PART_MARK
from ragcli.store.freshness import IS_CURRENT_SQL
from ragcli.text.folding import whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragcli.domain import Filter

# The day of a document: its own date where it states one, else its file's.
_DAY = "COALESCE(substr(d.date, 1, 10), date(f.mtime_ns / 1000000000, 'unixepoch'))"

# In characters, of which one has four bytes at most: SQLite takes 50,000 bytes
# (SQLITE_MAX_LIKE_PATTERN_LENGTH).
_LONGEST_PATTERN = 12_000


def file_conditions(chosen: Filter) -> tuple[str, list[object]]:
    """SQL conditions on ``files f JOIN documents d``, and their parameters. Raises UsageError."""
    conditions, parameters = ["1"], list[object]()
    if chosen.path is not None:
        if len(chosen.path) > _LONGEST_PATTERN:
            raise UsageError("the pattern of `--path` is too long", "write it with `*`")
        # A file's parts lie in it, as files lie in a folder.
        conditions.append(f"(f.source GLOB ? OR f.source GLOB ? || '{PART_MARK}*')")
        parameters += [chosen.path, chosen.path]
    simple = (
        ("d.format = ?", chosen.format),
        ("d.language = ?", chosen.language),
        (f"{_DAY} >= ?", chosen.since),
        (f"{_DAY} <= ?", chosen.until),
    )
    for sql, value in simple:
        if value is not None:
            conditions.append(sql)
            parameters.append(value)
    if chosen.fresh:
        conditions.append(IS_CURRENT_SQL)
    for key, value in chosen.where:
        # A list of the front matter is kept as "one, two": each of its members matches, too.
        conditions.append(
            "EXISTS (SELECT 1 FROM json_each(d.metadata) WHERE key = ?"
            " AND instr(', ' || value || ', ', ', ' || ? || ', '))"
        )
        parameters += [key, value]
    return " AND ".join(conditions), [whole(p) if isinstance(p, str) else p for p in parameters]


def chunk_ids_sql(chosen: Filter, chunk_set_id: int) -> tuple[str, list[object]]:
    """A subquery for the ids of the chunks that the filter lets through."""
    conditions, parameters = file_conditions(chosen)
    return (
        "SELECT c.id FROM chunks c WHERE c.chunk_set_id = ? AND c.document_id IN"
        " (SELECT f.document_id FROM files f JOIN documents d ON d.id = f.document_id"
        f" WHERE {conditions})",
        [chunk_set_id, *parameters],
    )


def chunk_ids(
    connection: sqlite3.Connection, chosen: Filter, chunk_set_id: int
) -> NDArray[np.int64]:
    """The ids of the chunks that the filter lets through.

    Asked for document by document: the chunks of one have consecutive ids, but for those that
    were halved, and a million ids one by one take a second.
    """
    import numpy as np

    sql, parameters = chunk_ids_sql(chosen, chunk_set_id)
    spans = connection.execute(
        sql.replace("SELECT c.id", "SELECT c.document_id, MIN(c.id), MAX(c.id), count(*)", 1)
        + " GROUP BY c.document_id",
        parameters,
    )
    found = []
    for document_id, first, last, count in spans:
        if last - first + 1 == count:
            found.append(np.arange(first, last + 1))
        else:
            ids = connection.execute(
                "SELECT id FROM chunks WHERE document_id = ? AND chunk_set_id = ?",
                (document_id, chunk_set_id),
            )
            found.append(np.array([i for (i,) in ids]))
    return np.concatenate(found) if found else np.empty(0, np.int64)
