"""Question sets against a project: which of its documents, pages and characters are meant."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

from ragcli.domain import Document
from ragcli.evaluation.metrics import Gold, Judged, Kind
from ragcli.evaluation.questions import Question, QuestionSet, Relevant
from ragcli.store import Store, ledger
from ragcli.store.rows import FileRow
from ragcli.text.lines import line_spans

# Documents that are held: the questions of a set mostly stand in the order of their files.
_HELD = 16

# A longer quotation is looked for as it stands only: a pattern of its words would be its size.
_LONGEST_PATTERN = 20_000

# Places of equal words that are kept: a quotation that stands in more of them says nothing.
_MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A relevant place that the project does not hold as the set says. ``left_out``: its file is
    not in the project, and it does not count; otherwise it counts as not found."""

    question_id: str
    place: Relevant
    why: str
    left_out: bool


class _NotThere(Exception):
    """Why a place is not in the project."""


class Resolver:
    """Finds the documents that a set names. ``unresolved`` grows with every question asked for.

    A name is matched by its last parts; of several files that have it the one nearest to the
    set's own folder is meant. Raises ProjectCorrupt.
    """

    def __init__(self, store: Store, asked: QuestionSet) -> None:
        self._store = store
        self._root = PurePosixPath(store.folder.root.as_posix())
        self._near = PurePosixPath(asked.folder).parts if asked.folder else self._root.parts
        self._named: dict[str, list[FileRow]] = {}
        self._stems: dict[str, list[FileRow]] = {}
        for row in ledger.files(store.connection):
            if row.state not in ("removed", "empty"):
                path = PurePosixPath(_normal(row.source))
                self._named.setdefault(path.name, []).append(row)
                self._stems.setdefault(path.stem, []).append(row)
        self._document = lru_cache(_HELD)(store.document)
        self._answering: dict[str, int] = {}
        self.unresolved: list[Unresolved] = []

    def judged(self, question: Question) -> Judged | None:
        """The question with its gold; None when the project has none of its files."""
        found = [self._gold(question, place) for place in question.relevant]
        gold = _merged([g for g in found if g is not None])
        if not any(g.grade > 0 for g in gold):
            return None
        answers = [self._gold(question, place, quiet=True) for place in question.answers]
        excluded = None
        if question.excluded is not None:
            own = self._gold(question, Relevant(question.excluded), quiet=True)
            excluded = own.source if own else None
        return Judged(tuple(gold), tuple(a for a in answers if a and not a.lost), excluded)

    def _gold(self, question: Question, place: Relevant, *, quiet: bool = False) -> Gold | None:
        """The gold of one place; None, and told unless ``quiet``, when its file is not here."""
        try:
            row = self.file(place.file)
        except _NotThere as reason:
            if not quiet:
                self.unresolved.append(Unresolved(question.id, place, str(reason), True))
            return None
        try:
            return self._place(row, place)
        except _NotThere as reason:
            if not quiet:
                self.unresolved.append(Unresolved(question.id, place, str(reason), False))
            return Gold(row.source, _kind(place), place.page, (), place.grade, lost=True)

    def document_of(self, question: Question) -> int | None:
        """The document of the first file that the question names; None where it has no text."""
        try:
            return self.file(question.relevant[0].file).document_id
        except _NotThere:
            return None

    def answering(self, judged: Judged) -> Document | None:
        """A document that answers the question; None where none has its text."""
        sources = (g.source for g in judged.gold if g.grade > 0 and not g.lost)
        return next((self._document(self._answering[source]) for source in sources), None)

    # ------------------------------------------------------------ files

    def file(self, name: str) -> FileRow:
        """The file that a set's name means. Raises _NotThere."""
        path = PurePosixPath(_normal(name).replace("\\", "/"))
        rows = [r for r in self._named.get(path.name, ()) if self._ends_with(r, path)]
        # Ids of corpora are file names without their ending.
        rows = rows or list(self._stems.get(str(path), ()))
        if not rows:
            raise _NotThere("it is not in this project")
        nearness = {row.id: self._nearness(row) for row in rows}
        best = max(nearness.values())
        nearest = [row for row in rows if nearness[row.id] == best]
        exact = [row for row in nearest if _normal(row.source) == str(path)]
        chosen = exact or nearest
        if len({row.document_id for row in chosen}) > 1:
            names = ", ".join(row.source for row in chosen[:3])
            raise _NotThere(f"{len(chosen)} files of this project have that name: {names}")
        return chosen[0]

    def _parts(self, row: FileRow) -> tuple[str, ...]:
        return (self._root / _normal(row.source)).parts

    def _ends_with(self, row: FileRow, path: PurePosixPath) -> bool:
        return self._parts(row)[-len(path.parts) :] == path.parts

    def _nearness(self, row: FileRow) -> int:
        """How many folders the file and the set have in common, from the root on."""
        pairs = zip(self._parts(row), self._near, strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), len(self._near))

    # ------------------------------------------------------------ places

    def _place(self, row: FileRow, place: Relevant) -> Gold:
        """Raises _NotThere when nothing of the place can be found in the file."""
        if row.document_id is None:
            raise _NotThere("it could not be read: rag status --problems")
        spans: tuple[tuple[int, int], ...] = ()
        if place.page is not None:
            if place.page not in {p.number for p in self._document(row.document_id).pages}:
                raise _NotThere(f"it has no page {place.page} with text")
        elif not place.is_file:
            spans = _spans(self._document(row.document_id), place)
        source = self._store.cited_as(row.document_id)
        self._answering[source] = row.document_id
        return Gold(source, _kind(place), place.page, spans, place.grade)


