"""The truth on disk. The one public name is Store; docs/format.md describes what it keeps."""

from ragcli.store.store import Store

__all__ = ["Store"]
