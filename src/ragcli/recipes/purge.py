"""Really gone: what no file of the project holds any more leaves no word in ``.rag``.

The store is written anew by ``store/purge.py``. This is about the files beside it, by what lies
there: a question set loses the places that are gone, a saved run its words, and what a person said
or was told goes whole, for nobody can tell what in it was quoted.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from ragcli.evaluation.questions import Question, QuestionSet, Relevant, changed_lines
from ragcli.recipes import private_files, runs
from ragcli.recipes.gold import Resolver
from ragcli.store import Store
from ragcli.store import purge as stored

# What lies in .rag and is no document's words, or is written anew by the store.
_KEPT = frozenset(
    {
        "README",
        ".gitignore",
        "config.toml",
        "lock",
        "store.sqlite",
        "store.sqlite-wal",
        "store.sqlite-shm",
        "vectors-*",
    }
)
_QUESTIONS = frozenset({"questions.jsonl", "self-questions.jsonl"})
_RUNS = "evaluations"
# Temporary files begin with a dot; a copy of the store that was put aside is one of its texts.
_DELETED = frozenset({"history.jsonl*", "sessions*", "store.sqlite*", ".*"})


@dataclass(frozen=True, slots=True)
class Purged:
    """What went beside the text itself: ``questions`` about it, the words of ``runs``, and files,
    ``deleted`` by name. ``unknown`` files are none of ragcli's. ``complete`` is false where a
    reader held on to the old pages of the store: then the next writer finishes it."""

    questions: int
    runs: int
    deleted: tuple[str, ...]
    unknown: tuple[str, ...]
    complete: bool


def finish_begun(store: Store) -> None:
    """What a purge that was killed left to do. The caller holds the project's lock."""
    if stored.is_unfinished(store):
        finish(store)


def finish(store: Store) -> Purged:
    """Leave no word of what was removed. The caller holds the project's lock."""
    questions = blanked = 0
    deleted: list[str] = []
    unknown: list[str] = []
    for path in sorted(store.folder.rag.iterdir()):
        if _is_any(path.name, _KEPT):
            continue
        if path.name in _QUESTIONS:
            questions += _drop_questions(store, path)
        elif path.name == _RUNS:
            blanked += sum(_blank(run, deleted) for run in sorted(path.iterdir()))
        elif _is_any(path.name, _DELETED):
            _delete(path)
            deleted.append(path.name)
        else:
            unknown.append(path.name)
    return Purged(questions, blanked, tuple(deleted), tuple(unknown), stored.finish(store))


def _is_any(name: str, patterns: frozenset[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# ------------------------------------------------------------------ question sets


def _drop_questions(store: Store, file: Path) -> int:
    """Places that the project does not hold as they are quoted go, and questions that have no
    other; how many went. A line that is no question stays: its user wrote it."""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    resolver = Resolver(store, QuestionSet("", (), store.folder.root.as_posix()))
    kept = list(changed_lines(lines, partial(_still_held, resolver)))
    if kept != lines:
        private_files.write(file, "".join(f"{line}\n" for line in kept))
    return len(lines) - len(kept)


def _still_held(resolver: Resolver, question: Question) -> Question | None:
    def held(places: tuple[Relevant, ...]) -> tuple[Relevant, ...]:
        return tuple(place for place in places if _is_held(resolver, place))

    left = replace(question, relevant=held(question.relevant), answers=held(question.answers))
    return left if left.relevant else None


def _is_held(resolver: Resolver, place: Relevant) -> bool:
    """Its file is in the project, and the words that it quotes stand there."""
    quoted = replace(place, page=None, grade=1) if place.text else replace(place, grade=1)
    judged = resolver.judged(Question("", "", (quoted,)))
    return judged is not None and not judged.gold[0].lost


# ------------------------------------------------------------------ saved runs


def _blank(run: Path, deleted: list[str]) -> bool:
    """A saved run loses its words. What is no run is deleted."""
    try:
        saved = runs.without_words(json.loads(run.read_text(encoding="utf-8")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        with suppress(OSError):
            _delete(run)
        deleted.append(f"{_RUNS}/{run.name}")
        return False
    private_files.write(run, json.dumps(saved, ensure_ascii=False))
    return True
