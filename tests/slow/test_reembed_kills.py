"""A change of the model, killed again and again: nothing that was committed is embedded twice, and
the old model answers all the time.

``rag reembed`` runs in child processes and is killed with SIGKILL; the fake embedder writes down
every text that it is given. Meanwhile a thread asks: a new reader each time, one that stays open,
and the helper of ``rag serve``.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from ragcli import Rag
from ragcli.embedding import PROBE
from ragcli.errors import RagError
from ragcli.serving.client import HelpedRag
from ragcli.store import sets

pytestmark = pytest.mark.slow

PLUGINS = Path(__file__).parents[1] / "plugins"
OLD, NEW = "fake:64", "fake:128"
FILES, SECTIONS = 75, 8
KILLS = 20
WORDS = ["warranty", "delivery", "battery", "month", "river", "stone", "harbour", "winter"]
# Embedded by every run, to see that the model is still the one that it was.
PROBE_HASH = hashlib.sha256(PROBE.encode()).hexdigest()[:32]
QUESTIONS = ["how long is the warranty?", "a harbour in winter", "section 3 of file 7"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project embedded with the old model, and an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir(mode=0o700)
    chance = random.Random(1)
    folder = tmp_path / "project"
    (folder / "docs").mkdir(parents=True)
    for number in range(FILES):
        sections = [
            f"## Section {part} of file {number}\n\n"
            + " ".join(chance.choice(WORDS) for _ in range(80))
            + ".\n"
            for part in range(SECTIONS)
        ]
        (folder / "docs" / f"file-{number:02}.md").write_text("\n".join(sections), "utf-8")
    assert rag(folder, "ingest", "docs", "--model", OLD).wait() == 0
    # Each task holds four texts and takes a while, so that a run lasts longer than its start.
    monkeypatch.setenv("FAKE_BATCH_TEXTS", "4")
    monkeypatch.setenv("FAKE_DELAY_S", "0.12")
    return folder


def rag(project: Path, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [Path(sys.executable).with_name("rag"), *words, "--quiet"],
        cwd=project,
        env={**os.environ, "FAKE_LOG": str(project.parent / "log")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def embedded(project: Path) -> list[str]:
    """The hash of every text that the new model was given, in order."""
    log = project.parent / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    texts = [line.split()[1] for line in lines if line.startswith(f"{NEW} ")]
    return [text for text in texts if text != PROBE_HASH]


def committed(project: Path) -> set[str]:
    """The hashes of the texts whose embedding by the new model is stored."""
    with Rag.open(project) as opened:
        rows = opened.store.connection.execute(
            "SELECT lower(hex(e.embed_hash)) FROM embeddings e"
            " JOIN embedding_sets s ON s.id = e.set_id WHERE s.identity LIKE ?",
            (f'%"{NEW}"%',),
        )
        return {h for (h,) in rows}


def kill(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


class Reader:
    """Asks all the time; ``seen`` counts the models that answered, ``wrong`` says what failed."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self._stop = Event()
        self._thread = Thread(target=self._ask)
        self._answers: dict[tuple[str, str], list[tuple[str, int]]] = {}
        self.seen: Counter[str] = Counter()
        self.wrong: list[str] = []

    @contextmanager
    def asking(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _ask(self) -> None:
        with Rag.open(self._project) as lasting, HelpedRag.open(self._project) as helped:
            while not self._stop.is_set():
                with Rag.open(self._project) as fresh:
                    for one in (lasting, helped, fresh):
                        self._look(one)
                time.sleep(0.02)

    def _look(self, one: Rag) -> None:
        for question in QUESTIONS:
            try:
                found = one.query(question, mend=False) if type(one) is Rag else one.query(question)
            except RagError as error:
                self.wrong.append(f"{question}: {error}")
                continue
            model = str(found.model)
            self.seen[model] += 1
            answer = [(p.source, p.char_start) for p in found.passages]
            if self._answers.setdefault((model, question), answer) != answer or found.warnings:
                self.wrong.append(f"{question}: {answer} {found.warnings}")


@pytest.fixture
def helper(project: Path) -> Iterator[subprocess.Popen[bytes]]:
    child = rag(project, "serve")
    yield child
    kill(child)


def test_killed_at_twenty_moments_nothing_is_embedded_twice(
    project: Path, helper: subprocess.Popen[bytes]
) -> None:
    chance = random.Random(7)
    reader = Reader(project)
    lost, stopped_at = [], []
    with reader.asking():
        before: set[str] = set()
        for number in range(KILLS):
            start = len(embedded(project))
            child = rag(project, "reembed", "--model", NEW, "--no-compare")
            # Spread over nine tenths of the work; now and then before a run embeds anything.
            early = number % 6 == 5
            due = 0.9 * FILES * SECTIONS * (number + 1) / KILLS - len(before)
            while not early and child.poll() is None and len(embedded(project)) - start < due:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.9 if early else 0.2))
            assert child.poll() is None, "the work was done before the last kill"
            kill(child)
            now = embedded(project)[start:]
            assert not before.intersection(now), "what was committed is not embedded again"
            assert len(now) == len(set(now))
            stored = committed(project)
            assert before <= stored
            lost.append(len(set(now) - stored - before))
            stopped_at.append(len(stored))
            before = stored
            if number == KILLS // 2:
                # For the old set only; the new one catches up.
                (project / "docs" / "between.md").write_text("# Between\n\nIt came then.\n")
                assert rag(project, "ingest").wait() == 0
    assert reader.wrong == [] and set(reader.seen) == {OLD}
    assert reader.seen[OLD] > 100
    assert helper.poll() is None, "the helper ran all the time"

    start = len(embedded(project))
    last = Reader(project)
    with last.asking():
        assert rag(project, "reembed", "--model", NEW, "--no-compare").wait() == 0
    now = embedded(project)[start:]
    assert not before.intersection(now)
    assert set(last.seen) <= {OLD, NEW}
    calls = Counter(embedded(project))
    with Rag.open(project) as opened:
        chosen = sets.active(opened.store.connection)
        assert chosen is not None and chosen.identity.name == NEW
        assert opened.store.embedded_share() == 1 and opened.doctor(deep=True).healthy
        chunks = opened.store.counts()["chunks"]
        assert chunks == FILES * SECTIONS + 1 == len(committed(project))
        kept = opened.status().kept
        assert kept is not None and kept.model == OLD
    again = sum(n - 1 for h, n in calls.items() if h in committed(project))
    assert again <= sum(lost), "only what a kill took before its commit"
    print(
        f"{chunks} chunks; stored at each kill: {stopped_at}; texts that a kill lost: {lost};"
        f" embedded again: {again}; answers meanwhile: {reader.seen[OLD]}"
    )


