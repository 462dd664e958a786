"""The store alone: what is written is found, filtered, removed; one writer, many readers."""

from __future__ import annotations

import numpy as np
import pytest
from fakes.stored import (
    DIMENSION,
    drop,
    embed,
    found_by,
    put,
    verify_keyword,
)

from ragcli.domain import Block, Document, Filter, Page
from ragcli.errors import ProjectLocked
from ragcli.store import Store, filters, keyword, lock, texts
from ragcli.store.folder import ProjectFolder
from ragcli.store.rows import label_of, structure_of
from ragcli.store.vectors import EmbeddingSet

# ------------------------------------------------------------------ documents and chunks


def test_a_document_comes_back_as_it_was_read(store: Store, chosen: EmbeddingSet) -> None:
    document = Document(
        text="Title\n\nOne 敏捷\r\nTwo \x0bx",
        format="pdf",
        blocks=(Block("heading", 0, 5, 1, "Title"), Block("paragraph", 7, 20)),
        pages=(Page(1, 0, 7), Page(2, 7, 20)),
        title="Title",
        language="en",
        date="2020-01-02",
        metadata={"author": "Curie"},
    )
    with store.transaction():
        made = store.put_document("h", 1, document, chosen.chunk_set_id, [], "a.txt")
    assert store.document(made) == document


def test_a_text_of_several_slices_is_read_in_parts(store: Store, chosen: EmbeddingSet) -> None:
    text = "".join(chr(0x4E00 + i % 5000) for i in range(3 * texts.TEXT_SLICE - 7))
    with store.transaction():
        made = store.put_document("h", 1, Document(text, "text"), chosen.chunk_set_id, [], "a.txt")
    edge = texts.TEXT_SLICE
    for start, end in ((0, 5), (edge - 2, edge + 2), (edge, 2 * edge), (2 * edge + 1, len(text))):
        assert texts.read(store.connection, made, start, end) == text[start:end]


def test_equal_files_are_stored_once_and_cited_by_the_first(
    store: Store, chosen: EmbeddingSet
) -> None:
    one = put(store, chosen, "birch.txt", "the same words")
    two = put(store, chosen, "acorn.txt", "the same words")
    assert one == two and store.counts()["chunks"] == 1
    files = store.files_of(one, Filter())
    assert [f.source for f in files] == ["acorn.txt", "birch.txt"]
    assert found_by(store, chosen, "acorn.txt") == ["acorn.txt"]
    assert drop(store, "acorn.txt") is False
    assert found_by(store, chosen, "same") == ["birch.txt"]
    assert found_by(store, chosen, "acorn") == []
    assert drop(store, "birch.txt") is True
    assert store.counts()["documents"] == 0


def test_halve_chunk_keeps_every_word_findable(store: Store, chosen: EmbeddingSet) -> None:
    put(store, chosen, "a.txt", "alpha beta gamma delta")
    (whole,) = store.chunks_of(1, chosen.chunk_set_id)
    with store.transaction():
        halves = store.halve_chunk(whole.id)
    chunks = [r.chunk for r in store.passages(halves)]
    assert [c.text for c in chunks] == ["alpha beta", "gamma delta"]
    assert found_by(store, chosen, "delta") == ["a.txt"]
    assert not verify_keyword(store)


# ------------------------------------------------------------------ keyword index


def vocabulary(store: Store, chosen: EmbeddingSet) -> set[str]:
    name = keyword.table_name(chosen.chunk_set_id)
    return {r[0] for r in store.connection.execute(f"SELECT term FROM {name}_terms")}


def test_a_removal_leaves_no_term_behind(store: Store, chosen: EmbeddingSet) -> None:
    put(store, chosen, "keep.txt", "kept words")
    before = vocabulary(store, chosen)
    put(store, chosen, "gone.md", "vanishing 敏捷的狐狸 foo_bar\n\nE1234 second", title="Old title")
    assert vocabulary(store, chosen) > before
    assert drop(store, "gone.md") is True
    assert vocabulary(store, chosen) == before
    assert verify_keyword(store) == []


def test_other_terms_are_rebuilt_by_the_next_writer(store: Store, chosen: EmbeddingSet) -> None:
    put(store, chosen, "a.txt", "warranty")
    name = keyword.table_name(chosen.chunk_set_id)
    with store.transaction():
        store.set_fact("terms_version", "0")
        store.connection.execute(f"INSERT INTO {name} ({name}) VALUES ('delete-all')")
    assert found_by(store, chosen, "warranty") == []
    with store.writing(wait_s=0):
        assert found_by(store, chosen, "warranty") == ["a.txt"]
    assert keyword.is_current(store.connection)


