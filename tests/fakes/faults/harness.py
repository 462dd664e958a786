"""A small corpus, commands with faults, and what must hold after each."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from fakes.faults.steps import Fault

from ragcli import Rag
from ragcli.domain import Document

TESTS = Path(__file__).resolve().parents[2]
MODEL = "fake:64"
QUESTIONS = ("how long is the warranty of file 3?", "保修期 river stone")
_WORDS = [
    "warranty",
    "delivery",
    "battery",
    "month",
    "return",
    "index",
    "passage",
    "river",
    "stone",
    "harbour",
    "winter",
]


def write_corpus(folder: Path, files: int = 6, sections: int = 2, words: int = 60) -> None:
    """Markdown files of a few chunks each; two of them equal."""
    chance = random.Random(1)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        parts = [
            f"## Section {part} of {number}\n\n"
            + " ".join(chance.choice(_WORDS) for _ in range(words))
            + f". 第{number}份文件的保修期为{part}个月。\n"
            for part in range(sections)
        ]
        text = f"# File {number}\n\n" + "\n".join(parts)
        (folder / f"file-{number}.md").write_text(text, encoding="utf-8")
    shutil.copy(folder / "file-0.md", folder / "copy-of-0.md")


def change_corpus(folder: Path) -> None:
    """A file edited, one moved, one removed and one added."""
    edited = folder / "file-1.md"
    edited.write_text(edited.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    (folder / "file-3.md").rename(folder / "moved-3.md")
    (folder / "file-5.md").unlink()
    (folder / "new.md").write_text("# New\n\nA harbour in winter.\n", encoding="utf-8")


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder on a file system in memory, where there is one: thousands of ingests sync often,
    and what is not synced is taken back by the harness, not by the disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


# ------------------------------------------------------------------ commands


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its exit code, or minus the signal; what it said; its steps by name;
    how often SQLite read; the sources that a reader saw right before the end."""

    code: int
    said: str
    steps: tuple[str, ...]
    reads: int
    seen: tuple[str, ...]


