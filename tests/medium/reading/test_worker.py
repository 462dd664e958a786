"""Reading in child processes: what one bad file costs, and what it does not."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ragcli.domain import Block, Document, Page, Problem
from ragcli.reading import child
from ragcli.reading.options import ReadOptions
from ragcli.reading.wire import (
    document_from,
    encoded,
    message_of,
    read_message,
    write_message,
    write_text,
)
from ragcli.reading.worker import ReaderPool, ReaderProcess

TIMEOUT_S = 20.0
OPTIONS = ReadOptions(timeout_s=TIMEOUT_S)


@pytest.fixture(scope="module")
def shared() -> Iterator[ReaderProcess]:
    process = ReaderProcess(OPTIONS)
    yield process
    process.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[ReaderProcess]:
    process = ReaderProcess(OPTIONS)
    yield process
    process.close()


def test_a_document_comes_back_whole(shared: ReaderProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("第一段。\r\n\r\nSecond paragraph, 𝄞 included.\n".encode())
    result = shared.read(path)
    assert result.problem is None and result.document is not None
    assert result.document.text == path.read_bytes().decode()
    assert [b.kind for b in result.document.blocks] == ["paragraph"] * 2
    assert result.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (result.size, result.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)


def test_every_field_survives_the_pipe() -> None:
    document = Document(
        text="a\u2028𝄞\0b",
        format="pdf",
        blocks=(Block("heading", 0, 1, 2, "a"), Block("code", 1, 3)),
        pages=(Page(1, 0, 2), Page(2, 2, 5)),
        title="t",
        has_lines=True,
        language="en",
        date="2024-01-02",
        metadata={"k": "v"},
        problems=(Problem("bad_page", "m", "h", 3),),
    )
    pipe = io.BytesIO()
    write_text(pipe, document.text)
    message = json.loads(encoded(message_of(document)))
    assert message["text_bytes"] == len(pipe.getvalue())
    assert document_from(message, pipe.getvalue().decode()) == document


def test_a_text_larger_than_any_pipe(shared: ReaderProcess, tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_text("一二三四五六七八九十\n" * 100_000, encoding="utf-8")
    result = shared.read(path)
    assert result.document and len(result.document.text) == 1_100_000


@pytest.mark.parametrize("name", [b"\xd6\xd0.txt", "中 文\n.txt".encode(), b"-x.txt"])
def test_any_name(shared: ReaderProcess, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text("some text")
    result = shared.read(path)
    assert result.document and result.document.text == "some text"


def test_a_charset_that_a_server_declared(shared: ReaderProcess, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    text = "<meta charset='iso-8859-1'><p>保修期为二十四个月，自交付之日起计算。</p>"
    path.write_bytes(text.encode("gbk"))
    told = shared.read(path, charset="gbk").document
    assert told is not None and told.text.startswith("保修期为二十四个月")
    path.write_bytes("<p>Préparé à l'été</p>".encode("cp1252"))
    told = shared.read(path, charset="cp1251").document
    again = shared.read(path).document
    assert told is not None and again is not None
    assert (told.text, again.text) == ("Prйparй а l'йtй", "Préparé à l'été"), (
        "it holds for one file"
    )
    # What cannot be so, and what is no charset, is not believed.
    path.write_bytes(text.encode())
    for charset in ("ascii", "nonsense", "base64", "utf-16"):
        read = shared.read(path, charset=charset).document
        assert read is not None and read.has_lines is False and read.format == "html"


def test_a_link_below_the_folder_that_was_named(shared: ReaderProcess, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A zebra.\n")
    (tmp_path / "link.txt").symlink_to("a.txt")
    assert shared.read(tmp_path / "a.txt", below=1).document is not None
    assert shared.read(tmp_path / "link.txt", below=0).document is not None
    problem = shared.read(tmp_path / "link.txt", below=1).problem
    assert problem is not None and problem.code == "link"


def test_problems_have_their_codes(shared: ReaderProcess, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "old.doc").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512))
    (tmp_path / "shut.txt").write_text("x")
    (tmp_path / "shut.txt").chmod(0)
    expected = {
        "pipe.txt": "special",
        "empty.txt": "empty",
        "old.doc": "unsupported",
        "gone.txt": "missing",
        "": "special",
    }
    if os.geteuid() != 0:
        expected["shut.txt"] = "unreadable"
    for name, code in expected.items():
        result = shared.read(tmp_path / name)
        assert result.document is None and result.problem
        assert (name, result.problem.code) == (name, code)


def test_a_relative_path_is_this_processs(
    shared: ReaderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.txt").write_text("here")
    monkeypatch.chdir(tmp_path)
    assert shared.read(Path("here.txt")).document


def test_modules_in_the_users_folder_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('run!')")
    monkeypatch.chdir(tmp_path)
    with ReaderPool(OPTIONS, children=1) as pool:
        assert pool.read(tmp_path / "json.py").document


class _Slow:
    """A file whose reading takes as long as the test likes: a large one, read by a child that is
    stopped as soon as it has started on it."""

    def __init__(self, process: ReaderProcess, path: Path) -> None:
        path.write_text("word " * 400_000)
        self.process, self.path, self.result = process, path, None
        small = path.with_name("small.txt")
        small.write_text("starts the child")
        assert process.read(small).document
        self.pid = process.pid
        assert self.pid
        os.kill(self.pid, signal.SIGSTOP)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        self.result: Any = self.process.read(self.path)

    def end(self, number: int) -> Any:
        if number:
            assert self.pid
            time.sleep(0.05)
            with suppress(ProcessLookupError):  # a signal may have ended it before it stopped
                os.kill(self.pid, number)
        self.thread.join()
        return self.result


def test_a_killed_child_costs_one_file(reader: ReaderProcess, tmp_path: Path) -> None:
    slow = _Slow(reader, tmp_path / "slow.txt")
    result = slow.end(signal.SIGKILL)
    assert result.document is None and result.problem.code == "crashed"
    assert "want of memory" in result.problem.message
    again = reader.read(slow.path)
    assert again.document and reader.pid != slow.pid


def test_a_hang_is_ended_in_time(tmp_path: Path) -> None:
    process = ReaderProcess(ReadOptions(timeout_s=0.5))
    try:
        slow = _Slow(process, tmp_path / "slow.txt")
        result = slow.end(0)
        assert result.problem.code == "timeout" and "0.5 s" in result.problem.message
        with pytest.raises(ProcessLookupError):
            os.kill(slow.pid or 0, 0)
        assert process.read(tmp_path / "small.txt").document
    finally:
        process.close()


def test_a_child_that_died_between_files_costs_none(reader: ReaderProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")
    assert reader.read(path).document
    pid = reader.pid or 0
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert reader.read(path).document


def test_the_child_leaves_interrupts_to_its_parent(reader: ReaderProcess, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")
    reader.read(path)
    pid = reader.pid
    os.kill(pid or 0, signal.SIGINT)
    assert reader.read(path).document and reader.pid == pid


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    code = (
        "import sys, pathlib, time; from ragcli.reading.worker import ReaderProcess\n"
        "from ragcli.reading.options import ReadOptions\n"
        "p = ReaderProcess(ReadOptions()); p.read(pathlib.Path(sys.argv[1]))\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":  # dead, and not yet collected by whoever inherited it
            return
        time.sleep(0.02)
    pytest.fail("the child outlived its parent")


def test_what_a_library_prints_stays_out_of_the_protocol() -> None:
    code = (
        "import os, sys\n"
        "from ragcli.reading import child\n"
        "plain = child.read_itself\n"
        "def chatty(path, data, charset):\n"
        "    print('to stdout'); os.write(1, b'to fd 1'); sys.stdout.flush()\n"
        "    assert sys.stdin.read() == ''\n"
        "    return plain(path, data, charset)\n"
        "child.read_itself = chatty\n"
        "child.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin and process.stdout
        stdout = process.stdout
        write_message(process.stdin, asdict(OPTIONS))
        process.stdin.flush()
        assert read_message(stdout) == {"ready": True}
        request = {"path": __file__, "below": 0, "charset": "", "skip": 0, "careful": None}
        write_message(process.stdin, request)
        process.stdin.flush()
        seen, reply = read_message(stdout), read_message(stdout)
        assert seen and seen["size"] and reply and reply["document"]["format"] == "code"
        assert len(stdout.read(reply["document"]["text_bytes"])) == seen["size"]
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_file_that_keeps_changing_is_not_half_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.txt"
    path.write_text("line\n")
    opened, real, times = [], child.open_regular, [1]

    def growing(path: Path, below: int) -> Any:
        descriptor, status = real(path, below)
        opened.append(descriptor)
        if len(opened) <= times[0]:
            with path.open("a") as file:
                file.write("more\n")
        return descriptor, status

    monkeypatch.setattr(child, "open_regular", growing)
    data, _ = child.read_bytes(path)
    assert data == b"line\nmore\n" and len(opened) == 2, "read again, once"
    opened.clear()
    times[0] = 9
    with pytest.raises(child.Unreadable) as caught:
        child.read_bytes(path)
    assert caught.value.code == "changed" and len(opened) == 2


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.pdf"
    with path.open("wb") as file:
        file.truncate(1 + (ReadOptions().memory_mb << 20))  # sparse: takes no room
    with pytest.raises(child.Unreadable) as caught:
        child.read_bytes(path)
    assert caught.value.code == "too_large" and "read_memory_mb" in caught.value.hint


def _limited(memory_mb: int) -> Iterator[ReaderProcess]:
    process = ReaderProcess(ReadOptions(timeout_s=TIMEOUT_S, memory_mb=memory_mb, output_mb=512))
    yield process
    process.close()


@pytest.fixture
def small() -> Iterator[ReaderProcess]:
    yield from _limited(96)


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts data memory")


@on_linux
def test_a_file_that_needs_too_much_memory_costs_that_file(
    small: ReaderProcess, tmp_path: Path
) -> None:
    large, other = tmp_path / "large.html", tmp_path / "other.txt"
    large.write_bytes(b"word " * (60 << 18))
    other.write_text("something else")
    result = small.read(large)
    assert result.problem and result.problem.code == "too_large"
    assert result.problem.message == "reading it needs more than 96 MB of memory"
    assert result.problem.hint == "raise the limit: rag config set read_memory_mb 192"
    assert result.size == large.stat().st_size and result.content_hash
    assert small.read(other).document


@on_linux
def test_a_child_that_grew_large_ends_with_its_file(shared: ReaderProcess, tmp_path: Path) -> None:
    large, other = tmp_path / "large.txt", tmp_path / "other.txt"
    large.write_text("\U0001f600\n" + "a line\n" * 3_500_000)  # four bytes a character
    other.write_text("something else")
    assert shared.read(other).document and shared.pid
    result = shared.read(large)
    assert result.document and len(result.document.text) == 24_500_002
    assert shared.pid is None
    assert shared.read(other).document and shared.pid


def test_a_large_document_waits_in_its_child_until_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_text("word " * 400_000)
    process = ReaderProcess(ReadOptions(timeout_s=0.5))
    wanted, results = threading.Event(), []
    thread = threading.Thread(target=lambda: results.append(process.read(path, wanted)))
    thread.start()
    try:
        thread.join(0.8)
        assert thread.is_alive() and not results, "no time limit runs while it waits"
        wanted.set()
        thread.join(TIMEOUT_S)
        assert results[0].document and len(results[0].document.text) == 2_000_000
    finally:
        process.close()


def test_closing_ends_what_waits_to_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_text("word " * 400_000)
    with ReaderPool(OPTIONS) as pool:
        future = pool._threads.submit(pool.read, path, threading.Event())
        with pytest.raises(TimeoutError):
            future.result(0.7)
    assert future.result(0).problem


def test_children_rest_when_all_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("something")
    with ReaderPool(OPTIONS) as pool:
        assert next(pool.read_all([path])).document
        assert not any(p.pid for p in pool._processes)
        assert pool.read(path).document, "and start again"


def test_the_pool_gives_results_in_order_and_reads_only_a_few_ahead(tmp_path: Path) -> None:
    paths = []
    for number in range(30):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"number {number} " * (4000 if number % 7 == 0 else 1))
        paths.append(path)
    taken = []

    def told() -> Iterator[Path]:
        for path in paths:
            taken.append(path)
            yield path

    with ReaderPool(OPTIONS) as pool:
        results = pool.read_all(told())
        first = next(results)
        assert first.document and len(taken) < 10
        texts = [r.document.text for r in (first, *results) if r.document]
    assert [t.split()[1] for t in texts] == [str(n) for n in range(30)]


def test_a_pool_may_begin_before_there_is_something_to_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("something")
    with ReaderPool(OPTIONS) as pool:
        pool.begin()
        deadline = time.monotonic() + 30
        while not any(p.pid for p in pool._processes) and time.monotonic() < deadline:
            time.sleep(0.01)
        begun = [p.pid for p in pool._processes if p.pid]
        assert len(begun) == 1
        assert pool.read(path).document
        assert [p.pid for p in pool._processes if p.pid] == begun


def test_leaving_the_pool_ends_its_children_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.txt" for n in range(8)]
    for path in paths:
        path.write_text("word " * 200_000)
    with ReaderPool(OPTIONS) as pool, contextlib.suppress(KeyboardInterrupt):
        results = pool.read_all(paths)
        next(results)
        pids = [p.pid for p in pool._processes if p.pid]
        raise KeyboardInterrupt
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
