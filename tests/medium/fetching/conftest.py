from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes.tls_server import Server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("tls"))
    yield made
    made.close()


@pytest.fixture
def server(running: Server) -> Server:
    """Without routes, and without memory."""
    running.routes.clear()
    running.asked.clear()
    return running
