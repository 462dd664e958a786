"""An empty store, and a set to fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.stored import IDENTITY

from ragcli.domain import ChunkSettings
from ragcli.store import Store, sets
from ragcli.store.folder import ProjectFolder, create
from ragcli.store.vectors import EmbeddingSet


@pytest.fixture
def folder(tmp_path: Path) -> ProjectFolder:
    made = create(tmp_path)
    Store.create(made)
    return made


@pytest.fixture
def store(folder: ProjectFolder) -> Iterator[Store]:
    opened = Store(folder)
    yield opened
    opened.close()


@pytest.fixture
def chosen(store: Store) -> EmbeddingSet:
    with store.transaction():
        chunk_set_id, _ = sets.ensure_chunk_set(store.connection, ChunkSettings(50))
        return sets.create(store.connection, chunk_set_id, IDENTITY, activate=True)