# ------------------------------------------------------------------ filters

DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (Filter(), {"docs/a.md", "docs/sub/b.txt", "c.txt"}),
        (Filter(path="docs/*"), {"docs/a.md", "docs/sub/b.txt"}),
        (Filter(path="*.txt"), {"docs/sub/b.txt", "c.txt"}),
        (Filter(format="markdown"), {"docs/a.md"}),
        (Filter(language="zh"), {"c.txt"}),
        (Filter(since="2020-01-01"), {"docs/a.md", "c.txt"}),
        (Filter(until="2020-05-05"), {"docs/a.md", "docs/sub/b.txt"}),
        (Filter(since="2020-05-05", until="2020-05-05"), {"docs/a.md"}),
        (Filter(where=(("author", "Curie"),)), {"docs/a.md"}),
        (Filter(where=(("author", "Curie"), ("year", "1"))), set()),
        (Filter(where=(("tags", "radium"),)), {"docs/a.md"}),
        (Filter(where=(("tags", "rad"),)), set()),
        (Filter(path="docs/*", format="text"), {"docs/sub/b.txt"}),
    ],
)
def test_filters_act_in_both_halves(
    store: Store, chosen: EmbeddingSet, only: Filter, expected: set[str]
) -> None:
    facts = {"author": "Curie", "tags": "physics, radium"}
    own = {"format": "markdown", "date": "2020-05-05", "metadata": facts}
    put(store, chosen, "docs/a.md", "shared one", **own)
    put(store, chosen, "docs/sub/b.txt", "shared two", mtime_ns=10 * DAY_NS)  # 1970
    put(store, chosen, "c.txt", "shared three", language="zh", mtime_ns=20_000 * DAY_NS)  # 2024
    embed(store, chosen)
    assert set(found_by(store, chosen, "shared", only)) == expected
    query = np.ones(DIMENSION, np.float32)
    rows = store.passages([i for i, _ in store.search_dense(query, 10, only)])
    assert {store.files_of(r.document_id, only)[0].source for r in rows} == expected


def test_a_filter_selects_the_chunks_of_halved_documents_too(
    store: Store, chosen: EmbeddingSet
) -> None:
    put(store, chosen, "a.txt", "alpha beta\n\ngamma delta\n\nlast words")
    put(store, chosen, "b.txt", "other words")
    with store.transaction():
        halves = store.halve_chunk(2)
    found = filters.chunk_ids(store.connection, Filter(path="a*"), chosen.chunk_set_id)
    assert sorted(found.tolist()) == [1, 3, *halves]
    none = filters.chunk_ids(store.connection, Filter(path="x*"), chosen.chunk_set_id)
    assert none.tolist() == []


# ------------------------------------------------------------------ one writer, many readers


def test_a_snapshot_does_not_see_later_commits(
    folder: ProjectFolder, store: Store, chosen: EmbeddingSet
) -> None:
    put(store, chosen, "a.txt", "first")
    reader = Store(folder)
    with reader.snapshot():
        assert reader.counts()["files"] == 1
        put(store, chosen, "b.txt", "second")
        assert reader.counts()["files"] == 1
        assert found_by(reader, chosen, "second") == []
    assert reader.counts()["files"] == 2
    reader.close()


def test_a_transaction_that_fails_leaves_nothing(store: Store, chosen: EmbeddingSet) -> None:
    with pytest.raises(KeyError), store.transaction():
        store.put_document("h", 1, Document("text", "text"), chosen.chunk_set_id, [], "a.txt")
        raise KeyError
    assert store.counts()["documents"] == 0


def test_the_lock_says_who_and_is_free_afterwards(folder: ProjectFolder, store: Store) -> None:
    with store.writing(wait_s=0):
        other = Store(folder)
        told = r"writing to this project \(pid \d+ on .*for 0 s"
        with pytest.raises(ProjectLocked, match=told), other.writing(wait_s=0):
            pass
        assert "pid" in (lock.holder(folder.lock) or "")
        other.close()
    assert lock.holder(folder.lock) is None
    with store.writing(wait_s=0):
        pass


def test_a_pages_label_is_found_behind_any_blocks() -> None:
    hostile = '"pages":[[2,0,1,"no"]]'
    document = Document(
        text="abc",
        format="pdf",
        blocks=(Block("heading", 0, 1, 1, hostile),),
        pages=(Page(1, 0, 1), Page(2, 1, 2, "iv"), Page(4, 2, 3, hostile)),
    )
    structure = structure_of(document)
    assert [label_of(structure, n) for n in (1, 2, 3, 4)] == [None, "iv", None, hostile]
    assert label_of(structure_of(Document("a", "text")), 1) is None