@pytest.mark.parametrize("round_", range(8))
def test_killed_while_it_compares_and_switches(
    project: Path, monkeypatch: pytest.MonkeyPatch, round_: int
) -> None:
    """All is embedded: what is left is the index file, the comparison and the one commit."""
    monkeypatch.setenv("FAKE_DELAY_S", "0")
    with Rag.open(project) as opened:
        opened.reembed(NEW)
        opened.rollback()
        expected = {}
        for model in (OLD, NEW):
            found = [opened.query(q).passages for q in QUESTIONS]
            expected[model] = [[(p.source, p.char_start) for p in one] for one in found]
            opened.rollback()
    start = len(embedded(project))
    child = rag(project, "reembed", "--model", NEW, "--self")
    time.sleep(random.Random(round_).uniform(0.3, 3.0))
    kill(child)
    with Rag.open(project) as opened:
        found = [opened.query(q) for q in QUESTIONS]
        model = str(found[0].model)
        answers = [[(p.source, p.char_start) for p in one.passages] for one in found]
        assert answers == expected[model] and not found[0].warnings
        assert opened.doctor(deep=True).healthy
    assert rag(project, "reembed", "--model", NEW, "--no-compare").wait() == 0
    assert not committed(project).intersection(embedded(project)[start:])
    with Rag.open(project) as opened:
        assert opened.query(QUESTIONS[0]).model == NEW
