"""What is told while something is done, and who listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Event:
    """Progress, told by the core and shown (or not) by whoever called it.

    ``kind``: ``fetching`` says which address is next, in ``message``; ``reading``, ``cutting``,
    ``embedding`` and ``asking`` count ``done`` of ``total`` files, documents, chunks and questions;
    ``note`` carries a sentence for the user; ``problem`` a file or page that could not be read.
    """

    kind: Literal["fetching", "reading", "cutting", "embedding", "asking", "note", "problem"]
    done: int = 0
    total: int = 0
    message: str = ""


Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a caller who wants silence."""
