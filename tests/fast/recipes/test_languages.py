"""Which languages are found by words and not by meaning is told before the first embedding, by
every answer, and by the status."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.project import write

from ragcli import Rag
from ragcli.domain import Event

CHINESE = "保修期为自交货之日起二十四个月。电池的保修期为十二个月，不包括人为损坏。" * 20
ENGLISH = "The warranty of the pump runs for two years from the day of the delivery. " * 20
SAID = "of the text is Chinese, which fake:64 was not taught: found by words, not by meaning"


@pytest.fixture
def mixed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(home / "mixed/zh.txt", CHINESE)
    write(home / "mixed/en.txt", ENGLISH)
    monkeypatch.setenv("FAKE_LANGUAGES", "en")
    return home


def ingest(rag: Rag, folder: str) -> list[str]:
    notes: list[tuple[str, str]] = []

    def listen(event: Event) -> None:
        notes.append((event.kind, event.message or ""))

    rag.ingest([folder], listener=listen)
    return [m for kind, m in notes if kind == "note" and "was not taught" in m]


def test_it_is_told_once_with_a_model_that_does_better(mixed: Path) -> None:
    with Rag.create(mixed, model="fake:64") as rag:
        (told,) = ingest(rag, "mixed")
        assert SAID in told and "Better: rag reembed --model BAAI/bge-m3" in told
        write(mixed / "mixed/more.txt", CHINESE + "又一份文件。")
        assert ingest(rag, "mixed") == []


def test_a_model_that_was_taught_it_needs_no_note(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for taught in ("en zh", "multilingual", ""):
        monkeypatch.setenv("FAKE_LANGUAGES", taught)
        with Rag.create(mixed, model="fake:64") as rag:
            assert ingest(rag, "mixed") == []


def test_an_answer_says_what_meaning_cannot_reach(mixed: Path) -> None:
    with Rag.create(mixed, model="fake:64") as rag:
        ingest(rag, "mixed")
        assert rag.query("how long is the warranty?").warnings == ()  # a third is told once
        write(mixed / "mixed/half.txt", CHINESE * 3)
        rag.ingest(["mixed"])
        (warning,) = rag.query("how long is the warranty?").warnings
        assert warning.endswith(SAID)
        assert rag.query("how long is the warranty?", mode="keyword").warnings == ()


def test_a_small_share_is_not_worth_a_word(mixed: Path) -> None:
    write(mixed / "mixed/zh.txt", CHINESE[:100])
    with Rag.create(mixed, model="fake:64") as rag:
        assert ingest(rag, "mixed") == []
        assert rag.query("how long is the warranty?").warnings == ()


def test_the_status_names_the_languages(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragcli.providers.taught", lambda name, settings: frozenset({"en"}))
    with Rag.create(mixed, model="fake:64") as rag:
        ingest(rag, "mixed")
        (share,) = rag.status().by_words.values()
        assert 0.2 < share < 0.5
