"""A project as one file, and a project at another place."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.project import change, changes, failing, sources, top, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragcli import Rag, private, trials
from ragcli.errors import ProjectCorrupt, ProjectIncompatible, RagError, UsageError
from ragcli.recipes import own_questions, runs, self_made
from ragcli.recipes.evaluate import prepare
from ragcli.store.archive import MANIFEST, SCHEMA
from ragcli.trust import Trust


@pytest.fixture
def full(rag: Rag, home: Path) -> Rag:
    """With documents outside its folder, settings, questions and a saved run."""
    write(home.parent / "manuals/pump.md", "# Pump\n\nThe pump needs oil every spring.\n")
    rag.ingest([home.parent / "manuals"])
    private.write_text(home / ".rag/config.toml", "top_k = 3\n")
    outside = str(home.parent / "manuals/pump.md")
    own_questions.add(rag.folder, "oil?", [own_questions.place_named(rag.store, f"{outside}:3")])
    done = trials.evaluate(rag, prepare(rag.store, self_made.questions(rag.store)))
    runs.save(rag.folder.evaluations, "before", runs.as_object([("before", done)]))
    return rag


def imported(archive: Path, place: Path) -> Rag:
    place.mkdir(parents=True, exist_ok=True)
    Rag.import_archive(archive, place)
    Trust(place).give()
    return Rag.open(place)


def contents(archive: Path) -> bytes:
    """Every byte of the members, and their names."""
    with zipfile.ZipFile(archive) as opened:
        return b"".join(name.encode() + opened.read(name) for name in opened.namelist())


def test_a_project_travels_as_one_file(full: Rag, home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.rag"
    write(home / ".rag/config.toml", 'top_k = 3\nopenai_api_key = "sk-travels-never"\n')
    done = full.export(archive)
    assert (done.files, done.chunks, done.size_bytes) == (4, 4, archive.stat().st_size)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".backup")] == []
    assert b"sk-travels-never" not in contents(archive)
    full.export(archive)  # an earlier one is replaced
    place = tmp_path / "elsewhere"
    with imported(archive, place) as there:
        assert sources(there) == sources(full)
        for question in ("warranty", "batteries", "oil"):
            mine = full.query(question, top_k=3).passages
            theirs = there.query(question).passages
            assert [(p.source, p.text, p.score) for p in theirs] == [
                (p.source, p.text, p.score) for p in mine
            ]
        assert there.settings.top_k == 3
        assert own_questions.read(there.folder).questions == (
            own_questions.read(full.folder).questions
        )
        assert runs.load(there.folder.evaluations, "before").metrics
        assert failing(there) == set()
        assert there.store.opened_index is not None and not there.store.opened_index.to_mend
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (place / ".rag").rglob("*") if p.is_file()}
    assert modes == {0o600}
    assert [p.name for p in place.iterdir()] == [".rag"]


def test_an_imported_project_is_not_trusted_also_where_another_was(
    rag: Rag, home: Path, tmp_path: Path
) -> None:
    rag.export(tmp_path / "a.rag")
    shutil.rmtree(home / ".rag")
    assert Trust(home).given
    Rag.import_archive(tmp_path / "a.rag", home)
    assert not Trust(home).given
    with Rag.open(home) as again, pytest.raises(ProjectIncompatible, match="not trusted"):
        again.query("warranty")


def test_an_export_beside_a_writer_holds_one_state(rag: Rag, home: Path, tmp_path: Path) -> None:
    with Rag.open(home) as writer, writer.store.writing(0):
        writer.store.connection.execute("BEGIN IMMEDIATE")
        writer.store.connection.execute("DELETE FROM chunks")
        rag.export(tmp_path / "a.rag")
        writer.store.connection.execute("ROLLBACK")
    with imported(tmp_path / "a.rag", tmp_path / "b") as there:
        assert there.store.counts() == rag.store.counts()


def test_what_was_removed_is_not_in_it(full: Rag, home: Path, tmp_path: Path) -> None:
    full.remove(["docs/notes.txt"])
    stored = (home / ".rag/store.sqlite").read_bytes() + (
        home / ".rag/store.sqlite-wal"
    ).read_bytes()
    assert b"batteri" in stored and b"notes.txt" in stored
    full.export(tmp_path / "a.rag")
    (home / ".rag/questions.jsonl").unlink()
    with zipfile.ZipFile(tmp_path / "a.rag") as opened:
        exported = opened.read("store.sqlite")
    assert b"batteri" not in exported and b"notes.txt" not in exported


def test_paths_outside_can_be_relative(full: Rag, home: Path, tmp_path: Path) -> None:
    full.export(tmp_path / "a.rag", paths="relative")
    assert os.fsencode(tmp_path) not in contents(tmp_path / "a.rag")
    shutil.copytree(home / "docs", tmp_path / "new/home/docs")
    shutil.copytree(home.parent / "manuals", tmp_path / "new/manuals")
    with imported(tmp_path / "a.rag", tmp_path / "new/home") as there:
        moved = str(tmp_path / "new/manuals/pump.md")
        assert moved in sources(there)
        (passage, *_) = there.query("oil").passages
        assert (passage.source, passage.stale) == (moved, False)
        (question,) = own_questions.read(there.folder).questions
        assert question.relevant[0].file == moved
        assert changes(there.ingest()) == {"unchanged": 4}
        assert failing(there) == set()


def test_paths_can_be_left_out(full: Rag, home: Path, tmp_path: Path) -> None:
    write(home / "docs/document-1.md", "a file that is called like another's number\n")
    write(home / "docs/secretname.txt", "text under a telling name\n")
    full.ingest()
    full.export(tmp_path / "a.rag", paths="none")
    found = contents(tmp_path / "a.rag")
    for word in (os.fsencode(tmp_path), b"pump.md", b"secretname", b"docs/", b"manuals", b"batter"):
        assert (word in found.lower()) == (word == b"batter")
    assert b"device_" not in found
    with imported(tmp_path / "a.rag", tmp_path / "b") as there:
        assert len(sources(there)) == 6 and all(s.startswith("document-") for s in sources(there))
        assert "oil" in there.query("pump oil").passages[0].text
        assert not there.query("secretname", mode="keyword").passages
        assert failing(there) == set()


# ------------------------------------------------------------------ damage and malice


def test_nothing_is_overwritten(rag: Rag, home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    wrong = (tmp_path / "mine.txt", home / ".rag/a.rag", tmp_path, tmp_path / "no/where")
    for target in (*wrong, Path("/dev/full")):  # which can be read without an end
        with pytest.raises(UsageError):
            rag.export(target)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    rag.export(tmp_path / "a.rag")
    with pytest.raises(UsageError, match="is a project already"):
        Rag.import_archive(tmp_path / "a.rag", home)
    assert Trust(home).given
    with pytest.raises(UsageError, match="is no file"):
        Rag.import_archive(tmp_path / "b.rag", tmp_path / "b")


@pytest.fixture
def archive(rag: Rag, tmp_path: Path) -> Path:
    rag.export(tmp_path / "a.rag")
    return tmp_path / "a.rag"


def state_of(archive: Path, place: Path) -> object:
    """What the imported project holds; None where it is refused, and then nothing is there."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        Rag.import_archive(archive, place)
    except RagError as error:
        assert error.exit_code in (2, 12, 13) and error.hint
        assert list(place.iterdir()) == []
        return None
    with sqlite3.connect(place / ".rag/store.sqlite") as connection:
        found = [list(connection.execute(f"SELECT * FROM {t}")) for t in ("texts", "files")]
    connection.close()
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_archive_is_refused(archive: Path, data: st.DataObject) -> None:
    """A flipped byte, a cut, bytes behind: what is imported is what was exported, or nothing."""
    whole = archive.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(
        st.sampled_from(
            [
                whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :],
                whole[:place],
                whole[place:],
                whole[:place] + whole[place + 1 :],
                whole[:place] + b"\0" * 64 + whole[place + 64 :],
            ]
        )
    )
    copy = archive.with_name("damaged.rag")
    copy.write_bytes(damaged)
    found = state_of(copy, archive.with_name("place"))
    assert found is None or found == state_of(archive, archive.with_name("place"))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_any_bytes_are_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.rag").write_bytes(data)
    assert state_of(folder / "any.rag", folder / "any") is None


