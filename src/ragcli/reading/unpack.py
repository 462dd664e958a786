"""Goes through the files inside a file, and the files inside those, one at a time."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePath

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading import limits, options
from ragcli.reading.dispatch import failure, read_document
from ragcli.reading.files import HEAD_BYTES
from ragcli.reading.ocr import reads_pictures
from ragcli.reading.parts import (
    MAX_DEPTH,
    MAX_PARTS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_COUNTS_FROM_BYTES,
    Data,
    Part,
    clean_name,
)
from ragcli.reading.table import (
    ARCHIVE,
    BINARY_SUFFIXES,
    FORMAT_OF_SUFFIX,
    HOLDERS,
    PICTURE_SUFFIXES,
    READERS,
    WITHOUT_TEXT,
    format_of,
    suffix_of,
)

_UNPACK = "unpack it, and ingest the folder"
NOT_UNPACKED = Problem(
    "unsupported", "an archive is unpacked only when asked for", "rag ingest --archives"
)
NOTHING_INSIDE = Problem("no_text", "there is no file in it that could be read")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a file or a part: a document, or why there is none; neither for what only
    holds other files. ``mtime_ns`` is None for a part that does not say how old it is."""

    content_hash: str
    size: int
    mtime_ns: int | None
    document: Document | None = None
    problem: Problem | None = None


def read_itself(
    path: PurePath, data: Data, charset: str = ""
) -> tuple[Document | None, Problem | None, str | None]:
    """(document, problem, format of what it holds): a file without the files inside it. The format
    is None where there is nothing to unpack; ``charset`` is what a server declared."""
    format_ = format_of(path, data[:HEAD_BYTES]) if data else None
    holds = format_ if format_ in HOLDERS else None
    if format_ == ARCHIVE and not options.current().archives:
        return None, NOT_UNPACKED, None
    if format_ in WITHOUT_TEXT:
        return None, None, holds
    try:
        return read_document(path, data, charset), None, holds
    except Unreadable as error:
        return None, problem_of(error), holds


@dataclass(slots=True)
class Opened:
    """A part that has come up; its bytes are loaded when they are asked for."""

    name: str
    path: PurePath
    depth: int
    part: Part
    load: Callable[[], bytes]
    _data: bytes | None = field(default=None)

    def data(self) -> bytes:
        """Raises Unreadable."""
        if self._data is None:
            self._data = self.load()
        return self._data

    def holds_parts(self) -> bool:
        """It is a file that holds others; not for what cannot be loaded."""
        try:
            return self.part.problem is None and self._format(self.data()) in HOLDERS
        except (Unreadable, MemoryError):
            return False

    def read(self) -> Reading:
        """Its document, or its problem."""
        data = b""
        try:
            if self.part.problem:
                return Reading("", 0, self.part.mtime_ns, problem=self.part.problem)
            data = self.data()
            document = self._document(data)
        except Unreadable as error:
            return self._reading(data, problem=problem_of(error))
        except MemoryError:
            return self._reading(data, problem=problem_of(limits.needs_more_memory()))
        return self._reading(data, document)

    def _reading(
        self, data: bytes, document: Document | None = None, problem: Problem | None = None
    ) -> Reading:
        digest = hashlib.sha256(data).hexdigest() if self._data is not None else ""
        return Reading(digest, len(data), self.part.mtime_ns, document, problem)

    def _document(self, data: bytes) -> Document | None:
        format_ = self._format(data)
        too_deep = format_ in HOLDERS and self.depth >= MAX_DEPTH
        if format_ in WITHOUT_TEXT:
            if too_deep:
                raise _too_deep()
            return None
        document = read_document(self.path, data, format_=format_)
        if too_deep and next(iter(_parts(str(format_), data, self.path)), None):
            return replace(document, problems=(*document.problems, problem_of(_too_deep())))
        return document

    def _format(self, data: bytes) -> str | None:
        return self.part.format or format_of(self.path, data)


