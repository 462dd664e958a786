"""What the disk under a project can do, and what is refused on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli import Rag
from ragcli.errors import RagError, UsageError
from ragcli.store import filesystem

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / {root}/share rw,relatime shared:7 - nfs4 server:/export rw,vers=4.2
41 40 8:1 / {root}/share/local rw,relatime - xfs /dev/sda1 rw
42 27 0:41 / {root}/my\\040drive rw,relatime - fuse.sshfs host: rw
43 27 0:42 / {root}/twice rw,relatime - cifs //host/a rw
44 27 8:2 / {root}/twice rw,relatime - btrfs /dev/sdb rw
"""


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    listed = tmp_path / "mountinfo"
    listed.write_text(MOUNTS.format(root=tmp_path))
    monkeypatch.setattr(filesystem, "_MOUNTS", listed)
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("share", "nfs4"),
        ("share/deep/er", "nfs4"),
        ("shared", None),
        ("share/local/deep", None),
        ("my drive/x", "fuse.sshfs"),
        ("twice", None),
        ("", None),
    ],
)
def test_the_deepest_mount_says_the_type(mounts: Path, folder: str, kind: str | None) -> None:
    assert filesystem.network_type(mounts / folder) == kind


def test_disks_deeper_inside_are_named(mounts: Path) -> None:
    share = mounts / "share"
    found = filesystem.disks_within(share)
    assert found == {share: "nfs4 server:/export /", share / "local": "xfs /dev/sda1 /"}
    assert set(filesystem.disks_within(mounts)) == {
        mounts / name for name in ("", "share", "share/local", "my drive", "twice")
    }
    assert filesystem.disks_within(mounts)[mounts / "twice"] == "btrfs /dev/sdb /"


def test_a_link_is_judged_by_where_it_leads(mounts: Path) -> None:
    (mounts / "share").mkdir()
    (mounts / "link").symlink_to(mounts / "share")
    assert filesystem.network_type(mounts / "link") == "nfs4"


def test_a_system_that_does_not_say_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "_MOUNTS", tmp_path / "nowhere")
    assert filesystem.network_type(tmp_path) is None


def test_no_project_is_made_or_opened_on_a_network(mounts: Path) -> None:
    share = mounts / "share"
    share.mkdir()
    with pytest.raises(UsageError, match="nfs4") as refused:
        Rag.create(share)
    assert "--project" in refused.value.hint
    assert not list(share.iterdir())
    with Rag.create(mounts / "here") as rag:
        assert rag.store.is_empty()
    (mounts / "here").rename(share / "moved")
    with Rag.open(share / "moved") as rag, pytest.raises(UsageError, match="nfs4"):
        rag.status()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_project_that_cannot_be_written_answers_and_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("The boiler is in the cellar.")
    with Rag.create(tmp_path, model="fake:64") as rag:
        rag.ingest([tmp_path / "docs"])
    (index,) = (tmp_path / ".rag").glob("*.faiss")
    index.write_bytes(b"damaged")  # which a project that can be written would mend
    before = everything(tmp_path)
    monkeypatch.setattr(filesystem, "is_writable", lambda path: False)
    with Rag.open(tmp_path) as rag:
        assert rag.query("boiler").passages[0].text == "The boiler is in the cellar."
        assert rag.status().chunks == 1
        assert rag.show("docs/a.txt").text == "The boiler is in the cellar."
        with pytest.raises(RagError):
            rag.remove(["docs/a.txt"])
    after = everything(tmp_path)
    assert {n: b for n, b in after.items() if n in before} == before


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Rag.create(tmp_path, model="fake:64") as rag:
        rag.store.set_fact("a", "b")
        log = tmp_path / ".rag" / "store.sqlite-wal"
        left = log.read_bytes()
    assert left
    log.write_bytes(left)  # as a writer that was killed leaves it, without its shared memory
    monkeypatch.setattr(filesystem, "is_writable", lambda path: False)
    with Rag.open(tmp_path) as rag:
        try:
            assert rag.store.fact("a") == "b"  # root may make the shared memory all the same
        except RagError as error:
            assert "log" in error.message and "rag status" in error.hint