Forge = Callable[[dict[str, bytes], dict[str, Any]], None]


def forged(archive: Path, forge: Forge, *, extra: tuple[str, ...] = (), **info: Any) -> Path:
    """The archive, its members and its manifest changed by hand, hashes as they should be."""
    from hashlib import sha256

    with zipfile.ZipFile(archive) as opened:
        members = {n: opened.read(n) for n in opened.namelist() if n != MANIFEST}
        manifest = json.loads(opened.read(MANIFEST))
    manifest["members"] = {}
    forge(members, manifest)
    for name, data in members.items():
        about = {"size_bytes": len(data), "sha256": sha256(data).hexdigest()}
        manifest["members"].setdefault(name, about)
    target = archive.with_name("forged.rag")
    with zipfile.ZipFile(target, "w") as out:
        for name, data in [*members.items(), *((n, b"x") for n in extra)]:
            entry = zipfile.ZipInfo(name)
            for key, value in info.items():
                setattr(entry, key, value)
            out.writestr(entry, data)
        out.writestr(MANIFEST, json.dumps(manifest))
    return target


def with_sql(*statements: str) -> Forge:
    def forge(members: dict[str, bytes], _: dict[str, Any]) -> None:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(_rollback_mode(members["store.sqlite"]))
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        members["store.sqlite"] = connection.serialize()
        connection.close()

    return forge


