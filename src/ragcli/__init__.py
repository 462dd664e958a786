"""ragcli: ask your own documents.

``from ragcli import Rag`` opens a project; the command line is ``rag``. Names are imported when
they are first used, so that ``import ragcli`` costs nothing.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragcli.config import Settings
    from ragcli.conversation import Conversation
    from ragcli.domain import (
        Answer,
        Chunk,
        Citation,
        Document,
        Filter,
        IngestReport,
        Passage,
        QueryResult,
    )
    from ragcli.errors import RagError
    from ragcli.rag import Rag

__version__ = "0.1.0"

# Nothing leaves the machine unasked. From 1.29 on ONNX Runtime reports every session to its maker
# unless it is told not to before it is loaded (docs/Privacy.md of its package), and the hub's
# client says what uses it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

_HOMES = {
    "Conversation": "ragcli.conversation",
    "Rag": "ragcli.rag",
    "Settings": "ragcli.config",
    "RagError": "ragcli.errors",
    **dict.fromkeys(
        (
            "Answer",
            "Chunk",
            "Citation",
            "Document",
            "Filter",
            "IngestReport",
            "Passage",
            "QueryResult",
        ),
        "ragcli.domain",
    ),
}

__all__ = [
    "Answer",
    "Chunk",
    "Citation",
    "Conversation",
    "Document",
    "Filter",
    "IngestReport",
    "Passage",
    "QueryResult",
    "Rag",
    "RagError",
    "Settings",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
