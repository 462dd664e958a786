"""What was replaced is kept, and comes back; other writers get in while a set grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.project import FILES, embeddings, top, write
from ragcli_fake import FakeEmbedder

from ragcli import Rag, providers
from ragcli.domain import Embedder, Event
from ragcli.errors import ModelMismatch, ProviderUnavailable, UsageError
from ragcli.recipes import growth
from ragcli.store import sets


def passages(rag: Rag) -> list[tuple[str, int, str]]:
    return [(p.source, p.char_start, p.text) for p in rag.query("warranty of batteries").passages]


def rows(rag: Rag) -> dict[str, Any]:
    """What the active set consists of, without the numbers that it has."""
    connection = rag.store.connection
    chosen = sets.active(connection)
    assert chosen is not None
    chunks = connection.execute(
        "SELECT d.content_hash, c.char_start, c.char_end, c.headings, e.vector FROM chunks c"
        " JOIN documents d ON d.id = c.document_id"
        " LEFT JOIN embeddings e ON e.embed_hash = c.embed_hash AND e.set_id = ?"
        " WHERE c.chunk_set_id = ? ORDER BY 1, 2",
        (chosen.id, chosen.chunk_set_id),
    )
    return {"model": chosen.identity.name, "chunks": chunks.fetchall()}


def test_a_switch_can_be_taken_back_and_done_again(rag: Rag, home: Path) -> None:
    write(home / ".rag/config.toml", 'model = "fake:64"\n')
    (home / ".rag/config.toml").chmod(0o600)
    before = passages(rag), rows(rag)
    switched = rag.reembed("fake:128")
    assert switched.switched and switched.kept is not None
    assert (switched.kept.model, rag.status().kept) == ("fake:64", switched.kept)
    assert switched.kept.size_bytes > 3 * 64 * 4
    after = passages(rag), rows(rag)
    back = rag.rollback()
    assert (back.model, back.old_model, back.embedded_chunks) == ("fake:64", "fake:128", 0)
    assert (passages(rag), rows(rag)) == before
    assert (home / ".rag/config.toml").read_text() == 'model = "fake:64"\n'
    assert rag.doctor(deep=True).healthy
    assert rag.rollback().model == "fake:128"
    assert (passages(rag), rows(rag)) == after
    assert rag.store.connection.execute("SELECT count(*) FROM index_files").fetchone() == (1,)


@pytest.mark.parametrize("change", [{"model": "fake:128"}, {"chunk_tokens": 16}])
def test_rollback_embeds_only_what_came_since(
    rag: Rag, home: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    rag.reembed(**change)
    write(home / "docs/new.txt", "a file that came after the switch\n")
    write(home / "docs/notes.txt", "another text about batteries\n")
    (home / "docs/sub/deep.txt").unlink()
    rag.ingest(allow_removals=True)
    back = rag.rollback()
    assert (back.chunks, back.embedded_chunks) == (3, 2)
    assert top(rag, "came after the switch") == "docs/new.txt"
    assert rag.doctor(deep=True).healthy and not rag.query("switch").warnings
    with Rag.create(tmp_path / "clean", model="fake:64") as clean:
        clean.ingest([home / "docs"])
        assert rows(rag) == rows(clean)


def test_rollback_needs_no_model_when_nothing_came(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag.reembed("fake:128")

    def gone(name: str, settings: object) -> Embedder:
        raise ProviderUnavailable("the server is gone", "start it")

    monkeypatch.setattr(providers, "embedder", gone)
    with Rag.open(home) as again:
        assert again.rollback().model == "fake:64"
        assert again.query("warranty", mode="keyword").passages


def test_a_model_that_changed_behind_its_name_does_not_come_back(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag.reembed("fake:128")
    write(home / "docs/new.txt", "a file that came after the switch\n")
    rag.ingest()
    monkeypatch.setenv("FAKE_WEIGHTS", "others")
    with Rag.open(home) as again:
        with pytest.raises(ModelMismatch, match="fake:64"):
            again.rollback()
        assert again.status().kept is not None
    monkeypatch.delenv("FAKE_WEIGHTS")
    assert rag.rollback().embedded_chunks == 1


def test_nothing_to_go_back_to(rag: Rag) -> None:
    with pytest.raises(UsageError, match="no earlier model"):
        rag.rollback()
    rag.reembed()  # the same model anew: nothing to come back for
    assert rag.status().kept is None and len(embeddings(rag)) == 3


def test_one_set_is_kept_until_the_next_switch(rag: Rag) -> None:
    rag.reembed("fake:128")
    rag.reembed("fake:32")
    kept = rag.status().kept
    assert kept is not None and kept.model == "fake:128"
    rag.reembed()
    assert rag.status().kept == kept  # of the same model anew there is nothing to keep
    again = rag.reembed("fake:128")
    assert again.switched and again.embedded_chunks == 0  # they were kept
    assert rag.rollback().model == "fake:32"


def test_forgetting_leaves_nothing_but_the_active_set(rag: Rag) -> None:
    rag.reembed("fake:128", chunk_tokens=16)
    assert rag.forget_kept() == ("fake:64",)
    assert rag.status().kept is None and rag.forget_kept() == ()
    connection = rag.store.connection
    for table in ("embedding_sets", "chunk_sets"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)
    (others,) = connection.execute(
        "SELECT count(*) FROM embeddings WHERE length(vector) != 128 * 4"
    ).fetchone()
    assert others == 0
    assert rag.doctor(deep=True).healthy


def test_a_new_set_takes_over_nothing_that_was_noted_of_an_old_one(rag: Rag) -> None:
    rag.reembed("fake:128")
    rag.rollback()
    rag.forget_kept()
    facts = rag.store.connection.execute("SELECT key FROM facts WHERE key GLOB 'chance_*'")
    chosen = sets.active(rag.store.connection)
    assert chosen is not None and facts.fetchall() == [(f"chance_{chosen.id}",)]


def test_an_ingest_gets_in_while_a_set_grows(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        write(home / f"docs/more-{number}.txt", f"text number {number}\n")
    rag.ingest()
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 1)
    monkeypatch.setenv("FAKE_DELAY_S", "0.02")
    monkeypatch.setattr(growth, "TURN_S", 0.05)
    turns: list[str | None] = []

    def another(seconds: float) -> None:
        """What cron does between two turns."""
        write(home / f"docs/between-{len(turns)}.txt", f"this came between, {len(turns)}\n")
        with Rag.open(home, wait_s=0) as other:
            report = other.ingest()
            assert report.added == 1
            turns.append(other.query("came between").model)

    monkeypatch.setattr(growth, "sleep", lambda s: another(s) if len(turns) < 2 else None)
    told: list[tuple[int, int]] = []
    done = rag.reembed(
        "fake:128",
        listener=lambda e: told.append((e.done, e.total)) if e.kind == "embedding" else None,
    )
    assert turns == ["fake:64", "fake:64"] and done.switched
    assert done.chunks == len(FILES) + 8 == done.embedded_chunks
    assert told == sorted(told) and told[-1] == (done.chunks, done.chunks)
    assert rag.query("came between, 1").model == "fake:128"
    assert rag.doctor(deep=True).healthy
    assert rag.rollback().embedded_chunks == 0


def test_chunks_of_a_setting_alone_can_come_back(rag: Rag, home: Path) -> None:
    write(home / "docs/long.txt", "".join(f"Sentence number {n} is here.\n\n" for n in range(60)))
    rag.ingest()
    with Rag.open(home, chunk_tokens=16) as other:
        done = other.reembed()
        assert done.recut and done.kept is not None and done.kept.chunk_tokens == 128
        again = other.reembed()  # nothing is to change: all anew
        assert not again.recut and again.kept == done.kept
    assert rag.rollback().chunk_tokens == 128
    assert rag.doctor(deep=True).healthy


def test_what_an_earlier_run_did_is_told(rag: Rag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 1)
    monkeypatch.setattr("ragcli.recipes.backlog.COMMIT_EVERY_S", 0.0)

    def stop(event: Event) -> None:
        if event.kind == "embedding" and event.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rag.reembed("fake:128", listener=stop)
    notes: list[str] = []
    assert rag.reembed("fake:128", listener=lambda e: notes.append(e.message)).switched
    assert "1 of 3 chunks are embedded already" in notes


def test_two_that_switch_to_the_same_share_the_work(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEmbedder, "batch_texts", 1)
    monkeypatch.setattr(growth, "TURN_S", 0.0)
    others: list[int] = []

    def another(seconds: float) -> None:
        monkeypatch.setattr(growth, "TURN_S", 60.0)
        with Rag.open(home) as other:
            others.append(other.reembed("fake:128").embedded_chunks)

    monkeypatch.setattr(growth, "sleep", another)
    done = rag.reembed("fake:128")
    assert others == [3] and (done.changed, done.embedded_chunks) == (False, 0)
    assert rag.query("warranty").model == "fake:128"
    kept = rag.status().kept
    assert kept is not None and kept.model == "fake:64"


def test_a_store_of_format_2_is_migrated(rag: Rag, home: Path) -> None:
    rag.store.connection.execute("ALTER TABLE embedding_sets DROP COLUMN replaced_at")
    rag.store.connection.execute("PRAGMA user_version = 2")
    rag.close()
    with Rag.open(home, model="fake:64") as again:
        assert again.reembed("fake:128").kept is not None
        assert again.rollback().model == "fake:64"
        assert again.doctor(deep=True).healthy
