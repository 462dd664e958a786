"""A project of three files in ``docs``, ingested with the deterministic embedder."""

from fakes.project import built, home, quick_reading, rag

__all__ = ["built", "home", "quick_reading", "rag"]