def _rollback_mode(data: bytes) -> bytes:
    """A database in memory has no log."""
    return data[:18] + b"\1\1" + data[20:]


def named(name: str) -> Forge:
    return lambda members, _: members.update({name: b"x"})


MALICE: dict[str, Forge] = {
    "above": named("../../.bashrc"),
    "absolute": named("/etc/passwd"),
    "inside": named("evaluations/../../x.json"),
    "another file": named("vectors-1.faiss"),
    "a hook": named(".gitignore"),
    "newer": lambda _, manifest: manifest.update(schema="ragcli.archive/2"),
    "another's": lambda _, manifest: manifest.update(schema="other/1"),
    "no members": lambda members, _: members.clear(),
    "a huge size": lambda _, manifest: manifest["members"].update(
        {"store.sqlite": {"size_bytes": 1 << 60, "sha256": "0"}}
    ),
    "a wrong size": lambda _, manifest: manifest["members"].update(
        {"store.sqlite": {"size_bytes": 10, "sha256": "0"}}
    ),
    "a wrong hash": lambda members, manifest: manifest["members"].update(
        {"store.sqlite": {"size_bytes": len(members["store.sqlite"]), "sha256": "0" * 64}}
    ),
    "no store": lambda members, _: members.pop("store.sqlite") and None,
    "another database": lambda members, _: members.update({"store.sqlite": b"SQLite format 3\0"}),
    "a key": lambda members, _: members.update({"config.toml": b'openai_api_key = "sk"'}),
    "no settings": lambda members, _: members.update({"config.toml": b"\xff = ["}),
    "a trigger": with_sql(
        "CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM documents; END"
    ),
    "a changed trigger": with_sql(
        "DROP TRIGGER chunk_removed",
        "CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN DELETE FROM texts; END",
    ),
    "a view": with_sql("CREATE VIEW v AS SELECT * FROM facts"),
    "a virtual table": with_sql("CREATE VIRTUAL TABLE t USING fts5 (x)"),
    "a future format": with_sql("PRAGMA user_version = 99"),
    "another application": with_sql("PRAGMA application_id = 1"),
}