class Commands:
    """Runs `rag` in children of one process, each with its fault."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is for the logs and the home of the children."""
        self._folder = folder
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(TESTS), str(TESTS / "plugins"), os.environ.get("PYTHONPATH", "")]
            ),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fakes.faults.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
        )

    def run(
        self,
        project: Path,
        *argv: str,
        fault: Fault | None = None,
        kill_after_s: float | None = None,
    ) -> Ran:
        """``kill_after_s`` ends it from outside, at whatever it does then."""
        for left in self._folder.glob("run.*"):
            left.unlink()
        said, log = self._folder / "run.said", self._folder / "run.log"
        for file in (said, log):
            file.touch()  # it may be killed before it begins
        asked = {
            "project": str(project),
            "argv": argv,
            "said": str(said),
            "log": str(log),
            "fault": asdict(fault) if fault else None,
            "kill_after_s": kill_after_s,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        reads, seen = Path(f"{log}.reads"), Path(f"{log}.seen")
        return Ran(
            code,
            said.read_text(encoding="utf-8"),
            tuple(log.read_text(encoding="utf-8").splitlines()),
            int(reads.read_text(encoding="utf-8")) if reads.exists() else 0,
            tuple(json.loads(seen.read_text(encoding="utf-8"))) if seen.exists() else (),
        )

    def ingest(self, project: Path, fault: Fault | None = None, **more: float) -> Ran:
        return self.run(project, "ingest", "docs", "--model", MODEL, fault=fault, **more)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def chosen_steps(steps: Sequence[str], each: int, seed: int = 0) -> list[int]:
    """Of every name so many steps: the first, the last, and some between; their numbers."""
    chance = random.Random(seed)
    by_name: dict[str, list[int]] = {}
    for number, name in enumerate(steps, 1):
        by_name.setdefault(name, []).append(number)
    found: set[int] = set()
    for numbers in by_name.values():
        ends = (numbers[0], numbers[-1]) if each > 1 else (chance.choice(numbers),)
        between = chance.sample(numbers, min(len(numbers), max(0, each - len(ends))))
        found |= {*ends, *between}
    return sorted(found)


# ------------------------------------------------------------------ what is stored


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a project holds, by what it is and without the numbers it has."""

    documents: dict[str, Document]
    chunks: list[tuple[Any, ...]]
    vectors: bytes
    counts: dict[str, int]
    terms: Counter[tuple[str, int, str, str, int]]
    answers: list[tuple[Any, ...]]


@contextmanager
def opened(project: Path) -> Iterator[Rag]:
    with closing(Rag.open(project)) as rag:
        yield rag


def contents(project: Path) -> Contents:
    with opened(project) as rag:
        connection = rag.store.connection
        documents = {
            source: rag.store.document(document_id)
            for source, document_id in connection.execute(
                "SELECT source, document_id FROM files WHERE document_id IS NOT NULL"
            ).fetchall()
        }
        chunks = connection.execute(
            "SELECT d.content_hash, d.indexed_source, c.char_start, c.char_end, c.headings, c.page,"
            " c.line_start, c.line_end, c.size_tokens, c.embed_hash, e.vector FROM chunks c"
            " JOIN documents d ON d.id = c.document_id"
            " LEFT JOIN embeddings e ON e.embed_hash = c.embed_hash ORDER BY 1, 3"
        ).fetchall()
        return Contents(
            documents,
            [row[:-1] for row in chunks],
            b"".join(row[-1] or b"" for row in chunks),
            {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("files", "documents", "chunks", "embeddings", "unembedded", "roots")
            },
            _terms(connection),
            answers(rag),
        )


def _terms(connection: Any) -> Counter[tuple[str, int, str, str, int]]:
    """Every entry of the keyword index: whose, which term, in which column, where."""
    table = connection.execute("SELECT id FROM chunk_sets").fetchone()[0]
    connection.execute(
        f"CREATE VIRTUAL TABLE temp.entries USING fts5vocab (main, keyword_{table}, instance)"
    )
    found = connection.execute(
        "SELECT d.content_hash, c.char_start, e.term, e.col, e.offset FROM temp.entries e"
        " JOIN chunks c ON c.id = e.doc JOIN documents d ON d.id = c.document_id"
    )
    counted = Counter(found.fetchall())
    connection.execute("DROP TABLE temp.entries")
    return counted


def answers(rag: Rag) -> list[tuple[Any, ...]]:
    """What the questions find, word for word, with place and score."""
    return [
        (mode, p.source, p.char_start, p.char_end, p.text, round(p.score, 4), p.title, p.headings)
        for mode in ("keyword", "hybrid")
        for question in QUESTIONS
        for p in rag.query(question, mode=mode).passages
    ]


# ------------------------------------------------------------------ what must hold


def assert_true(project: Path, states: Sequence[Contents], seen: Sequence[str] = ()) -> None:
    """The project opens; each document and passage is word for word of one of these states; what a
    reader saw is there; and the index finds what a look at all embeddings finds."""
    if not (project / ".rag" / "store.sqlite").exists():
        assert not seen
        return
    with opened(project) as rag:
        connection = rag.store.connection
        held = dict(
            connection.execute(
                "SELECT source, document_id FROM files WHERE document_id IS NOT NULL"
            ).fetchall()
        )
        # What the newest state lacks may have been removed by the last commit.
        lost = (set(seen) & states[0].documents.keys()) - held.keys()
        assert not lost, lost
        for source, document_id in held.items():
            document = rag.store.document(document_id)
            assert document in [state.documents.get(source) for state in states], source
        for _, source, start, end, text, *_ in answers(rag):
            slices = [state.documents[source].text[start:end] for state in states
                      if source in state.documents]  # fmt: skip
            assert text in slices, source
        if rag.store.counts()["embedded"]:
            assert_index_agrees(rag)


def assert_index_agrees(rag: Rag) -> None:
    from ragcli.domain import Filter

    vector = rag.embedder.embed_query("river stone")
    every = rag.store.search_dense(vector, 1000, Filter())
    scores = rag.store.dense_scores(vector, [i for i, _ in every])
    assert len(every) == rag.store.counts()["embedded"]
    assert all(abs(scores[i] - s) < 1e-5 for i, s in every)


def assert_equal(found: Contents, clean: Contents) -> None:
    assert found.documents == clean.documents
    assert found.chunks == clean.chunks
    assert found.counts == clean.counts
    assert found.terms == clean.terms
    np.testing.assert_array_equal(
        np.frombuffer(found.vectors, np.float32), np.frombuffer(clean.vectors, np.float32)
    )
    assert found.answers == clean.answers
