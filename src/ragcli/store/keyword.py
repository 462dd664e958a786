"""The keyword index: one SQLite FTS5 table for each chunk set.

The table stores no text: rows are terms that the program made (``text/terms.py``), in three
columns: ``body`` for the chunk's own words, ``context`` for title, headings and file name,
``characters`` for its single Han characters. FTS5 needs the
old terms to remove a row of such a table, so ``documents.indexed_source`` keeps the file name
that was indexed, and ``facts.terms_version`` the version of the terms; when that differs, the
whole index is built again by the next writer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ragcli.store import rows, texts
from ragcli.text.programming import spoken_names
from ragcli.text.terms import characters, terms, terms_version

if TYPE_CHECKING:
    from ragcli.domain import Chunk

# Every ASCII character that a term may hold beside letters and digits. FTS5's `ascii` tokenizer
# takes all others outside ASCII as part of a term, and space as the only separator we write.
TERM_CHARACTERS = "_-.:/@+#''"

# FTS5 multiplies how often a word occurs in a column by the column's weight. Its k1 is fixed at
# 1.2; a weight of 2 is a k1 of 0.6 (tf w / (tf w + k1) = tf / (tf + k1 / w)): in a short chunk a
# second occurrence says little. 0.4 to 0.9 do alike on the development sets, 1.2 loses 0.01 of
# nDCG@10.
# A heading's or file name's word names what the chunk is about, but must not drown its text.
# A single Han character is weak evidence beside a pair.
BODY_WEIGHT, CONTEXT_WEIGHT, CHARACTERS_WEIGHT = 2.0, 1.0, 1.0

_WEIGHTS = f"{BODY_WEIGHT}, {CONTEXT_WEIGHT}, {CHARACTERS_WEIGHT}"

# An OR of 5,000 terms takes 0.5 s on 100,000 chunks; the rarest decide.
MAX_QUESTION_TERMS = 64

# Scoring a chunk takes 0.7 us for each term it holds: on a million chunks a question took 0.2 s,
# and up to 0.6 s. Above this sum of its terms' frequencies the rarest within it propose this many
# chunks, which are then scored by all terms (0.04 s). On 100 real questions to a million chunks
# 99.4 % of the ten best stay the same. On 100,000 chunks few questions reach it.
MOST_POSTINGS = 200_000
PROPOSED = 1000


def table_name(chunk_set_id: int) -> str:
    return f"keyword_{chunk_set_id}"


def size_of(connection: sqlite3.Connection, chunk_set_id: int) -> int:
    """The bytes of a chunk set's index."""
    name = table_name(chunk_set_id)
    row = connection.execute(f"SELECT COALESCE(SUM(LENGTH(block)), 0) FROM {name}_data").fetchone()
    return int(row[0])


def create(connection: sqlite3.Connection, chunk_set_id: int) -> None:
    """The index of a chunk set, and the view of its term statistics."""
    name = table_name(chunk_set_id)
    connection.execute(
        f"CREATE VIRTUAL TABLE {name} USING fts5 (body, context, characters, content = '',"
        f" tokenize = \"ascii tokenchars '{TERM_CHARACTERS}'\")"
    )
    connection.execute(f"CREATE VIRTUAL TABLE {name}_terms USING fts5vocab ({name}, row)")


def merge(connection: sqlite3.Connection, chunk_set_id: int) -> None:
    """One segment in place of several: those of deleted rows still hold their terms."""
    name = table_name(chunk_set_id)
    connection.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")


def drop(connection: sqlite3.Connection, chunk_set_id: int) -> None:
    connection.execute(f"DROP TABLE {table_name(chunk_set_id)}_terms")
    connection.execute(f"DROP TABLE {table_name(chunk_set_id)}")


