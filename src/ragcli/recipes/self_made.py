"""A question set that is made from the stored text, kept, and mended when documents change."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from ragcli.domain import Document
from ragcli.errors import UsageError
from ragcli.evaluation import selfmade
from ragcli.evaluation.questions import Question, QuestionSet, Relevant, line_of, new_id, parse
from ragcli.evaluation.selfmade import CAUTION, WANTED, Corpus, Made
from ragcli.recipes import private_files
from ragcli.recipes.gold import Resolver, occurrences
from ragcli.store import Store, ledger, sets

# Documents that are read at most for the questions that are missing.
_MOST_DOCUMENTS = 1000


# A place in a document.
Span = tuple[int, int]


def questions(store: Store) -> QuestionSet:
    """The kept set, its questions about what has changed replaced by others.

    Raises UsageError where no question can be made, ProjectCorrupt.
    """
    file = store.folder.self_made
    kept = _kept(store, file)
    made = [*kept, *_missing(store, kept)]
    if not made:
        raise UsageError(
            "there is too little text in this project to make questions from",
            'ask your own: rag eval add "…" --relevant FILE',
        )
    made.sort(key=lambda q: (q.group or "", q.id))
    private_files.write(file, "".join(f"{line_of(question)}\n" for question in made))
    name = f"{store.folder.source_of(file)} (made from the documents)"
    return QuestionSet(name, tuple(made), store.folder.root.as_posix(), CAUTION)


def sentences_of(store: Store, asked: QuestionSet) -> Mapping[int, list[Span]]:
    """The sentences that the set took out, by document."""
    resolver = Resolver(store, asked)
    found: dict[int, list[Span]] = defaultdict(list)
    for question in asked.questions:
        if question.group == "sentence" and (document_id := resolver.document_of(question)):
            span = _sentence_in(store.document(document_id), question)
            found[document_id] += [span] if span else []
    return found


def _sentence_in(document: Document, question: Question) -> Span | None:
    """Where the sentence that asks stands in the text that it asks for."""
    (place,) = question.relevant
    inside = document.text[place.start : place.end]
    span = next(iter(occurrences(inside, question.text)), None)
    return span and ((place.start or 0) + span[0], (place.start or 0) + span[1])


def _kept(store: Store, file: Path) -> list[Question]:
    """Those of the last time that still hold: every place stands where it stood."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    before = parse(lines, store.folder.source_of(file))
    resolver = Resolver(store, QuestionSet("", before))
    return [question for question in before if _holds(store, resolver, question)]


def _holds(store: Store, resolver: Resolver, question: Question) -> bool:
    judged = resolver.judged(question)
    document_id = resolver.document_of(question)
    if judged is None or judged.gold[0].lost or document_id is None:
        return False
    if question.group == "sentence":
        return _sentence_in(store.document(document_id), question) is not None
    (place,) = question.relevant
    return place.start is None or judged.gold[0].spans == ((place.start, place.end),)


def _missing(store: Store, kept: Sequence[Question]) -> list[Question]:
    """New questions, so that there are as many of each kind as are wanted."""
    counts = Counter(question.group for question in kept)
    wanted = {kind: number - counts[kind] for kind, number in WANTED.items()}
    chosen = sets.active(store.connection)
    if chosen is None or not any(n > 0 for n in wanted.values()):
        return []
    documents = _documents(store)
    set_id = chosen.chunk_set_id

    @cache
    def frequency(term: str) -> int:
        return store.question_terms(set_id, [term]).get(term, 0)

    chunks = store.chunk_count(set_id)
    known = {question.id for question in kept}
    made: list[Question] = []
    for document_id, source in documents:
        document = store.document(document_id)
        corpus = Corpus(frequency, chunks, document.language)
        asked = [q.relevant[0] for q in kept if q.relevant[0].file == source]
        for kind, candidates in _makers(document, corpus, asked):
            # Twice its share: many documents have nothing of a kind.
            share = -(-2 * WANTED[kind] // len(documents))
            for one in _first(candidates, min(share, wanted[kind]), known):
                asked.append(one.place)
                made.append(_question(one, source))
                wanted[kind] -= 1
        if not any(n > 0 for n in wanted.values()):
            break
    return made


def _makers(
    document: Document, corpus: Corpus, asked: Sequence[Relevant]
) -> Iterator[tuple[str, Iterator[Made]]]:
    """Sentences last: they are blanked, so that they must leave alone what others ask for."""
    yield "title", selfmade.titles(document, corpus)
    yield "phrase", selfmade.phrases(document, corpus)
    quoted = [span for p in asked if p.text for span in occurrences(document.text, p.text)]
    spans = [(p.start, p.end) for p in asked if not p.text and p.start is not None and p.end]
    yield "sentence", selfmade.sentences(document, quoted, spans)


def _first(made: Iterable[Made], most: int, known: set[str]) -> list[Made]:
    """The first that are new; a question that several documents ask is one."""
    found: list[Made] = []
    if most <= 0:
        return found
    for one in made:
        if (id_ := _id(one)) not in known:
            known.add(id_)
            found.append(one)
        if len(found) >= most:
            break
    return found


def _id(one: Made) -> str:
    return new_id(f"{one.kind}: {one.question}")


def _question(one: Made, source: str) -> Question:
    return Question(_id(one), one.question, (replace(one.place, file=source),), group=one.kind)


def _documents(store: Store) -> list[tuple[int, str]]:
    """(document, a source of it), in an order by content: which documents are read does not
    depend on when they came."""
    contents = {
        row.document_id: (hashlib.sha256(str(row.content_hash).encode()).digest(), row.source)
        for row in reversed(ledger.files(store.connection))
        if row.document_id is not None
    }
    ordered = sorted(contents.items(), key=lambda item: item[1][0])
    return [(document_id, source) for document_id, (_, source) in ordered[:_MOST_DOCUMENTS]]
