"""The default model is exported once for all slow tests: it takes ten seconds and torch."""

from __future__ import annotations

import tempfile
import threading
from importlib import import_module
from pathlib import Path

import pytest

from ragcli.models import onnx_cache
from ragcli.models.onnx_cache import Source


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _shared_cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))


@pytest.fixture
def own_cache(_shared_cache: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that no other test has, nor the one in its stead among the temporary files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path / "cache" / "ragcli"


# torch traces one model at a time in a process; a test before may have left another to a thread.
_TRACING = threading.Lock()


@pytest.fixture
def exports_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports are made in this process, which has torch already, and not in a child."""

    def export(model: Source, precision: str, fresh: Path) -> None:
        with _TRACING:
            import_module(model.exporter).write(model.path, fresh, precision)

    monkeypatch.setattr(onnx_cache, "_export", export)