def add(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    document_id: int,
    source: str,
    chunks: Sequence[tuple[int, Chunk]],
) -> None:
    """Index a document's chunks under the file name it is cited by."""
    title, language = connection.execute(
        "SELECT title, language FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    for chunk_id, chunk in chunks:
        connection.execute(
            f"INSERT INTO {table_name(chunk_set_id)} (rowid, body, context, characters)"
            " VALUES (?, ?, ?, ?)",
            (chunk_id, *_columns(chunk.text, chunk.headings, title, source, language)),
        )
    connection.execute(
        "UPDATE documents SET indexed_source = ? WHERE id = ?", (source, document_id)
    )


def remove(connection: sqlite3.Connection, chunk_set_id: int, document_id: int) -> None:
    """Take a document's chunks out of the index."""
    ids = connection.execute(
        "SELECT id FROM chunks WHERE document_id = ? AND chunk_set_id = ?",
        (document_id, chunk_set_id),
    ).fetchall()
    remove_chunks(connection, chunk_set_id, document_id, [i for (i,) in ids])


def remove_chunks(
    connection: sqlite3.Connection, chunk_set_id: int, document_id: int, ids: Sequence[int]
) -> None:
    """Take some chunks of a document out of the index; they must still be stored.

    The terms to take out are made from the text again, so it must be the text that was indexed:
    raises ProjectCorrupt when it is damaged.
    """
    title, source, language = connection.execute(
        "SELECT title, indexed_source, language FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    if source is None:
        return
    for chunk_id in ids:
        *fields, checksum = connection.execute(
            f"SELECT {rows.CHUNK_COLUMNS}, checksum FROM chunks WHERE id = ?", (chunk_id,)
        ).fetchone()
        text = texts.read(connection, document_id, fields[0], fields[1], source)
        chunk = rows.chunk_of(fields, checksum, text, source)
        name = table_name(chunk_set_id)
        connection.execute(
            f"INSERT INTO {name} ({name}, rowid, body, context, characters)"
            " VALUES ('delete', ?, ?, ?, ?)",
            (chunk_id, *_columns(chunk.text, chunk.headings, title, source, language)),
        )


def columns_of(row: Mapping[str, Any], chunk: Chunk) -> tuple[str, str, str]:
    """What the index holds of a chunk, made anew from its document's row."""
    source = row["indexed_source"] or ""
    return _columns(chunk.text, chunk.headings, row["title"], source, row["language"])


def _columns(
    text: str, headings: Sequence[str], title: str | None, source: str, language: str | None
) -> tuple[str, str, str]:
    name = PurePosixPath(source)
    context = " ".join([title or "", *headings, name.stem, name.name, spoken_names(name.suffix)])
    return (
        " ".join(terms(text, language)),
        " ".join(dict.fromkeys(terms(context, language))),
        " ".join(characters(text)),
    )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms that a keyword index holds."""

    connection: sqlite3.Connection
    chunk_set_id: int

    def frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        """Of the terms those that occur, with how many chunks hold each."""
        asked = list(terms)
        rows = self.connection.execute(
            f"SELECT term, doc FROM {table_name(self.chunk_set_id)}_terms"
            " WHERE term IN (SELECT value FROM json_each(?))",
            (json.dumps(asked),),
        )
        found = dict(rows.fetchall())
        return {term: found[term] for term in asked if term in found}

    def adjacent(self, one: str, other: str) -> bool:
        """Some chunk holds the second term right after the first."""
        name = table_name(self.chunk_set_id)
        found = self.connection.execute(
            f"SELECT 1 FROM {name} WHERE {name} MATCH ? LIMIT 1",
            (f"{_quoted(one)} + {_quoted(other)}",),
        )
        return found.fetchone() is not None


def rarest(
    connection: sqlite3.Connection, chunk_set_id: int, question_terms: Sequence[str]
) -> dict[str, int]:
    """The question's terms that occur at all, with the number of chunks that hold each."""
    frequencies = Vocabulary(connection, chunk_set_id).frequencies(question_terms)
    kept = sorted(frequencies, key=lambda t: frequencies[t])[:MAX_QUESTION_TERMS]
    return {t: frequencies[t] for t in kept}


def search(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    question_terms: Sequence[str],
    k: int,
    among: str = "",
    parameters: Sequence[object] = (),
    also: Sequence[int] = (),
) -> list[tuple[int, float]]:
    """(chunk id, BM25 score), best first, of the chunks that hold any of the terms: the best k,
    and all that are in ``also``.

    ``among`` is SQL for the chunk ids that may be found; then no term is left out.
    """
    if not among and k <= PROPOSED:
        rare = _rare(connection, chunk_set_id, question_terms)
        if len(rare) < len(question_terms):
            proposed = [i for i, _ in _matching(connection, chunk_set_id, rare, PROPOSED)]
            # Where the rare terms stand in too few chunks, the others must be looked for, too.
            if len(proposed) >= k:
                scored = scores(connection, chunk_set_id, question_terms, [*proposed, *also])
                return _best(scored.items(), k, also)
    return _matching(connection, chunk_set_id, question_terms, k, among, parameters, also)


def _rare(
    connection: sqlite3.Connection, chunk_set_id: int, question_terms: Sequence[str]
) -> list[str]:
    """The rarest terms, as many as MOST_POSTINGS allows, but one at least."""
    kept: list[str] = []
    postings = 0
    for term, frequency in rarest(connection, chunk_set_id, question_terms).items():
        postings += frequency
        if kept and postings > MOST_POSTINGS:
            break
        kept.append(term)
    return kept


def _matching(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    question_terms: Sequence[str],
    k: int,
    among: str = "",
    parameters: Sequence[object] = (),
    also: Sequence[int] = (),
) -> list[tuple[int, float]]:
    """`search` in one pass over all chunks that hold any of the terms. BM25 as FTS5 computes it
    (k1 1.2, b 0.75; Robertson et al. 1994), its sign turned so that larger is better."""
    if not question_terms:
        return []
    name = table_name(chunk_set_id)
    restriction = _restricted(among)
    first = f"rowid IN ({_listed(also)}) DESC, " if also else ""
    found = connection.execute(
        f"SELECT rowid, -bm25({name}, {_WEIGHTS}) AS score FROM {name}"
        f" WHERE {name} MATCH ?{restriction} ORDER BY {first}score DESC, rowid LIMIT ?",
        (_match(question_terms), *parameters, k + len(also)),
    )
    return _best(found, k, also)


def _best(
    scored: Iterable[tuple[int, float]], k: int, also: Sequence[int]
) -> list[tuple[int, float]]:
    """The k best, and all that are in ``also``."""
    found = sorted(scored, key=lambda one: (-one[1], one[0]))
    kept = set(also)
    return found[:k] + [one for one in found[k:] if one[0] in kept]


def holding(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    phrase: Sequence[str],
    k: int,
    among: str = "",
    parameters: Sequence[object] = (),
) -> list[int]:
    """The ids of k chunks whose body has all these terms in one place. A word may have several
    terms there, one after the other."""
    name = table_name(chunk_set_id)
    restriction = _restricted(among)
    near = f"NEAR({' '.join(map(_quoted, phrase))}, {3 * len(phrase)})"
    found = connection.execute(
        f"SELECT rowid FROM {name} WHERE {name} MATCH ?{restriction} LIMIT ?",
        (f"body : {near}", *parameters, k),
    )
    return [i for (i,) in found]


def scores(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    question_terms: Sequence[str],
    ids: Sequence[int],
) -> dict[int, float]:
    """The BM25 score of each of these chunks that holds any of the terms."""
    if not ids:
        return {}
    return dict(_matching(connection, chunk_set_id, question_terms, len(ids), _listed(ids)))


def ranks(
    connection: sqlite3.Connection,
    chunk_set_id: int,
    question_terms: Sequence[str],
    scored: Sequence[float],
    among: str = "",
    parameters: Sequence[object] = (),
) -> tuple[list[int], int]:
    """The rank of each of these scores among all chunks that hold any of the terms, and how many
    those are. Goes through all of them."""
    name = table_name(chunk_set_id)
    restriction = _restricted(among)
    above = "".join(", COALESCE(sum(score > ?), 0)" for _ in scored)
    # Materialized: bm25() is no function that could be summed over.
    count, *found = connection.execute(
        f"WITH found AS MATERIALIZED (SELECT -bm25({name}, {_WEIGHTS}) AS score FROM {name}"
        f" WHERE {name} MATCH ?{restriction}) SELECT count(*){above} FROM found",
        (_match(question_terms), *parameters, *scored),
    ).fetchone()
    return [1 + n for n in found], count


def _listed(ids: Sequence[int]) -> str:
    """In the text of the statement: parameters are limited to 32,766."""
    return ",".join(str(int(i)) for i in ids)


def _match(question_terms: Sequence[str]) -> str:
    """An FTS5 expression: any of the terms. Each is quoted, so no character is an operator."""
    return " OR ".join(map(_quoted, question_terms))


def _restricted(among: str) -> str:
    """The condition that a match is among these ids, if any. The plus keeps SQLite from matching
    the whole question once for each id (60 times slower)."""
    return f" AND +rowid IN ({among})" if among else ""


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def is_current(connection: sqlite3.Connection) -> bool:
    row = connection.execute("SELECT value FROM facts WHERE key = 'terms_version'").fetchone()
    return row is not None and row[0] == terms_version()
