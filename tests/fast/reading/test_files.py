"""Opening what was found in a folder: no link that takes its place leads anywhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragcli.errors import Unreadable
from ragcli.reading.child import read_bytes
from ragcli.reading.files import IsLink, NotAFile, open_regular, read_head
from ragcli.reading.walk import FoundFile, walk

NAME, DEPTH = "d" * 99, 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with ``a/b/file.txt``, beside one with a secret in the same place."""
    for name, text in (("docs", "mine"), ("secret", "not to be read")):
        (tmp_path / name / "a" / "b").mkdir(parents=True)
        (tmp_path / name / "a" / "b" / "file.txt").write_text(text)
    return tmp_path / "docs"


def test_what_is_opened_is_what_was_found(root: Path) -> None:
    (found,) = walk(root)
    assert isinstance(found, FoundFile)
    assert found.below == 3
    assert read_head(found.path, found.below) == b"mine"
    assert read_bytes(found.path, found.below)[0] == b"mine"


@pytest.mark.parametrize("swapped", ["a", "a/b", "a/b/file.txt"])
def test_a_link_in_place_of_what_was_found(root: Path, swapped: str) -> None:
    (found,) = walk(root)
    (root / swapped).rename(root / "moved")
    (root / swapped).symlink_to(root.parent / "secret" / swapped)
    assert found.path.read_text() == "not to be read", "a plain open would follow it"
    with pytest.raises(IsLink):
        open_regular(found.path, 3)
    with pytest.raises(Unreadable) as refused:
        read_bytes(found.path, 3)
    assert (refused.value.code, bool(refused.value.hint)) == ("link", True)


def test_links_at_and_above_what_was_named_are_followed(root: Path) -> None:
    (root.parent / "alias").symlink_to(root)
    (found,) = walk(root.parent / "alias")
    assert isinstance(found, FoundFile)
    assert read_bytes(found.path, found.below)[0] == b"mine"
    (root / "link.txt").symlink_to(root / "a" / "b" / "file.txt")
    (named,) = walk(root / "link.txt")
    assert isinstance(named, FoundFile)
    assert (named.below, read_bytes(named.path, named.below)[0]) == (0, b"mine")


@pytest.mark.parametrize("below", [0, 1])
def test_what_is_no_file_is_not_opened(tmp_path: Path, below: int) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path has a hundred bytes at most
        listening.bind("socket.txt")
        os.chdir(here)
        for name in ("pipe.txt", "folder.txt", "socket.txt"):
            with pytest.raises(NotAFile):
                open_regular(tmp_path / name, below)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none.txt", below)
    with pytest.raises(NotAFile):
        open_regular(Path("/dev/null"), below)


def test_no_descriptor_is_left_open(root: Path) -> None:
    def count() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    before = count()
    (root / "link").symlink_to("a")
    for path in (root / "a/b/file.txt", root / "a/none/file.txt", root / "a/b", root / "link/b/x"):
        for _ in range(3):
            try:
                os.close(open_regular(path, 2)[0])
            except OSError:
                continue
    assert count() == before


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Folders in each other, with a file at the end: no system call takes its path, of 6,000 bytes
    (3,000 folders of one letter do the same, and take ten seconds to delete)."""
    top = tmp_path / "deep"
    top.mkdir()
    at = os.open(top, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir(NAME, dir_fd=at)
        inner = os.open(NAME, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    end = os.open("end.txt", os.O_WRONLY | os.O_CREAT, dir_fd=at)
    os.write(end, b"the end")
    os.close(end)
    yield top
    # From the inside out: pytest's own cleaning recurses.
    os.unlink("end.txt", dir_fd=at)
    for _ in range(DEPTH):
        outer = os.open("..", os.O_RDONLY, dir_fd=at)
        os.close(at)
        os.rmdir(NAME, dir_fd=outer)
        at = outer
    os.close(at)


def test_a_tree_deeper_than_a_path_can_be_long(deep: Path) -> None:
    """It ends with a reason where no path leads on; what is named from there can be read."""
    *_, last = walk(deep)
    assert not isinstance(last, FoundFile)
    assert (last.reason, last.detail) == ("unreadable", "file name too long")
    assert 4000 < len(str(last.path)) < 4200
    end = deep.joinpath(*[NAME] * DEPTH, "end.txt")
    with pytest.raises(OSError, match="too long"):
        end.stat()
    assert read_bytes(end, DEPTH + 1)[0] == b"the end"
