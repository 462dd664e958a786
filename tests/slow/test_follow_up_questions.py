"""A hand-made set of follow-up questions over the sample documents: what carrying terms gains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragcli import Rag
from ragcli.text.followups import carried, refers_back

ROOT = Path(__file__).parents[2]
ROWS = [
    json.loads(line)
    for line in (ROOT / "tests" / "follow_up_questions.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def rag(tmp_path_factory: pytest.TempPathFactory) -> Rag:
    rag = Rag.create(tmp_path_factory.mktemp("samples"))
    rag.ingest([ROOT / "sample_docs"])
    return rag


def _first(rag: Rag, question: str, row: dict[str, str]) -> bool:
    """The passage that answers comes first."""
    best = rag.query(question).passages[0]
    text = " ".join(best.text.split())
    return best.source.endswith(row["file"]) and " ".join(row["answer"].split()) in text


@pytest.mark.parametrize(("language", "least"), [("en", 18), ("zh", 16)])
def test_follow_ups_are_found_with_what_they_take_along(
    rag: Rag, language: str, least: int
) -> None:
    rows = [row for row in ROWS if row["id"].startswith(language)]
    asked = [
        carried(row["question"], row["earlier"], row["said"])
        if refers_back(row["question"])
        else row["question"]
        for row in rows
    ]
    alone = sum(_first(rag, row["question"], row) for row in rows)
    found = sum(_first(rag, text, row) for text, row in zip(asked, rows, strict=True))
    assert found >= max(least, alone + 3), (found, alone, len(rows))
