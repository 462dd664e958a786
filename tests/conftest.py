"""Shared by all tests. Its place also makes the folder ``fakes`` importable everywhere."""

import gc
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["fakes.command_line", "fakes.faults.report"]

# The deterministic providers are found as an installed package's are: by their entry points.
sys.path.insert(0, str(Path(__file__).parent / "plugins"))

# Programs that tests start are not compiled anew each time, as no installed one is.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shared machine may pause in any example; how long one takes says nothing about the code.
settings.register_profile("ragcli", deadline=None)
settings.load_profile("ragcli")


def pytest_collection_finish() -> None:
    """The thousands of tests that were collected stay: no garbage collection looks at them again,
    which is an eighth of the time of the fast ones."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test reaches another machine; one that tries fails."""
    connect = socket.socket.connect
    refused: list[Any] = []

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            refused.append(address)
            raise OSError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield
    assert not refused


@pytest.fixture(autouse=True, scope="session")
def _own_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the configuration of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config"))
        yield


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing torch fails here."""
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.fixture
def no_tesseract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is installed here decides no test; tests/slow asks the real one."""
    monkeypatch.setattr("ragcli.reading.ocr._languages", lambda: None)
    monkeypatch.setattr("ragcli.reading.ocr._tesseract", lambda: None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
