"""The command line in this process and in processes of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_surroundings(surroundings: Path) -> None:
    """A home and a current folder for each test."""