def _kind(place: Relevant) -> Kind:
    if place.is_file:
        return "file"
    return "span" if place.page is None else "page"


def _merged(found: Sequence[Gold]) -> list[Gold]:
    """Each place once, with its highest grade: equal files share a document."""
    best: dict[Gold, int] = {}
    for gold in found:
        key = replace(gold, grade=0)
        best[key] = max(gold.grade, best.get(key, gold.grade))
    return [replace(gold, grade=grade) for gold, grade in best.items()]


def _spans(document: Document, place: Relevant) -> tuple[tuple[int, int], ...]:
    """Where the place stands: where it is said to, unless other words stand there by now; else
    where its text does. Raises _NotThere."""
    given = _given_span(document, place)
    if given is not None:
        stands = document.text[given[0] : given[1]]
        if stands and (place.text is None or _words(place.text) in _words(stands)):
            return (given,)
    if place.text is None:
        raise _NotThere("it ends before the place that is named")
    places = occurrences(document.text, place.text)
    if not places:
        raise _NotThere("the quoted text is not in it")
    if given is not None:  # moved: the nearest is meant
        return (min(places, key=lambda span: abs(span[0] - given[0])),)
    return tuple(places)


def _given_span(document: Document, place: Relevant) -> tuple[int, int] | None:
    if place.start is not None and place.end is not None:
        return place.start, min(place.end, len(document.text))
    if place.lines is None:
        return None
    lines = line_spans(document.text)[place.lines[0] - 1 : place.lines[1]]
    return (lines[0][0], lines[-1][1]) if lines else (0, 0)


def _words(text: str) -> str:
    return " ".join(text.split())


def occurrences(text: str, quoted: str) -> list[tuple[int, int]]:
    """Where a quotation stands: word for word, or with other white space between its words."""
    quoted = quoted.strip()
    pattern = re.escape(quoted)
    if quoted not in text and len(quoted) <= _LONGEST_PATTERN:
        pattern = r"\s+".join(re.escape(word) for word in quoted.split())
    return [m.span() for _, m in zip(range(_MOST_PLACES), re.finditer(pattern, text), strict=False)]


def _normal(name: str) -> str:
    """A file's name in one form: macOS decomposes accents, others do not."""
    return unicodedata.normalize("NFC", name)
