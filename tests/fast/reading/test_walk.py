"""Which files are found, and why the others are not."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from ragcli.reading.ignoring import Rule, without_backtracking
from ragcli.reading.walk import FoundFile, SkippedFile, walk


def tree(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def found(root: Path) -> list[str]:
    return [str(f.path.relative_to(root)) for f in walk(root) if isinstance(f, FoundFile)]


def skipped(root: Path) -> dict[str, str]:
    return {
        str(f.path.relative_to(root)): f.reason for f in walk(root) if isinstance(f, SkippedFile)
    }


def test_finds_files_in_order_with_size_and_time(tmp_path: Path) -> None:
    tree(tmp_path, {"b.txt": "bb", "a/z.md": "z", "a/b/c.py": "c", "README": "no suffix"})
    assert found(tmp_path) == ["README", "a/b/c.py", "a/z.md", "b.txt"]
    last = list(walk(tmp_path))[-1]
    assert last == FoundFile(tmp_path / "b.txt", 2, (tmp_path / "b.txt").stat().st_mtime_ns, 1)


def test_a_deeper_rule_and_a_later_line_win(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".gitignore": "*.log\n!keep.log\n/only-here.txt\nbuild/\n",
            "a.log": "x",
            "keep.log": "x",
            "only-here.txt": "x",
            "sub/only-here.txt": "x",
            "sub/.gitignore": "keep.log\n!a.log\n",
            "sub/a.log": "x",
            "sub/keep.log": "x",
            "sub/build/x.txt": "x",
            "other/build": "a file called build is no folder",
        },
    )
    assert found(tmp_path) == ["keep.log", "other/build", "sub/a.log", "sub/only-here.txt"]
    assert skipped(tmp_path) == {
        ".gitignore": "hidden",
        "sub/.gitignore": "hidden",
        "a.log": "ignored",
        "only-here.txt": "ignored",
        "sub/build": "ignored",
        "sub/keep.log": "ignored",
    }


def test_the_rule_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "# comment\n\n*.tmp\n", "a.tmp": "x"})
    (skip,) = (f for f in walk(tmp_path) if isinstance(f, SkippedFile) and f.reason == "ignored")
    assert skip.detail == f"{tmp_path}/.gitignore:3: *.tmp"


def test_ragignore_wins_over_every_gitignore(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".ragignore": "!wanted.txt\nsecret.txt\n",
            "sub/.gitignore": "wanted.txt\n!secret.txt\n",
            "sub/wanted.txt": "x",
            "sub/secret.txt": "x",
        },
    )
    assert found(tmp_path) == ["sub/wanted.txt"]


def test_rules_above_count_up_to_the_git_root(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".gitignore": "*.txt\n",
            "repo/.git/info/exclude": "excluded.md\n",
            "repo/.gitignore": "docs/drafts/\n*.csv\n",
            "repo/docs/a.txt": "x",
            "repo/docs/b.csv": "x",
            "repo/docs/excluded.md": "x",
            "repo/docs/drafts/c.md": "x",
        },
    )
    assert found(tmp_path / "repo" / "docs") == ["a.txt"]
    assert skipped(tmp_path / "repo" / "docs") == {
        "b.csv": "ignored",
        "drafts": "ignored",
        "excluded.md": "ignored",
    }
    # A folder that is named is read, though a rule above ignores it.
    assert found(tmp_path / "repo" / "docs" / "drafts") == ["c.md"]


def test_a_repository_within_has_rules_of_its_own(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".git/HEAD": "ref",
            ".gitignore": "*.txt\n",
            ".ragignore": "*.csv\n",
            "module/.git": "gitdir: elsewhere",
            "module/a.txt": "x",
            "module/b.csv": "x",
        },
    )
    assert found(tmp_path) == ["module/a.txt"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the reference here")
def test_agrees_with_git(tmp_path: Path) -> None:
    """The reference implementation decides on a tree of tricky patterns."""
    names = [
        "foo", "a/foo", "a/b/foo", "a/b/c.txt", "x.log", "a/x.log", "build/o.txt", "a/build/o.txt",
        "doc/frotz/a", "a/doc/frotz/b", "keep/a.txt", "keep/b.txt", "sp ace.txt", "#hash", "!bang",
        "q1.md", "q12.md", "r[1].md", "deep/1/2/3/end", "deep/end", "ünï/x.txt", "all/one",
        "all/two",
    ]  # fmt: skip
    rules = [
        "/foo", "*.log", "!a/x.log", "build/", "doc/frotz/", "keep/*", "!keep/b.txt", "\\#hash",
        "\\!bang", "q?.md", "r\\[1\\].md", "deep/**/end", "ünï/", "all/**", "!all/two",
        "sp ace.txt", "# a comment", "", "[", "a/**/c.txt",
    ]  # fmt: skip
    tree(tmp_path, dict.fromkeys(names, "x") | {".gitignore": "\n".join(rules)})
    git = ["git", "-c", "core.quotePath=false", "-c", "core.excludesFile="]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    )  # fmt: skip
    expected = {name for name in listed.stdout.split("\0") if name and name != ".gitignore"}
    assert set(found(tmp_path)) == expected
    assert expected < set(names), "the rules must decide something"


def test_hidden_and_project_folders_are_not_entered(tmp_path: Path) -> None:
    files = {".git/config": "x", ".rag/store.txt": "x", ".hidden/a.txt": "x", ".b.txt": "x"}
    tree(tmp_path, files | {"sub/.rag/x.txt": "x", "seen.txt": "x"})
    assert found(tmp_path) == ["seen.txt"]
    assert skipped(tmp_path) == {".git": "hidden", ".hidden": "hidden", ".b.txt": "hidden"}
    assert found(tmp_path / ".hidden") == ["a.txt"], "a hidden root was named by the user"
    assert [*walk(tmp_path / ".rag")] == [SkippedFile(tmp_path / ".rag", "project")]


def test_a_rule_may_bring_back_what_is_hidden(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "!.github\n", ".github/how.md": "x"})
    assert found(tmp_path) == [".github/how.md"]


def test_binary_files_are_told_by_suffix_or_content(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "photo.HEIC": "not even looked at",
            "blob": b"\x7fELF\x02\0\0\0",
            "data.xyz": b"text\0with a NUL",
            "notes.xyz": "text in an unknown suffix",
            "utf16": "text with a mark".encode("utf-16"),
            "paper": b"%PDF-1.4\n\0\0",
            "old.doc": b"\xd0\xcf\x11\xe0\0\0",
            "odd.txt": b"known suffixes\0are not looked into",
        },
    )
    assert found(tmp_path) == ["notes.xyz", "odd.txt", "old.doc", "paper", "utf16"]
    assert set(skipped(tmp_path).values()) == {"binary"}


def test_links_and_loops_are_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, {"real/a.txt": "x"})
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "file-link.txt").symlink_to(tmp_path / "real" / "a.txt")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == ["real/a.txt"]
    assert skipped(tmp_path) == {
        "broken": "symlink",
        "file-link.txt": "symlink",
        "real/loop": "symlink",
    }


def test_special_files_never_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    os.mkfifo(tmp_path / ".gitignore")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        assert skipped(tmp_path) == {
            ".gitignore": "hidden",
            "pipe.txt": "special",
            "sock": "special",
        }
    assert [*walk(tmp_path / "pipe.txt")] == [SkippedFile(tmp_path / "pipe.txt", "special")]


def test_a_named_file_is_always_taken(tmp_path: Path) -> None:
    tree(tmp_path, {".gitignore": "*", ".secret.png": "x"})
    (tmp_path / "link").symlink_to(tmp_path / ".secret.png")
    for name in (".secret.png", "link"):
        (result,) = walk(tmp_path / name)
        assert isinstance(result, FoundFile) and result.path == tmp_path / name


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    tree(tmp_path, {"file.txt": "x"})
    for gone in (tmp_path / "gone", tmp_path / "file.txt" / "below"):
        assert [*walk(gone)] == [SkippedFile(gone, "missing")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_told(tmp_path: Path) -> None:
    tree(tmp_path, {"shut/a.txt": "x", "z.txt": "x"})
    (tmp_path / "shut").chmod(0)
    try:
        assert skipped(tmp_path) == {"shut": "unreadable"}
        assert found(tmp_path) == ["z.txt"]
    finally:
        (tmp_path / "shut").chmod(0o700)


def test_what_vanishes_meanwhile_was_not_there(tmp_path: Path) -> None:
    tree(tmp_path, {"a.txt": "x", "b/c.txt": "x", "d.txt": "x", "e.unknown": "x"})
    files = walk(tmp_path)
    assert isinstance(next(files), FoundFile)
    shutil.rmtree(tmp_path)
    assert list(files) == []


def test_names_that_are_not_utf8_pass_through(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"\xd6\xd0")
    folder.mkdir()
    for name in (b"\xce\xc4.txt", b"\xff.log"):
        (folder / os.fsdecode(name)).write_text("x")
    (tmp_path / ".gitignore").write_bytes(b"\xff.log\n")
    assert [os.fsencode(name) for name in found(tmp_path)] == [b"\xd6\xd0/\xce\xc4.txt"]


def test_folders_deeper_than_python_recurses(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(1200):
        deep = deep / "d"
        deep.mkdir()
    (deep / "end.txt").write_text("x")
    assert found(tmp_path) == [str((deep / "end.txt").relative_to(tmp_path))]
    # pytest's own cleaning recurses, and would fail in some later run.
    (deep / "end.txt").unlink()
    while deep != tmp_path:
        deep.rmdir()
        deep = deep.parent


def test_a_file_more_costs_few_calls(tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / str(folder)).mkdir()
        for name in range(100):
            (tmp_path / str(folder) / f"{name}.txt").touch()
    tree(tmp_path, {".gitignore": "\n".join(f"pattern{n}*" for n in range(20))})
    list(walk(tmp_path / "0"))  # imports
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        files = found(tmp_path)
    finally:
        sys.setprofile(None)
    assert len(files) == 2000
    # About 100, on Python 3.13 160; the ceiling finds a change of kind (rules compiled for each).
    assert calls / len(files) < 300


SLOW_PATTERNS = """
    *a*a*a*a*a*a*b **/a/**/a/**/a/**/a/**/b a*?*a*?*a*?*a*?*b ***a**a***a**b
    [!x]*[!x]*[!x]*[!x]*[!x]*x *[]a]*[]a]*[]a]*[]a]*[]a]*x *[a]*[!-.]*[a]*[a-b]*[a]*x
