"""BEIR and TREC sets: queries and relevance judgements, as those projects write them.

BEIR (Thakur et al. 2021): ``corpus.jsonl`` and ``queries.jsonl`` with ``_id``, ``title`` and
``text``, ``qrels/test.tsv`` with a header and the columns query-id, corpus-id, score. TREC: queries
as ``id<TAB>text``, qrels of four columns: topic, iteration, document, relevance. A judgement of 0
or less says that a document is not relevant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ragcli.errors import UsageError
from ragcli.evaluation.questions import Question, Relevant


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a corpus."""

    id: str
    title: str
    text: str


def questions(
    queries: Iterable[str], qrels: Iterable[str], names: tuple[str, str]
) -> tuple[Question, ...]:
    """The queries that have something relevant, in order. ``names`` of the two files are for
    messages. A query's own document does not count as found, unless it is judged relevant.

    Raises UsageError.
    """
    judged = judgements(qrels, names[1])
    found = []
    for id_, text in _queries(queries, names[0]):
        relevant = judged.get(id_, {})
        if any(grade > 0 for grade in relevant.values()):
            places = tuple(Relevant(doc, grade=grade) for doc, grade in relevant.items())
            excluded = None if id_ in relevant else id_
            found.append(Question(id_, text, places, excluded=excluded))
    return tuple(found)


def judgements(lines: Iterable[str], name: str) -> Mapping[str, Mapping[str, int]]:
    """The grade of each judged document, by query; those that are not relevant are left out.

    Raises UsageError.
    """
    judged: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines, 1):
        columns = line.split("\t") if "\t" in line else line.split()
        if not line.strip():
            continue
        try:
            query, document = (columns[0], columns[-2])
            grade = int(float(columns[-1]))
        except (ValueError, IndexError):
            if number == 1:  # the names of the columns
                continue
            raise UsageError(
                f"{name}, line {number}: not a judgement",
                "a line is query, document, grade; or topic, iteration, document, grade",
            ) from None
        if grade > 0:
            judged.setdefault(query.strip(), {})[document.strip()] = grade
    return judged


def corpus(lines: Iterable[str], name: str) -> Iterator[Entry]:
    """The documents of ``corpus.jsonl``, those without a word left out. Raises UsageError."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            entry = _object(line, name, number)
            title, text = str(entry.get("title") or ""), str(entry.get("text") or "")
            if title.strip() or text.strip():
                yield Entry(_id(entry, name, number), title.strip(), text)


def _queries(lines: Iterable[str], name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if name.removesuffix(".gz").endswith(".jsonl"):
            entry = _object(line, name, number)
            yield _id(entry, name, number), str(entry.get("text") or "")
        else:
            id_, _, text = line.rstrip("\r\n").partition("\t")
            yield id_.strip(), text


def _object(line: str, name: str, number: int) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise UsageError(f"{name}, line {number}: not a JSON object")
    return entry


def _id(entry: Mapping[str, Any], name: str, number: int) -> str:
    given = entry.get("_id", entry.get("id"))
    if given is None:
        raise UsageError(f"{name}, line {number}: no `_id`")
    return str(given)
