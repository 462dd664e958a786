"""How much memory this machine has."""

from __future__ import annotations

import os


def memory_bytes() -> int | None:
    """Of all programs together; None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
