"""The project's own questions: a set that grows by what its user marks and adds.

It is a file of lines to which lines are appended: nothing is lost when two commands write at once,
and the user may edit it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from ragcli import private
from ragcli.domain import Passage
from ragcli.errors import NotInProject, UsageError
from ragcli.evaluation.questions import (
    Question,
    QuestionSet,
    Relevant,
    line_of,
    new_id,
    parse,
)
from ragcli.recipes.naming import document_named, split_place
from ragcli.recipes.private_files import written
from ragcli.store import Store
from ragcli.store.folder import ProjectFolder
from ragcli.text.lines import line_spans


def read(folder: ProjectFolder) -> QuestionSet:
    """Raises UsageError (also where there are none)."""
    try:
        text = folder.questions.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            "this project has no questions of its own yet",
            'add one: rag eval add "…" --relevant FILE, or mark what answers: rag query "…" --mark'
            " 1; without any: rag eval --self",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {folder.questions}: {error}", "mend the file") from error
    name = folder.source_of(folder.questions)
    return QuestionSet(name, parse(text.split("\n"), name), folder.root.as_posix())


def add(folder: ProjectFolder, question: str, relevant: Sequence[Relevant]) -> Question:
    """Append a question; one that is there already gets what is relevant besides.

    Raises UsageError (it is empty; the file cannot be written).
    """
    text = " ".join(question.split())
    if not text:
        raise UsageError("the question is empty", 'name one: rag eval add "…" --relevant FILE')
    made = Question(new_id(text), text, tuple(relevant))
    with written(folder.questions):
        file = private.open_file(folder.questions, os.O_RDWR | os.O_APPEND)
        with os.fdopen(file, "r+b", buffering=0):
            private.append_line(file, line_of(made).encode("utf-8", "replace"))
            os.fsync(file)
    return made


def place_named(store: Store, name: str) -> Relevant:
    """What ``FILE``, ``FILE:PAGE``, ``FILE:LINE`` or ``FILE:LINE-LINE`` means, with the words that
    stand there now. Raises NotInProject."""
    name, first, last = split_place(store, name)
    row = document_named(store, name)
    assert row.document_id is not None, "document_named promises one"
    if first is None or last is None:
        return Relevant(row.source)
    document = store.document(row.document_id)
    if document.pages:
        if first not in {page.number for page in document.pages}:
            raise NotInProject(
                f"{row.source} has no page {first} with text", f"see it: rag show '{row.source}'"
            )
        return Relevant(row.source, page=first)
    lines = line_spans(document.text)[first - 1 : last] if first else []
    text = document.text[lines[0][0] : lines[-1][1]] if lines else ""
    if not text.strip() or len(lines) <= last - first:
        raise NotInProject(
            f"{row.source} has no text in line {first if first == last else f'{first}-{last}'}",
            f"see its lines: rag show '{row.source}'",
        )
    return Relevant(row.source, lines=(first, last), text=text.strip())


def marked(passages: Sequence[Passage], ranks: Sequence[int]) -> list[Relevant]:
    """The passages of these ranks as relevant. Raises UsageError (there is none of that rank)."""
    found = {p.rank: p for p in passages}
    for rank in ranks:
        if rank not in found:
            raise UsageError(
                f"there is no passage {rank} to mark: {len(found)} were found",
                "mark some of those: --mark 1,3",
            )
    return [
        Relevant(p.source, start=p.char_start, end=p.char_end, text=p.text)
        for p in (found[rank] for rank in dict.fromkeys(ranks))
    ]