class Unpacking:
    """One file's parts, each before what lies in it. Keeps to the limits of ``parts.py``."""

    def __init__(self, path: PurePath, data: Data, format_: str) -> None:
        self._whole = (path, data, format_)
        self._parts = 0
        self._unpacked_bytes = 0

    def parts(self) -> Iterator[Opened]:
        """Every part is to be read before the next is asked for.

        Raises Unreadable where the file itself cannot be read on; an inner one that cannot comes
        up a second time, with its problem.
        """
        path, data, format_ = self._whole
        return self._walk(path, data, format_, "", 1)

    def _walk(
        self, path: PurePath, data: Data, format_: str, prefix: str, depth: int
    ) -> Iterator[Opened]:
        taken: dict[str, int] = {}
        for part in _parts(format_, data, path):
            name = _unique(clean_name(part.name), taken)
            inner = PurePath(name)
            if part.problem is None and _is_left_out(inner):
                continue
            self._parts += 1
            self._check()
            opened = Opened(prefix + name, inner, depth, part, partial(self._load, part))
            yield opened
            if depth < MAX_DEPTH and opened.holds_parts():
                yield from self._inside(opened)

    def _inside(self, opened: Opened) -> Iterator[Opened]:
        data = opened.data()
        format_ = opened.part.format or format_of(opened.path, data)
        assert format_ is not None, "it holds parts"
        try:
            yield from self._walk(opened.path, data, format_, f"{opened.name}/", opened.depth + 1)
        except _LimitReached:
            raise
        except Unreadable as error:
            yield replace(opened, part=replace(opened.part, problem=problem_of(error)))

    def _load(self, part: Part) -> bytes:
        data = part.load()
        self._unpacked_bytes += len(data)
        self._check()
        return data

    def _check(self) -> None:
        if self._parts > MAX_PARTS:
            raise _LimitReached("too_large", f"more than {MAX_PARTS:,} files in it", _UNPACK)
        whole = len(self._whole[1])
        most = max(MAX_UNPACKED_BYTES, 4 * whole)
        if self._unpacked_bytes > most:
            told = f"it unpacks to more than {most // 1024**2:,} MB"
            raise _LimitReached("too_large", told, _UNPACK)
        ratio = self._unpacked_bytes / max(whole, 1)
        if self._unpacked_bytes > RATIO_COUNTS_FROM_BYTES and ratio > MAX_RATIO:
            raise _LimitReached("too_large", f"it unpacks to {ratio:,.0f} times its size", _UNPACK)


class _LimitReached(Unreadable):
    """The whole file is given up, not the part that was at hand."""


def _parts(format_: str, data: Data, path: PurePath) -> Iterator[Part]:
    """The parts as the format's module gives them. Raises Unreadable, and only that."""
    module = importlib.import_module(f"ragcli.reading.{READERS[format_][0]}")
    try:
        yield from module.parts(data, path)
    except Unreadable:
        raise
    except MemoryError:
        raise limits.needs_more_memory() from None
    except Exception as error:
        raise failure(format_, error) from error


def _is_left_out(path: PurePath) -> bool:
    """What is passed over in a folder, too: hidden files, pictures, programs."""
    suffix = suffix_of(path)
    hidden = any(step.startswith(".") or step == "__MACOSX" for step in path.parts)
    unasked = FORMAT_OF_SUFFIX.get(suffix) == ARCHIVE and not options.current().archives
    picture = suffix in PICTURE_SUFFIXES and not reads_pictures(options.current())
    return hidden or unasked or picture or suffix in BINARY_SUFFIXES


def _unique(name: str, taken: dict[str, int]) -> str:
    """Of several parts of one name each later one has its number behind it."""
    count = taken[name] = taken.get(name, 0) + 1
    if count == 1:
        return name
    stem, dot, suffix = name.rpartition(".")
    numbered = f"{stem} ({count}).{suffix}" if dot else f"{name} ({count})"
    return _unique(numbered, taken)


def _too_deep() -> Unreadable:
    return Unreadable("too_large", f"files in files to a depth of more than {MAX_DEPTH}", _UNPACK)


def problem_of(error: Unreadable) -> Problem:
    """What the ledger keeps of a failure."""
    return Problem(error.code, error.message, error.hint)
