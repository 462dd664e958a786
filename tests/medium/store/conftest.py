"""An empty store, and a set to fill."""

from fakes.stored import chosen, folder, store

__all__ = ["chosen", "folder", "store"]
