"""What became of a file or a page, in one word: the one table from a problem's code to its state.

``stored`` and ``partly`` (some pages or parts could not be read) have text in the project; the
others have none, and their problem says why and what to do. docs/formats.md shows the same table.
"""

from __future__ import annotations

from typing import Literal

State = Literal[
    "stored",
    "partly",
    "no_text",
    "garbled",
    "encrypted",
    "too_large",
    "unsupported",
    "failed",
    "skipped",
]

STATES: dict[str, State] = {
    "no_text": "no_text",
    "no_text_layer": "no_text",
    "garbled": "garbled",
    "encrypted": "encrypted",
    "too_large": "too_large",
    "unsupported": "unsupported",
    "binary": "unsupported",
    "wrong_format": "unsupported",
    "broken": "failed",
    "changed": "failed",
    "crashed": "failed",
    "failed": "failed",
    "link": "failed",
    "missing": "failed",
    "page_failed": "failed",
    "special": "failed",
    "timeout": "failed",
    "unreadable": "failed",
    "certificate": "failed",
    "http_status": "failed",
    "redirect": "failed",
    "refused_address": "failed",
    "unreachable": "failed",
    "empty": "skipped",
}


def state_of(code: str) -> State:
    """The state of a file or page with a problem of this code; ``failed`` for an unknown one,
    which another version may have written."""
    return STATES.get(code, "failed")
