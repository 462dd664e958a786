"""The files inside a file, read in child processes: what a bad one costs, and what it does not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ragcli.reading import worker
from ragcli.reading.options import ReadOptions
from ragcli.reading.results import ReadResult
from ragcli.reading.worker import ReaderPool, ReaderProcess

LINE = "From a@b.c Wed May  1 10:00:00 2024\nFrom: a@b.c\nSubject: {0}\n\n"

# Until the child has filled the pipe with a part of the next message.
INTO_THE_NEXT_S = 0.2


def mailbox(path: Path, count: int, words: int = 1) -> Path:
    """Of messages that are larger, in words, than what a pipe holds, or not."""
    texts = (LINE.format(n) + f"number{n} " * words + "\n\n" for n in range(1, count + 1))
    path.write_text("".join(texts))
    return path


@pytest.fixture
def process() -> Iterator[ReaderProcess]:
    one = ReaderProcess(ReadOptions(timeout_s=10.0))
    yield one
    one.close()


def told(results: list[ReadResult]) -> list[tuple[str, str]]:
    return [(r.part, r.problem.code if r.problem else "") for r in results]


def test_parts_come_before_their_file(process: ReaderProcess, tmp_path: Path) -> None:
    path = mailbox(tmp_path / "a.mbox", 3)
    *parts, whole = process.read_with_parts(path)
    assert told(parts) == [("1", ""), ("2", ""), ("3", "")]
    assert [p.document.title for p in parts if p.document] == ["1", "2", "3"]
    assert (whole.part, whole.document, whole.problem, whole.rest) == ("", None, None, None)
    assert whole.size == path.stat().st_size and whole.content_hash
    assert parts[0].size < whole.size and len(parts[0].content_hash) == 64


def test_a_crash_costs_one_part(process: ReaderProcess, tmp_path: Path) -> None:
    path = mailbox(tmp_path / "a.mbox", 6, 40_000)
    reading = process.read_with_parts(path)
    first = next(reading)
    time.sleep(INTO_THE_NEXT_S)
    os.kill(process.pid or 0, signal.SIGKILL)
    *parts, whole = [first, *reading]
    assert [p.part for p in parts] == [str(n) for n in range(1, 7)]
    lost = [p for p in parts if p.problem]
    assert [p.problem.code for p in lost if p.problem] == ["crashed"]
    assert sum(p.document is not None for p in parts) == 5
    assert (whole.problem, whole.rest) == (None, None)


def test_a_hang_costs_one_part(tmp_path: Path) -> None:
    process = ReaderProcess(ReadOptions(timeout_s=0.5))
    try:
        reading = process.read_with_parts(mailbox(tmp_path / "a.mbox", 4, 40_000))
        first = next(reading)
        time.sleep(INTO_THE_NEXT_S)
        os.kill(process.pid or 0, signal.SIGSTOP)
        *parts, whole = [first, *reading]
        assert [p.part for p in parts] == ["1", "2", "3", "4"]
        assert [p.problem.code for p in parts if p.problem] == ["timeout"]
        assert whole.rest is None
    finally:
        process.close()


def test_a_file_may_cost_only_so_many_children(
    process: ReaderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_CHILDREN_FOR_PARTS", 3)
    results = []
    for result in process.read_with_parts(mailbox(tmp_path / "a.mbox", 9, 40_000)):
        results.append(result)
        if process.pid:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
    whole = results[-1]
    assert not whole.part and whole.rest and "given up" in whole.rest.message
    assert len(results) < 9 and process.read(mailbox(tmp_path / "b.mbox", 1)).problem is None


def test_a_file_that_changes_between_two_children(process: ReaderProcess, tmp_path: Path) -> None:
    path = mailbox(tmp_path / "a.mbox", 6, 40_000)
    reading = process.read_with_parts(path)
    next(reading)
    os.kill(process.pid or 0, signal.SIGKILL)
    mailbox(path, 2)
    *_, whole = reading
    assert whole.rest and whole.rest.code == "changed"


def test_what_nobody_wants_any_more_is_not_read_on(process: ReaderProcess, tmp_path: Path) -> None:
    reading = process.read_with_parts(mailbox(tmp_path / "a.mbox", 6, 40_000))
    next(reading)
    reading.close()
    small = tmp_path / "a.txt"
    small.write_text("the next file")
    found = process.read(small)
    assert found.document and found.document.text == "the next file"


def test_the_pool_keeps_files_and_parts_in_order(tmp_path: Path) -> None:
    paths = []
    for number in range(6):
        paths.append(mailbox(tmp_path / f"{number}.mbox", number + 1, 1 if number % 2 else 20_000))
        text = tmp_path / f"{number}.txt"
        text.write_text(f"text {number}")
        paths.append(text)
    with ReaderPool(ReadOptions()) as pool:
        results = [r.part or "whole" for r in pool.read_all(paths)]
    expected = []
    for number in range(6):
        expected += [*(str(n + 1) for n in range(number + 1)), "whole", "whole"]
    assert results == expected


def test_a_file_that_comes_too_early_does_not_keep_the_first_one_waiting(tmp_path: Path) -> None:
    paths = [mailbox(tmp_path / f"{n}.mbox", 9) for n in range(2)]
    with ReaderPool(ReadOptions()) as pool:
        take, calls = pool._take, iter(range(9))

        def late() -> ReaderProcess:
            if next(calls) == 0:
                time.sleep(INTO_THE_NEXT_S)
            return take()

        pool._take = late  # type: ignore[method-assign]
        assert [r.part for r in pool.read_all(paths)] == 2 * [*map(str, range(1, 10)), ""]


def test_closing_the_pool_midway(tmp_path: Path) -> None:
    paths = [mailbox(tmp_path / f"{n}.mbox", 30, 20_000) for n in range(3)]
    with ReaderPool(ReadOptions()) as pool:
        results = pool.read_all(paths)
        assert next(results).part == "1"
        pids = [p.pid for p in pool._processes if p.pid]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_nothing_in_a_file_is_a_problem(process: ReaderProcess, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.mp3", "x")
    assert process.read(path).problem is not None
    asked = ReaderProcess(ReadOptions(archives=True))
    try:
        whole = asked.read(path)
        assert whole.problem and whole.problem.code == "no_text"
    finally:
        asked.close()
