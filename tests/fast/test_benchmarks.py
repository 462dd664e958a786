"""The benchmarks' own arithmetic: a wrong figure would look like any other."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Modules of the benchmarks, which are scripts and no package."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)

    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_mixed_state_is_noticed(load: Load) -> None:
    readers = load("readers")

    def passage(file: int, version: int, start: int = 0, end: int = 900) -> Any:
        text = readers.text_of(file, version)
        return SimpleNamespace(
            source=f"{file}.md", text=text[start:end], char_start=start, char_end=end
        )

    whole = [passage(1, 3), passage(1, 3, 900, 2000), passage(2, 4)]
    assert not readers.is_mixed(whole, {})
    assert readers.is_mixed([passage(1, 3), passage(1, 4, 900, 2000)], {})
    torn = passage(1, 3)
    torn.text = torn.text[:500] + readers.text_of(1, 4)[500:900]
    assert readers.is_mixed([torn], {})


def test_the_arithmetic_of_the_default_model(load: Load) -> None:
    limits = load("limits")
    assert round(limits.TOKEN_FLOP / 1e6, 1) == 21.2
    assert limits.ATTENTION_FLOP == 9216
    # 178 GFLOP/s and texts of 182 tokens: 7,800 tokens a second.
    assert 182 / limits.least_seconds([182], 178) == pytest.approx(7800, rel=0.01)


def test_commands_take_turns_and_the_first_round_is_not_counted(load: Load, tmp_path: Path) -> None:
    common = load("common")
    log = tmp_path / "log"

    def says(word: str) -> list[str]:
        return [sys.executable, "-c", f"open({str(log)!r}, 'a').write({word!r}); print({word!r})"]

    commands = {
        "a": common.Command(says("a"), speaks=True),
        "b": common.Command(says("b"), speaks=True),
    }
    turns = common.take_turns(commands, 2)
    assert log.read_text() == "ababab"
    told = common.summary(turns)
    assert [one["runs"] for one in told.values()] == [2, 2]
    assert told["a"]["ratio"] == 1.0


def test_what_fails_is_told_and_the_others_go_on(load: Load) -> None:
    common = load("common")
    silent = [sys.executable, "-c", "pass"]
    turns = common.take_turns(
        {
            "fine": common.Command(silent),
            "fails": common.Command([sys.executable, "-c", "raise SystemExit('no')"]),
            "silent": common.Command(silent, speaks=True),
        },
        1,
    )
    told = common.summary(turns)
    assert "wall_s" in told["fine"]
    assert told["fails"]["error"] == "no"
    assert "error" in told["silent"]


def test_ratios_are_taken_within_a_round(load: Load) -> None:
    common = load("common")

    def runs(*seconds: float) -> Any:
        return common.Turns([common.Run(s, 0, "RSS", 0, "", "") for s in seconds])

    told = common.summary({"rag": runs(9, 1, 2, 10), "other": runs(9, 3, 6, 10)})
    assert told["other"]["ratio"] == 3.0
    assert told["other"]["wall_s"]["median"] == 6


@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="the system does not tell PSS"
)
def test_memory_is_that_of_the_whole_tree(load: Load) -> None:
    child = "import time; held = bytearray(60_000_000); time.sleep(0.3)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    done = load("common").run([sys.executable, "-c", parent], sample=True)
    assert done.peak_of == "PSS"
    assert done.peak_bytes > 60_000_000


def test_a_warm_question_is_one_after_the_first(load: Load) -> None:
    peers, common = load("peers"), load("common")

    def said(*lines: object) -> Any:
        return common.Run(0, 0, "RSS", 0, "\n".join(map(json.dumps, lines)), "")

    assert peers.warm_ms(said({"milliseconds": [900, 10, 20, 30]})) == 20
    answers = [{"timings_ms": {"embed": ms, "search": 1}} for ms in (900, 9, 19, 29)]
    assert peers.warm_ms(said(*answers)) == 20


def test_laid_out_texts_are_never_repeated(load: Load, tmp_path: Path) -> None:
    peers = load("peers")
    source = tmp_path / "source"
    source.mkdir()
    paragraphs = [f"Paragraph {number} " + "word " * 40 for number in range(200)]
    (source / "a.md").write_text("\n\n".join(paragraphs + paragraphs[:50]), encoding="utf-8")
    total = peers.lay_out(source, tmp_path / "laid")
    files = sorted((tmp_path / "laid").iterdir())
    assert len(files) == peers.FILES
    assert total == sum(f.stat().st_size for f in files)
    laid = [p.strip() for f in files for p in f.read_text(encoding="utf-8").split("\n\n")]
    assert laid == [p.strip() for p in paragraphs]


def test_an_answer_is_held_only_inside_one_quote(load: Load) -> None:
    held = load("extractive").held
    question = {"answers": [{"text": "24 months"}], "relevant": [{"text": "elsewhere"}]}
    assert held(question, ["It runs for 24\n months."])
    assert not held(question, ["It runs for 24", "months"])
    assert held({"relevant": [{"text": "elsewhere"}]}, ["It is elsewhere."])


def test_questions_are_joined_with_another_paragraph_s(load: Load) -> None:
    compound = load("compound")
    questions = [
        {"question": f"{name}?", "relevant": [{"file": file, "start": start}]}
        for name, file, start in (("A", "1", 0), ("B", "1", 0), ("C", "1", 9), ("D", "2", 5))
    ]
    found = [(kind, q["question"], o["question"]) for kind, q, o in compound.pairs(questions[:3])]
    assert found == [
        ("same file", "A?", "C?"),
        ("same file", "B?", "C?"),
        ("same file", "C?", "A?"),
    ]
    assert ("other file", "D?", "A?") in [
        (kind, q["question"], o["question"]) for kind, q, o in compound.pairs(questions)
    ]
    assert compound.joined("What is A?", "Who is B?")["conjunction"] == "What is A and who is B?"
    assert compound.joined("甲是什么？", "乙是谁？")["mark"] == "甲是什么？乙是谁？"