@pytest.mark.parametrize("malice", MALICE)
def test_malice_is_refused(archive: Path, malice: str) -> None:
    assert state_of(forged(archive, MALICE[malice]), archive.with_name("place")) is None


def test_an_untouched_forgery_is_taken(archive: Path) -> None:
    """What the refusals above are measured against."""
    assert state_of(forged(archive, with_sql()), archive.with_name("place")) is not None


def test_names_that_no_manifest_names_and_double_ones(archive: Path) -> None:
    place = archive.with_name("place")
    for extra in (("../x",), ("config.toml",)):
        assert state_of(forged(archive, lambda *_: None, extra=extra), place) is None
    with pytest.warns(UserWarning, match="Duplicate"):
        double = forged(archive, lambda *_: None, extra=("store.sqlite",))
    assert state_of(double, place) is None


def test_a_link_becomes_a_file(archive: Path) -> None:
    """What a zip says of a member's kind is never followed."""
    linked = forged(archive, lambda *_: None, external_attr=0o120777 << 16)
    assert state_of(linked, archive.with_name("place")) is not None
    assert not (archive.with_name("place") / ".rag/store.sqlite").is_symlink()


def test_a_bomb_ends_where_its_manifest_says(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = forged(
        archive, lambda members, _: members.update({"questions.jsonl": b"\0" * 10_000_000})
    )
    small = shutil.disk_usage("/")._replace(free=5_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: small)
    with pytest.raises(RagError, match="unpacks to"):
        Rag.import_archive(big, archive.parent / "b")


def test_an_import_that_was_killed_leaves_no_project(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "b"
    write(place / ".rag.new/.rag/store.sqlite", "half of one")
    write(place / ".rag.new/lock", "")
    with monkeypatch.context() as patch:
        patch.setattr("ragcli.store.travel.check_foreign", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Rag.import_archive(archive, place)
    assert list(place.iterdir()) == []
    with imported(archive, place) as there:
        assert top(there, "warranty") == "docs/guide.md"


# ------------------------------------------------------------------ copied and moved


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_folder_works_at_its_new_place(
    full: Rag, home: Path, tmp_path: Path, how: Callable[[Path, Path], object]
) -> None:
    full.close()
    place = tmp_path / "deep/new"
    place.parent.mkdir()
    how(home, place)
    Trust(place).give()
    with Rag.open(place) as there:
        (passage, *_) = there.query("warranty").passages
        assert (passage.source, passage.stale) == ("docs/guide.md", False)
        assert [p.stale for p in there.query("oil").passages[:1]] == [False]  # where it was
        assert changes(there.ingest()) == {"unchanged": 4}
        write(place / "docs/notes.txt", "other words\n")
        assert changes(there.ingest()) == {"updated": 1, "unchanged": 3, "embedded_chunks": 1}
        assert failing(there) == set()


def test_a_plain_copy_has_other_times_and_the_same_text(
    full: Rag, home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "new"
    shutil.copytree(home, place, copy_function=shutil.copyfile)
    change(full, "DELETE FROM files")
    Trust(place).give()
    with Rag.open(place) as there:
        assert top(there, "warranty") == "docs/guide.md"
        assert changes(there.ingest()) == {"unchanged": 4}
        assert there.status().stale == 0


def test_the_schema_of_the_manifest(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        manifest = json.loads(opened.read(MANIFEST))
    assert manifest["schema"] == SCHEMA
    assert (manifest["paths"], manifest["model"], manifest["files"]) == ("keep", "fake:64", 3)


def test_a_damaged_member_is_named(archive: Path) -> None:
    bad = forged(archive, MALICE["a wrong hash"])
    with pytest.raises(ProjectCorrupt, match=r"store\.sqlite has other contents") as caught:
        Rag.import_archive(bad, archive.parent / "b")
    assert "copy it again" in caught.value.hint
