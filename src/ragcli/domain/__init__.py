"""The nouns of ragcli, and the promise each stage makes.

Read the files of this folder first, then one recipe (``ingest.py``, ``query.py``, ``ask.py``),
then one stage.

    files  -> walk -> reader -> Document -> chunker -> Chunk -> embedder -> store
    question -> embedder + keyword query -> store -> fusion -> (reranker) -> Passage
    Passage -> prompt -> generator -> Answer with citations

Everything here is plain, frozen data from the standard library. Offsets are code points of the
document's text, end exclusive; pages and lines count from 1.

All names are had from this package. Each file is imported when a name of it is first used: making
a class takes 0.5 ms, and a question needs few of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragcli.domain.answered import (
        Answer,
        Citation,
        Inference,
        Likeness,
        Message,
        Prompt,
        Sentence,
        Turn,
        Verdict,
    )
    from ragcli.domain.embedded import Chunk, ChunkSettings, EmbedderIdentity, with_headings
    from ragcli.domain.found import Filter, Found, Mode, Passage, QueryResult, Step
    from ragcli.domain.promises import (
        Embedder,
        EntailmentModel,
        Generator,
        Matrix,
        Reranker,
        TokenCounter,
        Vector,
    )
    from ragcli.domain.read import Block, BlockKind, Document, Page, Problem
    from ragcli.domain.reported import IngestReport
    from ragcli.domain.states import State, state_of
    from ragcli.domain.told import Event, Listener, ignore

_NAMES = {
    "answered": (
        "Answer",
        "Citation",
        "Inference",
        "Likeness",
        "Message",
        "Prompt",
        "Sentence",
        "Turn",
        "Verdict",
    ),
    "embedded": ("Chunk", "ChunkSettings", "EmbedderIdentity", "with_headings"),
    "found": ("Filter", "Found", "Mode", "Passage", "QueryResult", "Step"),
    "promises": ("Embedder", "EntailmentModel", "Generator", "Reranker", "TokenCounter"),
    "read": ("Block", "BlockKind", "Document", "Page", "Problem"),
    "reported": ("IngestReport",),
    "states": ("State", "state_of"),
    "told": ("Event", "Listener", "ignore"),
}
_HOMES = {name: f"ragcli.domain.{file}" for file, names in _NAMES.items() for name in names}

__all__ = [
    "Answer",
    "Block",
    "BlockKind",
    "Chunk",
    "ChunkSettings",
    "Citation",
    "Document",
    "Embedder",
    "EmbedderIdentity",
    "EntailmentModel",
    "Event",
    "Filter",
    "Found",
    "Generator",
    "Inference",
    "IngestReport",
    "Likeness",
    "Listener",
    "Matrix",
    "Message",
    "Mode",
    "Page",
    "Passage",
    "Problem",
    "Prompt",
    "QueryResult",
    "Reranker",
    "Sentence",
    "State",
    "Step",
    "TokenCounter",
    "Turn",
    "Vector",
    "Verdict",
    "ignore",
    "state_of",
    "with_headings",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
