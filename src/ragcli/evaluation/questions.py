"""Question sets as JSON lines: what is asked, and where the answer stands.

    {"id": "7", "question": "how long is the warranty?", "group": "manuals",
     "relevant": [{"file": "guide.md", "lines": [5, 8], "text": "The warranty runs for 24 months"}]}

``relevant`` names files; of ``page``, ``start`` and ``end``, ``lines`` and ``text`` as much as is
known. A question that stands in several lines has the relevant of all of them, so that a set grows
by appending.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ragcli.errors import UsageError

# Bad lines that one message names; after those are mended, the next are told.
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Relevant:
    """A place that answers a question. The first of these that is given decides what is meant:
    ``page``, the span ``start`` to ``end``, ``lines`` (first and last), the quoted ``text``; with
    none of them the whole file. Pages and lines count from 1, ``start`` and ``end`` are code points
    of the document's text, end exclusive.

    ``text`` beside a span or lines is what stood there when the question was written. ``grade`` is
    how relevant: only nDCG knows more than 0 and not 0.
    """

    file: str
    page: int | None = None
    start: int | None = None
    end: int | None = None
    lines: tuple[int, int] | None = None
    text: str | None = None
    grade: int = 1

    @property
    def is_file(self) -> bool:
        """The whole file is meant."""
        return self.page is None and self.start is None and not self.lines and not self.text


@dataclass(frozen=True, slots=True)
class Question:
    """``answers``, where the set has them, are the exact words that answer, inside what is
    relevant. ``excluded`` names a file that must not count as found: the question itself."""

    id: str
    text: str
    relevant: tuple[Relevant, ...]
    answers: tuple[Relevant, ...] = ()
    group: str | None = None
    excluded: str | None = None

    @property
    def of_files(self) -> bool:
        """Files are asked for, so that the ranking is one of files."""
        return all(r.is_file for r in self.relevant)

    @property
    def digest(self) -> str:
        """Changes with the question and with what is relevant: runs compare equal ones."""
        asked = [self.text, *sorted(json.dumps(_fields(r)) for r in self.relevant)]
        return hashlib.sha256("\n".join(asked).encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """``folder`` is where the set lies: a file that several folders have is the nearest one.
    ``caution`` says what such a set cannot tell."""

    name: str
    questions: tuple[Question, ...]
    folder: str | None = None
    caution: str | None = None


def new_id(question: str) -> str:
    """The id of a question that has none: from its words, so that it stays the same."""
    return hashlib.sha256(question.encode("utf-8", "replace")).hexdigest()[:12]


# ------------------------------------------------------------------ reading


class _Bad(ValueError):
    """Why a line is no question."""


def parse(lines: Sequence[str], name: str, first_page: int = 1) -> tuple[Question, ...]:
    """The questions of JSON lines, in order. ``first_page`` is what the set calls the first page.

    Raises UsageError, which names the lines that are no questions and why; a question for which
    nothing relevant is known is none.
    """
    found: dict[str, tuple[int, Question]] = {}
    bad: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _question(line.removeprefix("\ufeff"), first_page)
            at, before = found.get(question.id, (number, question))
            if before.text != question.text:
                raise _Bad(f"the id `{question.id}` is another question's, of line {at}")
            found[question.id] = at, _joined(before, question)
        except _Bad as error:
            bad.append(f"line {number}: {error}")
    if bad:
        more = f"; and {len(bad) - _TOLD:,} more lines" if len(bad) > _TOLD else ""
        raise UsageError(
            f"{name}: {'; '.join(bad[:_TOLD])}{more}",
            'a line is {"id": …, "question": …, "relevant": [{"file": …}]}',
        )
    return tuple(question for _, question in found.values())


def changed_lines(
    lines: Iterable[str], change: Callable[[Question], Question | None]
) -> Iterator[str]:
    """JSON lines with their questions changed, or left out for None. A line whose question stays,
    or that holds none, is as its user wrote it."""
    for line in lines:
        try:
            asked = parse([line], "")
        except UsageError:
            asked = ()
        if not asked:
            yield line
        for question in asked:
            left = change(question)
            if left == question:
                yield line
            elif left is not None:
                yield line_of(left)


def _joined(before: Question, after: Question) -> Question:
    united = dict.fromkeys([*before.relevant, *after.relevant])
    answers = dict.fromkeys([*before.answers, *after.answers])
    return replace(after, relevant=tuple(united), answers=tuple(answers))


def _question(line: str, first_page: int) -> Question:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise _Bad(f"not JSON ({error})") from None
    if not isinstance(entry, dict):
        raise _Bad("not a JSON object")
    text = entry.get("question")
    if not isinstance(text, str) or not text.strip():
        raise _Bad("no `question`")
    text = text.encode("utf-8", "replace").decode()  # JSON can hold half a surrogate pair
    relevant = tuple(_places(entry, "relevant", first_page))
    if not any(r.grade > 0 for r in relevant):
        raise _Bad("nothing relevant is known for it")
    group = entry.get("group")
    given = entry.get("id")
    return Question(
        id=new_id(text) if given is None else str(given),
        text=text,
        relevant=relevant,
        answers=tuple(_places(entry, "answers", first_page)),
        group=None if group is None else str(group),
    )


def _places(entry: Mapping[str, Any], key: str, first_page: int) -> Iterator[Relevant]:
    places = entry.get(key) or []
    if not isinstance(places, list):
        raise _Bad(f"`{key}` is not a list")
    for place in places:
        if isinstance(place, str):
            yield Relevant(place)
        elif isinstance(place, dict) and isinstance(place.get("file"), str):
            yield _place(place, first_page)
        else:
            raise _Bad(f"`{key}` has an entry without `file`")


def _place(place: Mapping[str, Any], first_page: int) -> Relevant:
    page = _whole(place, "page")
    if page is not None and page < first_page:
        cure = "; of a set that counts from 0: --first-page 0" if page == 0 else ""
        raise _Bad(f"page {page} of {place['file']}: pages count from {first_page}{cure}")
    start, end = _whole(place, "start"), _whole(place, "end")
    if (start is None) != (end is None):
        raise _Bad("`start` and `end` go together")
    if start is not None and end is not None and not 0 <= start < end:
        raise _Bad(f"the span {start} to {end} holds nothing")
    text = place.get("text")
    if text is not None and not isinstance(text, str):
        raise _Bad("`text` is not text")
    grade = _whole(place, "grade")
    return Relevant(
        file=place["file"],
        page=None if page is None else page + 1 - first_page,
        start=start,
        end=end,
        lines=_lines(place.get("lines")),
        text=text if text and text.strip() else None,
        grade=1 if grade is None else grade,
    )


def _whole(place: Mapping[str, Any], key: str) -> int | None:
    value = place.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Bad(f"`{key}` must be a whole number, not {value!r}")
    return value


def _lines(value: Any) -> tuple[int, int] | None:
    """``12``, ``[12, 15]`` or ``"12-15"``."""
    if value is None:
        return None
    parts: Sequence[Any] = value if isinstance(value, list) else str(value).split("-")
    try:
        first, last = int(parts[0]), int(parts[-1])
    except (ValueError, TypeError, IndexError):
        raise _Bad(f"`lines` must be 12 or [12, 15], not {value!r}") from None
    if len(parts) > 2 or not 1 <= first <= last:
        raise _Bad(f"`lines` must be 12 or [12, 15], not {value!r}")
    return first, last


# ------------------------------------------------------------------ writing


def line_of(question: Question) -> str:
    """A question as a line of a set."""
    return json.dumps(entry_of(question), ensure_ascii=False)


def entry_of(question: Question) -> dict[str, Any]:
    """A question as the object of its line."""
    entry: dict[str, Any] = {"id": question.id, "question": question.text}
    if question.group is not None:
        entry["group"] = question.group
    entry["relevant"] = [_fields(r) for r in question.relevant]
    if question.answers:
        entry["answers"] = [_fields(a) for a in question.answers]
    return entry


def _fields(place: Relevant) -> dict[str, Any]:
    names = ("file", "page", "start", "end", "lines", "text")
    fields = {name: getattr(place, name) for name in names if getattr(place, name) is not None}
    return fields if place.grade == 1 else {**fields, "grade": place.grade}


def told(place: Relevant) -> str:
    """A place in a few words: ``guide.md:5``, ``guide.pdf#page=3``, ``guide.md``."""
    if place.page is not None:
        return f"{place.file}#page={place.page}"
    if place.lines is not None:
        return f"{place.file}:{place.lines[0]}"
    if place.start is not None:
        return f"{place.file}, characters {place.start}-{place.end}"
    return place.file
