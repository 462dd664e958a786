"""The truth on disk. The one public name is Store; docs/format.md describes what it keeps.

Imported when it is first used: a question that the helper answers needs only ``folder``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragcli.store.store import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ragcli.store.store import Store

    return Store
