"""Question sets on the disk: JSON lines, or a folder of BEIR or TREC."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ragcli.errors import UsageError
from ragcli.evaluation import beir
from ragcli.evaluation.questions import QuestionSet, parse

_CORPUS = ("corpus.jsonl", "corpus.jsonl.gz")
_QUERIES = ("queries.jsonl", "queries.jsonl.gz", "queries.tsv", "topics.tsv")
_QUESTIONS = "questions.jsonl"
# Of several splits the one that results are published for.
_SPLITS = ("test", "dev", "train")


def corpus_in(path: Path) -> Path | None:
    """The corpus of a BEIR folder; None where there is none."""
    return next((path / name for name in _CORPUS if (path / name).is_file()), None)


def read(path: Path, split: str | None = None, first_page: int = 1) -> QuestionSet:
    """The questions of a file, or of a folder: its ``questions.jsonl``, or queries and qrels.

    ``split`` chooses among a folder's qrels. Raises UsageError.
    """
    if path.is_dir() and not (path / _QUESTIONS).is_file():
        return _folder(path, split)
    file = path / _QUESTIONS if path.is_dir() else path
    if split is not None:
        raise UsageError("--split is for a folder with qrels", f"leave it out for {file}")
    with _lines(file) as lines:
        found = parse(list(lines), str(file), first_page)
    return QuestionSet(str(file), found, file.resolve().parent.as_posix())


def _folder(path: Path, split: str | None) -> QuestionSet:
    queries = next((path / name for name in _QUERIES if (path / name).is_file()), None)
    if queries is None:
        raise UsageError(
            f"{path} is no question set: it has neither {_QUESTIONS} nor queries.jsonl",
            "name a file of questions, or a folder as BEIR has it",
        )
    qrels = _qrels(path, split)
    with _lines(queries) as asked, _lines(qrels) as judged:
        found = beir.questions(asked, judged, (str(queries), str(qrels)))
    return QuestionSet(f"{path} ({qrels.name})", found, path.resolve().as_posix())


def _qrels(path: Path, split: str | None) -> Path:
    """The relevance judgements: of a split that is named, else of the first of _SPLITS."""
    inside = path / "qrels"
    there = sorted(inside.iterdir() if inside.is_dir() else path.glob("*qrels*"))
    files = {file.name.split(".")[0]: file for file in there if file.is_file()}
    wanted = [split] if split else [*_SPLITS, *files]
    chosen = next((files[name] for name in wanted if name in files), None)
    if chosen is None:
        known = f"; there are {', '.join(files)}" if files else ""
        what = f"qrels/{split}.tsv" if split else "qrels"
        raise UsageError(f"{path} has no {what}{known}", "qrels/test.tsv says what is relevant")
    return chosen


def read_corpus(path: Path) -> list[beir.Entry]:
    """The documents of a BEIR corpus. Raises UsageError."""
    with _lines(path) as lines:
        return list(beir.corpus(lines, str(path)))


@contextmanager
def _lines(path: Path) -> Iterator[io.TextIOBase]:
    """Lines end at a newline only: a question may hold other line separators."""
    try:
        with path.open("rb") as raw:
            data = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            yield io.TextIOWrapper(data, encoding="utf-8-sig", newline="\n")
    except OSError as error:
        said = error.strerror or str(error)
        raise UsageError(f"cannot read {path}: {said}", "check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error}", "question sets are UTF-8") from error