"""


@pytest.mark.parametrize("pattern", SLOW_PATTERNS.split())
def test_a_rule_made_to_be_slow_ends(pattern: str) -> None:
    regex = re.compile(without_backtracking(str(GitIgnoreSpecPattern(pattern).regex.pattern)))
    for path in ("a" * 255, "a/" * 500, "/".join(["a" * 255] * 8)):
        assert regex.search(path) is None


PIECES = ["*", "**", "/", "a", "b", "[ab]", "[!b]", "[]*]", "[[a]", "?", "\\*", "\\["]


@settings(max_examples=300)
@given(
    st.text("ab/*?", min_size=1, max_size=12)
    | st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    st.lists(st.text("ab*", min_size=1, max_size=5), min_size=1, max_size=5).map("/".join),
)
def test_a_quick_rule_means_the_same(pattern: str, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            plain = GitIgnoreSpecPattern(pattern).regex
        except ValueError:
            return
    if plain is None:
        return
    quick = re.compile(without_backtracking(plain.pattern))
    for is_folder in (False, True):
        theirs, ours = (
            Rule("", 1, pattern, True, pattern.endswith("/"), regex).matches(path, is_folder)
            for regex in (plain, quick)
        )
        # pathspec lets `[!b]` match a slash, git does not.
        assert ours == theirs or ("[!" in pattern and not ours), (plain.pattern, quick.pattern)


def test_rules_beyond_any_measure_are_cut(tmp_path: Path) -> None:
    lines = b"# nothing\n" * 30_000 + b"*.txt\n"
    tree(tmp_path, {".gitignore": b"*.log\n" + lines, "a.txt": "x", "a.log": "x", ".git/x": ""})
    assert found(tmp_path) == ["a.txt"]


def test_lines_that_are_no_pattern(tmp_path: Path) -> None:
    rules = "[z-a]\n[\\w-\\d]\nx\\\n[\n[]\n[!]\n[[a]x.txt\n[a||b]y.txt\n\0\n!\n/\n*.log\n"
    tree(tmp_path, {".gitignore": rules, "a.txt": "x", "a.log": "x", "ax.txt": "x", ".git/x": ""})
    assert found(tmp_path) == ["a.txt"]
