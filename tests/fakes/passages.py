"""Passages for tests that need some and care about little in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ragcli.domain import Passage

_PLAIN = Passage(
    rank=1,
    score=1.0,
    source="docs/guide.md",
    title="Guide",
    headings=("Install", "Linux"),
    page=None,
    page_end=None,
    line_start=10,
    line_end=12,
    char_start=100,
    char_end=100,
    text="",
    chunk_id="c1",
    chunk_ids=("c1",),
    also_in=(),
    stale=False,
    date=None,
    date_origin=None,
    found_by={},
)


def passage(text: str, **facts: Any) -> Passage:
    """A passage with this text; ``char_end`` follows from it."""
    start = facts.get("char_start", _PLAIN.char_start)
    return replace(_PLAIN, text=text, char_end=start + len(text), **facts)
