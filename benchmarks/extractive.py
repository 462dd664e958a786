"""Score extractive answers: do the quoted sentences hold the answer's words?

    python benchmarks/extractive.py SET_DIR

SET_DIR is as for passages.py, its questions with `answers` beside `relevant` (both with offsets).
The passages of a question are its gold span, first, and up to four other gold spans of the same
file, those nearest to it: so this measures the choice of sentences, not retrieval.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ragcli.config import Settings
from ragcli.domain import Passage
from ragcli.generation.answers import read_answer
from ragcli.generation.extractive import ExtractiveGenerator
from ragcli.generation.prompt import build_prompt
from ragcli.text.lines import on_one_line

OTHERS = 4
RESAMPLES, SEED = 1000, 0


def passage(rank: int, span: dict[str, Any]) -> Passage:
    """A passage of nothing but its place and text."""
    return Passage(
        rank=rank,
        score=0.0,
        source=span["file"],
        title=None,
        headings=(),
        page=None,
        page_end=None,
        line_start=None,
        line_end=None,
        char_start=span["start"],
        char_end=span["end"],
        text=span["text"],
        chunk_id=str(rank),
        chunk_ids=(str(rank),),
        also_in=(),
        stale=False,
        date=None,
        date_origin=None,
        found_by={},
    )


def passages_for(gold: dict[str, Any], spans: list[dict[str, Any]]) -> list[Passage]:
    """The gold span and the nearest others of its file."""
    others = [s for s in spans if s["file"] == gold["file"] and s["start"] != gold["start"]]
    nearest = sorted(others, key=lambda s: abs(s["start"] - gold["start"]))[:OTHERS]
    return [passage(rank, span) for rank, span in enumerate([gold, *nearest], 1)]


def score(questions: list[dict[str, Any]]) -> tuple[list[bool], list[int]]:
    """(is the answer in the quotes, how many sentences were quoted), question by question."""
    every = {(r["file"], r["start"]): r for q in questions for r in q["relevant"]}
    generator = ExtractiveGenerator(settings=Settings())
    held, lengths = [], []
    for question in questions:
        found = passages_for(question["relevant"][0], list(every.values()))
        prompt = build_prompt(
            question["question"], found, context_tokens=1 << 20, answer_tokens=1024
        )
        text = "".join(generator.stream(prompt, print))
        cited = read_answer(text, prompt.passages, verbatim=True).citations
        assert all(c.verdict == "supported" for c in cited), "a quote that is not exact"
        quotes = " ".join(on_one_line(c.quote or "") for c in cited)
        held.append(any(on_one_line(a["text"]) in quotes for a in question["answers"]))
        lengths.append(len(cited))
    return held, lengths


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("set_dir", type=Path)
    lines = (parser.parse_args().set_dir / "questions.jsonl").read_text(encoding="utf-8")
    questions = [json.loads(line) for line in lines.splitlines()]
    held, lengths = score([q for q in questions if q.get("answers")])
    values = np.array(held, float)
    picks = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(1), [2.5, 97.5])
    print(f"{len(values)} questions, {np.mean(lengths):.2f} sentences quoted on average, all exact")
    print(f"answer inside the quotes: {values.mean():.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
